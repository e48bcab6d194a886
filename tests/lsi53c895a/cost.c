/* SPDX-License-Identifier: MIT */
/*
 * cost read|write DEPTH COMMANDS: runs commands of 4 KiB through the chip, the
 * real disk model and a disk in memory, DEPTH at a time, in a function of its own
 * for callgrind, and prints what was counted while it did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lsi53c895a/allocations.h"
#include "tests/lsi53c895a/disks.h"
#include "tests/lsi53c895a/driver.h"

enum { IMAGE = 1 << 20, BLOCKS_EACH = 8, WARM_UP = 64 };

struct load {
	bool write;
	unsigned depth, commands;
};

static void batch(struct machine *m, const struct load *load)
{
	unsigned i;

	for (i = 0; i < load->depth; i++)
		driver_rw(m, load->write, 0, 1 + i, i * BLOCKS_EACH, BLOCKS_EACH,
			  DATA + i * 0x1000);
	disks_finish(m);
	for (i = 0; i < load->depth; i++)
		if (!job_done(m, 1 + i) || job_status(m, 1 + i) != MPR_SCSI_GOOD)
			abort();
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_INTF);
}

__attribute__((noinline)) static void measured(struct machine *m, const struct load *load)
{
	unsigned done;

	for (done = 0; done < load->commands; done += load->depth)
		batch(m, load);
}

/* The unit attention after power-on, and its sense data. */
static void make_ready(struct machine *m)
{
	static const uint8_t ready[6] = {0}, sense[6] = {0x03, 0, 0, 0, 18};

	driver_start(m);
	driver_submit(m, &(struct job){.tag = 1, .cdb = ready, .cdb_len = 6});
	driver_submit(
		m,
		&(struct job){.tag = 1, .cdb = sense, .cdb_len = 6, .buffer = DATA, .length = 18});
}

int main(int argc, char **argv)
{
	struct machine *m = machine_new();
	struct load load, warm_up;

	if (argc != 4)
		return 2;
	load = (struct load){strcmp(argv[1], "write") == 0, atoi(argv[2]), atoi(argv[3])};
	warm_up = (struct load){load.write, load.depth, WARM_UP};
	disks_attach(m, 0, 0, IMAGE);
	make_ready(m);
	measured(m, &warm_up);

	m->chip->stats = (struct lsi_stats){0};
	allocations = 0;
	measured(m, &load);
	printf("instructions %llu allocations %u moved %llu bounced %llu\n",
	       (unsigned long long)m->chip->stats.instructions, allocations,
	       (unsigned long long)m->chip->stats.moved_bytes,
	       (unsigned long long)m->chip->stats.bounced_bytes);
	machine_free(m);
	disks_free();
	return 0;
}
