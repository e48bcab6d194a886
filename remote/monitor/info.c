/* SPDX-License-Identifier: MIT */
#include "remote/monitor/info.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "remote/machine/cmdline.h"
#include "remote/monitor/query.h"
#include "remote/storage/disks.h"
#include "remote/storage/drive_options.h"

/* ---- Drives ------------------------------------------------------------- */

static void print_drive(const struct mpr_drive *drive, FILE *out)
{
	static const char *const caches[] = {
		[MPR_CACHE_WRITEBACK] = "writeback",
		[MPR_CACHE_NONE] = "writeback, direct",
		[MPR_CACHE_DIRECTSYNC] = "writethrough, direct",
		[MPR_CACHE_WRITETHROUGH] = "writethrough",
		[MPR_CACHE_UNSAFE] = "writeback, ignore flushes",
	};
	enum mpr_blk_zeroes zeroes = mpr_blk_zeroes_mode(drive->blk);
	struct mpr_tray tray = mpr_disk_tray(drive);
	const char *disk = mpr_drive_disk_id(drive);

	if (drive->id)
		fprintf(out, "%s (%s): ", drive->id, drive->node_name);
	else
		fprintf(out, "%s: ", drive->node_name);
	fprintf(out, "%s (%s%s)\n", drive->file, drive->format,
		mpr_blk_read_only(drive->blk) ? ", read-only" : "");
	if (drive->disk)
		fprintf(out, "    Attached to:      %s\n",
			disk ? disk : mpr_opts_text(drive->disk));
	if (tray.removable)
		fprintf(out, "    Removable device: %slocked, tray %s\n", tray.locked ? "" : "not ",
			tray.open ? "open" : "closed");
	fprintf(out, "    Cache mode:       %s\n", caches[mpr_blk_cache_mode(drive->blk)]);
	if (zeroes)
		fprintf(out, "    Detect zeroes:    %s\n", mpr_zeroes_names[zeroes]);
}

static void print_image(const struct mpr_drive *drive, FILE *out)
{
	fprintf(out, "\nImages:\nimage: %s\nfile format: %s\n", drive->file, drive->format);
	fprintf(out, "virtual size: %" PRIu64 " bytes\n", mpr_blk_size(drive->blk));
}

static bool is_named(const struct mpr_drive *drive, const char *name)
{
	return (drive->id && !strcmp(drive->id, name)) || !strcmp(drive->node_name, name);
}

/* "info block [-n] [-v] [NAME]". */
static void info_block(const struct mpr_machine *machine, const char *words, FILE *out)
{
	bool verbose = false, found = false;

	for (; words[0] == '-' && (words[1] == 'n' || words[1] == 'v') && strchr(" ", words[2]);
	     words += strspn(words, " ")) {
		verbose |= words[1] == 'v';
		words += 2;
	}
	for (size_t i = 0; i < machine->storage.count; i++) {
		if (*words && !is_named(machine->storage.drives[i], words))
			continue;
		if (found)
			fputc('\n', out);
		found = true;
		print_drive(machine->storage.drives[i], out);
		if (verbose)
			print_image(machine->storage.drives[i], out);
	}
	if (*words && !found)
		fprintf(out, "Device '%s' not found\n", words);
}

static void info_blockstats(const struct mpr_machine *machine, FILE *out)
{
	for (size_t i = 0; i < machine->storage.count; i++) {
		const struct mpr_blk_stats *stats = mpr_blk_stats(machine->storage.drives[i]->blk);

		fprintf(out,
			"%s: rd_bytes=%" PRIu64 " wr_bytes=%" PRIu64 " rd_operations=%" PRIu64
			" wr_operations=%" PRIu64 " flush_operations=%" PRIu64
			" failed_operations=%" PRIu64 " bounced_requests=%" PRIu64
			" bounced_bytes=%" PRIu64 "\n",
			mpr_drive_name(machine->storage.drives[i]), stats->rd_bytes,
			stats->wr_bytes, stats->rd_operations, stats->wr_operations,
			stats->flush_operations, stats->failed_operations, stats->bounced_requests,
			stats->bounced_bytes);
	}
}

/* ---- Devices ------------------------------------------------------------ */

