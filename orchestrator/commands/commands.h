/* SPDX-License-Identifier: MIT */
/*
 * The interface between monitors and the machine: the five commands that mpring adds to QEMU's
 * (rdevice_add, rdevice_del, rdrive_add, rdrive_del, remote_proc_list), those of QEMU's commands
 * that concern remote processes, and QEMU itself. Commands are asynchronous: the outcome comes
 * from the main loop, or at once.
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_COMMANDS_H
#define MPR_ORCHESTRATOR_COMMANDS_COMMANDS_H

#include <json-c/json.h>
#include <stdbool.h>

#include "orchestrator/vm/qmp_client.h"

struct mpr_vm;

struct mpr_outcome {
	bool qemus;		    /* nothing was done: QEMU is to run it */
	const char *error;	    /* NULL: success */
	const char *class;	    /* of the error, in QMP; NULL: GenericError */
	struct json_object *result; /* for QMP; NULL: an empty object */
	const char *text;	    /* for HMP; NULL: nothing */
};
/* The outcome, and what it points to, is valid during the call. */
typedef void (*mpr_outcome_fn)(void *opaque, const struct mpr_outcome *outcome);

/* One of the five. */
struct mpr_own_command {
	const char *hmp;    /* "rdevice_add" */
	const char *qmp;    /* "x-rdevice-add" */
	const char *params; /* "rid driver id [drive bus]", for help */
	const char *help;
};

/* Those of a running machine (mpr_commands_of()), or of a test in its place. */
struct mpr_commands {
	struct mpr_vm *vm;
	unsigned patience_ms;		   /* with remotes, when all are asked */
	const struct mpr_own_command *own; /* ends with hmp NULL */

	/* Whether mpring has to run the command, as the machine is now; otherwise it is QEMU's.
	 * `arguments` (NULL: none) stay the caller's, here and below. */
	bool (*has_qmp)(const struct mpr_commands *commands, const char *name,
			struct json_object *arguments);
	bool (*has_hmp)(const struct mpr_commands *commands, const char *line);

	/* Runs it. The machine may have changed meanwhile: if the outcome is `qemus`, the caller
	 * must have QEMU run the command. */
	void (*run_qmp)(const struct mpr_commands *commands, const char *name,
			struct json_object *arguments, mpr_outcome_fn done, void *opaque);
	void (*run_hmp)(const struct mpr_commands *commands, const char *line, mpr_outcome_fn done,
			void *opaque);

	/* Has QEMU run a command, over mpring's private connection. */
	void (*ask_qemu)(const struct mpr_commands *commands, const char *name,
			 struct json_object *arguments, mpr_qmp_reply_fn reply, void *opaque);
};

/* The commands of a machine, which must outlive them. */
struct mpr_commands mpr_commands_of(struct mpr_vm *vm);

#endif
