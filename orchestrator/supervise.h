/* SPDX-License-Identifier: MIT */
/* Watches over QEMU and its remote processes until all have ended. */
#ifndef MPR_ORCHESTRATOR_SUPERVISE_H
#define MPR_ORCHESTRATOR_SUPERVISE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mpr_member {
	pid_t pid;
	uint64_t rid; /* of a remote process */
	bool running;
	bool told;  /* the operator knows of its end, or need not */
	int status; /* wait status, once it is not running */
};

/* All zeros but `remotes`, with room for all: nothing runs. */
struct mpr_family {
	struct mpr_member qemu;
	struct mpr_member *remotes;
	size_t count;
};

/* Blocks the signals that supervising takes. *old is the mask before, for the
 * children. Call it before the first of them is started. */
void mpr_supervise_prepare(sigset_t *old);

/*
 * Waits for QEMU's end, passing signals on to it and reporting remotes that
 * end before; then ends the remotes. Returns QEMU's exit status, or 128 + the
 * signal that killed it.
 */
int mpr_supervise(struct mpr_family *family);

/* Waits for the remotes to end by themselves, as they do when their sockets
 * hang up; asks with SIGTERM those that do not; then kills. */
void mpr_supervise_end_remotes(struct mpr_family *family);

#endif
