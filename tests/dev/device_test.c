/* SPDX-License-Identifier: MIT */
/* Proves that a device is made as its properties say, that its DMA reaches the host's services only
 * while the guest lets it be bus master, and that mappings are given back once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dev/host.h"
#include "tests/common/unit.h"

/* A host that counts its calls. */
struct counting_host {
	struct mpr_host host;
	unsigned calls;
	unsigned mapped;
	char memory[16];
};

static int count_read(void *host, uint64_t addr, void *buf, size_t len)
{
	(void)addr, (void)buf, (void)len;
	((struct counting_host *)host)->calls++;
	return 0;
}

static int count_write(void *host, uint64_t addr, const void *buf, size_t len)
{
	(void)addr, (void)buf, (void)len;
	((struct counting_host *)host)->calls++;
	return 0;
}

static int count_map(void *host, uint64_t addr, size_t len, enum mpr_dma_dir dir,
		     struct mpr_dma_map *map)
{
	struct counting_host *counting = host;

	(void)addr, (void)dir;
	counting->calls++;
	counting->mapped++;
	*map = (struct mpr_dma_map){.ptr = counting->memory, .len = len};
	return 0;
}

static void count_unmap(void *host, struct mpr_dma_map *map)
{
	(void)map;
	((struct counting_host *)host)->mapped--;
}

static const struct mpr_host_ops host_ops = {
	.dma_read = count_read,
	.dma_write = count_write,
	.dma_map = count_map,
	.dma_unmap = count_unmap,
};

static const struct mpr_pci_info pci_info = {.vendor_id = 0x1234, .bar = {{MPR_BAR_MEM32, 16}}};
static const struct mpr_device_ops device_ops = {
	.model = {.driver = "test", .bus = MPR_BUS_PCI, .size = sizeof(struct mpr_device)},
	.pci = &pci_info};

static struct counting_host host;
static struct mpr_device *device;

static int setup(void **state)
{
	(void)state;
	host = (struct counting_host){.host.ops = &host_ops};
	return mpr_device_create(&device_ops, &host.host, "test0", NULL, &device);
}

static int teardown(void **state)
{
	(void)state;
	mpr_device_destroy(device);
	return 0;
}

UNIT_TEST_WITH(init_fills_in_the_base_part, setup, teardown)
{
	assert_string_equal(device->id, "test0");
	assert_ptr_equal(device->ops, &device_ops);
	assert_int_equal(mpr_pci_config_read(&device->pci, MPR_PCI_VENDOR_ID, 2), 0x1234);
	assert_null(device->bus);
}

UNIT_TEST_WITH(dma_is_refused_without_bus_mastering, setup, teardown)
{
	struct mpr_dma_map map = {0};
	char buf[4];

	assert_int_equal(mpr_dma_read(device, 0, buf, 4), -EPERM);
	assert_int_equal(mpr_dma_write(device, 0, buf, 4), -EPERM);
	assert_int_equal(mpr_dma_map(device, 0, 4, MPR_DMA_FROM_DEVICE, &map), -EPERM);
	assert_int_equal(host.calls, 0);
}

UNIT_TEST_WITH(dma_reaches_the_host_with_bus_mastering, setup, teardown)
{
	struct mpr_dma_map map = {0};
	char buf[4];

	mpr_pci_config_write(&device->pci, MPR_PCI_COMMAND, 2, MPR_PCI_COMMAND_MASTER);
	assert_int_equal(mpr_dma_read(device, 0, buf, 4), 0);
	assert_int_equal(mpr_dma_write(device, 0, buf, 4), 0);
	assert_int_equal(mpr_dma_map(device, 0, 4, MPR_DMA_FROM_DEVICE, &map), 0);
	assert_int_equal(host.calls, 3);
	mpr_dma_unmap(device, &map);
}

