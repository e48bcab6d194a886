/* SPDX-License-Identifier: MIT */
#include "tests/remote/test_device.h"

#include <errno.h>
#include <string.h>

#include "dev/scsi/disk/scsi_hd.h"

struct test_device {
	struct mpr_device dev; /* first */
	uint8_t scratch[64];
	uint64_t from, to;
	uint64_t copy_status, map_status;
	uint64_t work;
	uint64_t resets;
	uint64_t release_ns;
	struct mpr_dma_map page;
	struct mpr_timer release, alarm;
	bool level;
};

static const struct mpr_pci_info pci_info = {
	.vendor_id = 0x1af4,
	.device_id = 0x7e57,
	.class_code = 0xff0000,
	.interrupt_pin = 1,
	.bar = {{MPR_BAR_MEM32, 4096}, {MPR_BAR_IO, 16}, [3] = {MPR_BAR_RAM32, TEST_RAM_SIZE}},
};

/* A page that was held when bus mastering ended is released. */
static void settle(struct test_device *test)
{
	test->dev.settling = test->page.ptr && !mpr_pci_bus_master(&test->dev.pci);
}

static void let_go(void *opaque)
{
	struct test_device *test = opaque;
	const uint32_t marker = TEST_MARKER;

	if (test->page.len >= sizeof(marker))
		memcpy(test->page.ptr, &marker, sizeof(marker));
	mpr_dma_unmap(&test->dev, &test->page);
	settle(test);
}

static void set_line(struct test_device *test, bool level)
{
	test->level = level;
	mpr_irq_set(&test->dev, level);
}

static void ring_alarm(void *opaque)
{
	set_line(opaque, true);
}

static int create(struct mpr_device *dev)
{
	struct test_device *test = (struct test_device *)dev;

	test->release.fn = let_go;
	test->release.opaque = test;
	test->alarm.fn = ring_alarm;
	test->alarm.opaque = test;
	return 0;
}

static void start_timer(struct test_device *test, struct mpr_timer *timer, uint64_t ns)
{
	struct mpr_host *host = test->dev.host;

	host->ops->timer_set(host, timer, host->ops->now(host) + ns);
}

static void copy(struct test_device *test, size_t length)
{
	uint8_t buffer[4096];
	int ret = length > sizeof(buffer) ? -EINVAL : 0;

	if (ret == 0)
		ret = mpr_dma_read(&test->dev, test->from, buffer, length);
	if (ret == 0)
		ret = mpr_dma_write(&test->dev, test->to, buffer, length);
	test->copy_status = (uint64_t)-ret;
}

/* Bytes, relaxed: ordered by the accesses to registers. */
static uint64_t load_ram(struct mpr_device *dev, uint64_t offset, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)__atomic_load_n(&dev->bar_ram[3][offset + i], __ATOMIC_RELAXED)
			 << 8 * i;
	return value;
}

static void store_ram(struct mpr_device *dev, uint64_t offset, unsigned size, uint64_t value)
{
	for (unsigned i = 0; i < size; i++)
		__atomic_store_n(&dev->bar_ram[3][offset + i], (uint8_t)(value >> 8 * i),
				 __ATOMIC_RELAXED);
}

/* Writes to pages that are apart, so that no two ranges merge. */
static void fill(struct test_device *test, uint64_t count)
{
	uint8_t byte = 1;

	for (uint64_t i = 0; i < count; i++)
		test->copy_status = (uint64_t)-mpr_dma_write(
			&test->dev, test->to + i % TEST_FILL_PAGES * 4096, &byte, 1);
}

static void hold(struct test_device *test, uint64_t addr, enum mpr_dma_dir dir)
{
	mpr_dma_unmap(&test->dev, &test->page);
	test->map_status = (uint64_t)-mpr_dma_map(&test->dev, addr, 4096, dir, &test->page);
}

