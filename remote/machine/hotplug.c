/* SPDX-License-Identifier: MIT */
#include "remote/machine/hotplug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/storage/drive_options.h"
#include "remote/storage/flush.h"
#include "remote/storage/images.h"
#include "remote/storage/nodes.h"

static int not_found(const char *what, const char *name, char **error)
{
	*error = mpr_errorf("%s \"%s\" not found", what, name);
	return -ENODEV;
}

static void forget(struct mpr_option_list *list, struct mpr_opts *opts)
{
	mpr_option_remove(list, opts);
	mpr_opts_free(opts);
}

static void tell_deleted(const struct mpr_machine *machine, const char *id)
{
	if (machine->events && id)
		machine->events->device_deleted(machine->events->opaque, id);
}

/* ---- Drives ------------------------------------------------------------- */

static struct mpr_option_list *list_of(struct mpr_machine *machine, bool blockdev)
{
	return blockdev ? &machine->cmdline->blockdevs : &machine->cmdline->drives;
}

int mpr_machine_add_drive(struct mpr_machine *machine, struct mpr_opts *opts, bool blockdev,
			  char **error)
{
	struct mpr_option_list *list = list_of(machine, blockdev);
	int ret;

	if (!blockdev && mpr_drive_is_attached(opts)) {
		*error = mpr_errorf("%s: if=scsi is for the command line: use if=none, and "
				    "device_add",
				    mpr_opts_text(opts));
		return -EINVAL;
	}
	ret = mpr_option_add(list, opts);
	if (ret < 0)
		return ret;
	ret = mpr_drive_open(&machine->storage, opts, blockdev, error);
	if (ret < 0)
		mpr_option_remove(list, opts);
	return ret;
}

static void close_later(struct mpr_drive *drive)
{
	drive->state = MPR_DRIVE_CLOSING;
	mpr_flush_drive(drive);
}

int mpr_machine_remove_drive(struct mpr_machine *machine, const char *name, bool blockdev,
			     char **error)
{
	struct mpr_drive *drive = mpr_drive_find(&machine->storage, name);

	if (!drive || drive->state == MPR_DRIVE_CLOSING)
		return not_found(blockdev ? "Node" : "Device", name, error);
	if (drive->blockdev != blockdev) {
		*error = mpr_errorf("\"%s\" was made by %s: use %s", name,
				    blockdev ? "-drive" : "-blockdev",
				    blockdev ? "drive_del" : "blockdev-del");
		return -EINVAL;
	}
	if (drive->disk) {
		*error = mpr_errorf("\"%s\" is in use by %s: use device_del first", name,
				    mpr_opts_text(drive->disk));
		return -EBUSY;
	}
	if (mpr_node_parent(&machine->storage, drive)) {
		*error = mpr_errorf("\"%s\" is in use by %s: remove that first", name,
				    mpr_opts_text(mpr_node_parent(&machine->storage, drive)->opts));
		return -EBUSY;
	}
	close_later(drive);
	return 0;
}

static const char *resize_problem(int err)
{
	switch (err) {
	case -EINVAL:
		return "the image cannot have that size (a multiple of 512 bytes, of a file)";
	case -EROFS:
		return "it may only be read";
	case -EBUSY:
		return "it cannot shrink while requests are in flight: stop the machine first";
	default:
		return strerror(-err);
	}
}

int mpr_machine_resize_drive(struct mpr_machine *machine, const char *name, uint64_t size,
			     char **error)
{
	struct mpr_drive *drive = mpr_drive_find(&machine->storage, name);
	int ret;

	if (!drive)
		return not_found("Device", name, error);
	ret = mpr_blk_resize(drive->blk, size);
	if (ret < 0)
		*error = mpr_errorf("\"%s\" cannot be resized to %llu bytes: %s", name,
				    (unsigned long long)size, resize_problem(ret));
	else if (drive->disk && drive->state == MPR_DRIVE_OPEN)
		drive->unit.ops->resized(&drive->unit);
	return ret;
}

/* ---- Devices ------------------------------------------------------------ */

static int build(struct mpr_machine *machine, struct mpr_opts *opts, char **error)
{
	const char *id = mpr_opts_get(opts, "id");
	int ret = mpr_machine_build_device(machine, opts, error);
	struct mpr_hosted *hosted = id ? mpr_hosted_list_find(&machine->devices, id) : NULL;

	return ret == 0 && hosted ? mpr_offer_on_default(&machine->offers, hosted) : ret;
}

int mpr_machine_add_device(struct mpr_machine *machine, struct mpr_opts *opts, char **error)
{
	struct mpr_option_list *list = &machine->cmdline->devices;
	int ret = mpr_opts_resolve_driver(opts);

	if (ret == 0)
		ret = mpr_machine_check_device(machine, opts, error);
	if (ret == 0)
		ret = mpr_option_check_id(list, opts, error);
	if (ret == 0)
		ret = mpr_option_add(list, opts);
	if (ret < 0)
		return ret;
	ret = build(machine, opts, error);
	if (ret < 0)
		mpr_option_remove(list, opts);
	return ret;
}

static void on_removed(void *opaque)
{
	struct mpr_drive *drive = opaque;

	drive->state = MPR_DRIVE_LEFT;
}

static void remove_disk(struct mpr_drive *drive)
{
	if (drive->state != MPR_DRIVE_OPEN)
		return;
	drive->state = MPR_DRIVE_LEAVING;
	drive->unit.ops->remove(&drive->unit, on_removed, drive);
}

static int in_use(const struct mpr_hosted *hosted, char **error)
{
	*error = mpr_errorf("Device \"%s\" is open in a VMM: remove its proxy device there first",
			    hosted->dev->id);
	return -EBUSY;
}

