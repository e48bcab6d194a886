/* SPDX-License-Identifier: MIT */
/*
 * To whom a command of QEMU's goes: to QEMU, to the remote that has what it names, or to all. HMP
 * lines are split into words by QEMU's rules.
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_WAY_H
#define MPR_ORCHESTRATOR_COMMANDS_WAY_H

#include <json-c/json.h>
#include <stdbool.h>

struct mpr_remote_option;
struct mpr_route;
struct mpr_vm;
struct mpr_vm_remote;

/* What a command names, if a remote has it. */
struct mpr_named {
	const char *name; /* valid as long as the arguments */
	const struct mpr_remote_option *option;
};

struct mpr_way {
	struct mpr_named named;	      /* option NULL: nothing */
	struct mpr_vm_remote *remote; /* that has it */
	bool all;		      /* ask QEMU and all remotes */
};

/* False: the command is QEMU's. So is every command whose route is NULL. */
bool mpr_way_find(const struct mpr_vm *vm, const struct mpr_route *route,
		  struct json_object *arguments, struct mpr_way *way);

/* The route of an HMP line, or NULL; *arguments: what it says, as QMP's would
 * (json_object_put() it). */
const struct mpr_route *mpr_way_of_line(const char *line, struct json_object **arguments);

#endif
