/* SPDX-License-Identifier: MIT */
/* What the tests of libmpring-proxy share: a fake remote and a device on it. */
#ifndef MPR_TESTS_PROXY_FIXTURE_H
#define MPR_TESTS_PROXY_FIXTURE_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/proxy.h"
#include "ring/channel_proxy.h"
#include "tests/common/unit.h"
#include "tests/proxy/fake_remote.h"

#define REGS 1 /* the BAR that the tests use */

struct fixture {
	int sock, theirs;
	pthread_t thread; /* the fake remote, or */
	pid_t process;	  /* > 0: in a process of its own */
	struct fake_counters counters;
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *dev;
};

static inline void *fixture_thread(void *opaque)
{
	struct fixture *f = opaque;

	fake_remote_serve(f->theirs, &f->counters);
	return NULL;
}

static inline struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int sv[2];

	if (!f || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		abort();
	f->sock = sv[0];
	f->theirs = sv[1];
	return f;
}

static inline void fixture_connect(struct fixture *f)
{
	if (mpr_proxy_connect_fd(f->sock, &f->conn, NULL) ||
	    mpr_proxy_device_open(f->conn, "fake0", &f->dev, NULL))
		abort();
}

/* A fake remote in a thread, and its device fake0. */
static inline int thread_setup(void **state)
{
	struct fixture *f = fixture_new();

	pthread_create(&f->thread, NULL, fixture_thread, f);
	fixture_connect(f);
	*state = f;
	return 0;
}

/* A fake remote in a process, to be killed, and its device fake0. */
static inline int process_setup(void **state)
{
	struct fixture *f = fixture_new();

	f->process = fork();
	if (f->process < 0)
		abort();
	if (!f->process) {
		close(f->sock);
		fixture_thread(f);
		_exit(0);
	}
	close(f->theirs);
	fixture_connect(f);
	*state = f;
	return 0;
}

static inline void fixture_stop(struct fixture *f)
{
	int status;

	kill(f->process, SIGSTOP);
	assert_int_equal(waitpid(f->process, &status, WUNTRACED), f->process);
	assert_true(WIFSTOPPED(status));
}

static inline void fixture_go_on(struct fixture *f)
{
	kill(f->process, SIGCONT);
}

static inline void fixture_kill(struct fixture *f)
{
	kill(f->process, SIGKILL);
	waitpid(f->process, NULL, 0);
	f->process = 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	if (f->dev)
		mpr_proxy_device_close(f->dev);
	if (f->conn)
		mpr_proxy_disconnect(f->conn);
	if (f->process > 0)
		fixture_kill(f);
	else if (f->thread)
		pthread_join(f->thread, NULL);
	free(f);
	return 0;
}

static inline uint32_t reg(struct fixture *f, uint64_t offset)
{
	return mpr_proxy_read(f->dev, REGS, offset, 4);
}

static inline void set_reg(struct fixture *f, uint64_t offset, uint32_t value)
{
	mpr_proxy_write(f->dev, REGS, offset, 4, value);
}

static inline unsigned counted(_Atomic unsigned *counter)
{
	/* Relaxed: the remote counted before it answered on the socket. */
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#define thread_test(name) UNIT_TEST_WITH(name, thread_setup, fixture_teardown)
#define process_test(name) UNIT_TEST_WITH(name, process_setup, fixture_teardown)

#endif