static void print_address(const struct mpr_disk *disk, unsigned property, FILE *out)
{
	const struct mpr_property *p = &disk->ops->model.properties[property];
	union mpr_value value;

	if (p->is_address && disk->ops->get(disk, property, &value))
		fprintf(out, "          %s = %" PRIu64 " (0x%" PRIx64 ")\n", p->name, value.number,
			value.number);
}

static void print_disk(const struct mpr_drive *drive, FILE *out)
{
	const struct mpr_model *model = &drive->unit.ops->model;
	const char *id = mpr_drive_disk_id(drive);

	fprintf(out, "        dev: %s, id \"%s\"\n", model->driver, id ? id : "");
	fprintf(out, "          drive = \"%s\"\n", mpr_drive_name(drive));
	for (unsigned i = 0; model->properties[i].name; i++)
		print_address(&drive->unit, i, out);
}

static void print_adapter(const struct mpr_machine *machine, const struct mpr_hosted *hosted,
			  FILE *out)
{
	const struct mpr_device *dev = hosted->dev;

	fprintf(out, "  dev: %s, id \"%s\"\n", dev->ops->model.driver, dev->id);
	fprintf(out, "    open in a VMM = %s\n", hosted->owner ? "true" : "false");
	if (!dev->bus)
		return;
	fprintf(out, "    bus: %s.0\n      type %s\n", dev->id, dev->bus->type);
	for (size_t i = 0; i < machine->storage.count; i++)
		if (machine->storage.drives[i]->adapter == hosted)
			print_disk(machine->storage.drives[i], out);
}

static void info_qtree(const struct mpr_machine *machine, FILE *out)
{
	fputs("bus: pci.0\n  type PCI\n", out);
	for (size_t i = 0; i < machine->devices.count; i++)
		print_adapter(machine, machine->devices.hosted[i], out);
}

static void print_bar(const struct mpr_device *dev, unsigned bar, FILE *out)
{
	const struct mpr_bar_info *info = &dev->ops->pci->bar[bar];
	uint64_t address;

	if (info->kind == MPR_BAR_NONE)
		return;
	fprintf(out, "      BAR%u: %s", bar, info->kind == MPR_BAR_IO ? "I/O" : "32 bit memory");
	if (mpr_pci_bar_address(&dev->pci, bar, &address))
		fprintf(out, " at 0x%" PRIx64 " [0x%" PRIx64 "].\n", address,
			address + info->size - 1);
	else
		fprintf(out, ", %" PRIu32 " bytes, not enabled.\n", info->size);
}

static void print_function(const struct mpr_device *dev, FILE *out)
{
	const struct mpr_pci_info *info = dev->ops->pci;

	fprintf(out, "    Class %04x: PCI device %04x:%04x\n", (unsigned)info->class_code >> 8,
		info->vendor_id, info->device_id);
	fprintf(out, "      PCI subsystem %04x:%04x\n", info->subsystem_vendor_id,
		info->subsystem_id);
	if (info->interrupt_pin)
		fprintf(out, "      IRQ %u, pin %c\n",
			(unsigned)mpr_pci_config_read(&dev->pci, MPR_PCI_INTERRUPT_LINE, 1),
			'A' + info->interrupt_pin - 1);
	for (unsigned bar = 0; bar < MPR_PCI_NUM_BARS; bar++)
		print_bar(dev, bar, out);
	fprintf(out, "      id \"%s\"\n", dev->id);
}

/* The slots are the VMM's: devices are numbered in their order. */
static void info_pci(const struct mpr_machine *machine, FILE *out)
{
	for (size_t i = 0; i < machine->devices.count; i++) {
		fprintf(out, "  Bus  0, device %3zu, function 0:\n", i);
		print_function(machine->devices.hosted[i]->dev, out);
	}
}

static void print_region(const struct mpr_device *dev, unsigned bar, FILE *out)
{
	uint64_t address;

	if (mpr_pci_bar_address(&dev->pci, bar, &address))
		fprintf(out, "    %016" PRIx64 "-%016" PRIx64 " (prio 1, i/o): %s-bar%u\n", address,
			address + dev->ops->pci->bar[bar].size - 1, dev->id, bar);
}

