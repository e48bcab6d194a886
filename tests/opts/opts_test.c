/* SPDX-License-Identifier: MIT */
/* Proves that options are parsed as QEMU parses them, from strings and from JSON, that an
 * error message says all that is needed, and that copying and writing lose nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts/json_opts.h"
#include "tests/common/unit.h"

static struct mpr_opts *parse(const char *text, const char *implied)
{
	struct mpr_opts *opts = NULL;
	char *error = NULL;

	if (mpr_opts_parse("-device", text, implied, &opts, &error) < 0)
		fail_msg("%s", error);
	assert_null(error);
	return opts;
}

static void assert_error(char *error, const char *expected)
{
	assert_non_null(error);
	assert_string_equal(error, expected);
	free(error);
}

UNIT_TEST(implied_key_takes_the_first_item)
{
	struct mpr_opts *opts = parse("lsi53c895a,id=lsi0", "driver");

	assert_string_equal(mpr_opts_get(opts, "driver"), "lsi53c895a");
	assert_string_equal(mpr_opts_get(opts, "id"), "lsi0");
	assert_null(mpr_opts_get(opts, "bus"));
	mpr_opts_free(opts);
}

UNIT_TEST(implied_key_may_be_written_out)
{
	struct mpr_opts *opts = parse("id=lsi0,driver=lsi53c895a", "driver");

	assert_string_equal(mpr_opts_get(opts, "driver"), "lsi53c895a");
	mpr_opts_free(opts);
}

UNIT_TEST(text_is_kept_for_messages)
{
	struct mpr_opts *opts = parse("lsi53c895a,id=lsi0", "driver");

	assert_string_equal(mpr_opts_text(opts), "-device lsi53c895a,id=lsi0");
	mpr_opts_free(opts);
}

UNIT_TEST(doubled_comma_is_one_comma)
{
	struct mpr_opts *opts = parse("file=a,,b,,,,c,id=d0", NULL);

	assert_string_equal(mpr_opts_get(opts, "file"), "a,b,,c");
	assert_string_equal(mpr_opts_get(opts, "id"), "d0");
	mpr_opts_free(opts);
}

UNIT_TEST(value_may_hold_equals_signs)
{
	struct mpr_opts *opts = parse("serial=a=b", NULL);

	assert_string_equal(mpr_opts_get(opts, "serial"), "a=b");
	mpr_opts_free(opts);
}

UNIT_TEST(bare_key_is_on)
{
	struct mpr_opts *opts = parse("id=d0,readonly", NULL);

	assert_string_equal(mpr_opts_get(opts, "readonly"), "on");
	mpr_opts_free(opts);
}

UNIT_TEST(comma_at_the_end_is_ignored)
{
	struct mpr_opts *opts = parse("x-remote-object,id=robj1,fd=4,", "qom-type");

	assert_string_equal(mpr_opts_get(opts, "fd"), "4");
	mpr_opts_free(opts);
}

UNIT_TEST(later_value_replaces_earlier)
{
	struct mpr_opts *opts = parse("id=a,id=b", NULL);

	assert_string_equal(mpr_opts_get(opts, "id"), "b");
	mpr_opts_free(opts);
}

UNIT_TEST(nameless_property_is_refused)
{
	struct mpr_opts *opts;
	char *error;

	assert_int_equal(mpr_opts_parse("-drive", "id=d0,=x", NULL, &opts, &error), -EINVAL);
	assert_error(error, "-drive id=d0,=x: a property has no name (a comma in a value is "
			    "written twice)");
}

UNIT_TEST(removed_key_is_gone)
{
	struct mpr_opts *opts = parse("lsi53c895a,rid=0,id=lsi0", "driver");
	char *text;

	mpr_opts_remove(opts, "rid");
	mpr_opts_remove(opts, "rid");
	assert_null(mpr_opts_get(opts, "rid"));
	text = mpr_opts_format(opts, "driver");
	assert_string_equal(text, "lsi53c895a,id=lsi0");
	free(text);
	mpr_opts_free(opts);
}

UNIT_TEST(formatting_doubles_commas_again)
{
	struct mpr_opts *opts = parse("file=a,,b,id=d0,readonly", NULL);
	char *text = mpr_opts_format(opts, NULL);

	assert_string_equal(text, "file=a,,b,id=d0,readonly=on");
	free(text);
	mpr_opts_free(opts);
}

UNIT_TEST(formatting_keeps_a_key_that_is_needed)
{
	struct mpr_opts *opts = parse("driver=a=b,id=x", "driver");
	char *text = mpr_opts_format(opts, "driver");

	assert_string_equal(text, "driver=a=b,id=x");
	free(text);
	mpr_opts_free(opts);
}

UNIT_TEST(unknown_key_names_the_nearest)
{
	static const char *const known[] = {"driver", "id", "scsi-id", "serial", NULL};
	struct mpr_opts *opts = parse("scsi-hd,scsi_id=1", "driver");
	char *error = NULL;

	assert_int_equal(mpr_opts_check(opts, known, &error), -EINVAL);
	assert_error(error, "-device scsi-hd,scsi_id=1: no property \"scsi_id\" (did you mean "
			    "\"scsi-id\"?)");
	mpr_opts_free(opts);
}

UNIT_TEST(unknown_key_far_from_all_names_none)
{
	static const char *const known[] = {"driver", "id", NULL};
	struct mpr_opts *opts = parse("scsi-hd,bootindex=1", "driver");
	char *error = NULL;

	assert_int_equal(mpr_opts_check(opts, known, &error), -EINVAL);
	assert_error(error, "-device scsi-hd,bootindex=1: no property \"bootindex\"");
	mpr_opts_free(opts);
}

UNIT_TEST(numbers_are_decimal_or_hexadecimal)
{
	struct mpr_opts *opts = parse("a=10,b=0x10,c=18446744073709551615", NULL);
	uint64_t value = 0;
	char *error = NULL;

	assert_int_equal(mpr_opts_get_uint(opts, "a", 0, 15, &value, &error), 0);
	assert_int_equal(value, 10);
	assert_int_equal(mpr_opts_get_uint(opts, "b", 0, 16, &value, &error), 0);
	assert_int_equal(value, 16);
	assert_int_equal(mpr_opts_get_uint(opts, "c", 0, UINT64_MAX, &value, &error), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(mpr_opts_get_uint(opts, "absent", 0, 1, &value, &error), 0);
	assert_true(value == UINT64_MAX);
	mpr_opts_free(opts);
}

UNIT_TEST(sizes_may_have_a_suffix)
{
	static const struct {
		const char *text;
		uint64_t value;
	} sizes[] = {
		{"n=0", 0},	      {"n=4096", 4096},	      {"n=0x1000", 4096},
		{"n=512B", 512},      {"n=4k", 4096},	      {"n=4K", 4096},
		{"n=2M", 2 << 20},    {"n=3g", 3ull << 30},   {"n=1T", 1ull << 40},
		{"n=1P", 1ull << 50}, {"n=15E", 15ull << 60},
	};
	static const char *const bad[] = {"n=k",    "n=4kk", "n=4x", "n=-4k",
					  "n=4.5k", "n=16E", "n=4 k"};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct mpr_opts *opts = parse(sizes[i].text, NULL);
		uint64_t value = 7;
		char *error = NULL;

		assert_int_equal(mpr_opts_get_size(opts, "n", 0, UINT64_MAX, &value, &error), 0);
		assert_true(value == sizes[i].value);
		mpr_opts_free(opts);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mpr_opts *opts = parse(bad[i], NULL);
		uint64_t value = 7;
		char *error = NULL;

		assert_int_equal(mpr_opts_get_size(opts, "n", 0, UINT64_MAX, &value, &error),
				 -EINVAL);
		assert_non_null(error);
		free(error);
		assert_int_equal(value, 7);
		mpr_opts_free(opts);
	}
}

UNIT_TEST(bad_numbers_are_refused)
{
	static const char *const bad[] = {
		"n=", "n=-1", "n= 1", "n=1 ", "n=0x", "n=1k", "n=16", "n=18446744073709551616",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mpr_opts *opts = parse(bad[i], NULL);
		uint64_t value = 7;
		char *error = NULL;
		char expected[128];

		snprintf(expected, sizeof(expected), "-device %s: %s is not a number from 0 to 15",
			 bad[i], bad[i]);
		assert_int_equal(mpr_opts_get_uint(opts, "n", 0, 15, &value, &error), -EINVAL);
		assert_error(error, expected);
		assert_int_equal(value, 7);
		mpr_opts_free(opts);
	}
}

UNIT_TEST(booleans_have_three_spellings)
{
	struct mpr_opts *opts = parse("a=on,b=yes,c=true,d=off,e=no,f=false,g=1", NULL);
	char *error = NULL;
	bool value = false;

	for (const char *key = "abc"; *key; key++) {
		value = false;
		assert_int_equal(mpr_opts_get_bool(opts, (char[]){*key, 0}, &value, &error), 0);
		assert_true(value);
	}
	for (const char *key = "def"; *key; key++) {
		value = true;
		assert_int_equal(mpr_opts_get_bool(opts, (char[]){*key, 0}, &value, &error), 0);
		assert_false(value);
	}
	assert_int_equal(mpr_opts_get_bool(opts, "g", &value, &error), -EINVAL);
	free(error);
	mpr_opts_free(opts);
}

UNIT_TEST(enumeration_lists_its_names)
{
	static const char *const names[] = {"writeback", "none", "directsync", NULL};
	struct mpr_opts *opts = parse("cache=directsync,mode=unsafe", NULL);
	unsigned value = 0;
	char *error = NULL;

	assert_int_equal(mpr_opts_get_enum(opts, "cache", names, &value, &error), 0);
	assert_int_equal(value, 2);
	assert_int_equal(mpr_opts_get_enum(opts, "mode", names, &value, &error), -EINVAL);
	assert_error(error, "-device cache=directsync,mode=unsafe: mode=unsafe is not writeback, "
			    "none or directsync");
	mpr_opts_free(opts);
}

UNIT_TEST(nearest_knows_when_nothing_is_near)
{
	static const char *const names[] = {"lsi53c895a", "scsi-hd", "id", NULL};

	assert_string_equal(mpr_nearest("lsi53c895", names), "lsi53c895a");
	assert_string_equal(mpr_nearest("scsi-cd", names), "scsi-hd");
	assert_null(mpr_nearest("e1000", names));
	assert_null(mpr_nearest("xy", names));
	assert_null(mpr_nearest("", names));
}

UNIT_TEST(json_is_an_option_string_too)
{
	struct mpr_opts *opts =
		parse("{\"driver\": \"scsi-hd\", \"scsi-id\": 3, \"x\": true, "
		      "\"file\": {\"filename\": \"a,b\", \"of\": {\"deep\": false}}}",
		      "driver");
	char *text = mpr_opts_format(opts, "driver");

	assert_string_equal(text, "scsi-hd,scsi-id=3,x=on,file.filename=a,,b,file.of.deep=off");
	assert_non_null(strstr(mpr_opts_text(opts), "-device {\"driver\": \"scsi-hd\""));
	free(text);
	mpr_opts_free(opts);
}

/* As a monitor gets it: parsed already. */
static int from_json(const char *text, struct mpr_opts **opts, char **error)
{
	struct json_object *object = json_tokener_parse(text);
	int ret = mpr_opts_from_json("device_add", object, "driver", opts, error);

	json_object_put(object);
	return ret;
}