static int remove_adapter(struct mpr_machine *machine, struct mpr_hosted *hosted, char **error)
{
	struct mpr_opts *object = mpr_offer_of(&machine->offers, hosted->dev->id);

	if (hosted->owner)
		return in_use(hosted, error);
	hosted->leaving = true;
	for (size_t i = 0; i < machine->storage.count; i++)
		if (machine->storage.drives[i]->adapter == hosted)
			remove_disk(machine->storage.drives[i]);
	mpr_endpoints_withdraw(&machine->offers.endpoints, hosted);
	if (object)
		forget(&machine->cmdline->objects, object);
	return 0;
}

int mpr_machine_remove_device(struct mpr_machine *machine, const char *id, char **error)
{
	struct mpr_drive *drive = mpr_drive_of_disk(&machine->storage, id);
	struct mpr_hosted *hosted = mpr_hosted_list_find(&machine->devices, id);

	if (drive && drive->state == MPR_DRIVE_OPEN) {
		remove_disk(drive);
		return 0;
	}
	if (hosted && !hosted->leaving)
		return remove_adapter(machine, hosted, error);
	if (!drive && !hosted)
		return not_found("Device", id, error);
	*error = mpr_errorf("Device \"%s\" is being removed already", id);
	return -EALREADY;
}

/* ---- Objects ------------------------------------------------------------ */

int mpr_machine_add_object(struct mpr_machine *machine, struct mpr_opts *opts, int passed,
			   char **error)
{
	struct mpr_option_list *list = &machine->cmdline->objects;
	int ret = mpr_offer_check(opts, error);

	if (ret == 0)
		ret = mpr_option_check_id(list, opts, error);
	if (ret == 0)
		ret = mpr_offer_object(&machine->offers, opts, passed, error);
	return ret == 0 ? mpr_option_add(list, opts) : ret;
}

int mpr_machine_remove_object(struct mpr_machine *machine, const char *id, char **error)
{
	struct mpr_opts *opts = mpr_option_find(&machine->cmdline->objects, id);
	struct mpr_hosted *hosted;

	if (!opts) {
		*error = mpr_errorf("Object \"%s\" not found", id);
		return -EINVAL;
	}
	hosted = mpr_hosted_list_find(&machine->devices, mpr_opts_get(opts, "devid"));
	if (hosted->owner)
		return in_use(hosted, error);
	mpr_endpoints_withdraw(&machine->offers.endpoints, hosted);
	forget(&machine->cmdline->objects, opts);
	return 0;
}

/* ---- Going on ----------------------------------------------------------- */

/* The disk is gone; a -drive goes with it. */
static void finish_disk(struct mpr_machine *machine, struct mpr_drive *drive)
{
	struct mpr_opts *opts = drive->disk;

	drive->disk = NULL;
	drive->adapter = NULL;
	drive->state = MPR_DRIVE_OPEN;
	tell_deleted(machine, mpr_opts_get(opts, "id"));
	forget(&machine->cmdline->devices, opts);
}

static void finish_drive(struct mpr_machine *machine, struct mpr_drive *drive)
{
	struct mpr_opts *opts = drive->opts;
	struct mpr_opts *disk = drive->disk;
	bool blockdev = drive->blockdev;

	mpr_drive_close(&machine->storage, drive);
	forget(list_of(machine, blockdev), opts);
	if (!disk)
		return;
	tell_deleted(machine, mpr_opts_get(disk, "id"));
	forget(&machine->cmdline->devices, disk);
}

/* False: there is nothing to do for it now. */
static bool step_drive(struct mpr_machine *machine, struct mpr_drive *drive)
{
	if (drive->state == MPR_DRIVE_LEFT) {
		if (drive->blockdev)
			finish_disk(machine, drive);
		else
			close_later(drive);
		return true;
	}
	if (drive->state != MPR_DRIVE_CLOSING || mpr_blk_in_flight(drive->blk))
		return false;
	finish_drive(machine, drive);
	return true;
}

static bool has_disks(const struct mpr_machine *machine, const struct mpr_hosted *hosted)
{
	for (size_t i = 0; i < machine->storage.count; i++)
		if (machine->storage.drives[i]->adapter == hosted)
			return true;
	return false;
}

static void finish_adapter(struct mpr_machine *machine, struct mpr_hosted *hosted)
{
	struct mpr_opts *opts = mpr_option_find(&machine->cmdline->devices, hosted->dev->id);

	mpr_hosted_list_remove(&machine->devices, hosted);
	mpr_hosted_destroy(hosted);
	tell_deleted(machine, mpr_opts_get(opts, "id"));
	forget(&machine->cmdline->devices, opts);
}

/* Freed one turn later: a connection that waits for the device may look at it once more. */
static bool step_adapter(struct mpr_machine *machine, struct mpr_hosted *hosted)
{
	if (!hosted->leaving || has_disks(machine, hosted) || !mpr_hosted_idle(hosted))
		return false;
	if (hosted->left)
		finish_adapter(machine, hosted);
	else
		hosted->left = true;
	return true;
}

bool mpr_machine_step(struct mpr_machine *machine)
{
	bool worked = false;

	for (size_t i = machine->storage.count; i-- > 0;)
		worked |= step_drive(machine, machine->storage.drives[i]);
	for (size_t i = machine->devices.count; i-- > 0;)
		worked |= step_adapter(machine, machine->devices.hosted[i]);
	return worked;
}

bool mpr_machine_settled(const struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->storage.count; i++)
		if (machine->storage.drives[i]->state == MPR_DRIVE_CLOSING)
			return false;
	return true;
}