static void print_regions(const struct mpr_machine *machine, enum mpr_bar_kind kind, FILE *out)
{
	for (size_t i = 0; i < machine->devices.count; i++)
		for (unsigned bar = 0; bar < MPR_PCI_NUM_BARS; bar++)
			if (machine->devices.hosted[i]->dev->ops->pci->bar[bar].kind == kind)
				print_region(machine->devices.hosted[i]->dev, bar, out);
}

static void info_mtree(const struct mpr_machine *machine, FILE *out)
{
	fputs("address-space: memory\n  0000000000000000-ffffffffffffffff (prio 0, i/o): system\n",
	      out);
	print_regions(machine, MPR_BAR_MEM32, out);
	fputs("\naddress-space: I/O\n  0000000000000000-000000000000ffff (prio 0, i/o): io\n", out);
	print_regions(machine, MPR_BAR_IO, out);
}

static void info_status(const struct mpr_machine *machine, FILE *out)
{
	fprintf(out, "VM status: %s%s\n", machine->stopped ? "paused" : "running",
		machine->io_error ? " (io-error)" : "");
}

/* ---- Objects ------------------------------------------------------------ */

static const char *text_of(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

static void print_object(const struct mpr_machine *machine, const char *path, unsigned depth,
			 FILE *out);

/* An object's parts, which are its properties of that type. */
static void print_children(const struct mpr_machine *machine, const char *path, unsigned depth,
			   FILE *out)
{
	struct json_object *list = mpr_query_qom_list(machine, path);

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		char *child;

		if (strncmp(text_of(entry, "type"), "child<", strlen("child<")))
			continue;
		child = mpr_errorf("%s/%s", path, text_of(entry, "name"));
		if (child)
			print_object(machine, child, depth, out);
		free(child);
	}
	json_object_put(list);
}

static void print_object(const struct mpr_machine *machine, const char *path, unsigned depth,
			 FILE *out)
{
	const char *slash = strrchr(path, '/');
	struct json_object *type = NULL;

	if (mpr_query_qom_get(machine, path, "type", &type) < 0)
		return;
	fprintf(out, "%*s/%s (%s)\n", (int)(2 * depth), "", slash ? slash + 1 : path,
		json_object_get_string(type));
	json_object_put(type);
	print_children(machine, path, depth + 1, out);
}

/* "info qom-tree [PATH]". */
static void info_qom_tree(const struct mpr_machine *machine, const char *path, FILE *out)
{
	struct json_object *list = NULL;

	if (!strcmp(path, "/"))
		path = "";
	else if (!*path)
		path = "/machine";
	list = mpr_query_qom_list(machine, path);
	if (list)
		print_object(machine, path, 0, out);
	else
		fprintf(out, "Path '%s' could not be resolved.\n", path);
	json_object_put(list);
}

/* ---- The table ---------------------------------------------------------- */

static const struct {
	const char *what, *words;
	const char *help;
	/* One of the two. */
	void (*print)(const struct mpr_machine *machine, FILE *out);
	void (*print_words)(const struct mpr_machine *machine, const char *words, FILE *out);
} infos[] = {
	{"block", " [-n] [-v] [device]", "the drives and what uses them; -v: and their images",
	 .print_words = info_block},
	{"blockstats", "", "operations and bytes of the drives", .print = info_blockstats},
	{"mtree", "", "where the devices are in the guest's address spaces", .print = info_mtree},
	{"pci", "", "the PCI devices", .print = info_pci},
	{"qom-tree", " [path]", "the objects as a tree", .print_words = info_qom_tree},
	{"qtree", "", "the devices as a tree", .print = info_qtree},
	{"status", "", "whether the devices work", .print = info_status},
};

bool mpr_info(const struct mpr_machine *machine, const char *what, FILE *out)
{
	size_t len = strcspn(what, " ");
	const char *words = what + len + strspn(what + len, " ");

	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		if (strlen(infos[i].what) != len || strncmp(infos[i].what, what, len) ||
		    (*words && !infos[i].print_words))
			continue;
		if (infos[i].print_words)
			infos[i].print_words(machine, words, out);
		else
			infos[i].print(machine, out);
		return true;
	}
	return false;
}

void mpr_info_help(FILE *out)
{
	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++)
		fprintf(out, "info %s%s -- %s\n", infos[i].what, infos[i].words, infos[i].help);
}
