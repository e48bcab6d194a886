/* SPDX-License-Identifier: MIT */
/*
 * Commands of QEMU's that are about what remote processes have: run by the remote whose
 * drive or device they name, in QEMU's spelling, or answered by QEMU and the remotes
 * together (routes.h). Outcomes come as those of commands.h.
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_ROUTING_H
#define MPR_ORCHESTRATOR_COMMANDS_ROUTING_H

#include <json-c/json.h>
#include <stdbool.h>

#include "orchestrator/commands/commands.h"

/* Whether the command is not QEMU's alone, as things are. `arguments` may be NULL. */
bool mpr_routing_has_qmp(struct mpr_vm *vm, const char *name, struct json_object *arguments);
bool mpr_routing_has_hmp(struct mpr_vm *vm, const char *line);

/* Runs one that is not. Things may be otherwise by then: an outcome that is `qemus` leaves it
 * to the caller to have QEMU run it. `arguments` stays the caller's. */
void mpr_routing_run_qmp(const struct mpr_commands *commands, const char *name,
			 struct json_object *arguments, mpr_outcome_fn done, void *opaque);
void mpr_routing_run_hmp(const struct mpr_commands *commands, const char *line, mpr_outcome_fn done,
			 void *opaque);

#endif
