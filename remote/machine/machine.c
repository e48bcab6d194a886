/* SPDX-License-Identifier: MIT */
#include "remote/machine/machine.h"
#include "remote/storage/attached.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/models/models.h"
#include "remote/storage/disks.h"
#include "remote/storage/images.h"
#include "wire/protocol.h"

static const char *get(const struct mpr_opts *opts, const char *key)
{
	return mpr_opts_get(opts, key);
}

/* ---- Checks before anything is built ------------------------------------ */

/* No two options of one list have the same id. */
static int check_ids(const struct mpr_option_list *list, char **error)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < list->count; i++)
		ret = mpr_option_check_id(list, list->opts[i], error);
	return ret;
}

/* As wire/check.c wants ids: no blanks, no control characters. */
static bool is_wire_id(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < len; i++)
		if (id[i] <= ' ' || id[i] >= 0x7f)
			return false;
	return len > 0 && len < MPR_WIRE_ID_SIZE;
}

static int check_device_id(const struct mpr_opts *opts, char **error)
{
	const char *id = get(opts, "id");

	if (!id) {
		*error = mpr_errorf("%s: id=NAME is missing; the VMM's pci-proxy-dev must have "
				    "the same",
				    mpr_opts_text(opts));
		return -EINVAL;
	}
	if (!is_wire_id(id)) {
		*error = mpr_errorf("%s: id \"%s\" must have 1 to %d characters and no blanks",
				    mpr_opts_text(opts), id, MPR_WIRE_ID_SIZE - 1);
		return -EINVAL;
	}
	return 0;
}

int mpr_machine_check_device(const struct mpr_machine *machine, const struct mpr_opts *opts,
			     char **error)
{
	const struct mpr_model *model;
	int ret = mpr_model_of(machine->cmdline->models.list, opts, &model, error);

	if (ret == 0 && mpr_model_device(model))
		ret = check_device_id(opts, error);
	return ret == 0 ? mpr_model_check(model, opts, error) : ret;
}

static int check_devices(const struct mpr_machine *machine, char **error)
{
	const struct mpr_option_list *devices = &machine->cmdline->devices;

	for (size_t i = 0; i < devices->count; i++) {
		int ret = mpr_machine_check_device(machine, devices->opts[i], error);

		if (ret < 0)
			return ret;
	}
	return check_ids(devices, error);
}

/* ---- Building ----------------------------------------------------------- */

static const struct mpr_model *model_of(const struct mpr_machine *machine,
					const struct mpr_opts *opts)
{
	return mpr_model_find(machine->cmdline->models.list, get(opts, "driver"));
}

static int build_pci_device(struct mpr_machine *machine, const struct mpr_device_ops *ops,
			    const struct mpr_opts *opts, char **error)
{
	struct mpr_hosted *hosted = NULL;
	struct mpr_setting *settings;
	char *why;
	int ret = mpr_model_settings(&ops->model, opts, &settings, error);

	if (ret < 0)
		return ret;
	ret = mpr_hosted_create(ops, get(opts, "id"), settings, machine->timers, machine->watcher,
				&hosted, &why);
	free(settings);
	if (ret == 0)
		ret = mpr_hosted_list_add(&machine->devices, hosted);
	if (ret < 0) {
		mpr_hosted_destroy(hosted);
		*error = why ? mpr_errorf("%s: %s", mpr_opts_text(opts), why)
			     : mpr_errorf("%s: the device cannot be made: %s", mpr_opts_text(opts),
					  strerror(-ret));
		free(why);
		return ret;
	}
	hosted->stopped = machine->stopped;
	hosted->node = mpr_placement_node(&machine->cmdline->placement);
	return 0;
}

int mpr_machine_build_device(struct mpr_machine *machine, struct mpr_opts *opts, char **error)
{
	const struct mpr_model *model = model_of(machine, opts);
	const struct mpr_device_ops *ops = mpr_model_device(model);

	return ops ? build_pci_device(machine, ops, opts, error)
		   : mpr_disk_build(&machine->storage, (const struct mpr_disk_ops *)model, opts,
				    error);
}

