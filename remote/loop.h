/* SPDX-License-Identifier: MIT */
/*
 * The turns of the thread that does the process' work: devices, completions of I/O,
 * timers, and, when one of these had something to do, VMMs, changes of the machine and
 * monitors. Between turns it looks for work for a while, and then sleeps.
 */
#ifndef MPR_REMOTE_LOOP_H
#define MPR_REMOTE_LOOP_H

#include "remote/machine/machine.h"
#include "remote/monitor/monitor.h"
#include "remote/vmm/doors.h"
#include "ring/window.h"

struct mpr_loop {
	struct mpr_machine *machine;
	struct mpr_doors doors;
	struct mpr_monitors *monitors;
	bool due; /* something happened: VMMs and monitors have their turn, too */
	struct mpr_window window;
};

/* Does what there is to do; if there is nothing, looks for work and then sleeps. */
void mpr_loop_turn(struct mpr_loop *loop);
/* The same, but goes to sleep at once. */
void mpr_loop_turn_or_sleep(struct mpr_loop *loop);

#endif
