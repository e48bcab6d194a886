/* SPDX-License-Identifier: MIT */
/*
 * Proves that time in which a VMM was stopped does not count: stopped together with its
 * remote, for longer than its timeout, and resumed first, it still waits, for an answer in the
 * channel and for one on the socket.
 */
#include "tests/proxy/fixture.h"
#include "wire/wire.h"

#define PATIENCE_S 10 /* of an access; the same is asked of the socket */

static uint64_t sleeps(struct fixture *f)
{
	struct mpr_channel_stats stats;

	mpr_proxy_stats(f->dev, &stats);
	return stats.reply_sleeps;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* Waits until the reader has slept so often; ends if it does not wait. */
static void wait_for_sleeps(struct fixture *f, pid_t pid, uint64_t more)
{
	for (uint64_t start = sleeps(f); sleeps(f) - start < more && !has_ended(pid);)
		usleep(1000);
}

static void stop(pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A part of the VMM, in a process of its own: it can be stopped. */
static pid_t reader(struct fixture *f)
{
	pid_t pid = fork();

	if (!pid)
		_exit(reg(f, FAKE_SIZE) != 4);
	return pid;
}

static pid_t receiver(int sock)
{
	static struct mpr_wire_msg msg;
	pid_t pid = fork();

	if (!pid)
		_exit(mpr_wire_recv(sock, &msg, PATIENCE_S * 1000) != 0);
	return pid;
}

static void answer(int sock)
{
	struct mpr_wire_header header;

	mpr_wire_header_init(&header, MPR_WIRE_CLOSE, "fake0");
	assert_int_equal(mpr_wire_send(sock, &header, NULL, 0, NULL, 0, 1000), 0);
}

process_test(time_that_nobody_lived_through_does_not_count)
{
	struct fixture *f = *state;
	int sv[2];
	pid_t reads, receives;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	stop(f->process);
	reads = reader(f);
	receives = receiver(sv[0]);
	wait_for_sleeps(f, reads, 5);
	stop(reads);
	stop(receives);
	sleep(PATIENCE_S + 1);
	kill(receives, SIGCONT);
	kill(reads, SIGCONT);
	wait_for_sleeps(f, reads, 5);
	answer(sv[1]);
	fixture_go_on(f);
	assert_int_equal(status_of(receives), 0);
	assert_int_equal(status_of(reads), 0);
	close(sv[0]);
	close(sv[1]);
}
