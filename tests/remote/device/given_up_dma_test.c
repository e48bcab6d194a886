/* SPDX-License-Identifier: MIT */
/* Proves that a model whose device is given up while it runs reaches no guest memory any
 * more and is not run again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "remote/device/hosted.h"
#include "ring/channel_proxy.h"
#include "tests/common/unit.h"
#include "tests/remote/harness.h"
#include "tests/remote/test_device.h"

#define PAGE 4096u
#define COMMAND 4u
#define BUS_MASTER 4u

struct fixture {
	struct mpr_watcher watcher;
	struct mpr_timers timers;
	struct mpr_ram_pool pool;
	struct mpr_hosted *hosted;
	struct mpr_channel *proxy;
	int memory;
};

static void share_memory(struct fixture *f)
{
	const struct mpr_wire_region region = {.address = VMM_ADDRESS, .size = PAGE};
	struct mpr_ram *ram;
	char *error;

	f->memory = memfd_pages(1);
	assert_int_equal(mpr_ram_create(&f->pool, &region, 1, &f->memory, &ram, &error), 0);
	assert_null(mpr_hosted_set_memory(f->hosted, ram));
}

static int setup(void **state)
{
	const struct mpr_channel_options options = {.numa_node = -1, .no_hugepages = true};
	struct fixture *f = calloc(1, sizeof(*f));
	struct mpr_hosted_files files = {.memfd = -1};

	assert_non_null(f);
	assert_int_equal(mpr_uring_create(8, &f->watcher.uring), 0);
	assert_int_equal(mpr_hosted_create(&test_device_ops, "test0", NULL, &f->timers, &f->watcher,
					   &f->hosted, &(char *){NULL}),
			 0);
	assert_int_equal(mpr_channel_create(&options, &f->proxy), 0);
	files.memfd = fcntl(mpr_channel_memfd(f->proxy), F_DUPFD_CLOEXEC, 0);
	files.doorbell = fcntl(mpr_channel_doorbell(f->proxy), F_DUPFD_CLOEXEC, 0);
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++)
		files.bar[i] = -1;
	assert_int_equal(mpr_hosted_attach(f->hosted, f, &files), 0);
	share_memory(f);
	mpr_hosted_config_write(f->hosted, COMMAND, 2, BUS_MASTER);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	mpr_hosted_detach(f->hosted);
	while (f->watcher.active) {
		assert_int_equal(mpr_uring_wait(f->watcher.uring, UINT64_MAX), 0);
		(void)mpr_uring_reap(f->watcher.uring);
	}
	mpr_hosted_destroy(f->hosted);
	mpr_channel_destroy(f->proxy);
	mpr_uring_destroy(f->watcher.uring);
	close(f->memory);
	free(f);
	return 0;
}

UNIT_TEST_WITH(dma_is_refused_from_then_on, setup, teardown)
{
	struct fixture *f = *state;
	struct mpr_device *dev = f->hosted->dev;
	struct mpr_dma_map map;
	char word[4];

	assert_int_equal(mpr_dma_write(dev, VMM_ADDRESS, "old", 4), 0);
	mpr_channel_give_up(f->proxy);
	assert_int_equal(mpr_dma_write(dev, VMM_ADDRESS, "new", 4), -EFAULT);
	assert_int_equal(mpr_dma_read(dev, VMM_ADDRESS, word, 4), -EFAULT);
	assert_int_equal(mpr_dma_map(dev, VMM_ADDRESS, 4, MPR_DMA_FROM_DEVICE, &map), -EFAULT);
	assert_int_equal(pread(f->memory, word, 4, 0), 4);
	assert_string_equal(word, "old");
}

static uint64_t work_left(const struct fixture *f)
{
	uint64_t value;

	assert_true(mpr_hosted_read(f->hosted, 0, TEST_WORK, 8, &value));
	return value;
}

UNIT_TEST_WITH(the_model_does_not_run_on, setup, teardown)
{
	struct fixture *f = *state;

	mpr_hosted_write(f->hosted, 0, TEST_WORK, 8, 3);
	assert_true(mpr_hosted_serve(f->hosted));
	assert_int_equal(work_left(f), 2);
	mpr_channel_give_up(f->proxy);
	assert_false(mpr_hosted_serve(f->hosted));
	assert_int_equal(work_left(f), 2);
}
