/* SPDX-License-Identifier: MIT */
/*
 * Adding answers of remote processes to an answer of QEMU's. A process may have been taken over, so
 * it is believed only what it says of its own drives and devices.
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_MERGE_H
#define MPR_ORCHESTRATOR_COMMANDS_MERGE_H

#include <glib.h>
#include <json-c/json.h>

struct mpr_vm;
struct mpr_vm_remote;

/* Appends the elements of `more`, which the remote returned for QMP's `command`, unless the list
 * has them. */
void mpr_merge_list(struct json_object *list, const struct mpr_vm *vm, struct mpr_vm_remote *remote,
		    const char *command, struct json_object *more);

/* Appends `more`, which the remote printed for HMP's `command`, made printable. */
void mpr_merge_text(GString *text, const struct mpr_vm_remote *remote, const char *command,
		    const char *more);

#endif
