/* SPDX-License-Identifier: MIT */
/*
 * Finds mpring's other programs: where an environment variable says, beside this program (a build
 * copied to one folder), in Bazel's output tree, or in PREFIX/libexec/mpring if this program is in
 * PREFIX/bin.
 */
#ifndef MPR_ORCHESTRATOR_LOCATE_H
#define MPR_ORCHESTRATOR_LOCATE_H

struct mpr_program {
	const char *name;	 /* "mpring-remote" */
	const char *environment; /* the variable that names it */
	const char *build;	 /* its folder in the output tree, relative to this program's */
	int mode;		 /* R_OK or X_OK: the access that is needed */
};

extern const struct mpr_program mpr_program_remote; /* mpring-remote */
extern const struct mpr_program mpr_program_qemu;   /* mpring-qemu.so */

/* The absolute path (free() it), or NULL with *error set to a message that lists where it was
 * looked for (free() it). */
char *mpr_locate(const struct mpr_program *program, char **error);

#endif
