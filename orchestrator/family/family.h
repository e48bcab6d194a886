/* SPDX-License-Identifier: MIT */
/* QEMU and its remote processes, as children of this one: who they are, and who is to end. */
#ifndef MPR_ORCHESTRATOR_FAMILY_FAMILY_H
#define MPR_ORCHESTRATOR_FAMILY_FAMILY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mpr_family;

/* A process. It is freed some time after its end was reported. */
struct mpr_member {
	pid_t pid;
	uint64_t rid; /* of a remote process */
	int ready;    /* the pipe on which it reports that it is ready; -1: it has, or need not */
	bool running;
	bool told;     /* its end needs no message, or there was one */
	bool blamed;   /* there was a message that it does not end */
	unsigned wait; /* source: SIGTERM or SIGKILL, if it does not end; 0: none */
	int status;    /* wait status, once it is not running */
};

/* A member has ended: QEMU, or a remote process. */
typedef void (*mpr_member_end_fn)(void *opaque, const struct mpr_member *member);

/* A family without members. Blocks the signals that it will read from a descriptor, so call it
 * before the first child is started, once in a process. NULL with errno: no signalfd. */
struct mpr_family *mpr_family_create(void);
/* The members must have ended or been given up. NULL is allowed. */
void mpr_family_destroy(struct mpr_family *family);

/* The signal mask from before, for the children. */
const sigset_t *mpr_family_signals(const struct mpr_family *family);

/* Adds children that were started. `ready` is taken over: a pipe in which one byte comes when the
 * remote has accepted all its options; -1: nobody waits for that. */
struct mpr_member *mpr_family_set_qemu(struct mpr_family *family, pid_t pid);
struct mpr_member *mpr_family_add_remote(struct mpr_family *family, pid_t pid, uint64_t rid,
					 int ready);

/* Sets who is told of ends, from mpr_supervise() and mpr_start_await(). NULL: nobody. */
void mpr_family_on_end(struct mpr_family *family, mpr_member_end_fn end, void *opaque);

/* QEMU was told to end. QEMU 7.2 may miss it if a QMP command arrives at the same time: it then
 * sleeps until a signal wakes it. So it gets SIGTERM every second until it has ended. */
void mpr_family_expect_end(struct mpr_family *family);

/* The guest has shut down. QEMU ends, with the same flaw, unless it pauses the machine instead
 * (-no-shutdown), which may take as long as a vCPU waits for a remote. So it gets SIGTERM after 15
 * seconds, and then every second. */
void mpr_family_expect_shutdown(struct mpr_family *family);
/* QEMU has paused the machine: it is not expected to end, unless it was told to. */
void mpr_family_expect_pause(struct mpr_family *family);

/* The remote was told to end. If it has not after 12 seconds, it gets SIGTERM, with a message to
 * the operator, and SIGKILL 2 seconds later. */
void mpr_member_expect_end(struct mpr_member *remote);

#endif
