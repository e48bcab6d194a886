/* SPDX-License-Identifier: MIT */
/* QMP's commands, for the protocol (qmp.c). */
#ifndef MPR_REMOTE_MONITOR_QMP_COMMANDS_H
#define MPR_REMOTE_MONITOR_QMP_COMMANDS_H

#include <json-c/json.h>

#include "monitor/envelope.h"
#include "remote/monitor/client.h"

/* A command that is being executed. */
struct mpr_qmp_call {
	struct mpr_monitor_client *client;
	struct mpr_machine *machine;
	struct json_object *arguments; /* an object, checked; or NULL */

	/* The outcome. */
	struct json_object *result; /* NULL: an empty object */
	const char *class;	    /* of the error; NULL: success */
	char *desc;
	mpr_settled_fn settled; /* answered once it returns true; NULL: now */
};

void mpr_qmp_execute(struct mpr_qmp_call *call, const char *name);

#endif
