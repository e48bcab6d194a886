/* SPDX-License-Identifier: MIT */
/* What remote_proc_list returns: the remote processes, with their drives and devices. */
#ifndef MPR_ORCHESTRATOR_COMMANDS_PROC_LIST_H
#define MPR_ORCHESTRATOR_COMMANDS_PROC_LIST_H

#include <json-c/json.h>

struct mpr_vm;

/* A table, with a row for each drive, device and process (free() it). */
char *mpr_proc_list_text(const struct mpr_vm *vm);

/* The same rows as objects {"pid", "rid", "id", "name"}; a device without an id has no "id". */
struct json_object *mpr_proc_list_json(const struct mpr_vm *vm);

#endif
