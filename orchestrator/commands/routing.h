/* SPDX-License-Identifier: MIT */
/*
 * QEMU's commands that concern remote processes: run by the remote whose drive or device they name,
 * or answered by QEMU and all remotes together (routes.h). What a command's outcome is, and when it
 * comes, is as in commands.h.
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_ROUTING_H
#define MPR_ORCHESTRATOR_COMMANDS_ROUTING_H

#include <json-c/json.h>
#include <stdbool.h>

#include "orchestrator/commands/commands.h"

/* Whether it is one, as the machine is now. `arguments` may be NULL. */
bool mpr_routing_has_qmp(struct mpr_vm *vm, const char *name, struct json_object *arguments);
bool mpr_routing_has_hmp(struct mpr_vm *vm, const char *line);

/* Runs it; the outcome is `qemus` if it is none any more. `arguments` stay the caller's. */
void mpr_routing_run_qmp(const struct mpr_commands *commands, const char *name,
			 struct json_object *arguments, mpr_outcome_fn done, void *opaque);
void mpr_routing_run_hmp(const struct mpr_commands *commands, const char *line, mpr_outcome_fn done,
			 void *opaque);

#endif