UNIT_TEST_WITH(mapping_is_given_back_once, setup, teardown)
{
	struct mpr_dma_map map = {0};

	mpr_dma_unmap(device, &map);
	mpr_pci_config_write(&device->pci, MPR_PCI_COMMAND, 2, MPR_PCI_COMMAND_MASTER);
	assert_int_equal(mpr_dma_map(device, 0, 4, MPR_DMA_FROM_DEVICE, &map), 0);
	mpr_pci_reset(&device->pci);
	mpr_dma_unmap(device, &map);
	mpr_dma_unmap(device, &map);
	assert_null(map.ptr);
	assert_int_equal(host.mapped, 0);
}

UNIT_TEST_WITH(plain_memory_is_the_devices_until_the_host_gives_some, setup, teardown)
{
	static const struct mpr_pci_info info = {
		.bar = {{MPR_BAR_MEM32, 16}, {MPR_BAR_RAM32, 4096}}};
	static const struct mpr_device_ops ops = {
		.model = {.driver = "test", .bus = MPR_BUS_PCI, .size = sizeof(struct mpr_device)},
		.pci = &info};
	static uint8_t given[4096];
	struct mpr_device *dev;
	uint8_t *own;

	assert_int_equal(mpr_device_create(&ops, &host.host, "test1", NULL, &dev), 0);
	assert_null(dev->bar_ram[0]);
	own = dev->bar_ram[1];
	assert_int_equal(own[0] | own[4095], 0);
	own[0] = 1;
	mpr_device_set_bar_ram(dev, 1, given);
	assert_ptr_equal(dev->bar_ram[1], given);
	mpr_device_set_bar_ram(dev, 1, NULL);
	assert_ptr_equal(dev->bar_ram[1], own);
	assert_int_equal(own[0], 0);
	mpr_device_destroy(dev);
}

/* ---- Properties --------------------------------------------------------- */

static char calls[64];
static int set_result, create_result;

static int note_set(void *state, unsigned property, union mpr_value value)
{
	size_t len = strlen(calls);

	assert_ptr_equal(((struct mpr_device *)state)->host, &host.host);
	snprintf(calls + len, sizeof(calls) - len, "set %u=%u ", property, (unsigned)value.number);
	return set_result;
}

static int note_create(struct mpr_device *dev)
{
	(void)dev;
	strcat(calls, "create ");
	return create_result;
}

static void note_destroy(struct mpr_device *dev)
{
	(void)dev;
	strcat(calls, "destroy ");
}

static const struct mpr_property properties[] = {{.name = "a"}, {.name = "b"}, {.name = NULL}};
static const struct mpr_device_ops noted_ops = {
	.model = {"noted", "", MPR_BUS_PCI, sizeof(struct mpr_device), properties, note_set},
	.pci = &pci_info,
	.create = note_create,
	.destroy = note_destroy,
};

static int create_noted(int of_set, int of_create, struct mpr_device **dev)
{
	static const struct mpr_setting settings[] = {{true, {.number = 3}}, {true, {.number = 5}}};

	calls[0] = '\0';
	set_result = of_set;
	create_result = of_create;
	return mpr_device_create(&noted_ops, &host.host, "noted0", settings, dev);
}

UNIT_TEST_WITH(properties_are_set_before_all_else, setup, teardown)
{
	struct mpr_device *dev;

	assert_int_equal(create_noted(0, 0, &dev), 0);
	mpr_device_destroy(dev);
	assert_string_equal(calls, "set 0=3 set 1=5 create destroy ");
}

UNIT_TEST_WITH(what_is_refused_is_not_destroyed, setup, teardown)
{
	struct mpr_device *dev;

	assert_int_equal(create_noted(-EINVAL, 0, &dev), -EINVAL);
	assert_string_equal(calls, "set 0=3 ");
	assert_int_equal(create_noted(0, -EIO, &dev), -EIO);
	assert_string_equal(calls, "set 0=3 set 1=5 create ");
}

UNIT_TEST_WITH(property_without_value_is_not_set, setup, teardown)
{
	static const struct mpr_setting settings[] = {{.set = false}, {true, {.number = 5}}};

	calls[0] = '\0';
	set_result = 0;
	assert_int_equal(mpr_model_apply(&noted_ops.model, settings, device), 0);
	assert_string_equal(calls, "set 1=5 ");
}
