/* SPDX-License-Identifier: MIT */
#include "orchestrator/locate.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"

const struct mpr_program mpr_program_remote = {
	.name = "mpring-remote",
	.environment = "MPRING_REMOTE",
	.build = "../remote",
	.mode = X_OK,
};

const struct mpr_program mpr_program_qemu = {
	.name = "mpring-qemu.so",
	.environment = "MPRING_QEMU_SO",
	.build = "../proxy/qemu",
	.mode = R_OK,
};

static char *usable(const struct mpr_program *program, const char *path)
{
	return access(path, program->mode) == 0 ? realpath(path, NULL) : NULL;
}

static char *named_by_environment(const struct mpr_program *program, const char *path, char **error)
{
	char *found = usable(program, path);

	if (!found)
		*error = mpr_need_text("%s cannot be used: %s=%s: %s", program->name,
				       program->environment, path, strerror(errno));
	return found;
}

/* The folder of this program; "." if /proc does not tell. */
static char *own_folder(void)
{
	char path[PATH_MAX] = "";
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return mpr_need_text("%s", len > 0 ? dirname(path) : ".");
}

static char *search(const struct mpr_program *program, const char *own, char **error)
{
	const char *folders[] = {".", program->build, "../libexec/mpring"};
	char *looked = mpr_need_text("%s", "");
	char *found = NULL;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !found; i++) {
		char *path = mpr_need_text("%s/%s/%s", own, folders[i], program->name);
		char *longer = mpr_need_text("%s%s%s", looked, i ? ", " : "", path);

		found = usable(program, path);
		free(path);
		free(looked);
		looked = longer;
	}
	if (!found)
		*error = mpr_need_text("%s was not found; looked for %s. Set %s to its path",
				       program->name, looked, program->environment);
	free(looked);
	return found;
}

char *mpr_locate(const struct mpr_program *program, char **error)
{
	const char *named = getenv(program->environment);
	char *own, *found;

	if (named && *named)
		return named_by_environment(program, named, error);
	own = own_folder();
	found = search(program, own, error);
	free(own);
	return found;
}
