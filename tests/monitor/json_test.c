/* SPDX-License-Identifier: MIT */
/* Proves that a member of a peer's message is found if it is of the type that is asked
 * for, and in no other case, whatever it is looked for in. */

#include "monitor/json.h"
#include "tests/common/unit.h"

static const char *const values[] = {
	"null",	 "true", "false", "0",	     "5",	    "-1", "1.5",
	"\"a\"", "\"\"", "[]",	  "[\"k\"]", "{\"k\": {}}", "{}", "99999999999999999999999",
};

#define VALUES (sizeof(values) / sizeof(values[0]))

static struct json_object *parse(const char *text)
{
	enum json_tokener_error error;
	struct json_object *object = json_tokener_parse_verbose(text, &error);

	assert_int_equal(error, json_tokener_success);
	return object;
}

static void assert_nothing_in(struct json_object *object)
{
	assert_null(mpr_json_get(object, "none"));
	assert_null(mpr_json_get_string(object, "none"));
	assert_false(mpr_json_get_true(object, "none"));
	assert_int_equal(mpr_json_get_int(object, "none", 0, 9, -7), -7);
	for (enum json_type type = json_type_null; type <= json_type_string; type++)
		assert_null(mpr_json_get_typed(object, "none", type));
}

UNIT_TEST(nothing_is_found_where_nothing_is)
{
	assert_nothing_in(NULL);
	assert_int_equal(mpr_json_length(NULL), 0);
	assert_null(mpr_json_string(NULL));
	for (size_t i = 0; i < VALUES; i++) {
		struct json_object *object = parse(values[i]);

		assert_nothing_in(object);
		json_object_put(object);
	}
}

/* A member "k" with each value is what it is and nothing else. */
UNIT_TEST(members_are_of_their_type_only)
{
	for (size_t i = 0; i < VALUES; i++) {
		struct json_object *object = json_object_new_object();
		struct json_object *value = parse(values[i]);
		enum json_type is = json_object_get_type(value);

		json_object_object_add(object, "k", value);
		assert_ptr_equal(mpr_json_get(object, "k"), value);
		for (enum json_type type = json_type_boolean; type <= json_type_string; type++)
			assert_ptr_equal(mpr_json_get_typed(object, "k", type),
					 type == is ? value : NULL);
		assert_int_equal(mpr_json_get_string(object, "k") != NULL, is == json_type_string);
		assert_int_equal(mpr_json_get_true(object, "k"), i == 1);
		assert_int_equal(mpr_json_get_int(object, "k", 1, 9, -7), i == 4 ? 5 : -7);
		assert_int_equal(mpr_json_length(value), i == 10 ? 1 : 0);
		json_object_put(object);
	}
}

UNIT_TEST(a_zero_byte_makes_no_string)
{
	struct json_object *object = parse("{\"k\": \"STOP\\u0000\", \"l\": \"STOP\"}");

	assert_null(mpr_json_get_string(object, "k"));
	assert_string_equal(mpr_json_get_string(object, "l"), "STOP");
	json_object_put(object);
}
