/* SPDX-License-Identifier: MIT */
/* The answers of QMP's queries. */
#ifndef MPR_REMOTE_MONITOR_QUERY_H
#define MPR_REMOTE_MONITOR_QUERY_H

#include <json-c/json.h>

#include "remote/machine/machine.h"

struct json_object *mpr_query_version(void);
struct json_object *mpr_query_status(const struct mpr_machine *machine);
struct json_object *mpr_query_block(const struct mpr_machine *machine);
/* Of the drives, or of the nodes. */
struct json_object *mpr_query_blockstats(const struct mpr_machine *machine, bool nodes);
struct json_object *mpr_query_nodes(const struct mpr_machine *machine);

/* NULL: there is no such driver. */
struct json_object *mpr_query_properties(const struct mpr_machine *machine, const char *driver);

/* The tree of objects: /machine/peripheral/ID and /objects/ID, or ID alone. NULL: there
 * is no such path. */
struct json_object *mpr_query_qom_list(const struct mpr_machine *machine, const char *path);
/* 0; -ENODEV: there is no such path; -ENOENT: it has no such property. */
int mpr_query_qom_get(const struct mpr_machine *machine, const char *path, const char *property,
		      struct json_object **value);

#endif
