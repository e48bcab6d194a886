/* SPDX-License-Identifier: MIT */
#include "remote/machine/ending.h"

#include <stdio.h>

void mpr_machine_end(struct mpr_machine *machine)
{
	mpr_machine_stop(machine, false);
	for (size_t i = 0; i < machine->devices.count; i++) {
		machine->devices.hosted[i]->ending = true;
		mpr_hosted_reset(machine->devices.hosted[i]);
	}
}

void mpr_machine_detach(struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->devices.count; i++)
		mpr_hosted_detach(machine->devices.hosted[i]);
}

char *mpr_machine_unfinished(const struct mpr_machine *machine)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < machine->storage.count; i++) {
		const struct mpr_drive *drive = machine->storage.drives[i];
		unsigned requests = drive->base ? 0 : mpr_blk_in_flight(drive->blk);

		if (requests)
			fprintf(out, "%s: %u requests; ", mpr_drive_name(drive), requests);
	}
	for (size_t i = 0; i < machine->devices.count; i++)
		if (!mpr_hosted_idle(machine->devices.hosted[i]))
			fprintf(out, "%s: DMA; ", machine->devices.hosted[i]->dev->id);
	fclose(out);
	return text;
}
