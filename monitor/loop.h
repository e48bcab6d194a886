/* SPDX-License-Identifier: MIT */
/* What a stream needs of its program's event loop. */
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

	/* Rearms a watch after ready(), once all input was read or no output can be written. A
	 * level-triggered loop is silent until then: else it would spin while input is left unread.
	 * NULL for an edge-triggered loop, which needs no rearming. Rearming twice does no harm. */
	void (*again)(void *watch);

	/* No call comes any more; `fd` may be closed. May be called from ready(). NULL is
	 * ignored. */
	void (*stop)(void *watch);

	void *loop;
};

#endif
