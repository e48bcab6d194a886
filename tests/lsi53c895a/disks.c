/* SPDX-License-Identifier: MIT */
#include "tests/lsi53c895a/disks.h"

#include <stdlib.h>

#include "dev/scsi/disk/disk.h"

enum { MAX_DISKS = 16 };

static struct mpr_blk *images[MAX_DISKS];
static unsigned nimages;

struct mpr_blk *disks_attach(struct machine *m, unsigned id, unsigned lun, uint64_t size)
{
	struct mpr_blk *blk = fake_blk_new(size);
	char *error = NULL;

	if (nimages == MAX_DISKS ||
	    mpr_scsi_disk_create(mpr_scsi_bus_of(m->dev->bus), blk,
				 &(struct mpr_scsi_disk_options){.scsi_id = id, .lun = lun},
				 &error))
		abort();
	images[nimages++] = blk;
	return blk;
}

bool disks_poll(void)
{
	bool any = false;
	unsigned i;

	for (i = 0; i < nimages; i++) {
		any |= images[i]->in_flight > 0;
		fake_blk_end_all(images[i]);
	}
	return any;
}

void targets_drain(struct mpr_bus *bus)
{
	(void)bus;
	while (disks_poll())
		;
}

void disks_finish(struct machine *m)
{
	do
		go(m);
	while (disks_poll());
}

void disks_free(void)
{
	while (nimages)
		fake_blk_free(images[--nimages]);
}
