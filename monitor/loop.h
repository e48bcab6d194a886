/* SPDX-License-Identifier: MIT */
/* The event loop of the program, as what waits for a descriptor wants it. */
#ifndef MPR_MONITOR_LOOP_H
#define MPR_MONITOR_LOOP_H

#include <stdbool.h>

struct mpr_loop {
	/*
	 * Calls ready(opaque) from the loop when `fd` can be read (`output`: written) or was
	 * hung up, and perhaps without reason: at once if it can already, and whenever that
	 * changes. `fd` stays the caller's. Returns the watch; NULL: out of memory.
	 */
	void *(*watch)(void *loop, int fd, bool output, void (*ready)(void *opaque), void *opaque);

	/* After a call of ready() nothing is left to be read, or no room to write to: the next
	 * call is wanted. NULL where a loop tells of changes alone and needs not be asked; others
	 * would call ready() over and over if they were not waiting for this. Asking twice is
	 * asking once. */
	void (*again)(void *watch);

	/* No call comes any more; `fd` may be closed. May be called from ready(). NULL is
	 * ignored. */
	void (*stop)(void *watch);

	void *loop;
};

#endif
