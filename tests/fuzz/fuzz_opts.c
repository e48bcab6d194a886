/* SPDX-License-Identifier: MIT */
/* Any text is parsed as an option or refused. A parsed option stays the same when it is
 * copied, or written as a string or as JSON and read back, also after changes. */
#include <stdio.h>
#include <string.h>

#include "opts/json_opts.h"
#include "tests/fuzz/fuzz.h"

static void read_typed(const struct mpr_opts *opts)
{
	static const char *const names[] = {"none", "writeback", NULL};
	static const char *const known[] = {"driver", "id", "scsi-id", NULL};
	char *error = NULL;
	uint64_t number = 0;
	unsigned index = 0;
	bool flag = false;

	require(mpr_opts_get_uint(opts, "scsi-id", 0, 15, &number, &error) == 0 || error);
	require(number <= 15);
	free(error);
	error = NULL;
	require(mpr_opts_get_bool(opts, "readonly", &flag, &error) == 0 || error);
	free(error);
	error = NULL;
	require(mpr_opts_get_enum(opts, "cache", names, &index, &error) == 0 || error);
	free(error);
	error = NULL;
	require(mpr_opts_check(opts, known, &error) == 0 || error);
	free(error);
}

/* The same properties in the same order; the implied key, if any, comes first. */
static void require_same(const struct mpr_opts *a, const struct mpr_opts *b, const char *implied)
{
	char *first = mpr_opts_format(a, implied), *second = mpr_opts_format(b, implied);

	require(first && second && !strcmp(first, second));
	free(first);
	free(second);
}

static void through_string(const struct mpr_opts *opts, const char *implied)
{
	char *text = mpr_opts_format(opts, implied), *error;
	struct mpr_opts *again = NULL;

	require(text && mpr_opts_parse("-device", text, implied, &again, &error) == 0);
	require_same(opts, again, implied);
	free(text);
	mpr_opts_free(again);
}

/* Serialized and parsed, as in a monitor command. */
static void through_json(const struct mpr_opts *opts)
{
	struct json_object *object = mpr_opts_to_json(opts), *message;
	struct mpr_opts *again;
	char *error;

	require(object);
	message = json_tokener_parse(json_object_to_json_string(object));
	require(mpr_opts_from_json("device_add", message, NULL, &again, &error) == 0);
	require_same(opts, again, NULL);
	json_object_put(object);
	json_object_put(message);
	mpr_opts_free(again);
}

/* `value` is any text. */
static void change(struct mpr_opts *opts, const char *value)
{
	require(mpr_opts_set(opts, "id", value) == 0);
	require(!strcmp(mpr_opts_get(opts, "id"), value));
	mpr_opts_remove(opts, "driver");
	require(!mpr_opts_get(opts, "driver"));
	require(mpr_opts_resolve_driver(opts) == 0);
}

static void copy(const struct mpr_opts *opts, const char *value, const char *implied)
{
	struct mpr_opts *changed = mpr_opts_copy(opts), *over = mpr_opts_copy(opts);

	require(changed && over);
	require_same(opts, changed, NULL);
	change(changed, value);
	require(!strcmp(mpr_opts_text(changed), mpr_opts_text(opts)));
	require(mpr_opts_set_all(over, changed) == 0);
	require(!strcmp(mpr_opts_get(over, "id"), value));
	mpr_opts_remove(changed, "id");
	through_string(changed, implied);
	through_string(over, implied);
	through_json(over);
	mpr_opts_free(changed);
	mpr_opts_free(over);
}

static void round_trip(const char *text, const char *implied)
{
	struct mpr_opts *opts;
	char *error;

	if (mpr_opts_parse("-device", text, implied, &opts, &error) < 0) {
		require(error);
		free(error);
		return;
	}
	require(!error);
	read_typed(opts);
	through_string(opts, implied);
	through_json(opts);
	copy(opts, text, implied);
	mpr_opts_free(opts);
}

/* A monitor's client may send JSON of any shape. */
static void message(const char *text)
{
	struct json_object *object = json_tokener_parse(text);
	struct mpr_opts *opts;
	char *error;

	if (json_object_is_type(object, json_type_object)) {
		if (mpr_opts_from_json("device_add", object, "driver", &opts, &error) == 0) {
			through_string(opts, "driver");
			through_json(opts);
			mpr_opts_free(opts);
		} else {
			require(error);
			free(error);
		}
	}
	json_object_put(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	round_trip(text, "driver");
	round_trip(text, NULL);
	message(text);
	free(text);
	return 0;
}
