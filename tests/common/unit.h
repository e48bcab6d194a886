/* SPDX-License-Identifier: MIT */
/* cmocka, with the headers that it wants to find before itself, and tests that need no list. */
#ifndef MPR_TESTS_COMMON_UNIT_H
#define MPR_TESTS_COMMON_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A test that the program has noted before main(): see UNIT_TEST(). */
struct unit_case {
	struct CMUnitTest test;
	struct unit_case *next;
	int line; /* they run in the order of their lines */
};

void unit_add(struct unit_case *unit);

/*
 * UNIT_TEST(name) { ... } is a test of a program that has one source with tests. It is run
 * without being listed, so that none is forgotten. `state` is as cmocka has it.
 */
#define UNIT_TEST(name) UNIT_TEST_WITH(name, NULL, NULL)
#define UNIT_TEST_WITH(name, set_up, tear_down)                                                    \
	static void name(void **state);                                                            \
	__attribute__((constructor)) static void add_##name(void)                                  \
	{                                                                                          \
		static struct unit_case unit = {                                                   \
			cmocka_unit_test_setup_teardown(name, set_up, tear_down), NULL, __LINE__}; \
		unit_add(&unit);                                                                   \
	}                                                                                          \
	static void name(void **state __attribute__((unused)))

/* Runs them all, between the two (NULL: none). How many failed. A program without a main()
 * of its own gets one that does just this. */
int unit_run(CMFixtureFunction set_up, CMFixtureFunction tear_down);

#endif
