/* SPDX-License-Identifier: MIT */
#include "remote/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/disks.h"
#include "remote/drives.h"
#include "remote/endpoints.h"
#include "wire/protocol.h"

static const char *get(const struct mpr_opts *opts, const char *key)
{
	return mpr_opts_get(opts, key);
}

/* ---- Checks before anything is built ------------------------------------ */

/* No two options of one list have the same id. */
static int check_ids(const struct mpr_option_list *list, char **error)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *id = get(list->opts[i], "id");

		for (size_t j = 0; id && j < i; j++) {
			const char *other = get(list->opts[j], "id");

			if (!other || strcmp(id, other))
				continue;
			*error = mpr_errorf("%s: id \"%s\" is taken by %s",
					    mpr_opts_text(list->opts[i]), id,
					    mpr_opts_text(list->opts[j]));
			return -EINVAL;
		}
	}
	return 0;
}

static const struct mpr_device_ops *find_model(const struct mpr_device_ops *const *models,
					       const char *driver)
{
	for (; *models; models++)
		if (!strcmp((*models)->driver, driver))
			return *models;
	return NULL;
}

static int unknown_driver(const struct mpr_opts *opts, const char *driver,
			  const struct mpr_device_ops *const *models, char **error)
{
	const char *names[32];
	const char *nearest;
	size_t n = 0;

	for (; models[n] && n < 30; n++)
		names[n] = models[n]->driver;
	names[n++] = MPR_DISK_DRIVER;
	names[n] = NULL;
	nearest = mpr_nearest(driver, names);
	if (nearest)
		*error = mpr_errorf("%s: no driver \"%s\" (did you mean \"%s\"?)",
				    mpr_opts_text(opts), driver, nearest);
	else
		*error = mpr_errorf("%s: no driver \"%s\" (-device help lists them)",
				    mpr_opts_text(opts), driver);
	return -EINVAL;
}

static bool is_disk(const struct mpr_opts *opts)
{
	const char *driver = get(opts, "driver");

	return driver && !strcmp(driver, MPR_DISK_DRIVER);
}

/* Blanks and control characters have no place in an id (wire/check.c). */
static bool is_wire_id(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < len; i++)
		if (id[i] <= ' ' || id[i] >= 0x7f)
			return false;
	return len > 0 && len < MPR_WIRE_ID_SIZE;
}

static int check_adapter(const struct mpr_opts *opts, char **error)
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
	return mpr_opts_check(opts, mpr_adapter_properties, error);
}

static int check_device(const struct mpr_opts *opts, const struct mpr_device_ops *const *models,
			char **error)
{
	const char *driver = get(opts, "driver");

	if (!driver) {
		*error = mpr_errorf("%s: the driver is missing (-device help lists them)",
				    mpr_opts_text(opts));
		return -EINVAL;
	}
	if (is_disk(opts))
		return mpr_opts_check(opts, mpr_disk_properties, error);
	if (!find_model(models, driver))
		return unknown_driver(opts, driver, models, error);
	return check_adapter(opts, error);
}

static int check_devices(const struct mpr_cmdline *cmdline,
			 const struct mpr_device_ops *const *models, char **error)
{
	for (size_t i = 0; i < cmdline->devices.count; i++) {
		int ret = check_device(cmdline->devices.opts[i], models, error);

		if (ret < 0)
			return ret;
	}
	return check_ids(&cmdline->devices, error);
}

/* ---- Building ----------------------------------------------------------- */

static int build_adapter(struct mpr_machine *machine, const struct mpr_opts *opts,
			 const struct mpr_device_ops *model, struct mpr_watcher *watcher,
			 struct mpr_timers *timers, char **error)
{
	struct mpr_hosted *hosted;
	int ret = mpr_hosted_create(model, get(opts, "id"), timers, watcher, &hosted);

	if (ret < 0) {
		*error = mpr_errorf("%s: the device cannot be made: %s", mpr_opts_text(opts),
				    strerror(-ret));
		return ret;
	}
	machine->devices[machine->device_count++] = hosted;
	return 0;
}

static int build_adapters(struct mpr_machine *machine, const struct mpr_cmdline *cmdline,
			  const struct mpr_device_ops *const *models, struct mpr_watcher *watcher,
			  struct mpr_timers *timers, char **error)
{
	machine->devices = calloc(cmdline->devices.count + 1, sizeof(*machine->devices));
	if (!machine->devices)
		return -ENOMEM;
	for (size_t i = 0; i < cmdline->devices.count; i++) {
		const struct mpr_opts *opts = cmdline->devices.opts[i];
		int ret;

		if (is_disk(opts))
			continue;
		ret = build_adapter(machine, opts, find_model(models, get(opts, "driver")), watcher,
				    timers, error);
		if (ret < 0)
			return ret;
	}
	if (machine->device_count)
		return 0;
	*error = mpr_errorf("nothing to serve: there is no PCI device (-device help lists them)");
	return -EINVAL;
}

static int build_disks(struct mpr_machine *machine, const struct mpr_cmdline *cmdline, char **error)
{
	for (size_t i = 0; i < cmdline->devices.count; i++) {
		int ret = 0;

		if (is_disk(cmdline->devices.opts[i]))
			ret = mpr_disk_build(machine, cmdline->devices.opts[i], error);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int mpr_machine_build(struct mpr_machine *machine, const struct mpr_cmdline *cmdline,
		      const struct mpr_device_ops *const *models, struct mpr_watcher *watcher,
		      struct mpr_timers *timers, char **error)
{
	int ret;

	*machine = (struct mpr_machine){0};
	*error = NULL;
	ret = check_devices(cmdline, models, error);
	if (ret == 0)
		ret = check_ids(&cmdline->drives, error);
	if (ret == 0)
		ret = check_ids(&cmdline->objects, error);
	if (ret == 0)
		ret = build_adapters(machine, cmdline, models, watcher, timers, error);
	if (ret == 0)
		ret = mpr_endpoints_build(machine, cmdline, error);
	if (ret == 0)
		ret = mpr_drives_build(machine, &cmdline->drives, watcher->uring, error);
	if (ret == 0)
		ret = build_disks(machine, cmdline, error);
	if (ret == -ENOMEM && !*error)
		*error = mpr_errorf("out of memory");
	return ret;
}

void mpr_machine_destroy(struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->device_count; i++)
		mpr_hosted_destroy(machine->devices[i]);
	for (size_t i = 0; i < machine->drive_count; i++)
		(void)mpr_blk_close(machine->drives[i].blk);
	for (size_t i = 0; i < machine->endpoint_count; i++)
		free(machine->endpoints[i].offer.devices);
	free(machine->devices);
	free(machine->drives);
	free(machine->endpoints);
	*machine = (struct mpr_machine){0};
}

bool mpr_machine_idle(const struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->device_count; i++)
		if (!mpr_hosted_idle(machine->devices[i]))
			return false;
	for (size_t i = 0; i < machine->drive_count; i++)
		if (mpr_blk_in_flight(machine->drives[i].blk))
			return false;
	return true;
}
