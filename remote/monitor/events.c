/* SPDX-License-Identifier: MIT */
#include "remote/monitor/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "monitor/json.h"

static struct json_object *timestamp(void)
{
	struct json_object *stamp = json_object_new_object();
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	mpr_json_put_int(stamp, "seconds", now.tv_sec);
	mpr_json_put_int(stamp, "microseconds", now.tv_nsec / 1000);
	return stamp;
}

struct json_object *mpr_event(const char *name, struct json_object *data)
{
	struct json_object *event = json_object_new_object();

	json_object_object_add(event, "timestamp", timestamp());
	mpr_json_put(event, "event", name);
	if (data)
		json_object_object_add(event, "data", data);
	return event;
}

struct json_object *mpr_event_device_deleted(const char *id)
{
	struct json_object *data = json_object_new_object();
	char *path = mpr_errorf("/machine/peripheral/%s", id);

	mpr_json_put(data, "device", id);
	mpr_json_put(data, "path", path ? path : id);
	free(path);
	return mpr_event("DEVICE_DELETED", data);
}

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
	return mpr_event("BLOCK_IO_ERROR", data);
}

struct json_object *mpr_event_shutdown(const char *reason)
{
	struct json_object *data = json_object_new_object();

	mpr_json_put_bool(data, "guest", false);
	mpr_json_put(data, "reason", reason);
	return mpr_event("SHUTDOWN", data);
}
