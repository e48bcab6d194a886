/* SPDX-License-Identifier: MIT */
/* Proves that whatever a VMM sends on its socket is answered as the protocol demands or
 * ends its connection, and that the process and the other VMMs are not harmed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/channel_proxy.h"
#include "tests/remote/harness.h"
#include "wire/wire.h"

#define TIMEOUT_MS 60000

static struct remote remote;
static struct mpr_wire_msg answer;
static uint32_t serial;

static int setup(void **state)
{
	static const char *const args[] = {
		"@", "-device", "test-device,id=test0", "-device", "test-device,id=test1", NULL};

	(void)state;
	remote_start(&remote, args);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(remote_finish(&remote), 0);
	free(remote_output(&remote));
	free(remote_print(&remote));
	return 0;
}

#define SESSION_TEST(name) UNIT_TEST_WITH(name, setup, teardown)

static void send_request(enum mpr_wire_type type, const char *id, const void *payload,
			 size_t length, const int *fds, unsigned nfds)
{
	struct mpr_wire_header header;

	assert_int_equal(mpr_wire_header_init(&header, type, id), 0);
	header.serial = ++serial;
	assert_int_equal(
		mpr_wire_send(remote.sock, &header, payload, length, fds, nfds, TIMEOUT_MS), 0);
}

/* Sends a request. Returns 0, or the errno of the error that answers it. */
static int request(enum mpr_wire_type type, const char *id, const void *payload, size_t length,
		   const int *fds, unsigned nfds)
{
	const struct mpr_wire_error *error = (const void *)answer.payload;
	const char *why;

	send_request(type, id, payload, length, fds, nfds);
	assert_int_equal(mpr_wire_recv(remote.sock, &answer, TIMEOUT_MS), 0);
	assert_int_equal(mpr_wire_check(&answer, &why), 0);
	assert_int_equal(answer.header.flags, MPR_WIRE_ANSWER);
	assert_int_equal(answer.header.serial, serial);
	if (answer.header.type == MPR_WIRE_ERROR)
		return (int)error->error;
	assert_int_equal(answer.header.type, type);
	return 0;
}

static void assert_error_text(const char *text)
{
	assert_string_equal(((const struct mpr_wire_error *)answer.payload)->text, text);
}

static void assert_hung_up(void)
{
	assert_int_equal(mpr_wire_recv(remote.sock, &answer, TIMEOUT_MS), -ECONNRESET);
}

static int hello_versions(uint16_t min, uint16_t max, uint32_t features)
{
	struct mpr_wire_hello hello = {.magic = MPR_WIRE_MAGIC,
				       .version_min = min,
				       .version_max = max,
				       .features = features};

	return request(MPR_WIRE_HELLO, NULL, &hello, sizeof(hello), NULL, 0);
}

static void hello(void)
{
	assert_int_equal(hello_versions(1, 1, UINT32_MAX), 0);
}

static void create_channel(struct mpr_channel **channel)
{
	const struct mpr_channel_options options = {.numa_node = -1, .no_hugepages = true};

	assert_int_equal(mpr_channel_create(&options, channel), 0);
}

static int attach_channel(const char *id, struct mpr_channel *const *channel)
{
	const struct mpr_wire_channel payload = {.abi = MPR_CHANNEL_ABI};
	int fds[2];

	fds[0] = mpr_channel_memfd(*channel);
	fds[1] = mpr_channel_doorbell(*channel);
	return request(MPR_WIRE_CHANNEL, id, &payload, sizeof(payload), fds, 2);
}

static int open_channel(const char *id, struct mpr_channel **channel)
{
	create_channel(channel);
	return attach_channel(id, channel);
}

static int send_memory(const struct mpr_wire_region *regions, size_t count, const int *fds,
		       unsigned nfds)
{
	return request(MPR_WIRE_MEMORY, "test0", regions, count * sizeof(*regions), fds, nfds);
}

