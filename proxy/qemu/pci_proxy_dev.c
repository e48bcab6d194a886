/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device: configuration space, BARs, reset. */
#include "proxy/qemu/pci_proxy_dev.h"

#include "hw/qdev-properties.h"
#include "migration/blocker.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "sysemu/runstate.h"

#define CONFIG_SIZE 256

/* ---- BARs ---------------------------------------------------------------- */

static MemTxResult bar_read(void *opaque, hwaddr addr, uint64_t *value, unsigned size,
			    MemTxAttrs attrs)
{
	ProxyBar *bar = opaque;
	PCIProxyDev *dev = bar->dev;

	*value = UINT64_MAX;
	if (!proxy_access_begin(dev, attrs))
		return MEMTX_OK;
	*value = mpr_proxy_read(dev->remote, bar->index, addr, size);
	if (!proxy_access_end(dev))
		return MEMTX_OK;
	/* Before the guest gets the value: DMA that it announces is known to QEMU, and if
	 * the read lowered the line, it is low. */
	proxy_events(dev);
	proxy_intx_sync(dev);
	proxy_connection_check(dev);
	return MEMTX_OK;
}

static MemTxResult bar_write(void *opaque, hwaddr addr, uint64_t value, unsigned size,
			     MemTxAttrs attrs)
{
	ProxyBar *bar = opaque;
	PCIProxyDev *dev = bar->dev;

	if (!proxy_access_begin(dev, attrs))
		return MEMTX_OK;
	proxy_halt_poll_expect(dev);
	mpr_proxy_write(dev->remote, bar->index, addr, size, value);
	/* The line may have fallen since the guest's last read, or by this write. */
	if (proxy_access_end(dev) && dev->intx.level)
		proxy_intx_sync(dev);
	return MEMTX_OK;
}

/* The remote gets the guest's accesses as they are, neither split nor widened. */
static const MemoryRegionOps bar_ops = {
	.read_with_attrs = bar_read,
	.write_with_attrs = bar_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = {.min_access_size = 1, .max_access_size = 8, .unaligned = true},
	.impl = {.min_access_size = 1, .max_access_size = 8, .unaligned = true},
};

/* Plain memory, which the guest accesses without an exit. QEMU owns the descriptor, and
 * keeps its mapping until the last user of the region is done. */
static bool init_plain(ProxyBar *bar, const char *name, uint64_t size, Error **errp)
{
	int fd = mpr_proxy_take_bar_file(bar->dev->remote, bar->index);
	Error *err = NULL;

	memory_region_init_ram_from_fd(&bar->mr, OBJECT(bar->dev), name, size, RAM_SHARED, fd, 0,
				       &err);
	error_propagate(errp, err);
	if (err)
		close(fd);
	return !err;
}

static bool init_bar(ProxyBar *bar, const struct mpr_wire_bar *info, Error **errp)
{
	g_autofree char *name = g_strdup_printf("%s.bar%u", PROXY_ID(bar->dev), bar->index);

	if (info->kind == MPR_BAR_RAM32)
		return init_plain(bar, name, info->size, errp);
	memory_region_init_io(&bar->mr, OBJECT(bar->dev), &bar_ops, bar, name, info->size);
	/* While one vCPU waits without the big lock, others access the device, which the
	 * guard would refuse. No access is made within another here. */
	bar->mr.disable_reentrancy_guard = true;
	return true;
}

static bool register_bars(PCIProxyDev *dev, Error **errp)
{
	const struct mpr_wire_description *description = mpr_proxy_description(dev->remote);

	for (unsigned i = 0; i < ARRAY_SIZE(dev->bars); i++) {
		const struct mpr_wire_bar *info = &description->bar[i];
		ProxyBar *bar = &dev->bars[i];

		if (info->kind == MPR_BAR_NONE)
			continue;
		bar->dev = dev;
		bar->index = i;
		if (!init_bar(bar, info, errp))
			return false;
		pci_register_bar(PCI_DEVICE(dev), i,
				 info->kind == MPR_BAR_IO ? PCI_BASE_ADDRESS_SPACE_IO
							  : PCI_BASE_ADDRESS_SPACE_MEMORY,
				 &bar->mr);
	}
	return true;
}

