/* SPDX-License-Identifier: MIT */
/* The state of a family, for the files of this folder. */
#ifndef MPR_ORCHESTRATOR_FAMILY_FAMILY_STATE_H
#define MPR_ORCHESTRATOR_FAMILY_FAMILY_STATE_H

#include <glib.h>
#include <sys/signalfd.h>

#include "orchestrator/family/family.h"

struct mpr_family {
	struct mpr_member qemu;
	GPtrArray *remotes; /* struct mpr_member */
	int signals;	    /* a signalfd: GLib's handlers do not tell the sender */
	sigset_t old;	    /* the mask before */
	guint source;	    /* wakes the main loop for a signal */
	guint reminder;	    /* source: SIGTERM for a QEMU that is to end; 0: none */
	bool ending;	    /* QEMU was told to end, by whomever */
	mpr_member_end_fn end;
	void *opaque;
};

static inline struct mpr_member *mpr_family_remote(const struct mpr_family *family, guint i)
{
	return family->remotes->pdata[i];
}

/* Milliseconds of the monotonic clock. */
int64_t mpr_now_ms(void);
#define MPR_FOREVER INT64_MAX

/* The next watched signal, or 0 when `deadline` has passed. Serves the main context
 * until then. */
int mpr_family_next_signal(const struct mpr_family *family, int64_t deadline,
			   struct signalfd_siginfo *info);

/* Stops waiting until it is ready. */
void mpr_member_forget_ready(struct mpr_member *remote);

/* Reaps the children that have ended, and tells the callback. */
void mpr_family_reap(struct mpr_family *family);

/* How a process ended, "was killed by signal 11 (Segmentation fault)" (free() it). */
char *mpr_describe_end(int status);
/* Tells the operator how a remote ended, and then `consequence`. */
void mpr_member_tell_end(struct mpr_member *remote, const char *consequence);

/* Waits until all remotes have ended or the time is over: true; false when another signal than
 * SIGCHLD comes, by which the operator cuts the wait short. */
bool mpr_family_wait_for_remotes(struct mpr_family *family, int64_t ms);
/* Sends a signal to the remotes that run. `fault`: with a message that they should have ended. */
void mpr_family_signal_remotes(struct mpr_family *family, int sig, bool fault);

/* How long a remote may take to end by itself: longer than the 10 seconds after which it gives up
 * its I/O, and says so. */
#define MPR_HANG_UP_MS 12000

/* How long a process may take to end after SIGTERM; and after SIGKILL, when only the kernel can
 * delay it. */
#define MPR_TERMINATE_MS 2000
#define MPR_KILL_MS 5000

#endif
