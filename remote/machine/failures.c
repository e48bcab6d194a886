/* SPDX-License-Identifier: MIT */
#include "remote/machine/failures.h"

#include <stdio.h>

#include "remote/process/log.h"

static void report(const struct mpr_events *events, struct mpr_drive *drive)
{
	uint64_t failures = mpr_blk_stats(drive->blk)->failed_operations;
	const char *name = mpr_drive_name(drive);
	struct mpr_msg event = {.type = MPR_MSG_IO_ERROR};

	if (failures == drive->reported_failures || !drive->adapter)
		return;
	drive->reported_failures = failures;
	mpr_log(drive->adapter->dev->id, "I/O error on drive \"%s\" (%llu so far)", name,
		(unsigned long long)failures);
	snprintf((char *)event.text, sizeof(event.text), "I/O error: %s", name);
	if (drive->adapter->channel)
		(void)mpr_channel_notify(drive->adapter->channel, &event);
	if (events)
		events->io_error(events->opaque, drive);
}

/* rerror=stop, werror=stop: the request is held until 'cont' at the monitor. */
static void stop_on_held(struct mpr_machine *machine, const struct mpr_drive *drive)
{
	if (machine->stopped || !mpr_blk_held(drive->blk))
		return;
	mpr_log(mpr_drive_name(drive),
		"stopped by an I/O error: 'cont' at the monitor tries again");
	mpr_machine_stop(machine, true);
	machine->io_error = true;
}

void mpr_machine_report_failures(struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->storage.count; i++)
		report(machine->events, machine->storage.drives[i]);
	for (size_t i = 0; i < machine->storage.count; i++)
		stop_on_held(machine, machine->storage.drives[i]);
}
