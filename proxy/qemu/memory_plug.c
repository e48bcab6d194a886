/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Refuses to plug memory that the remote cannot reach. The guest's driver would use it for
 * DMA, see that fail, reset the device and try again, for ever.
 *
 * QEMU calls its machine's pre_plug for every memory device (pc-dimm, nvdimm, virtio-mem,
 * virtio-pmem), from the monitor and the command line alike. This file hooks that call.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include "exec/ramblock.h"
#include "hw/boards.h"
#include "hw/hotplug.h"
#include "qapi/error.h"
#include "sysemu/hostmem.h"

static hotplug_fn ask_machine;
static bool installed;
static unsigned users; /* devices whose remotes have the guest's memory */

bool proxy_memory_is_shared(const MemoryRegion *mr)
{
	return mr->ram_block->fd >= 0 && qemu_ram_is_shared(mr->ram_block);
}

/* The memory that the device brings, or NULL. */
static Object *backend_of(DeviceState *dev)
{
	Object *backend = object_property_get_link(OBJECT(dev), "memdev", NULL);

	return backend ? object_dynamic_cast(backend, TYPE_MEMORY_BACKEND) : NULL;
}

static void check_memory(HotplugHandler *machine, DeviceState *dev, Error **errp)
{
	Object *backend = users ? backend_of(dev) : NULL;

	if (backend && !proxy_memory_is_shared(&MEMORY_BACKEND(backend)->mr))
		error_setg(errp,
			   "memory \"%s\" is not shared with device processes (" TYPE_PCI_PROXY_DEV
			   "), which could not reach it; make it a memory-backend-memfd, or a "
			   "memory-backend-file with share=on",
			   object_get_canonical_path_component(backend));
	else if (ask_machine)
		ask_machine(machine, dev, errp);
}

static void install(void)
{
	Object *machine = object_dynamic_cast(qdev_get_machine(), TYPE_HOTPLUG_HANDLER);
	HotplugHandlerClass *class;

	if (installed || !machine)
		return;
	class = HOTPLUG_HANDLER_GET_CLASS(machine);
	ask_machine = class->pre_plug;
	class->pre_plug = check_memory;
	installed = true;
}

void proxy_memory_plug_open(void)
{
	install();
	users++;
}

void proxy_memory_plug_close(void)
{
	users--;
}
