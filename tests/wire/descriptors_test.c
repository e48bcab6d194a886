/* SPDX-License-Identifier: MIT */
/* Proves that file descriptors arrive with their message or are closed. */
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/wire/pair.h"

/* Sends `count` copies of stderr with `bytes`, whatever the bytes say. */
static void send_raw(int sock, const void *bytes, size_t size, unsigned count)
{
	char control[CMSG_SPACE(sizeof(int) * 64)] = {0};
	struct iovec iov = {(void *)bytes, size};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;

	if (count) {
		mh.msg_control = control;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		cmsg = CMSG_FIRSTHDR(&mh);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * count);
		for (unsigned i = 0; i < count; i++)
			((int *)(void *)CMSG_DATA(cmsg))[i] = STDERR_FILENO;
	}
	assert_int_equal(sendmsg(sock, &mh, 0), size);
}

static struct mpr_wire_header channel_header(unsigned nfds, uint32_t length)
{
	struct mpr_wire_header header;

	mpr_wire_header_init(&header, MPR_WIRE_CHANNEL, "lsi0");
	header.nfds = nfds;
	header.length = length;
	return header;
}

static void expect_malformed(struct pair *pair)
{
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), -EPROTO);
}

pair_test(descriptors_arrive_in_order_and_close_on_exec)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(0, 0);
	struct stat sent, got;
	int fds[2] = {pair->a, STDERR_FILENO};

	assert_int_equal(mpr_wire_send(pair->a, &header, NULL, 0, fds, 2, TIMEOUT_MS), 0);
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), 0);
	assert_int_equal(pair->msg.header.nfds, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fstat(fds[i], &sent), 0);
		assert_int_equal(fstat(pair->msg.fds[i], &got), 0);
		assert_int_equal(sent.st_ino, got.st_ino);
		assert_int_equal(fcntl(pair->msg.fds[i], F_GETFD), FD_CLOEXEC);
	}
	assert_int_equal(pair->msg.fds[2], -1);
	mpr_wire_msg_release(&pair->msg);
	assert_int_equal(pair->msg.fds[0], -1);
}

pair_test(the_most_that_is_allowed_arrives)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(MPR_WIRE_MAX_FDS, 0);

	send_raw(pair->a, &header, sizeof(header), MPR_WIRE_MAX_FDS);
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), 0);
	mpr_wire_msg_release(&pair->msg);
}

pair_test(taken_descriptors_stay_open)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(1, 0);
	int taken;

	send_raw(pair->a, &header, sizeof(header), 1);
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), 0);
	taken = pair->msg.fds[0];
	pair->msg.fds[0] = -1;
	mpr_wire_msg_release(&pair->msg);
	assert_int_equal(close(taken), 0);
}

pair_test(fewer_than_announced_are_refused)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(2, 0);

	send_raw(pair->a, &header, sizeof(header), 1);
	expect_malformed(pair);
}

pair_test(more_than_announced_are_refused)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(1, 0);

	send_raw(pair->a, &header, sizeof(header), 2);
	expect_malformed(pair);
}

pair_test(more_than_fit_are_refused)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(40, 0);

	send_raw(pair->a, &header, sizeof(header), 40);
	expect_malformed(pair);
}

pair_test(more_than_fit_in_pieces_are_refused)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(40, 0);

	send_raw(pair->a, &header, 10, 20);
	send_raw(pair->a, (char *)&header + 10, sizeof(header) - 10, 20);
	expect_malformed(pair);
}

pair_test(descriptors_with_the_payload_are_refused)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(0, 16);

	send_raw(pair->a, &header, sizeof(header), 0);
	send_raw(pair->a, "sixteen bytes...", 16, 1);
	expect_malformed(pair);
}

pair_test(a_parser_that_is_given_up_closes_them)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(3, 16);
	struct mpr_wire_parser parser;

	assert_int_equal(mpr_wire_parser_init(&parser), 0);
	send_raw(pair->a, &header, sizeof(header), 3);
	assert_int_equal(mpr_wire_parser_read(&parser, pair->b), 0);
	mpr_wire_parser_fini(&parser);
}

pair_test(the_next_message_closes_those_of_the_last)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = channel_header(3, 0);
	struct mpr_wire_parser parser;

	assert_int_equal(mpr_wire_parser_init(&parser), 0);
	for (int i = 0; i < 5; i++) {
		send_raw(pair->a, &header, sizeof(header), 3);
		assert_int_equal(mpr_wire_parser_read(&parser, pair->b), 1);
	}
	assert_int_equal(mpr_wire_parser_read(&parser, pair->b), 0);
	assert_int_equal(leaked_files(pair), 0);
	mpr_wire_parser_fini(&parser);
}
