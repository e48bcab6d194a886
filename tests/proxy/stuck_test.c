/* SPDX-License-Identifier: MIT */
/*
 * Proves what a stopped remote costs its VMM: set-up calls that need no answer do not wait for
 * long, and once the remote has been given up its socket is shut down and nothing waits for it
 * again.
 */
#include <poll.h>
#include <stdio.h>
#include <sys/un.h>

#include "tests/proxy/fixture.h"

static void give_up(struct fixture *f)
{
	const char *why = "";

	mpr_proxy_conn_hurry(f->conn);
	assert_int_equal(reg(f, 0), UINT32_MAX);
	assert_false(mpr_proxy_alive(f->dev, &why));
	assert_string_equal(why, "the VMM waits no longer");
}

/* More often than answers may be outstanding: from then on each call waits. */
process_test(an_interrupts_route_does_not_wait)
{
	struct fixture *f = *state;

	fixture_stop(f);
	for (int i = 0; i < 10; i++)
		assert_int_equal(mpr_proxy_set_intx(f->dev, STDERR_FILENO, -1), 0);
	assert_true(mpr_proxy_alive(f->dev, NULL));
	fixture_go_on(f);
	/* Outstanding answers are not taken for this one. */
	assert_int_equal(mpr_proxy_set_memory(f->dev, NULL, 0), 0);
	assert_int_equal(reg(f, FAKE_MEMORY), 1);
	assert_true(mpr_proxy_conn_attend(f->conn));
}

process_test(answers_that_come_late_are_no_hang_up)
{
	struct fixture *f = *state;
	struct pollfd pfd = {.fd = f->sock, .events = POLLIN};

	fixture_stop(f);
	assert_int_equal(mpr_proxy_set_intx(f->dev, STDERR_FILENO, -1), 0);
	fixture_go_on(f);
	assert_int_equal(poll(&pfd, 1, -1), 1);
	assert_true(mpr_proxy_conn_attend(f->conn));
	assert_int_equal(poll(&pfd, 1, 0), 0);
	fixture_kill(f);
	assert_int_equal(poll(&pfd, 1, -1), 1);
	assert_false(mpr_proxy_conn_attend(f->conn));
	assert_false(mpr_proxy_alive(f->dev, NULL));
}

process_test(closing_one_device_costs_the_others_nothing)
{
	struct fixture *f = *state;
	struct mpr_proxy_device *other;

	assert_int_equal(mpr_proxy_device_open(f->conn, "fake1", &other, NULL), 0);
	fixture_stop(f);
	mpr_proxy_device_close(other);
	assert_true(mpr_proxy_alive(f->dev, NULL));
	fixture_go_on(f);
	assert_int_equal(reg(f, FAKE_SIZE), 4);
}

process_test(all_devices_of_the_connection_go_together)
{
	struct fixture *f = *state;
	struct mpr_proxy_device *other;

	assert_int_equal(mpr_proxy_device_open(f->conn, "fake1", &other, NULL), 0);
	fixture_stop(f);
	give_up(f);
	assert_false(mpr_proxy_alive(other, NULL));
	mpr_proxy_device_close(other);
}

process_test(the_remote_is_hung_up_on)
{
	struct fixture *f = *state;
	int status;

	fixture_stop(f);
	give_up(f);
	fixture_go_on(f);
	assert_int_equal(waitpid(f->process, &status, 0), f->process);
	f->process = 0;
	assert_true(WIFEXITED(status));
}

process_test(nothing_is_asked_of_it_any_more)
{
	struct fixture *f = *state;
	struct mpr_channel_stats before, after;

	fixture_stop(f);
	give_up(f);
	mpr_proxy_stats(f->dev, &before);
	set_reg(f, 0, 1);
	assert_int_equal(reg(f, 0), UINT32_MAX);
	mpr_proxy_config_write(f->dev, 4, 2, 7);
	assert_int_equal(mpr_proxy_reset(f->dev), -EPIPE);
	assert_true(mpr_proxy_set_memory(f->dev, NULL, 0) < 0);
	assert_true(mpr_proxy_set_intx(f->dev, STDERR_FILENO, -1) < 0);
	mpr_proxy_stats(f->dev, &after);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void *read_patiently(void *opaque)
{
	return (void *)(uintptr_t)reg(opaque, FAKE_HANG);
}

process_test(who_waits_already_is_hurried)
{
	struct fixture *f = *state;
	struct mpr_channel_stats stats = {0};
	const char *why = "";
	pthread_t reader;
	void *value;

	assert_int_equal(pthread_create(&reader, NULL, read_patiently, f), 0);
	while (!stats.reply_sleeps)
		mpr_proxy_stats(f->dev, &stats);
	mpr_proxy_conn_hurry(f->conn);
	pthread_join(reader, &value);
	assert_int_equal((uintptr_t)value, UINT32_MAX);
	assert_false(mpr_proxy_alive(f->dev, &why));
	assert_string_equal(why, "the VMM waits no longer");
}

/* A listener whose queue is full. */
static int full_listener(struct sockaddr_un *address)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd;

	assert_int_equal(bind(listener, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(listener, 0), 0);
	do {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	} while (connect(fd, (struct sockaddr *)address, sizeof(*address)) == 0);
	close(fd);
	return listener;
}

UNIT_TEST(a_listener_that_accepts_nobody_is_given_up)
{
	char dir[] = "/tmp/mpring-stuck-XXXXXX";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct mpr_proxy_conn *conn;
	char *error = NULL;
	int listener;

	assert_non_null(mkdtemp(dir));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
	listener = full_listener(&address);
	assert_int_equal(mpr_proxy_connect_path(address.sun_path, &conn, &error), -EAGAIN);
	assert_non_null(strstr(error, address.sun_path));
	free(error);
	close(listener);
	unlink(address.sun_path);
	rmdir(dir);
}
