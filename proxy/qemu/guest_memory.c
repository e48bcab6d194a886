/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the remote which memory the guest has, RAM in shared files, by a listener on the
 * guest's physical address space. And marks what the device wrote as dirty in QEMU, as a
 * device of QEMU's does.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include "exec/address-spaces.h"
#include "exec/ramblock.h"
#include "hw/boards.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "sysemu/hostmem.h"

#define REGION_PAGE 4096

static PCIProxyDev *from_listener(MemoryListener *listener)
{
	return container_of(listener, PCIProxyDev, memory.listener);
}

/* ---- Sections ------------------------------------------------------------ */

/* BARs of remote devices that are plain memory are not guest memory. */
static bool is_bar(const MemoryRegion *mr)
{
	Object *owner = memory_region_owner((MemoryRegion *)mr);

	return owner && object_dynamic_cast(owner, TYPE_PCI_PROXY_DEV);
}

/* The guest's main memory; video RAM, ROMs and the like belong to devices. */
static bool is_guest_ram(const MemoryRegion *mr)
{
	Object *owner = memory_region_owner((MemoryRegion *)mr);

	return owner && object_dynamic_cast(owner, TYPE_MEMORY_BACKEND);
}

/* The whole pages of a section; size 0: none. */
static struct mpr_proxy_region whole_pages(const MemoryRegionSection *section)
{
	uint64_t first = section->offset_within_address_space;
	uint64_t address = ROUND_UP(first, REGION_PAGE);
	uint64_t end = ROUND_DOWN(first + int128_get64(section->size), REGION_PAGE);

	return (struct mpr_proxy_region){
		.address = address,
		.size = end > address ? end - address : 0,
		.offset = section->offset_within_region + (address - first),
		.fd = section->mr->ram_block->fd,
		.read_only = section->readonly,
	};
}

static bool continues(const struct mpr_proxy_region *a, const struct mpr_proxy_region *b)
{
	return a->address + a->size == b->address && a->offset + a->size == b->offset &&
	       a->fd == b->fd && a->read_only == b->read_only;
}

/* Sections come sorted by address. */
static void append(GArray *regions, struct mpr_proxy_region region)
{
	struct mpr_proxy_region *last = NULL;

	if (regions->len)
		last = &g_array_index(regions, struct mpr_proxy_region, regions->len - 1);
	if (last && continues(last, &region))
		last->size += region.size;
	else
		g_array_append_val(regions, region);
}

/* ---- The listener -------------------------------------------------------- */

static void memory_begin(MemoryListener *listener)
{
	ProxyMemory *memory = &from_listener(listener)->memory;

	g_array_set_size(memory->regions, 0);
	memory->unshared = false;
}

static void memory_section(MemoryListener *listener, MemoryRegionSection *section)
{
	ProxyMemory *memory = &from_listener(listener)->memory;
	const MemoryRegion *mr = section->mr;
	struct mpr_proxy_region region;

	if (!memory_region_is_ram(section->mr) || memory_region_is_ram_device(section->mr) ||
	    is_bar(mr))
		return;
	if (!proxy_memory_is_shared(mr)) {
		memory->unshared |= is_guest_ram(mr);
		return;
	}
	region = whole_pages(section);
	if (region.size && region.offset % REGION_PAGE == 0)
		append(memory->regions, region);
}

static void memory_commit(MemoryListener *listener)
{
	PCIProxyDev *dev = from_listener(listener);
	ProxyMemory *memory = &dev->memory;

	memory->error =
		mpr_proxy_set_memory(dev->remote, (struct mpr_proxy_region *)memory->regions->data,
				     memory->regions->len);
	if (!memory->error && mpr_proxy_memory_shrinks(dev->remote))
		warn_report_once(PROXY_FMT
				 ": the remote can truncate the file of the guest's memory, which "
				 "would end QEMU; have a memory-backend-memfd (without seal=off), "
				 "or Linux 6.2 or newer with Landlock",
				 PROXY_ID(dev));
	if (!memory->listening)
		return;
	if (memory->unshared)
		warn_report_once(PROXY_FMT
				 ": some of the guest's new memory is not shared; the device "
				 "cannot reach it, and what the guest has it do there fails",
				 PROXY_ID(dev));
	if (memory->error && !dev->loss_reported)
		proxy_say(PROXY_FMT ": the remote did not take the guest's new memory: %s",
			  PROXY_ID(dev), strerror(-memory->error));
}

/* ---- What the device wrote ----------------------------------------------- */

