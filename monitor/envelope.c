/* SPDX-License-Identifier: MIT */
#include "monitor/envelope.h"

#include <stdlib.h>
#include <time.h>

#include "monitor/json.h"
#include "monitor/json_text.h"
#include "opts/error.h"

struct json_object *mpr_envelope_return(struct json_object *result)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "return", result ? result : json_object_new_object());
	return object;
}

struct json_object *mpr_envelope_error(const char *class, const char *desc)
{
	struct json_object *object = json_object_new_object();
	struct json_object *error = mpr_json_one("class", class ? class : MPR_QMP_GENERIC);

	mpr_json_put(error, "desc", desc);
	json_object_object_add(object, "error", error);
	return object;
}

static struct json_object *timestamp(void)
{
	struct json_object *stamp = json_object_new_object();
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	mpr_json_put_int(stamp, "seconds", now.tv_sec);
	mpr_json_put_int(stamp, "microseconds", now.tv_nsec / 1000);
	return stamp;
}

struct json_object *mpr_envelope_event(const char *name, struct json_object *data)
{
	struct json_object *event = json_object_new_object();

	json_object_object_add(event, "timestamp", timestamp());
	mpr_json_put(event, "event", name);
	if (data)
		json_object_object_add(event, "data", data);
	return event;
}

struct json_object *mpr_envelope_device_deleted(const char *id)
{
	struct json_object *data = mpr_json_one("device", id);
	char *path = mpr_errorf("/machine/peripheral/%s", id);

	mpr_json_put(data, "path", path ? path : id);
	free(path);
	return mpr_envelope_event("DEVICE_DELETED", data);
}

void mpr_envelope_send(struct mpr_stream *stream, struct json_object *object, bool pretty)
{
	char *text = mpr_json_text(object, pretty);

	if (text) {
		mpr_stream_puts(stream, text);
		mpr_stream_write(stream, "\r\n", 2);
	} else {
		mpr_stream_break(stream); /* whoever waits for it would wait for good */
	}
	free(text);
}
