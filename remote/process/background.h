/* SPDX-License-Identifier: MIT */
/* -daemonize and -pidfile. */
#ifndef MPR_REMOTE_PROCESS_BACKGROUND_H
#define MPR_REMOTE_PROCESS_BACKGROUND_H

struct mpr_background {
	int parent; /* a pipe on which the parent waits */
	int null;   /* /dev/null, opened before -chroot hides it */
};

/*
 * Continues in a child process. The parent exits with 0 when the child calls
 * mpr_background_ready(), or with 1 if the child ends before. Returns in the child, 0 or
 * a negative errno. Call it before setting up what a child does not inherit: threads,
 * locks, an io_uring.
 */
int mpr_background_start(struct mpr_background *background);

/* Lets the parent exit; /dev/null takes the place of standard input, output and error. */
void mpr_background_ready(const struct mpr_background *background);

/* The descriptor in the environment's MPRING_READY, for instance a pipe, on which whoever
 * started the process waits until it serves; made close-on-exec. -1: there is none. Removes
 * the variable. */
int mpr_ready_take(void);
/* Writes one byte to it, and closes it. */
void mpr_ready_tell(int fd);

/* Writes the process ID to a file and locks it until the process ends. Returns its
 * descriptor, or negative errno; -EAGAIN: another process has it locked. */
int mpr_pidfile_create(const char *path);

#endif