/* Maps and unmaps the range, as a device of QEMU's does for DMA. It must be RAM: mapping
 * anything else would access it. */
static void mark_written(AddressSpace *as, hwaddr addr, hwaddr left)
{
	while (left) {
		hwaddr n = left;
		void *ptr = address_space_map(as, addr, &n, true, MEMTXATTRS_UNSPECIFIED);

		if (!ptr)
			return;
		address_space_unmap(as, ptr, n, true, n);
		addr += n;
		left -= n;
	}
}

void proxy_memory_written(PCIProxyDev *dev, uint64_t address, uint64_t size)
{
	ProxyMemory *memory = &dev->memory;
	uint64_t end = size > UINT64_MAX - address ? UINT64_MAX : address + size;

	if (!memory->regions)
		return;
	for (guint i = 0; i < memory->regions->len; i++) {
		const struct mpr_proxy_region *region =
			&g_array_index(memory->regions, struct mpr_proxy_region, i);
		uint64_t from = MAX(address, region->address);
		uint64_t to = MIN(end, region->address + region->size);

		if (from < to && !region->read_only)
			mark_written(memory->as, from, to - from);
	}
}

/* ---- Life ---------------------------------------------------------------- */

/* The size in the form of -m. */
static char *size_text(uint64_t size)
{
	if (size % MiB)
		return g_strdup_printf("%" PRIu64, size);
	return g_strdup_printf("%" PRIu64 "M", size / MiB);
}

static void set_unshared_error(PCIProxyDev *dev, Error **errp)
{
	g_autofree char *size = size_text(MACHINE(qdev_get_machine())->ram_size);

	error_setg(errp,
		   PROXY_FMT ": guest memory is not shared with the device process; add \"-object "
			     "memory-backend-memfd,id=mem,size=%s\" and \"-machine "
			     "memory-backend=mem\" (or memory-backend-file with share=on)",
		   PROXY_ID(dev), size);
}

static bool check_address_space(PCIProxyDev *dev, AddressSpace *as, Error **errp)
{
	if (as->root == get_system_memory())
		return true;
	error_setg(errp, PROXY_FMT ": cannot work behind an IOMMU; place it on another bus",
		   PROXY_ID(dev));
	return false;
}

/* A remote that locks guest memory holds on to its pages: QEMU must not discard any. */
static bool keep_pages(PCIProxyDev *dev, Error **errp)
{
	int ret;

	if (!mpr_proxy_conn_locks_memory(dev->conn))
		return true;
	ret = ram_block_discard_disable(true);
	if (ret)
		error_setg_errno(errp, -ret,
				 PROXY_FMT ": the remote locks guest memory, which another device "
					   "of this machine discards: start the remote without "
					   "'-overcommit mem-lock=on'",
				 PROXY_ID(dev));
	dev->memory.kept = !ret;
	return !ret;
}

bool proxy_memory_open(PCIProxyDev *dev, Error **errp)
{
	ProxyMemory *memory = &dev->memory;
	AddressSpace *as = pci_device_iommu_address_space(PCI_DEVICE(dev));

	if (!check_address_space(dev, as, errp) || !keep_pages(dev, errp))
		return false;
	memory->regions = g_array_new(FALSE, FALSE, sizeof(struct mpr_proxy_region));
	memory->listener = (MemoryListener){
		.name = TYPE_PCI_PROXY_DEV,
		.begin = memory_begin,
		.region_add = memory_section,
		.region_nop = memory_section,
		.commit = memory_commit,
	};
	memory->as = as;
	memory_listener_register(&memory->listener, as);
	memory->listening = true;
	proxy_memory_plug_open();
	if (memory->unshared)
		set_unshared_error(dev, errp);
	else if (memory->error)
		error_setg_errno(errp, -memory->error,
				 PROXY_FMT ": the remote did not take the guest's memory",
				 PROXY_ID(dev));
	return !memory->unshared && !memory->error;
}

void proxy_memory_close(PCIProxyDev *dev)
{
	ProxyMemory *memory = &dev->memory;

	if (memory->kept)
		ram_block_discard_disable(false);
	memory->kept = false;
	if (!memory->regions)
		return;
	proxy_memory_plug_close();
	/* Do not send an empty table: the device is closed next, which takes less time. */
	memory->listener.commit = NULL;
	memory_listener_unregister(&memory->listener);
	g_array_free(memory->regions, TRUE);
	memory->regions = NULL;
	memory->listening = false;
}