UNIT_TEST(json_objects_are_flattened_and_quoted_as_typed)
{
	struct mpr_opts *opts = NULL;
	char *error = NULL;

	assert_int_equal(from_json("{\"id\": \"a,b\", \"driver\": \"raw\", \"n\": "
				   "18446744073709551615, \"file\": {\"of\": {\"deep\": true}}}",
				   &opts, &error),
			 0);
	assert_null(error);
	assert_string_equal(mpr_opts_text(opts), "device_add raw,id=a,,b,"
						 "n=18446744073709551615,file.of.deep=on");
	assert_string_equal(mpr_opts_get(opts, "id"), "a,b");
	mpr_opts_free(opts);
	assert_int_equal(mpr_opts_from_json("stop", NULL, NULL, &opts, &error), 0);
	assert_string_equal(mpr_opts_text(opts), "stop ");
	mpr_opts_free(opts);
}

UNIT_TEST(json_objects_that_are_no_option_are_refused)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{\"a\": 1.5}", "device_add: a member is neither a string, an integer, a truth "
				 "value nor an object"},
		{"{\"f\": {\"a\": null}}", "device_add: a member is neither a string, an integer, "
					   "a truth value nor an object"},
		{"{\"a\": \"x\\u0000y\"}", "device_add: a string has a zero byte"},
		{"{\"\": 1}", "device_add: a member's name is not that of an option"},
		{"{\"f\": {\"a,b\": 1}}", "device_add: a member's name is not that of an option"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mpr_opts *opts;
		char *error;

		assert_int_equal(from_json(cases[i].text, &opts, &error), -EINVAL);
		assert_error(error, cases[i].message);
	}
}