/* ---- Hello -------------------------------------------------------------- */

SESSION_TEST(hello_agrees_on_version_and_features)
{
	const struct mpr_wire_hello *theirs = (const void *)answer.payload;

	assert_int_equal(hello_versions(0, 9, UINT32_MAX), 0);
	assert_int_equal(theirs->version_min, 1);
	assert_int_equal(theirs->version_max, 1);
	assert_int_equal(theirs->features, MPR_FEATURE_INTX_EVENTFD | MPR_FEATURE_INTX_RESAMPLE |
						   MPR_FEATURE_BAR_MEMORY | MPR_FEATURE_REPORT_DMA |
						   MPR_FEATURE_NODE);
}

SESSION_TEST(hello_of_another_version_is_refused)
{
	assert_int_equal(hello_versions(2, 3, 0), EPROTONOSUPPORT);
	assert_error_text("protocol versions 2 to 3 are offered, 1 is spoken here");
}

SESSION_TEST(anything_before_hello_ends_the_connection)
{
	assert_int_equal(request(MPR_WIRE_DESCRIBE, "test0", NULL, 0, NULL, 0), EPROTO);
	assert_error_text("hello must come first");
	assert_hung_up();
}

SESSION_TEST(second_hello_ends_the_connection)
{
	hello();
	assert_int_equal(hello_versions(1, 1, 0), EPROTO);
	assert_hung_up();
}

/* ---- Devices ------------------------------------------------------------ */

SESSION_TEST(unknown_device_is_refused_and_the_connection_goes_on)
{
	hello();
	assert_int_equal(request(MPR_WIRE_DESCRIBE, "test9", NULL, 0, NULL, 0), ENODEV);
	assert_error_text("no device \"test9\" is offered here");
	assert_int_equal(request(MPR_WIRE_DESCRIBE, "test1", NULL, 0, NULL, 0), 0);
}

SESSION_TEST(device_opens_once)
{
	struct mpr_channel *first, *second;

	hello();
	assert_int_equal(open_channel("test0", &first), 0);
	assert_int_equal(open_channel("test0", &second), EBUSY);
	assert_error_text("device \"test0\" is open already");
	mpr_channel_destroy(first);
	mpr_channel_destroy(second);
}

SESSION_TEST(two_devices_share_a_socket)
{
	struct mpr_channel *channels[2];
	uint64_t tickets[2];
	struct mpr_msg msg = {.type = MPR_MSG_WRITE, .size = 8, .value = 1};

	hello();
	assert_int_equal(open_channel("test0", &channels[0]), 0);
	assert_int_equal(open_channel("test1", &channels[1]), 0);
	assert_true(mpr_channel_send(channels[0], &msg, NULL));
	for (int i = 0; i < 2; i++) {
		msg = (struct mpr_msg){.type = MPR_MSG_READ, .size = 8};
		assert_true(mpr_channel_send(channels[i], &msg, &tickets[i]));
		assert_int_equal(
			mpr_channel_wait_reply(channels[i], tickets[i], &msg, 0, NULL, NULL), 0);
		assert_int_equal(msg.value, i == 0);
	}
	mpr_channel_destroy(channels[0]);
	mpr_channel_destroy(channels[1]);
}

SESSION_TEST(request_of_no_known_kind_is_answered_as_an_error)
{
	struct mpr_channel *channel;
	struct mpr_msg msg = {.type = 77, .size = 8};
	uint64_t ticket;

	hello();
	assert_int_equal(open_channel("test0", &channel), 0);
	assert_true(mpr_channel_send(channel, &msg, &ticket));
	assert_int_equal(mpr_channel_wait_reply(channel, ticket, &msg, 0, NULL, NULL), 0);
	assert_int_equal(msg.status, ENOSYS);
	mpr_channel_destroy(channel);
}

