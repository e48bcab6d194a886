/* SPDX-License-Identifier: MIT */
/*
 * The five commands that mpring adds to QEMU's monitor (rdevice_add, rdevice_del,
 * rdrive_add, rdrive_del, remote_proc_list), in HMP's and in QMP's form. They take
 * their time: each says what came of it later, from the main loop (or at once).
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_COMMANDS_H
#define MPR_ORCHESTRATOR_COMMANDS_COMMANDS_H

#include <json-c/json.h>
#include <stdbool.h>

struct mpr_vm;

struct mpr_outcome {
	bool qemus;		    /* QEMU is to run it: nothing has been done (routing.h) */
	const char *error;	    /* NULL: it went well */
	const char *class;	    /* of the error, in QMP; NULL: GenericError */
	struct json_object *result; /* for QMP; NULL: an empty object */
	const char *text;	    /* for HMP; NULL: nothing */
};
/* What it points to is valid during the call. */
typedef void (*mpr_outcome_fn)(void *opaque, const struct mpr_outcome *outcome);

struct mpr_vm_command {
	const char *hmp;    /* "rdevice_add" */
	const char *qmp;    /* "x-rdevice-add" */
	const char *params; /* "rid driver id [drive bus]", for help */
	const char *help;
};
extern const struct mpr_vm_command mpr_vm_commands[]; /* ends with hmp NULL */

/* The command, or NULL: it is not one of these. */
const struct mpr_vm_command *mpr_vm_find_hmp(const char *name);
const struct mpr_vm_command *mpr_vm_find_qmp(const char *name);

/* `words`: what follows the command's name on the line. */
void mpr_vm_run_hmp(struct mpr_vm *vm, const struct mpr_vm_command *command, const char *words,
		    mpr_outcome_fn done, void *opaque);
/* `arguments` (NULL: none) stays the caller's. */
void mpr_vm_run_qmp(struct mpr_vm *vm, const struct mpr_vm_command *command,
		    struct json_object *arguments, mpr_outcome_fn done, void *opaque);
#endif
