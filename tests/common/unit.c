/* SPDX-License-Identifier: MIT */
#include "tests/common/unit.h"

#include <stdlib.h>

static struct unit_case *first;
static size_t count;

void unit_add(struct unit_case *unit)
{
	struct unit_case **at = &first;

	while (*at && (*at)->line < unit->line)
		at = &(*at)->next;
	unit->next = *at;
	*at = unit;
	count++;
}

int unit_run(CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	size_t n = 0;
	int failed;

	if (!tests)
		return 1;
	for (const struct unit_case *unit = first; unit; unit = unit->next)
		tests[n++] = unit->test;
	failed = _cmocka_run_group_tests("tests", tests, count, set_up, tear_down);
	free(tests);
	return failed;
}
