/* SPDX-License-Identifier: MIT */
/* Aliases of drivers, which QEMU has too. */
#include <errno.h>
#include <string.h>

#include "opts/opts.h"

static const struct {
	const char *alias, *driver;
} aliases[] = {
	{"lsi", "lsi53c895a"},
};

#define COUNT (sizeof(aliases) / sizeof(aliases[0]))

const char *mpr_driver_alias(const char *driver)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(aliases[i].driver, driver))
			return aliases[i].alias;
	return NULL;
}

int mpr_opts_resolve_driver(struct mpr_opts *opts)
{
	const char *name = mpr_opts_get(opts, "driver");

	for (size_t i = 0; name && i < COUNT; i++)
		if (!strcmp(aliases[i].alias, name))
			return mpr_opts_set(opts, "driver", aliases[i].driver);
	return 0;
}
