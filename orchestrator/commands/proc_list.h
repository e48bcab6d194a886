/* SPDX-License-Identifier: MIT */
/* The remote processes, with what is in them, as remote_proc_list shows them. */
#ifndef MPR_ORCHESTRATOR_COMMANDS_PROC_LIST_H
#define MPR_ORCHESTRATOR_COMMANDS_PROC_LIST_H

#include <json-c/json.h>

struct mpr_vm;

/* The table for people, with a row for each drive, device and process (free() it). */
char *mpr_proc_list_text(const struct mpr_vm *vm);

/* The same rows: {"pid", "rid", "id", "name"}; a device without an id has none. */
struct json_object *mpr_proc_list_json(const struct mpr_vm *vm);

#endif
