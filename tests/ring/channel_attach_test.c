/* SPDX-License-Identifier: MIT */
/* Proves that a remote refuses a memfd that is not exactly a channel: a wrong
 * header field, a missing seal, a file too short, no file of that kind. */
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "ring/layout.h"
#include "tests/ring/fixture.h"

#define SLOTS 16u
#define SEALS (F_SEAL_GROW | F_SEAL_SHRINK)

/* A correct header for a file of `size` bytes. */
static struct mpr_channel_header good_header(size_t size)
{
	return (struct mpr_channel_header){
		.magic = MPR_CHANNEL_MAGIC,
		.abi = MPR_CHANNEL_ABI,
		.features = MPR_CHANNEL_BARRIER_ALL,
		.size = size,
		.slots = SLOTS,
		.message = 56,
		.requests = MPR_CHANNEL_REQUESTS,
		.events = mpr_channel_events_offset(SLOTS),
	};
}

static size_t good_size(void)
{
	return (mpr_channel_bytes(SLOTS) + 4095) & ~(size_t)4095;
}

static int attach_file(const struct mpr_channel_header *header, size_t size, int seals)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC), bell[2], err;
	struct mpr_channel *channel;

	assert_true(fd >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, bell), 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(pwrite(fd, header, sizeof(*header), 0), sizeof(*header));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	err = mpr_channel_attach(fd, bell[1], &channel);
	if (err == 0) {
		mpr_channel_destroy(channel);
	} else {
		/* Still the caller's. */
		assert_int_equal(close(fd), 0);
		assert_int_equal(close(bell[1]), 0);
	}
	close(bell[0]);
	return err;
}

UNIT_TEST(test_good_header_is_accepted)
{
	struct mpr_channel_header header = good_header(good_size());

	assert_int_equal(attach_file(&header, good_size(), SEALS), 0);
}

UNIT_TEST(test_header_without_features_is_accepted)
{
	struct mpr_channel_header header = good_header(good_size());

	header.features = 0;
	assert_int_equal(attach_file(&header, good_size(), SEALS), 0);
}

/* Each byte of the header that is not the feature bit, changed alone. */
UNIT_TEST(test_every_header_byte_matters)
{
	size_t size = good_size();

	for (size_t i = 0; i < sizeof(struct mpr_channel_header); i++) {
		struct mpr_channel_header header = good_header(size);

		((uint8_t *)&header)[i] ^= i == 12 ? 0x02 : 0x01;
		assert_int_equal(attach_file(&header, size, SEALS), -EPROTO);
	}
}

UNIT_TEST(test_more_slots_than_the_file_holds_are_refused)
{
	struct mpr_channel_header header = good_header(good_size());

	header.slots = 65536;
	header.events = mpr_channel_events_offset(65536);
	assert_int_equal(attach_file(&header, good_size(), SEALS), -EPROTO);
}

UNIT_TEST(test_more_slots_than_the_limit_are_refused)
{
	struct mpr_channel_header header = good_header(32 << 20);

	header.slots = 131072;
	header.events = mpr_channel_events_offset(131072);
	assert_int_equal(attach_file(&header, 32 << 20, SEALS), -EPROTO);
}

UNIT_TEST(test_missing_seals_are_refused)
{
	struct mpr_channel_header header = good_header(good_size());

	assert_int_equal(attach_file(&header, good_size(), SEALS & ~F_SEAL_SHRINK), -EPROTO);
	assert_int_equal(attach_file(&header, good_size(), SEALS & ~F_SEAL_GROW), -EPROTO);
	assert_int_equal(attach_file(&header, good_size(), SEALS | F_SEAL_SEAL), -EPROTO);
	assert_int_equal(attach_file(&header, good_size(), 0), -EPROTO);
}

UNIT_TEST(test_write_seal_is_refused)
{
	struct mpr_channel_header header = good_header(good_size());

	assert_int_equal(attach_file(&header, good_size(), SEALS | F_SEAL_WRITE), -EPROTO);
	assert_int_equal(attach_file(&header, good_size(), SEALS | F_SEAL_FUTURE_WRITE), -EPROTO);
}

UNIT_TEST(test_short_file_is_refused)
{
	struct mpr_channel_header header = good_header(4096);

	assert_int_equal(attach_file(&header, 4096, SEALS), -EPROTO);
	header = good_header(128);
	assert_int_equal(attach_file(&header, 128, SEALS), -EPROTO);
}

UNIT_TEST(test_file_larger_than_the_header_says_is_refused)
{
	struct mpr_channel_header header = good_header(good_size());

	assert_int_equal(attach_file(&header, good_size() + 4096, SEALS), -EPROTO);
}

static int attach_fds(int memfd, int bell)
{
	struct mpr_channel *channel;

	return mpr_channel_attach(memfd, bell, &channel);
}

UNIT_TEST(test_other_kinds_of_files_are_refused)
{
	int bell[2], null = open("/dev/null", O_RDWR | O_CLOEXEC), event = eventfd(0, EFD_CLOEXEC);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, bell), 0);
	assert_int_equal(attach_fds(null, bell[1]), -EPROTO);
	assert_int_equal(attach_fds(event, bell[1]), -EPROTO);
	assert_int_equal(attach_fds(bell[0], bell[1]), -EPROTO);
	assert_int_equal(attach_fds(-1, bell[1]), -EBADF);
	close(bell[0]);
	close(bell[1]);
	close(null);
	close(event);
}

UNIT_TEST(test_doorbell_must_be_a_socket)
{
	struct mpr_channel_options options = {.numa_node = -1};
	struct mpr_channel *proxy;
	int event = eventfd(0, EFD_CLOEXEC);

	assert_int_equal(mpr_channel_create(&options, &proxy), 0);
	assert_int_equal(attach_fds(mpr_channel_memfd(proxy), event), -EPROTO);
	close(event);
	mpr_channel_destroy(proxy);
}

UNIT_TEST(test_header_is_never_read_again)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg msg = {.type = MPR_MSG_WRITE, .value = 5}, got;

	memset(ends.shared, 0xff, sizeof(struct mpr_channel_header));
	for (unsigned i = 0; i < 10 * SLOTS; i++) {
		assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
		assert_true(mpr_channel_receive(ends.remote, &got));
		assert_memory_equal(&got, &msg, sizeof(got));
		mpr_channel_retire(ends.remote);
	}
	ends_close(&ends);
}
