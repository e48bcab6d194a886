/* SPDX-License-Identifier: MIT */
/* QEMU and its remote processes, as supervise.h has them, for those who wait for them. */
#ifndef MPR_ORCHESTRATOR_FAMILY_FAMILY_H
#define MPR_ORCHESTRATOR_FAMILY_FAMILY_H

#include <glib.h>
#include <sys/signalfd.h>

#include "orchestrator/family/supervise.h"

struct mpr_family {
	struct mpr_member qemu;
	GPtrArray *remotes; /* struct mpr_member */
	int signals;	    /* a signalfd: GLib's own handlers do not tell who sent one */
	sigset_t old;
	guint source;	/* wakes the main loop for a signal */
	guint reminder; /* 0: QEMU is not expected to end */
	bool ending;	/* it was told to */
	mpr_member_end_fn end;
	void *opaque;
};

static inline struct mpr_member *mpr_family_remote(const struct mpr_family *family, guint i)
{
	return family->remotes->pdata[i];
}

/* Milliseconds of a clock that is not set. */
int64_t mpr_now_ms(void);
#define MPR_FOREVER INT64_MAX

/* The next watched signal, or 0 when `deadline` has passed. Serves the main context
 * until then. */
int mpr_family_next_signal(const struct mpr_family *family, int64_t deadline,
			   struct signalfd_siginfo *info);

/* Waits no longer for its being ready. */
void mpr_member_forget_ready(struct mpr_member *remote);

/* Takes notice of those that have ended. */
void mpr_family_reap(struct mpr_family *family);
bool mpr_family_remotes_run(const struct mpr_family *family);

/* How a process ended, "was killed by signal 11 (Segmentation fault)" (free() it). */
char *mpr_describe_end(int status);
/* Tells the operator how a remote ended, and then `consequence`. */
void mpr_member_tell_end(struct mpr_member *remote, const char *consequence);

/* Until all have ended, for so long, or until the operator becomes impatient: false. */
bool mpr_family_wait_for_remotes(struct mpr_family *family, int64_t ms);
/* Sends it to those that run; `fault`: and says that they should have ended. */
void mpr_family_signal_remotes(struct mpr_family *family, int sig, bool fault);

/* How long a remote may take to end by itself. It gives up its I/O after 10 seconds, and
 * says so. */
#define MPR_HANG_UP_MS 12000

/* How long a process may take to end after SIGTERM, and after SIGKILL, when only the
 * kernel can hold it. */
#define MPR_TERMINATE_MS 2000
#define MPR_KILL_MS 5000

#endif
