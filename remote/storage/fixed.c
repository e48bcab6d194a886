/* SPDX-License-Identifier: MIT */
#include "remote/storage/fixed.h"

#include <errno.h>
#include <string.h>

const struct mpr_fixed *mpr_fixed_find(const struct mpr_fixed *fixed, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(fixed[i].key);

		if (fixed[i].key[len - 1] == '.' ? !strncmp(fixed[i].key, key, len)
						 : !strcmp(fixed[i].key, key))
			return &fixed[i];
	}
	return NULL;
}

static bool is_accepted(const struct mpr_fixed *property, const char *value)
{
	for (const char *const *accepted = property->values; *accepted; accepted++)
		if (!strcmp(*accepted, value))
			return true;
	return false;
}

int mpr_fixed_check(const struct mpr_opts *opts, const struct mpr_fixed *fixed, size_t count,
		    char **error)
{
	const char *key, *value;

	for (size_t i = 0; mpr_opts_item(opts, i, &key, &value); i++) {
		const struct mpr_fixed *property = mpr_fixed_find(fixed, count, key);

		if (!property || is_accepted(property, value))
			continue;
		*error = property->values[0]
				 ? mpr_errorf("%s: %s=%s is not supported, only %s is: %s",
					      mpr_opts_text(opts), key, value, property->values[0],
					      property->reason)
				 : mpr_errorf("%s: %s is not supported: %s", mpr_opts_text(opts),
					      key, property->reason);
		return -EINVAL;
	}
	return 0;
}
