/* SPDX-License-Identifier: MIT */
/* Proves that the table has every option of the distribution's QEMU, that docs/qemu-options.md
 * (argv[1]) says the same, and that options which would hold for QEMU only are refused. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/options/qemu_options.h"
#include "orchestrator/plan/scopes.h"
#include "tests/common/unit.h"

static const char *page_path;

#define QEMU "qemu-system-x86_64"

/* QEMU's standard output followed by its standard error, when it is run with these words. */
static char *qemu_says(const char *first, const char *second)
{
	char *argv[] = {QEMU, (char *)first, (char *)second, NULL}, *out, *err, *said;

	assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
				 NULL, NULL));
	said = g_strconcat(out, err, NULL);
	g_free(out);
	g_free(err);
	return said;
}

/* "-fda/-fdb file  use ..." or "-h or -help     display ..." */
static void check_line(const char *line)
{
	do {
		size_t len = strcspn(line, "/ \n");
		g_autofree char *name = g_strndup(line, len);

		if (!mpr_qemu_option(name))
			fail_msg("nobody has decided what QEMU's %s means for remote processes",
				 name);
		line += len;
		line += *line == '/' ? 1 : !strncmp(line, " or -", 5) ? 4 : 0;
	} while (*line == '-');
}

UNIT_TEST(every_option_is_decided)
{
	g_autofree char *help = qemu_says("-help", NULL);
	g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
	int count = 0;

	for (char **line = lines; *line; line++) {
		if (**line != '-')
			continue;
		check_line(*line);
		count++;
	}
	assert_in_range(count, 100, 1000); /* it was the whole list */
}

/* QEMU parses all options before it does anything, and complains of a missing value. */
UNIT_TEST(arguments_are_where_qemu_has_them)
{
	for (const struct mpr_qemu_option *option = mpr_qemu_options; option->name; option++) {
		g_autofree char *word = g_strconcat("-", option->name, NULL);
		g_autofree char *said = qemu_says(word, option->argument ? NULL : "-no-such");
		const char *expected =
			option->argument ? "requires an argument" : "-no-such: invalid option";
		g_autofree char *later = g_strconcat(word, ": invalid option", NULL);

		if (!strstr(said, expected) && !strstr(said, later))
			fail_msg("%s %s an argument, but QEMU says: %s", word,
				 option->argument ? "has" : "has not", said);
	}
}

static char *row(const struct mpr_qemu_option *option)
{
	static const char *const scopes[] = {
		[MPR_QEMU_ONLY] = "QEMU",
		[MPR_BOTH] = "both",
		[MPR_REFUSED] = "refused",
	};

	return g_strdup_printf("| `-%s%s%s` | %s | %s |\n", option->name, option->key ? " " : "",
			       option->key ? option->key : "", scopes[option->scope], option->why);
}

UNIT_TEST(the_page_says_what_the_code_does)
{
	g_autofree char *page = NULL;
	const char *at;
	int rows = 0, options = 0;

	assert_true(g_file_get_contents(page_path, &page, NULL, NULL));
	for (const struct mpr_qemu_option *option = mpr_qemu_options; option->name; option++) {
		g_autofree char *expected = row(option);

		if (!strstr(page, expected))
			fail_msg("%s lacks the line:\n%s", page_path, expected);
		options++;
	}
	for (at = page; (at = strstr(at, "\n| `-")); at++)
		rows++;
	assert_int_equal(rows, options);
}

UNIT_TEST(half_options_are_refused)
{
	static const struct {
		char *argv[6];
		const char *message; /* NULL: it is accepted */
	} cases[] = {
		{{"qemu", "-snapshot"}, "-snapshot: remote disks have no temporary copies"},
		{{"qemu", "--loadvm", "x"}, "--loadvm: the state of remote devices and disks"},
		{{"qemu", "-incoming", "defer"}, "-incoming: the state of remote devices"},
		{{"qemu", "-icount", "shift=1,rr=record"}, "-icount: what remote devices do"},
		{{"qemu", "-icount", "shift=1"}, NULL},
		{{"qemu", "-snapshots"}, "-snapshots: no such option (did you mean -snapshot?)"},
		{{"qemu", "-rdevices", "x"}, "-rdevices: no such option (did you mean -rdevice?)"},
		{{"qemu", "-something-of-later"}, "it is not known what this option means"},
		{{"qemu", "-append", "-snapshot", "-name", "-incoming"}, NULL},
		{{"qemu", "disk.img", "-S", "-rdevice", "-snapshot"}, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *error = NULL;
		int err = mpr_check_scopes(cases[i].argv, &error);

		assert_int_equal(err, cases[i].message ? -EINVAL : 0);
		if (cases[i].message && !strstr(error, cases[i].message))
			fail_msg("'%s' lacks '%s'", error, cases[i].message);
		free(error);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	page_path = argv[1];
	return unit_run(NULL, NULL);
}
