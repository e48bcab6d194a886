/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/shared_memory.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/options/command_line.h"

#define REMEDY "-object memory-backend-memfd,id=mem,size=SIZE -machine memory-backend=mem"

/* What is wrong with a backend (free() it), or NULL: device processes can map its memory. */
static char *wrong_backend(const struct mpr_opts *opts)
{
	const char *type = mpr_opts_get(opts, "qom-type");
	bool share = !g_strcmp0(type, "memory-backend-memfd");
	char *error;

	if (!g_strcmp0(type, "memory-backend-ram"))
		return mpr_need_text("%s: this memory cannot be shared with device processes: make "
				     "it a memory-backend-memfd",
				     mpr_opts_text(opts));
	if (!share && g_strcmp0(type, "memory-backend-file"))
		return NULL;
	if (mpr_opts_get_bool(opts, "share", &share, &error) < 0)
		return error;
	return share ? NULL
		     : mpr_need_text("%s: the guest's memory must be shared with device "
				     "processes: say share=on",
				     mpr_opts_text(opts));
}

/* Checks the backend with that id. If there is none, QEMU will report it. */
static int check_backend(char *const *argv, const char *id, char **error)
{
	struct mpr_opts *opts;
	int at = 1;

	*error = NULL;
	while (!*error && (opts = mpr_next_option(argv, &at, "object", "qom-type"))) {
		if (!g_strcmp0(mpr_opts_get(opts, "id"), id))
			*error = wrong_backend(opts);
		mpr_opts_free(opts);
	}
	return *error ? -EINVAL : 0;
}

/* Checks the backends that options of that name refer to by `key`; adds their number to *used. */
static int check_users(char *const *argv, const char *name, const char *implied, const char *key,
		       unsigned *used, char **error)
{
	struct mpr_opts *opts;
	int at = 1, err = 0;

	while (!err && (opts = mpr_next_option(argv, &at, name, implied))) {
		const char *id = mpr_opts_get(opts, key);

		if (id)
			err = check_backend(argv, id, error);
		*used += id != NULL;
		mpr_opts_free(opts);
	}
	return err;
}

static int no_backend_is_used(char *const *argv, char **error)
{
	struct mpr_opts *opts;
	int at = 1;

	*error = NULL;
	while (!*error && (opts = mpr_next_option(argv, &at, "object", "qom-type"))) {
		const char *type = mpr_opts_get(opts, "qom-type"), *id = mpr_opts_get(opts, "id");

		if (type && id && g_str_has_prefix(type, "memory-backend-"))
			*error = mpr_need_text("%s: nothing uses this memory: add -machine "
					       "memory-backend=%s or -numa node,memdev=%s",
					       mpr_opts_text(opts), id, id);
		mpr_opts_free(opts);
	}
	if (!*error)
		*error = mpr_need_text("the guest's memory is not shared with device processes: "
				       "add " REMEDY);
	return -EINVAL;
}

int mpr_check_memory(char *const *argv, char **error)
{
	unsigned used = 0;
	int err = check_users(argv, "machine", "type", "memory-backend", &used, error);

	if (!err)
		err = check_users(argv, "M", "type", "memory-backend", &used, error);
	if (!err)
		err = check_users(argv, "numa", "type", "memdev", &used, error);
	return err || used ? err : no_backend_is_used(argv, error);
}