SESSION_TEST(device_that_is_not_open_takes_no_memory)
{
	hello();
	assert_int_equal(send_memory(NULL, 0, NULL, 0), EPROTO);
	assert_error_text("device \"test0\" is not open here");
	assert_hung_up();
}

SESSION_TEST(channel_must_be_one)
{
	const struct mpr_wire_channel payload = {.abi = MPR_CHANNEL_ABI};
	int fds[2] = {memfd_pages(64), eventfd(0, 0)};

	hello();
	assert_int_equal(request(MPR_WIRE_CHANNEL, "test0", &payload, sizeof(payload), fds, 2),
			 EPROTO);
	assert_hung_up();
	close(fds[0]);
	close(fds[1]);
}

SESSION_TEST(channel_of_another_layout_is_refused)
{
	const struct mpr_wire_channel payload = {.abi = 99};
	int fds[2] = {memfd_pages(1), memfd_pages(1)};

	hello();
	assert_int_equal(request(MPR_WIRE_CHANNEL, "test0", &payload, sizeof(payload), fds, 2),
			 EPROTONOSUPPORT);
	close(fds[0]);
	close(fds[1]);
}

/* ---- BARs that are plain memory ------------------------------------------ */

/* Opens test0 with one more descriptor, as the files of `bars`. */
static int open_with_file(uint32_t bars, int file)
{
	const struct mpr_wire_channel payload = {.abi = MPR_CHANNEL_ABI, .files = bars};
	const struct mpr_channel_options options = {.numa_node = -1, .no_hugepages = true};
	struct mpr_channel *channel;
	int fds[3] = {-1, -1, file}, ret;

	assert_int_equal(mpr_channel_create(&options, &channel), 0);
	fds[0] = mpr_channel_memfd(channel);
	fds[1] = mpr_channel_doorbell(channel);
	ret = request(MPR_WIRE_CHANNEL, "test0", &payload, sizeof(payload), fds, 3);
	mpr_channel_destroy(channel);
	return ret;
}

static int sealed_file(size_t size)
{
	int fd = memfd_create("bar", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK), 0);
	return fd;
}

SESSION_TEST(plain_memory_is_described_to_who_knows_it)
{
	const struct mpr_wire_description *description = (const void *)answer.payload;

	assert_int_equal(hello_versions(1, 1, ~MPR_FEATURE_BAR_MEMORY), 0);
	assert_int_equal(request(MPR_WIRE_DESCRIBE, "test0", NULL, 0, NULL, 0), 0);
	assert_int_equal(description->bar[3].kind, MPR_BAR_MEM32);
	assert_int_equal(description->bar[3].size, TEST_RAM_SIZE);
}

SESSION_TEST(file_that_was_not_agreed_on_is_refused)
{
	int file = sealed_file(TEST_RAM_SIZE);

	assert_int_equal(hello_versions(1, 1, 0), 0);
	assert_int_equal(open_with_file(1 << 3, file), EPROTO);
	assert_error_text("channel: a file for a BAR that is not plain memory");
	assert_hung_up();
	close(file);
}

SESSION_TEST(file_for_registers_is_refused)
{
	int file = sealed_file(TEST_RAM_SIZE);

	hello();
	assert_int_equal(open_with_file(1 << 0, file), EPROTO);
	assert_hung_up();
	close(file);
}

SESSION_TEST(file_must_be_as_large_as_the_bar)
{
	int file = sealed_file(TEST_RAM_SIZE / 2);

	hello();
	assert_int_equal(open_with_file(1 << 3, file), EPROTO);
	assert_hung_up();
	close(file);
}

SESSION_TEST(file_must_be_sealed)
{
	int file = memfd_pages(TEST_RAM_SIZE / 4096);

	hello();
	assert_int_equal(open_with_file(1 << 3, file), EPROTO);
	assert_hung_up();
	close(file);
}

