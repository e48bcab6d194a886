/* SPDX-License-Identifier: MIT */
/*
 * What monitors ask of the machine: the five commands that mpring adds to QEMU's (rdevice_add,
 * rdevice_del, rdrive_add, rdrive_del, remote_proc_list), those of QEMU's that are about what
 * remote processes have, and QEMU itself. They take their time: each says what came of it
 * later, from the main loop (or at once).
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_COMMANDS_H
#define MPR_ORCHESTRATOR_COMMANDS_COMMANDS_H

#include <json-c/json.h>
#include <stdbool.h>

#include "orchestrator/vm/qmp_client.h"

struct mpr_vm;

struct mpr_outcome {
	bool qemus;		    /* QEMU is to run it: nothing has been done */
	const char *error;	    /* NULL: it went well */
	const char *class;	    /* of the error, in QMP; NULL: GenericError */
	struct json_object *result; /* for QMP; NULL: an empty object */
	const char *text;	    /* for HMP; NULL: nothing */
};
/* What it points to is valid during the call. */
typedef void (*mpr_outcome_fn)(void *opaque, const struct mpr_outcome *outcome);

/* One of the five. */
struct mpr_own_command {
	const char *hmp;    /* "rdevice_add" */
	const char *qmp;    /* "x-rdevice-add" */
	const char *params; /* "rid driver id [drive bus]", for help */
	const char *help;
};

/* Of a machine that runs (mpr_commands_of()), or of a test that is in its place. */
struct mpr_commands {
	struct mpr_vm *vm;
	unsigned patience_ms;		   /* with remotes that are asked for an answer about all */
	const struct mpr_own_command *own; /* ends with hmp NULL */

	/* Whether the command is not QEMU's alone, as things are. `arguments` (NULL: none) stay
	 * the caller's, here and below. */
	bool (*has_qmp)(const struct mpr_commands *commands, const char *name,
			struct json_object *arguments);
	bool (*has_hmp)(const struct mpr_commands *commands, const char *line);

	/* Runs one that is not. Things may be otherwise by then: an outcome that is `qemus`
	 * leaves it to the caller to have QEMU run it. */
	void (*run_qmp)(const struct mpr_commands *commands, const char *name,
			struct json_object *arguments, mpr_outcome_fn done, void *opaque);
	void (*run_hmp)(const struct mpr_commands *commands, const char *line, mpr_outcome_fn done,
			void *opaque);

	/* Has QEMU run one, over mpring's own connection. */
	void (*ask_qemu)(const struct mpr_commands *commands, const char *name,
			 struct json_object *arguments, mpr_qmp_reply_fn reply, void *opaque);
};

/* The machine must outlive them. */
struct mpr_commands mpr_commands_of(struct mpr_vm *vm);

#endif
