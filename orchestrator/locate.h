/* SPDX-License-Identifier: MIT */
/*
 * Where mpring's own programs are: named by the environment, beside this
 * program (a build copied to one folder), in the build's output tree, or in
 * PREFIX/libexec/mpring with this program in PREFIX/bin.
 */
#ifndef MPR_ORCHESTRATOR_LOCATE_H
#define MPR_ORCHESTRATOR_LOCATE_H

struct mpr_program {
	const char *name;	 /* "mpring-remote" */
	const char *environment; /* the variable that names it */
	const char *build;	 /* its folder in the output tree, from this program's */
	int mode;		 /* R_OK, X_OK: what it must be good for */
};

extern const struct mpr_program mpr_program_remote; /* mpring-remote */
extern const struct mpr_program mpr_program_qemu;   /* mpring-qemu.so */

/* The absolute path (free() it); or NULL with *error set to a message that
 * lists the places (free() it). */
char *mpr_locate(const struct mpr_program *program, char **error);

#endif
