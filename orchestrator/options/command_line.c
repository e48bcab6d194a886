/* SPDX-License-Identifier: MIT */
#include "orchestrator/options/command_line.h"

#include <stdlib.h>

#include "orchestrator/options/qemu_options.h"

const char *mpr_next_value(char *const *argv, int *at, const char *name)
{
	while (argv[*at]) {
		char *const *option = &argv[*at];

		*at += (int)mpr_option_words(option);
		if (mpr_is_option(option[0], name) && option[1])
			return option[1];
	}
	return NULL;
}

struct mpr_opts *mpr_next_option(char *const *argv, int *at, const char *name, const char *implied)
{
	struct mpr_opts *opts;
	const char *value;
	char *error;

	while ((value = mpr_next_value(argv, at, name))) {
		if (mpr_opts_parse(argv[*at - 2], value, implied, &opts, &error) == 0)
			return opts;
		free(error);
	}
	return NULL;
}

bool mpr_has_option(char *const *argv, const char *name)
{
	for (argv++; *argv; argv += mpr_option_words(argv))
		if (mpr_is_option(*argv, name))
			return true;
	return false;
}
