/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/remote_machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/options/remote_option.h"

static const char *const properties[] = {"poll-us", "cpu", "numa-node"};

#define COUNT (sizeof(properties) / sizeof(properties[0]))

/* The value that the first `count` options have for a property of process `rid`, or NULL. */
static const char *said(const GPtrArray *options, size_t count, uint64_t rid, const char *property)
{
	for (size_t i = 0; i < count; i++) {
		const struct mpr_remote_option *option = options->pdata[i];
		const char *value = mpr_remote_option_get(option, property);

		if (option->kind == MPR_REMOTE_ADAPTER && option->rid == rid && value)
			return value;
	}
	return NULL;
}

int mpr_remote_machine_check(const GPtrArray *options, size_t index, char **error)
{
	const struct mpr_remote_option *option = options->pdata[index];

	if (option->kind != MPR_REMOTE_ADAPTER)
		return 0;
	for (size_t i = 0; i < COUNT; i++) {
		const char *value = mpr_remote_option_get(option, properties[i]);
		const char *before = said(options, index, option->rid, properties[i]);

		if (!value || !before || !strcmp(value, before))
			continue;
		*error = mpr_need_text("%s: %s=%s, but %s=%s was said before of the same process "
				       "(rid %llu)",
				       mpr_opts_text(option->opts), properties[i], value,
				       properties[i], before, (unsigned long long)option->rid);
		return -EINVAL;
	}
	return 0;
}

/* poll-us= may come later: it is also a property of the adapter's proxy. */
int mpr_remote_machine_check_running(const GPtrArray *options, size_t index, char **error)
{
	const struct mpr_remote_option *option = options->pdata[index];

	for (size_t i = 0; i < COUNT; i++) {
		const char *value = mpr_remote_option_get(option, properties[i]);

		if (option->kind != MPR_REMOTE_ADAPTER || !value ||
		    said(options, index, option->rid, properties[i]) ||
		    !strcmp(properties[i], "poll-us"))
			continue;
		*error = mpr_need_text("%s: %s= must be said when the process of rid %llu is "
				       "started, and it runs already",
				       mpr_opts_text(option->opts), properties[i],
				       (unsigned long long)option->rid);
		return -EINVAL;
	}
	return mpr_remote_machine_check(options, index, error);
}

char *mpr_remote_machine_value(const GPtrArray *options, uint64_t rid)
{
	struct mpr_opts *machine =
		mpr_need(mpr_opts_build("-machine", "type", "type", "x-remote", NULL));
	char *text = NULL;
	bool any = false;

	for (size_t i = 0; i < COUNT; i++) {
		const char *value = said(options, options->len, rid, properties[i]);

		if (!value)
			continue;
		mpr_need_ok(mpr_opts_set(machine, properties[i], value));
		any = true;
	}
	if (any)
		text = mpr_need(mpr_opts_format(machine, "type"));
	mpr_opts_free(machine);
	return text;
}