/* True for the disk of a -drive if=scsi. */
static bool is_built(const struct mpr_machine *machine, const struct mpr_opts *disk)
{
	for (size_t i = 0; i < machine->storage.count; i++)
		if (machine->storage.drives[i]->disk == disk)
			return true;
	return false;
}

/* Disks, or all else: PCI devices are built before the sockets are offered and the images
 * opened, disks after. */
static int build_devices(struct mpr_machine *machine, bool disks, char **error)
{
	const struct mpr_option_list *devices = &machine->cmdline->devices;

	for (size_t i = 0; i < devices->count; i++) {
		int ret = 0;

		if (!mpr_model_device(model_of(machine, devices->opts[i])) == disks &&
		    !is_built(machine, devices->opts[i]))
			ret = mpr_machine_build_device(machine, devices->opts[i], error);
		if (ret < 0)
			return ret;
	}
	if (machine->devices.count || mpr_cmdline_has_monitor(machine->cmdline))
		return 0;
	*error = mpr_errorf("nothing to serve: there is no PCI device (-device help lists them)");
	return -EINVAL;
}

int mpr_machine_build(struct mpr_machine *machine, struct mpr_cmdline *cmdline,
		      struct mpr_watcher *watcher, struct mpr_timers *timers, char **error)
{
	int ret;

	*machine = (struct mpr_machine){
		.cmdline = cmdline,
		.watcher = watcher,
		.timers = timers,
		.storage =
			{
				.models = cmdline->models.list,
				.uring = watcher->uring,
				.devices = &cmdline->devices,
				.adapters = &machine->devices,
			},
		.offers =
			{
				.devices = &machine->devices,
				.objects = &cmdline->objects,
			},
	};
	*error = NULL;
	ret = check_devices(machine, error);
	if (ret == 0)
		ret = mpr_attached_place(&cmdline->drives, error);
	if (ret == 0)
		ret = check_ids(&cmdline->drives, error);
	if (ret == 0)
		ret = check_ids(&cmdline->objects, error);
	if (ret == 0)
		ret = build_devices(machine, false, error);
	if (ret == 0)
		ret = mpr_offers_build(&machine->offers, cmdline->fd,
				       mpr_cmdline_has_monitor(cmdline), error);
	if (ret == 0)
		ret = mpr_drives_build(&machine->storage, &cmdline->drives, &cmdline->blockdevs,
				       error);
	if (ret == 0)
		ret = mpr_attached_build(&machine->storage, &cmdline->drives, error);
	if (ret == 0)
		ret = build_devices(machine, true, error);
	if (ret == -ENOMEM && !*error)
		*error = mpr_errorf("out of memory");
	return ret;
}

void mpr_machine_destroy(struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->devices.count; i++)
		mpr_hosted_destroy(machine->devices.hosted[i]);
	while (machine->storage.count)
		mpr_drive_close(&machine->storage, machine->storage.drives[0]);
	while (machine->offers.endpoints.count)
		mpr_endpoint_free(&machine->offers.endpoints, machine->offers.endpoints.list[0]);
	free(machine->devices.hosted);
	free(machine->storage.drives);
	free(machine->offers.endpoints.list);
	*machine = (struct mpr_machine){0};
}

bool mpr_machine_idle(const struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->devices.count; i++)
		if (!mpr_hosted_idle(machine->devices.hosted[i]))
			return false;
	return mpr_machine_drained(machine);
}

bool mpr_machine_drained(const struct mpr_machine *machine)
{
	return mpr_drives_idle(&machine->storage);
}

void mpr_machine_stop(struct mpr_machine *machine, bool stopped)
{
	machine->stopped = stopped;
	machine->io_error = false;
	for (size_t i = 0; !stopped && i < machine->storage.count; i++)
		mpr_blk_retry(machine->storage.drives[i]->blk);
	for (size_t i = 0; i < machine->devices.count; i++)
		machine->devices.hosted[i]->stopped = stopped;
}
