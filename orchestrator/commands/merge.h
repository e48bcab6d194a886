/* SPDX-License-Identifier: MIT */
/*
 * Answers of remote processes that are added to one of QEMU's. A process may have been
 * taken over: it is believed what it says of its own drives and devices.
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_MERGE_H
#define MPR_ORCHESTRATOR_COMMANDS_MERGE_H

#include <glib.h>
#include <json-c/json.h>

struct mpr_vm;
struct mpr_vm_remote;

/* Appends what `more` lists, the value that QMP's `command` returned, and the list has not. */
void mpr_merge_list(struct json_object *list, const struct mpr_vm *vm, struct mpr_vm_remote *remote,
		    const char *command, struct json_object *more);

/* Appends what HMP's `command` printed. */
void mpr_merge_text(GString *text, const struct mpr_vm_remote *remote, const char *command,
		    const char *more);

#endif