static uint64_t read_register(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size)
{
	struct test_device *test = (struct test_device *)dev;
	uint64_t value = 0;

	if (bar == 1)
		return 0x5a;
	if (bar == 3)
		return load_ram(dev, offset, size);
	if (offset + size <= sizeof(test->scratch)) {
		memcpy(&value, test->scratch + offset, size);
		return value;
	}
	switch (offset) {
	case TEST_COPY_LENGTH:
		return test->copy_status;
	case TEST_INTX:
		return test->level;
	case TEST_MAP:
		return test->map_status;
	case TEST_WORK:
		return test->work;
	case TEST_RESETS:
		return test->resets;
	case TEST_RAM:
		return load_ram(dev, 0, 8);
	default:
		return 0;
	}
}

static void write_register(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size,
			   uint64_t value)
{
	struct test_device *test = (struct test_device *)dev;

	if (bar == 1)
		return;
	if (bar == 3) {
		store_ram(dev, offset, size, value);
		return;
	}
	if (offset + size <= sizeof(test->scratch)) {
		memcpy(test->scratch + offset, &value, size);
		return;
	}
	switch (offset) {
	case TEST_COPY_FROM:
		test->from = value;
		break;
	case TEST_COPY_TO:
		test->to = value;
		break;
	case TEST_COPY_LENGTH:
		copy(test, value);
		break;
	case TEST_INTX:
		set_line(test, value);
		break;
	case TEST_MAP:
		hold(test, value, MPR_DMA_FROM_DEVICE);
		break;
	case TEST_MAP_TO:
		hold(test, value, MPR_DMA_TO_DEVICE);
		break;
	case TEST_FILL:
		fill(test, value);
		break;
	case TEST_RELEASE:
		test->release_ns = value;
		start_timer(test, &test->release, value);
		break;
	case TEST_RECLAIM:
		test->dev.settling = true;
		memset(test->scratch, 0, sizeof(test->scratch));
		test->release_ns = value;
		start_timer(test, &test->release, value);
		break;
	case TEST_ALARM:
		start_timer(test, &test->alarm, value);
		break;
	case TEST_WORK:
		test->work = value;
		mpr_schedule(dev);
		break;
	case TEST_RAM:
		store_ram(dev, 0, 8, value);
		break;
	case TEST_LOG:
		dev->host->ops->log(dev->host, "value %llu", (unsigned long long)value);
		break;
	}
}

static void config_changed(struct mpr_device *dev)
{
	settle((struct test_device *)dev);
}

static void reset(struct mpr_device *dev)
{
	struct test_device *test = (struct test_device *)dev;

	memset(test->scratch, 0, sizeof(test->scratch));
	test->work = 0;
	test->resets++;
	dev->host->ops->timer_cancel(dev->host, &test->alarm);
	set_line(test, false);
	if (test->page.ptr)
		start_timer(test, &test->release, test->release_ns);
}

static bool run(struct mpr_device *dev)
{
	struct test_device *test = (struct test_device *)dev;

	if (test->work)
		test->work--;
	return test->work > 0;
}

static const struct mpr_shadow_map shadow = {
	.span = {TEST_COPY_FROM + 0x20},
	.readable =
		{
			[TEST_SHADOWED / 8 ... TEST_COPY_FROM / 8 - 1] = 0xff,
			[TEST_INTX / 8] = MPR_SHADOW_BIT(TEST_INTX),
		},
};

static void peek(const struct mpr_device *dev, uint8_t image[MPR_SHADOW_SIZE])
{
	const struct test_device *test = (const struct test_device *)dev;

	memcpy(image, test->scratch, sizeof(test->scratch));
	image[TEST_INTX] = test->level;
}

const struct mpr_device_ops test_device_ops = {
	.model = {"test-device", "device for tests", MPR_BUS_PCI, sizeof(struct test_device), NULL,
		  NULL},
	.pci = &pci_info,
	.create = create,
	.read = read_register,
	.write = write_register,
	.shadow = &shadow,
	.peek = peek,
	.config_changed = config_changed,
	.reset = reset,
	.run = run,
};

const struct mpr_model *const test_models[] = {&test_device_ops.model, &mpr_scsi_hd_ops.model,
					       NULL};