SESSION_TEST(interrupt_must_be_an_eventfd)
{
	const struct mpr_wire_intx payload = {0};
	struct mpr_channel *channel;
	int pipes[2];

	hello();
	assert_int_equal(open_channel("test0", &channel), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(request(MPR_WIRE_INTX, "test0", &payload, sizeof(payload), &pipes[1], 1),
			 EPROTO);
	assert_error_text("an interrupt is not an eventfd");
	assert_hung_up();
	close(pipes[0]);
	close(pipes[1]);
	mpr_channel_destroy(channel);
}

/* ---- Guest memory ------------------------------------------------------- */

static struct mpr_channel *open_test0(void)
{
	struct mpr_channel *channel;

	hello();
	assert_int_equal(open_channel("test0", &channel), 0);
	return channel;
}

SESSION_TEST(region_beyond_its_file_is_refused)
{
	struct mpr_channel *channel = open_test0();
	int memfd = memfd_pages(2);
	struct mpr_wire_region region = {.address = 0, .size = 3 * 4096};

	assert_int_equal(send_memory(&region, 1, &memfd, 1), EINVAL);
	assert_error_text("guest memory at 0x0 (offset 0x0, size 0x3000) exceeds its file of "
			  "0x2000 bytes");
	region = (struct mpr_wire_region){.size = 4096, .offset = 2 * 4096};
	assert_int_equal(send_memory(&region, 1, &memfd, 1), EINVAL);
	region.offset = 4096;
	assert_int_equal(send_memory(&region, 1, &memfd, 1), 0);
	close(memfd);
	mpr_channel_destroy(channel);
}

SESSION_TEST(malformed_regions_end_the_connection)
{
	static const struct mpr_wire_region bad[][2] = {
		{{.size = 100}},
		{{.size = 0}},
		{{.address = 1, .size = 4096}},
		{{.offset = 1, .size = 4096}},
		{{.size = 4096, .fd = 1}},
		{{.size = 4096, .flags = 2}},
		{{.address = UINT64_MAX - 4095, .size = 8192}},
		{{.offset = UINT64_MAX - 4095, .size = 8192}},
		{{.address = 4096, .size = 4096}, {.address = 0, .size = 4096}},
		{{.address = 0, .size = 8192}, {.address = 4096, .size = 4096}},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mpr_channel *channel;
		int memfd = memfd_pages(4);

		if (i)
			setup(state);
		channel = open_test0();
		assert_int_equal(send_memory(bad[i], bad[i][1].size ? 2 : 1, &memfd, 1), EPROTO);
		assert_hung_up();
		close(memfd);
		mpr_channel_destroy(channel);
		if (i + 1 < sizeof(bad) / sizeof(bad[0]))
			teardown(state);
	}
}

SESSION_TEST(memory_must_be_a_memory_file)
{
	const struct mpr_wire_region region = {.size = 4096};
	struct mpr_channel *channel = open_test0();
	int fds[] = {open("/dev/zero", O_RDWR), eventfd(0, 0), memfd_pages(0)};

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(send_memory(&region, 1, &fds[i], 1), EINVAL);
		close(fds[i]);
	}
	mpr_channel_destroy(channel);
}

SESSION_TEST(writable_region_needs_a_writable_file)
{
	struct mpr_wire_region region = {.size = 4096};
	struct mpr_channel *channel = open_test0();
	int memfd = memfd_pages(1);
	char path[64];
	int reader;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memfd);
	reader = open(path, O_RDONLY);
	assert_true(reader >= 0);
	assert_int_equal(send_memory(&region, 1, &reader, 1), EINVAL);
	assert_error_text("guest memory at 0x0 is writable but its file is open for reading only");
	region.flags = MPR_REGION_READ_ONLY;
	assert_int_equal(send_memory(&region, 1, &reader, 1), 0);
	close(reader);
	close(memfd);
	mpr_channel_destroy(channel);
}

/* ---- Noise -------------------------------------------------------------- */

