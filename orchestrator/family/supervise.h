/* SPDX-License-Identifier: MIT */
/*
 * Watches over QEMU and its remote processes until all have ended, in GLib's main
 * loop: whatever else has sources in the default main context is served meanwhile.
 */
#ifndef MPR_ORCHESTRATOR_FAMILY_SUPERVISE_H
#define MPR_ORCHESTRATOR_FAMILY_SUPERVISE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mpr_family;

/* A process; it goes some time after its end was told. */
struct mpr_member {
	pid_t pid;
	uint64_t rid; /* of a remote process */
	int ready;    /* where it says that it is; -1: it has, or need not */
	bool running;
	bool told;     /* the operator knows of its end, or need not */
	bool blamed;   /* the operator knows that it does not end as it should */
	unsigned wait; /* source: for its end, when it was told to end; 0: none */
	int status;    /* wait status, once it is not running */
};

/* A member has ended: QEMU, or a remote process. */
typedef void (*mpr_member_end_fn)(void *opaque, const struct mpr_member *member);

/* Nothing runs, and the signals that supervising takes are blocked: one family in a
 * process, before the first child is started. NULL, with errno, if signals cannot be
 * had as a file descriptor. */
struct mpr_family *mpr_family_create(void);
/* All members must have ended, or be given up. NULL is allowed. */
void mpr_family_destroy(struct mpr_family *family);

/* The signal mask from before, for the children. */
const sigset_t *mpr_family_signals(const struct mpr_family *family);

/* Children that were started. `ready` is taken over: one byte comes there when a remote
 * process has done all that it may refuse; -1: nobody waits for that. */
struct mpr_member *mpr_family_set_qemu(struct mpr_family *family, pid_t pid);
struct mpr_member *mpr_family_add_remote(struct mpr_family *family, pid_t pid, uint64_t rid,
					 int ready);

/* Who is to be told of ends, from mpr_supervise(). */
void mpr_family_on_end(struct mpr_family *family, mpr_member_end_fn end, void *opaque);

/* QEMU was told to end. QEMU 7.2 sometimes does not, when a QMP command reached it as it
 * began to: it then waits for something that has happened, until a signal makes it look.
 * It gets SIGTERM after a second, and every second. */
void mpr_family_expect_end(struct mpr_family *family);

/* The guest has shut down, and QEMU ends, with the same trouble, unless it pauses the
 * machine instead (-no-shutdown), which takes as long as a vCPU may be held up. It gets
 * SIGTERM after 15 seconds, and every second. */
void mpr_family_expect_shutdown(struct mpr_family *family);
/* It pauses the machine: nobody has told it to end. */
void mpr_family_expect_pause(struct mpr_family *family);

/* The remote was told to end. One that has not after 12 seconds gets SIGTERM, of which
 * the operator is told, and SIGKILL 2 seconds later. */
void mpr_member_expect_end(struct mpr_member *remote);

/*
 * Waits for QEMU's end, passing signals on to it and reporting remotes that
 * end before; then lets the remotes end by themselves, as they do when their sockets
 * hang up, asks with SIGTERM those that do not, and kills. Returns QEMU's exit
 * status, or 128 + the signal that killed it, of which the operator was told.
 */
int mpr_supervise(struct mpr_family *family);

#endif
