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

	/* What came of it. */
	struct json_object *result; /* NULL: an empty object */
	const char *class;	    /* NULL: it went well */
	char *desc;
	mpr_settled_fn settled; /* it is answered when that is true; NULL: now */
};

void mpr_qmp_execute(struct mpr_qmp_call *call, const char *name);

/* `desc` is taken over. */
void mpr_qmp_fail(struct mpr_qmp_call *call, const char *class, char *desc);

#endif
