/* SPDX-License-Identifier: MIT */
/* Proves that a channel's memory is on the pages and on the NUMA node that were
 * asked for, all of it present, and that its size cannot change. */
#include <numaif.h>

#include "ring/memfd.h"
#include "tests/ring/fixture.h"

static long free_hugepages(void)
{
	FILE *file = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
	long pages = 0;

	if (file && fscanf(file, "%ld", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages;
}

static void expect_policy(const struct mpr_memfd *memory, int mode, unsigned long nodes)
{
	unsigned long mask[16] = {0};
	int got;

	assert_int_equal(get_mempolicy(&got, mask, 8 * sizeof(mask), memory->base, MPOL_F_ADDR), 0);
	assert_int_equal(got, mode);
	assert_int_equal(mask[0], nodes);
}

UNIT_TEST(test_normal_pages_when_asked)
{
	struct mpr_memfd memory;

	assert_int_equal(mpr_memfd_create(&memory, 10000, -1, true), 0);
	assert_false(memory.hugepages);
	assert_int_equal(memory.size, 12288);
	mpr_memfd_destroy(&memory);
}

UNIT_TEST(test_hugepages_when_there_are_any)
{
	struct mpr_memfd memory;

	if (free_hugepages() == 0) {
		printf("# no free 2 MiB hugepages: sysctl vm.nr_hugepages=64\n");
		skip();
	}
	assert_int_equal(mpr_memfd_create(&memory, 10000, -1, false), 0);
	assert_true(memory.hugepages);
	assert_int_equal(memory.size, 2 << 20);
	mpr_memfd_destroy(&memory);
}

UNIT_TEST(test_normal_pages_when_hugepages_are_used_up)
{
	struct mpr_memfd memory;
	size_t more = ((size_t)free_hugepages() + 1) << 21;

	assert_int_equal(mpr_memfd_create(&memory, more, -1, false), 0);
	assert_false(memory.hugepages);
	mpr_memfd_destroy(&memory);
}

UNIT_TEST(test_memory_is_zeroed_and_writable)
{
	struct mpr_memfd memory;

	assert_int_equal(mpr_memfd_create(&memory, 1 << 20, -1, false), 0);
	for (size_t i = 0; i < memory.size; i++)
		assert_int_equal(((uint8_t *)memory.base)[i], 0);
	memset(memory.base, 0xff, memory.size);
	mpr_memfd_destroy(&memory);
}

UNIT_TEST(test_every_page_is_present)
{
	struct mpr_memfd memory;
	unsigned char present[64];

	assert_int_equal(mpr_memfd_create(&memory, 64 * 4096, -1, true), 0);
	assert_int_equal(mincore(memory.base, memory.size, present), 0);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(present[i] & 1, 1);
	mpr_memfd_destroy(&memory);
}

UNIT_TEST(test_size_is_sealed)
{
	struct mpr_memfd memory;

	assert_int_equal(mpr_memfd_create(&memory, 8192, -1, true), 0);
	assert_int_equal(ftruncate(memory.fd, 4096), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(memory.fd, 16384), -1);
	assert_int_equal(errno, EPERM);
	/* It is mapped. */
	assert_int_equal(fcntl(memory.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(errno, EBUSY);
	mpr_memfd_destroy(&memory);
}

static int punch(const struct mpr_memfd *memory)
{
	return fallocate(memory->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			 (off_t)memory->size);
}

static void expect_kept(const struct mpr_memfd *memory)
{
	uint8_t *bytes = memory->base;

	/* A hole from before is filled. */
	memset(bytes, 0xff, memory->size);
	assert_int_equal(punch(memory), 0);
	assert_int_equal(mpr_memfd_keep(memory), 0);
	assert_int_equal(bytes[0], 0);
	bytes[0] = 0x55;
	assert_int_equal(punch(memory), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(madvise(memory->base, memory->size, MADV_REMOVE), -1);
	assert_int_equal(bytes[0], 0x55);
	assert_ptr_equal(
		mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd, 0),
		MAP_FAILED);
	assert_int_equal(mpr_memfd_keep(memory), 0);
}

UNIT_TEST(test_pages_are_kept)
{
	struct mpr_memfd memory;

	assert_int_equal(mpr_memfd_create(&memory, 16384, -1, true), 0);
	expect_kept(&memory);
	mpr_memfd_destroy(&memory);
	assert_int_equal(mpr_memfd_create(&memory, 16384, -1, false), 0);
	printf("# on hugepages: %d\n", memory.hugepages);
	expect_kept(&memory);
	mpr_memfd_destroy(&memory);
}

UNIT_TEST(test_memory_that_cannot_be_sealed_is_an_error)
{
	struct mpr_memfd memory;

	assert_int_equal(mpr_memfd_create(&memory, 16384, -1, true), 0);
	assert_int_equal(fcntl(memory.fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
	assert_int_equal(mpr_memfd_keep(&memory), -EPERM);
	mpr_memfd_destroy(&memory);
}

UNIT_TEST(test_node_is_preferred)
{
	struct mpr_memfd memory;

	if (mpr_memfd_create(&memory, 8192, 0, true) == -EINVAL) {
		printf("# the kernel has no NUMA policies\n");
		skip();
	}
	expect_policy(&memory, MPOL_PREFERRED, 1);
	mpr_memfd_destroy(&memory);
}

UNIT_TEST(test_no_node_leaves_the_policy_alone)
{
	struct mpr_memfd memory;

	assert_int_equal(mpr_memfd_create(&memory, 8192, -1, true), 0);
	expect_policy(&memory, MPOL_DEFAULT, 0);
	mpr_memfd_destroy(&memory);
}

UNIT_TEST(test_unknown_node_is_refused)
{
	struct mpr_memfd memory;

	assert_int_equal(mpr_memfd_create(&memory, 8192, 4000, true), -EINVAL);
	assert_int_equal(mpr_memfd_create(&memory, 8192, 1023, false), -EINVAL);
}
