/* SPDX-License-Identifier: MIT */
/* Proves that the remote gets guest memory tables when they change, and only then. */
#include <sys/mman.h>

#include "tests/proxy/fixture.h"

#define MIB (1 << 20)

static int memfd(void)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, 4 * MIB), 0);
	return fd;
}

thread_test(the_remote_reaches_what_is_in_the_table)
{
	struct fixture *f = *state;
	struct mpr_proxy_region region = {
		.address = 0x100000, .size = MIB, .offset = MIB, .fd = memfd()};
	uint32_t value = 0;

	assert_int_equal(mpr_proxy_set_memory(f->dev, &region, 1), 0);
	set_reg(f, FAKE_DMA_ADDRESS, 0x100010);
	set_reg(f, FAKE_DMA_DATA, 0xfeedface);
	reg(f, FAKE_WRITES);
	assert_int_equal(pread(region.fd, &value, 4, MIB + 0x10), 4);
	assert_int_equal(value, 0xfeedface);
	assert_int_equal(mpr_proxy_set_memory(f->dev, NULL, 0), 0);
	assert_int_equal(reg(f, FAKE_DMA_DATA), UINT32_MAX);
	close(region.fd);
}

thread_test(an_equal_table_is_not_sent)
{
	struct fixture *f = *state;
	struct mpr_proxy_region region = {.size = MIB, .fd = memfd()};
	int again = dup(region.fd);

	assert_int_equal(mpr_proxy_set_memory(f->dev, &region, 1), 0);
	assert_int_equal(mpr_proxy_set_memory(f->dev, &region, 1), 0);
	close(region.fd);
	region.fd = again; /* another number, the same file */
	assert_int_equal(mpr_proxy_set_memory(f->dev, &region, 1), 0);
	assert_int_equal(counted(&f->counters.memories), 1);
	close(again);
}

thread_test(another_file_of_the_same_number_is_sent)
{
	struct fixture *f = *state;
	struct mpr_proxy_region region = {.size = MIB, .fd = memfd()};
	int other = memfd();

	assert_int_equal(mpr_proxy_set_memory(f->dev, &region, 1), 0);
	assert_int_equal(dup2(other, region.fd), region.fd);
	assert_int_equal(mpr_proxy_set_memory(f->dev, &region, 1), 0);
	assert_int_equal(counted(&f->counters.memories), 2);
	close(other);
	close(region.fd);
}

thread_test(every_change_is_sent)
{
	struct fixture *f = *state;
	struct mpr_proxy_region r[2] = {{.size = MIB, .fd = memfd()}};

	r[1] = (struct mpr_proxy_region){
		.address = 2 * MIB, .size = MIB, .offset = MIB, .fd = r[0].fd};
	mpr_proxy_set_memory(f->dev, r, 1);
	mpr_proxy_set_memory(f->dev, r, 2);
	r[1].address += MIB;
	mpr_proxy_set_memory(f->dev, r, 2);
	r[1].size += MIB;
	mpr_proxy_set_memory(f->dev, r, 2);
	r[1].offset += MIB;
	mpr_proxy_set_memory(f->dev, r, 2);
	r[1].read_only = true;
	mpr_proxy_set_memory(f->dev, r, 2);
	mpr_proxy_set_memory(f->dev, r, 0);
	assert_int_equal(counted(&f->counters.memories), 7);
	close(r[0].fd);
}

thread_test(a_file_is_sent_once_however_many_regions_it_has)
{
	struct fixture *f = *state;
	struct mpr_proxy_region r[3];
	int a = memfd(), b = memfd(), a2 = dup(a);

	r[0] = (struct mpr_proxy_region){.address = 0, .size = MIB, .fd = a};
	r[1] = (struct mpr_proxy_region){.address = MIB, .size = MIB, .fd = b};
	r[2] = (struct mpr_proxy_region){.address = 2 * MIB, .size = MIB, .offset = MIB, .fd = a2};
	assert_int_equal(mpr_proxy_set_memory(f->dev, r, 3), 0);
	assert_int_equal(counted(&f->counters.memory_fds), 2);
	close(a);
	close(b);
	close(a2);
}

thread_test(too_many_regions_or_files_are_refused)
{
	struct fixture *f = *state;
	static struct mpr_proxy_region r[MPR_WIRE_MAX_REGIONS + 1];
	int fd = memfd();

	for (int i = 0; i <= MPR_WIRE_MAX_REGIONS; i++)
		r[i] = (struct mpr_proxy_region){.address = i * 8192, .size = 4096, .fd = fd};
	assert_int_equal(mpr_proxy_set_memory(f->dev, r, MPR_WIRE_MAX_REGIONS + 1), -E2BIG);
	assert_int_equal(mpr_proxy_set_memory(f->dev, r, MPR_WIRE_MAX_REGIONS), 0);
	for (int i = 0; i <= MPR_WIRE_MAX_FDS; i++)
		r[i].fd = memfd();
	assert_int_equal(mpr_proxy_set_memory(f->dev, r, MPR_WIRE_MAX_FDS + 1), -E2BIG);
	for (int i = 0; i <= MPR_WIRE_MAX_FDS; i++)
		close(r[i].fd);
	close(fd);
	assert_true(mpr_proxy_alive(f->dev, NULL));
}