SESSION_TEST(garbage_ends_the_connection)
{
	char noise[256];

	memset(noise, 0xa5, sizeof(noise));
	assert_int_equal(send(remote.sock, noise, sizeof(noise), 0), sizeof(noise));
	assert_hung_up();
}

SESSION_TEST(half_a_message_is_waited_for_and_no_more)
{
	struct mpr_wire_header header;

	hello();
	assert_int_equal(mpr_wire_header_init(&header, MPR_WIRE_DESCRIBE, "test0"), 0);
	assert_int_equal(send(remote.sock, &header, 20, 0), 20);
}

SESSION_TEST(message_may_come_byte_by_byte)
{
	struct mpr_wire_header header;

	hello();
	assert_int_equal(mpr_wire_header_init(&header, MPR_WIRE_DESCRIBE, "test0"), 0);
	for (size_t i = 0; i < sizeof(header); i++)
		assert_int_equal(send(remote.sock, (char *)&header + i, 1, 0), 1);
	assert_int_equal(mpr_wire_recv(remote.sock, &answer, TIMEOUT_MS), 0);
	assert_int_equal(answer.header.type, MPR_WIRE_DESCRIBE);
}

SESSION_TEST(answer_instead_of_a_request_ends_the_connection)
{
	struct mpr_wire_header header;

	hello();
	assert_int_equal(mpr_wire_header_init(&header, MPR_WIRE_CHANNEL, "test0"), 0);
	header.flags = MPR_WIRE_ANSWER;
	assert_int_equal(mpr_wire_send(remote.sock, &header, NULL, 0, NULL, 0, TIMEOUT_MS), 0);
	assert_int_equal(mpr_wire_recv(remote.sock, &answer, TIMEOUT_MS), 0);
	assert_int_equal(answer.header.type, MPR_WIRE_ERROR);
	assert_hung_up();
}

SESSION_TEST(peer_that_reads_no_answers_is_hung_up_on)
{
	struct mpr_wire_header header;
	int ret = 0;

	hello();
	assert_int_equal(mpr_wire_header_init(&header, MPR_WIRE_DESCRIBE, "test0"), 0);
	while (ret == 0)
		ret = mpr_wire_send(remote.sock, &header, NULL, 0, NULL, 0, TIMEOUT_MS);
	assert_int_equal(ret, -EPIPE);
}

#define NOISE (64 * 1024)

SESSION_TEST(noise_in_a_channel_harms_no_other)
{
	const struct mpr_msg write = {.type = MPR_MSG_WRITE, .size = 8, .value = 9};
	struct mpr_msg msg = {.type = MPR_MSG_READ, .size = 8};
	struct mpr_channel *noisy, *quiet;
	uint64_t *words, ticket;

	hello();
	create_channel(&noisy);
	/* Before the remote has it: then no writable mapping can be made any more. */
	words = mmap(NULL, NOISE, PROT_READ | PROT_WRITE, MAP_SHARED, mpr_channel_memfd(noisy), 0);
	assert_ptr_not_equal(words, MAP_FAILED);
	assert_int_equal(attach_channel("test0", &noisy), 0);
	assert_int_equal(open_channel("test1", &quiet), 0);
	/* Every byte but the header's, rings and doorbell words included. */
	for (size_t i = 128 / 8; i < NOISE / 8; i++)
		words[i] = 0x1234567890abcdefu;
	for (int i = 0; i < 100; i++)
		(void)mpr_channel_send(noisy, &write, NULL);
	assert_true(mpr_channel_send(quiet, &write, NULL));
	assert_true(mpr_channel_send(quiet, &msg, &ticket));
	assert_int_equal(mpr_channel_wait_reply(quiet, ticket, &msg, 0, NULL, NULL), 0);
	assert_int_equal(msg.value, 9);
	mpr_channel_destroy(noisy);
	mpr_channel_destroy(quiet);
	munmap(words, NOISE);
}