/* ---- Configuration space ------------------------------------------------- */

static void copy_config(PCIDevice *pci, const struct mpr_wire_description *description,
			unsigned offset, unsigned size)
{
	memcpy(pci->config + offset, description->config + offset, size);
}

/*
 * QEMU answers the guest's configuration reads. The identity and everything
 * behind the header is the remote's; command, BARs and ROM are QEMU's own.
 */
static void fill_config(PCIDevice *pci, const struct mpr_wire_description *description)
{
	copy_config(pci, description, PCI_VENDOR_ID, 4);
	copy_config(pci, description, PCI_STATUS, 2);
	copy_config(pci, description, PCI_REVISION_ID, 4);
	copy_config(pci, description, PCI_LATENCY_TIMER, 1);
	copy_config(pci, description, PCI_SUBSYSTEM_VENDOR_ID, 4);
	copy_config(pci, description, PCI_CAPABILITY_LIST, 1);
	copy_config(pci, description, PCI_MIN_GNT, 2);
	pci->wmask[PCI_LATENCY_TIMER] = description->wmask[PCI_LATENCY_TIMER];
	pci_config_set_interrupt_pin(pci->config, description->interrupt_pin);

	copy_config(pci, description, PCI_STD_HEADER_SIZEOF, CONFIG_SIZE - PCI_STD_HEADER_SIZEOF);
	memcpy(pci->wmask + PCI_STD_HEADER_SIZEOF, description->wmask + PCI_STD_HEADER_SIZEOF,
	       CONFIG_SIZE - PCI_STD_HEADER_SIZEOF);
}

/* The interrupt's route, or the bit that disables it, may have changed. */
static void update_route(PCIDevice *pci)
{
	PCIProxyDev *dev = PCI_PROXY_DEV(pci);

	if (!proxy_intx_update_route(dev))
		proxy_connection_check(dev);
}

static void config_write(PCIDevice *pci, uint32_t addr, uint32_t value, int size)
{
	PCIProxyDev *dev = PCI_PROXY_DEV(pci);

	pci_default_write_config(pci, addr, value, size);
	mpr_proxy_config_write(dev->remote, addr, size, value);
	if (ranges_overlap(addr, size, PCI_COMMAND, 2))
		update_route(pci);
}

/* ---- Life ---------------------------------------------------------------- */

static bool block_migration(PCIProxyDev *dev, Error **errp)
{
	error_setg(&dev->migration_blocker,
		   PROXY_FMT ": the state of a device in a remote process cannot be migrated or "
			     "saved; unplug the device first",
		   PROXY_ID(dev));
	if (migrate_add_blocker(dev->migration_blocker, errp) == 0)
		return true;
	error_free(dev->migration_blocker);
	dev->migration_blocker = NULL;
	return false;
}

static void unblock_migration(PCIProxyDev *dev)
{
	if (!dev->migration_blocker)
		return;
	migrate_del_blocker(dev->migration_blocker);
	error_free(dev->migration_blocker);
	dev->migration_blocker = NULL;
}

static bool check_properties(PCIProxyDev *dev, Error **errp)
{
	if (!PROXY_ID(dev)) {
		error_setg(errp,
			   TYPE_PCI_PROXY_DEV ": 'id' is missing; it names the remote device");
		return false;
	}
	if (!dev->socket == !dev->path) {
		error_setg(errp,
			   PROXY_FMT ": give either 'socket' (the number of an inherited file "
				     "descriptor, or the name of one that the monitor was given) "
				     "or 'path' (of the remote's Unix socket)",
			   PROXY_ID(dev));
		return false;
	}
	if (dev->poll_us > MPR_WINDOW_MAX_US) {
		error_setg(errp, PROXY_FMT ": poll-us=%" PRIu32 " is more than %u, one second",
			   PROXY_ID(dev), dev->poll_us, MPR_WINDOW_MAX_US);
		return false;
	}
	return true;
}

