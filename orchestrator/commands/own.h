/* SPDX-License-Identifier: MIT */
/* The five commands that mpring adds to QEMU's monitor, in HMP and in QMP. */
#ifndef MPR_ORCHESTRATOR_COMMANDS_OWN_H
#define MPR_ORCHESTRATOR_COMMANDS_OWN_H

#include "opts/opts.h"
#include "orchestrator/commands/commands.h"

extern const struct mpr_own_command mpr_own_commands[]; /* ends with hmp NULL */

/* The command, or NULL: it is none of these; by an HMP line (*words: what follows the name), or by
 * its name in QMP. */
const struct mpr_own_command *mpr_own_of_line(const char *line, const char **words);
const struct mpr_own_command *mpr_own_find(const char *qmp);

void mpr_own_run_hmp(struct mpr_vm *vm, const struct mpr_own_command *command, const char *words,
		     mpr_outcome_fn done, void *opaque);
void mpr_own_run_qmp(struct mpr_vm *vm, const struct mpr_own_command *command,
		     struct json_object *arguments, mpr_outcome_fn done, void *opaque);

/* The option that the arguments of `name`, a command that adds a device or a drive,
 * describe. Results as of mpr_opts_from_json(). */
int mpr_own_opts(const char *name, struct json_object *arguments, bool device,
		 struct mpr_opts **opts, char **error);

#endif