/* Dots stay in keys, and quotes are escaped. */
UNIT_TEST(values_become_json_strings)
{
	struct mpr_opts *opts = parse("scsi-hd,lun=1,x,file.driver=a,,\"b", "driver");
	struct json_object *object = mpr_opts_to_json(opts);

	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
			    "{\"driver\":\"scsi-hd\",\"lun\":\"1\",\"x\":\"on\","
			    "\"file.driver\":\"a,\\\"b\"}");
	json_object_put(object);
	mpr_opts_free(opts);
}

UNIT_TEST(json_that_is_no_option_is_refused)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{", "-device {: not JSON: unexpected end of data"},
		{"{} x", "-device {} x: not JSON: unexpected character"},
		{"{\"a\": null}",
		 "-device {\"a\": null}: a member is neither a string, an integer, "
		 "a truth value nor an object"},
		{"{\"a\": [1]}", "-device {\"a\": [1]}: a member is neither a string, an integer, "
				 "a truth value nor an object"},
		{"{\"a=b\": 1}", "-device {\"a=b\": 1}: a member's name is not that of an option"},
		{"{\"{\": 1}", "-device {\"{\": 1}: a member's name is not that of an option"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mpr_opts *opts;
		char *error;

		assert_int_equal(mpr_opts_parse("-device", cases[i].text, "driver", &opts, &error),
				 -EINVAL);
		assert_error(error, cases[i].message);
	}
}

UNIT_TEST(drivers_have_other_names)
{
	struct mpr_opts *opts = parse("lsi,id=a", "driver");

	assert_int_equal(mpr_opts_resolve_driver(opts), 0);
	assert_string_equal(mpr_opts_get(opts, "driver"), "lsi53c895a");
	assert_string_equal(mpr_opts_text(opts), "-device lsi,id=a");
	assert_string_equal(mpr_driver_alias("lsi53c895a"), "lsi");
	assert_null(mpr_driver_alias("scsi-hd"));
	mpr_opts_free(opts);
}

UNIT_TEST(values_are_set)
{
	struct mpr_opts *opts = parse("scsi-hd,lun=1", "driver");
	char *text;

	assert_int_equal(mpr_opts_set(opts, "lun", "2"), 0);
	assert_int_equal(mpr_opts_set(opts, "bus", "a.0"), 0);
	text = mpr_opts_format(opts, "driver");
	assert_string_equal(text, "scsi-hd,lun=2,bus=a.0");
	free(text);
	mpr_opts_free(opts);
}

UNIT_TEST(pairs_make_a_list_that_is_quoted_as_typed)
{
	struct mpr_opts *opts = mpr_opts_build("-device", "driver", "id", "a,b", "bus", NULL,
					       "driver", "scsi-hd", "id", "c", NULL);

	assert_string_equal(mpr_opts_text(opts), "-device scsi-hd,id=c");
	assert_null(mpr_opts_get(opts, "bus"));
	assert_int_equal(mpr_opts_set(opts, "id", "d"), 0);
	assert_string_equal(mpr_opts_text(opts), "-device scsi-hd,id=c");
	mpr_opts_free(opts);
}

UNIT_TEST(a_copy_is_a_list_of_its_own)
{
	struct mpr_opts *opts = parse("scsi-hd,lun=1,id=a", "driver");
	struct mpr_opts *copy = mpr_opts_copy(opts);
	char *text;

	assert_int_equal(mpr_opts_set(copy, "lun", "2"), 0);
	mpr_opts_remove(copy, "id");
	assert_string_equal(mpr_opts_get(opts, "lun"), "1");
	assert_string_equal(mpr_opts_get(opts, "id"), "a");
	mpr_opts_free(opts);
	assert_string_equal(mpr_opts_text(copy), "-device scsi-hd,lun=1,id=a");
	text = mpr_opts_format(copy, "driver");
	assert_string_equal(text, "scsi-hd,lun=2");
	free(text);
	mpr_opts_free(copy);
}

UNIT_TEST(one_list_is_laid_over_another)
{
	struct mpr_opts *opts = parse("scsi-hd,lun=1,id=a", "driver");
	struct mpr_opts *over = parse("serial=x,lun=2", NULL);
	char *text;

	assert_int_equal(mpr_opts_set_all(opts, over), 0);
	text = mpr_opts_format(opts, NULL);
	assert_string_equal(text, "driver=scsi-hd,lun=2,id=a,serial=x");
	free(text);
	mpr_opts_free(opts);
	mpr_opts_free(over);
}

/* At the front it would make the string JSON. */
UNIT_TEST(name_that_begins_as_json_is_refused)
{
	struct mpr_opts *opts;
	char *error;

	assert_int_equal(mpr_opts_parse("-drive", "id=d0,{a=x", NULL, &opts, &error), -EINVAL);
	assert_error(error, "-drive id=d0,{a=x: a property's name begins with '{'");
}
