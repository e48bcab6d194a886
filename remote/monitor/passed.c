/* SPDX-License-Identifier: MIT */
#include "remote/monitor/passed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring/discard.h"

static size_t index_of(const struct mpr_passed_fds *fds, const char *name)
{
	size_t i = 0;

	while (i < fds->count && strcmp(fds->list[i].name, name))
		i++;
	return i;
}

int mpr_passed_add(struct mpr_passed_fds *fds, const char *name, int fd)
{
	size_t i = index_of(fds, name);

	if (i < fds->count) {
		mpr_discard(fds->list[i].fd);
		fds->list[i].fd = fd;
		return 0;
	}
	if (i == MPR_PASSED_MAX)
		return -ENOSPC;
	fds->list[i].name = strdup(name);
	if (!fds->list[i].name)
		return -ENOMEM;
	fds->list[i].fd = fd;
	fds->count++;
	return 0;
}

int mpr_passed_find(const struct mpr_passed_fds *fds, const char *name)
{
	size_t i = index_of(fds, name);

	return i < fds->count ? fds->list[i].fd : -1;
}

int mpr_passed_take(struct mpr_passed_fds *fds, const char *name)
{
	size_t i = index_of(fds, name);
	int fd = fds->list[i].fd;

	free(fds->list[i].name);
	fds->list[i] = fds->list[--fds->count];
	return fd;
}

void mpr_passed_free(struct mpr_passed_fds *fds)
{
	while (fds->count)
		mpr_discard(mpr_passed_take(fds, fds->list[0].name));
}