/* Undoes as much of proxy_realize() as was done. */
static void proxy_exit(PCIDevice *pci)
{
	PCIProxyDev *dev = PCI_PROXY_DEV(pci);

	proxy_boot_order_close(dev);
	proxy_memory_close(dev);
	proxy_halt_poll_close(dev);
	pci_device_set_intx_routing_notifier(pci, NULL);
	proxy_intx_close(dev);
	proxy_connection_close(dev);
	unblock_migration(dev);
}

static void proxy_realize(PCIDevice *pci, Error **errp)
{
	PCIProxyDev *dev = PCI_PROXY_DEV(pci);

	if (!check_properties(dev, errp) || !block_migration(dev, errp))
		return;
	if (!proxy_connection_open(dev, errp)) {
		proxy_exit(pci);
		return;
	}
	mpr_proxy_set_poll(dev->remote, dev->poll_us);
	proxy_access_open(dev);
	fill_config(pci, mpr_proxy_description(dev->remote));
	if (!register_bars(dev, errp) || !proxy_intx_open(dev, errp) ||
	    !proxy_memory_open(dev, errp) || !proxy_boot_order_open(dev, errp)) {
		proxy_exit(pci);
		return;
	}
	pci_device_set_intx_routing_notifier(pci, update_route);
	proxy_halt_poll_open(dev);
	proxy_parent_watch();
}

static void proxy_reset(DeviceState *qdev)
{
	PCIProxyDev *dev = PCI_PROXY_DEV(qdev);

	mpr_proxy_reset(dev->remote);
	/* QEMU's own reset does not touch this register. */
	copy_config(PCI_DEVICE(dev), mpr_proxy_description(dev->remote), PCI_LATENCY_TIMER, 1);
	proxy_intx_deassert(dev);
	proxy_connection_check(dev);
}

/*
 * Stops the machine as an I/O error of one of QEMU's own disks does, so that every
 * monitor and manager sees the state io-error; QMP's stop would make it paused. Set by
 * the process that watches the remote (mpring run).
 */
static void set_io_error(Object *obj G_GNUC_UNUSED, bool value, Error **errp G_GNUC_UNUSED)
{
	if (value)
		vm_stop(RUN_STATE_IO_ERROR);
}

static Property proxy_properties[] = {
	DEFINE_PROP_STRING("socket", PCIProxyDev, socket),
	DEFINE_PROP_STRING("path", PCIProxyDev, path),
	DEFINE_PROP_UINT32("poll-us", PCIProxyDev, poll_us, MPR_WINDOW_DEFAULT_US),
	DEFINE_PROP_END_OF_LIST(),
};

/* A QEMU of the right version may be configured differently. */
static bool same_layout(void)
{
	size_t running = object_type_get_instance_size(TYPE_PCI_DEVICE);

	if (running == sizeof(PCIDevice))
		return true;
	error_report(TYPE_PCI_PROXY_DEV ": built for a QEMU " QEMU_VERSION
					" whose PCI devices take %zu bytes, here they take %zu; "
					"run scripts/fetch-qemu-headers and build mpring anew",
		     sizeof(PCIDevice), running);
	return false;
}

static void class_init(ObjectClass *klass, void *data G_GNUC_UNUSED)
{
	DeviceClass *dc = DEVICE_CLASS(klass);
	PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

	dc->desc = "PCI device in a remote process (mpring)";
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	if (!same_layout()) {
		dc->user_creatable = false;
		return;
	}
	dc->reset = proxy_reset;
	device_class_set_props(dc, proxy_properties);
	object_class_property_add_bool(klass, "x-io-error", NULL, set_io_error);
	object_class_property_set_description(klass, "x-io-error",
					      "stops the machine, in the state io-error");
	proxy_boot_order_class_init(klass);
	pc->realize = proxy_realize;
	pc->exit = proxy_exit;
	pc->config_write = config_write;
}

const TypeInfo pci_proxy_dev_info = {
	.name = TYPE_PCI_PROXY_DEV,
	.parent = TYPE_PCI_DEVICE,
	.instance_size = sizeof(PCIProxyDev),
	.instance_finalize = proxy_boot_order_finalize,
	.class_init = class_init,
	.interfaces =
		(InterfaceInfo[]){
			{INTERFACE_CONVENTIONAL_PCI_DEVICE},
			{},
		},
};
