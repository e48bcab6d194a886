/* SPDX-License-Identifier: MIT */
#include "remote/monitor/events.h"

#include <errno.h>
#include <string.h>

#include "monitor/envelope.h"
#include "monitor/json.h"

struct json_object *mpr_event_io_error(const struct mpr_drive *drive)
{
	static const char *const actions[] = {
		[MPR_BLK_REPORT] = "report",
		[MPR_BLK_IGNORE] = "ignore",
		[MPR_BLK_STOP] = "stop",
	};
	const struct mpr_blk_stats *stats = mpr_blk_stats(drive->blk);
	struct json_object *data = json_object_new_object();
	int err = -stats->last_error;

	mpr_json_put(data, "device", drive->id ? drive->id : "");
	mpr_json_put(data, "node-name", drive->node_name);
	mpr_json_put(data, "operation", stats->last_failed == MPR_BLK_READ ? "read" : "write");
	mpr_json_put(data, "action", actions[stats->last_action]);
	mpr_json_put_bool(data, "nospace", err == ENOSPC || err == EDQUOT);
	mpr_json_put(data, "reason", strerror(err));
	return mpr_envelope_event("BLOCK_IO_ERROR", data);
}

struct json_object *mpr_event_shutdown(const char *reason)
{
	struct json_object *data = json_object_new_object();

	mpr_json_put_bool(data, "guest", false);
	mpr_json_put(data, "reason", reason);
	return mpr_envelope_event("SHUTDOWN", data);
}
