/* SPDX-License-Identifier: MIT */
/* -daemonize and -pidfile. */
#ifndef MPR_REMOTE_PROCESS_BACKGROUND_H
#define MPR_REMOTE_PROCESS_BACKGROUND_H

struct mpr_background {
	int parent; /* tells it that all is well */
	int null;   /* /dev/null, which may be out of sight then */
};

/*
 * Continues in a child process, whose parent waits for mpr_background_ready() and
 * exits with 0 then, or with 1 if the child ends before. Returns in the child, 0 or a
 * negative errno. Nothing may have been set up that belongs to the process.
 */
int mpr_background_start(struct mpr_background *background);

/* Lets the parent exit, and the terminal go. */
void mpr_background_ready(const struct mpr_background *background);

/* Whoever started the process may want to know when it is ready, and name by MPRING_READY
 * a descriptor, of a pipe for instance, for that. It, closed by exec, or -1. Once. */
int mpr_ready_take(void);
/* Writes one byte to it, and closes it. */
void mpr_ready_tell(int fd);

/* Writes the process' number to a file, which stays locked until the process ends.
 * A descriptor of it, or negative errno; -EAGAIN: another process has it. */
int mpr_pidfile_create(const char *path);

#endif
