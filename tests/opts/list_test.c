/* SPDX-License-Identifier: MIT */
/* Proves that a list keeps the order of its options, and that a taken id is refused with
 * both options named. */
#include <errno.h>
#include <stdlib.h>

#include "opts/list.h"
#include "opts/names.h"
#include "tests/common/unit.h"

static struct mpr_opts *add(struct mpr_option_list *list, const char *text)
{
	struct mpr_opts *opts;
	char *error;

	assert_int_equal(mpr_opts_parse("-drive", text, NULL, &opts, &error), 0);
	assert_int_equal(mpr_option_add(list, opts), 0);
	return opts;
}

UNIT_TEST(options_are_found_by_id_and_removed)
{
	struct mpr_option_list list = {0};
	struct mpr_opts *first = add(&list, "id=a"), *nameless = add(&list, "file=x");
	struct mpr_opts *last = add(&list, "id=c");

	assert_ptr_equal(mpr_option_find(&list, "c"), last);
	assert_null(mpr_option_find(&list, "x"));
	mpr_option_remove(&list, first);
	assert_null(mpr_option_find(&list, "a"));
	assert_int_equal(list.count, 2);
	assert_ptr_equal(list.opts[0], nameless);
	assert_ptr_equal(list.opts[1], last);
	mpr_opts_free(first);
	mpr_option_list_free(&list);
	assert_int_equal(list.count, 0);
}

UNIT_TEST(taken_id_names_both_options)
{
	struct mpr_option_list list = {0};
	struct mpr_opts *first = add(&list, "id=a,file=x"), *nameless = add(&list, "file=y");
	struct mpr_opts *second = add(&list, "id=a,file=z");
	char *error = NULL;

	assert_int_equal(mpr_option_check_id(&list, first, &error), 0);
	assert_int_equal(mpr_option_check_id(&list, nameless, &error), 0);
	assert_null(error);
	assert_int_equal(mpr_option_check_id(&list, second, &error), -EEXIST);
	assert_string_equal(error, "-drive id=a,file=z: id \"a\" is taken by -drive id=a,file=x");
	free(error);
	mpr_option_remove(&list, first);
	assert_int_equal(mpr_option_check_id(&list, first, &error), -EEXIST);
	free(error);
	mpr_opts_free(first);
	mpr_option_list_free(&list);
}

static const char *name(size_t i, const void *opaque)
{
	const char *const *names = opaque;

	return names[i];
}

UNIT_TEST(names_are_listed_for_a_message)
{
	static const char *const names[] = {"d0", "d1"};
	static const char *const expected[] = {"there is none", "there is: d0", "there is: d0, d1"};

	for (size_t count = 0; count < 3; count++) {
		char *text = mpr_names(count, name, names);

		assert_string_equal(text, expected[count]);
		free(text);
	}
}
