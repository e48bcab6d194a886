/* SPDX-License-Identifier: MIT */
/* Proves how memory is cut into buffers, registered and found, and what becomes
 * of it when the kernel refuses, with a kernel that the test plays. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "event/uring.h"
#include "tests/common/unit.h"

#define GIB (1ul << 30)
#define BASE ((char *)0x100000000000)

/* What was registered with the kernel; a buffer without base is not. */
static struct iovec buffers[64];
static unsigned refusals; /* of the next registrations */
static int refusal;

int __wrap_io_uring_register_buffers_sparse(struct io_uring *ring, unsigned nr);
int __wrap_io_uring_register_buffers_update_tag(struct io_uring *ring, unsigned off,
						const struct iovec *iov, const __u64 *tags,
						unsigned nr);

int __wrap_io_uring_register_buffers_sparse(struct io_uring *ring, unsigned nr)
{
	(void)ring;
	assert_true(nr >= 64);
	return 0;
}

int __wrap_io_uring_register_buffers_update_tag(struct io_uring *ring, unsigned off,
						const struct iovec *iov, const __u64 *tags,
						unsigned nr)
{
	(void)ring;
	assert_int_equal(nr, 1);
	assert_int_equal(tags[0], 0);
	assert_true(off < 64 && iov->iov_len <= GIB);
	if (iov->iov_base && refusals) {
		refusals--;
		return refusal;
	}
	buffers[off] = *iov;
	return 1;
}

static struct mpr_uring *ring;

static int setup(void **state)
{
	(void)state;
	memset(buffers, 0, sizeof(buffers));
	refusals = 0;
	return mpr_uring_create(8, &ring);
}

static int teardown(void **state)
{
	(void)state;
	mpr_uring_destroy(ring);
	return 0;
}

#define TEST(name) UNIT_TEST_WITH(name, setup, teardown)

static unsigned registered(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 64; i++)
		n += buffers[i].iov_base != NULL;
	return n;
}

/* The buffer's index, checked against what was registered; negative: none. */
static int find(char *base, size_t len)
{
	struct iovec iov = {base, len};
	int index = mpr_uring_find_memory(ring, &iov, 1);

	if (index >= 0) {
		char *start = buffers[index].iov_base;

		assert_true(base >= start && base + len <= start + buffers[index].iov_len);
	}
	return index;
}

TEST(memory_is_cut_at_1_gib)
{
	assert_int_equal(mpr_uring_add_memory(ring, BASE, 2 * GIB + 4096), 0);
	assert_int_equal(registered(), 3);
	assert_true(find(BASE, GIB) >= 0);
	assert_true(find(BASE + GIB, 1) >= 0);
	assert_true(find(BASE + 2 * GIB, 4096) >= 0);
	assert_true(find(BASE + GIB - 1, 2) < 0); /* in two buffers */
}

TEST(what_lies_outside_is_not_found)
{
	assert_true(find(BASE, 1) < 0);
	assert_int_equal(mpr_uring_add_memory(ring, BASE, 8192), 0);
	assert_true(find(BASE - 1, 1) < 0);
	assert_true(find(BASE - 1, 2) < 0);
	assert_true(find(BASE + 8191, 2) < 0);
	assert_true(find(BASE + 8192, 1) < 0);
	assert_true(find(BASE + 1, SIZE_MAX) < 0);
	assert_true(find(BASE + 8191, 1) >= 0);
}

TEST(elements_must_be_in_one_buffer)
{
	struct iovec near[] = {{BASE, 4096}, {BASE + 8192, 4096}};
	struct iovec far[] = {{BASE, 4096}, {BASE + GIB, 4096}};

	assert_int_equal(mpr_uring_add_memory(ring, BASE, 2 * GIB), 0);
	assert_true(mpr_uring_find_memory(ring, near, 2) >= 0);
	assert_true(mpr_uring_find_memory(ring, far, 2) < 0);
}

TEST(removed_memory_makes_room)
{
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(mpr_uring_add_memory(ring, BASE, 3 * GIB), 0);
		assert_int_equal(mpr_uring_add_memory(ring, BASE + 8 * GIB, 4096), 0);
		assert_int_equal(registered(), 4);
		mpr_uring_remove_memory(ring, BASE);
		assert_true(find(BASE, 1) < 0);
		assert_true(find(BASE + 8 * GIB, 1) >= 0);
		mpr_uring_remove_memory(ring, BASE + 8 * GIB);
		mpr_uring_remove_memory(ring, BASE + 9 * GIB); /* never added */
		assert_int_equal(registered(), 0);
	}
}

TEST(too_much_memory_is_refused)
{
	assert_int_equal(mpr_uring_add_memory(ring, BASE, 4096 * GIB), -ENOSPC);
	assert_true(find(BASE, 1) < 0);
}

TEST(refusal_leaves_nothing_registered)
{
	refusals = 1;
	refusal = -EFAULT;
	assert_int_equal(mpr_uring_add_memory(ring, BASE, 2 * GIB), -EFAULT);
	assert_int_equal(registered(), 0);
	assert_true(find(BASE, 1) < 0);
	assert_int_equal(mpr_uring_add_memory(ring, BASE, 2 * GIB), 0);
	assert_int_equal(registered(), 2);
}

TEST(limit_is_raised_as_far_as_it_may_be)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	limit.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	refusals = 1;
	refusal = -ENOMEM;
	assert_int_equal(mpr_uring_add_memory(ring, BASE, 8192), 0);
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	assert_true(limit.rlim_cur == limit.rlim_max);
	refusals = 2;
	assert_int_equal(mpr_uring_add_memory(ring, BASE + GIB, 8192), -ENOMEM);
	assert_int_equal(refusals, 0);
}
