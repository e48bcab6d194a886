/* SPDX-License-Identifier: MIT */
#include "remote/vmm/endpoints.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct mpr_endpoint *mpr_endpoint_add(struct mpr_endpoints *endpoints, int fd, const char *path)
{
	struct mpr_endpoint **grown =
		reallocarray(endpoints->list, endpoints->count + 1, sizeof(struct mpr_endpoint *));
	struct mpr_endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (grown)
		endpoints->list = grown;
	if (!grown || !endpoint) {
		free(endpoint);
		return NULL;
	}
	endpoint->fd = fd;
	endpoint->path = path;
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	endpoints->list[endpoints->count++] = endpoint;
	return endpoint;
}

void mpr_endpoint_free(struct mpr_endpoints *endpoints, struct mpr_endpoint *endpoint)
{
	size_t i = 0;

	while (endpoints->list[i] != endpoint)
		i++;
	endpoints->count--;
	memmove(&endpoints->list[i], &endpoints->list[i + 1],
		(endpoints->count - i) * sizeof(*endpoints->list));
	free(endpoint->offer.hosted);
	free(endpoint);
}

static bool is_at(const struct mpr_endpoint *endpoint, int fd, const char *path)
{
	if (path)
		return endpoint->path && !strcmp(endpoint->path, path);
	return !endpoint->path && endpoint->fd == fd;
}

struct mpr_endpoint *mpr_endpoint_find(const struct mpr_endpoints *endpoints, int fd,
				       const char *path)
{
	for (size_t i = 0; i < endpoints->count; i++)
		if (is_at(endpoints->list[i], fd, path))
			return endpoints->list[i];
	return NULL;
}

struct mpr_endpoint *mpr_endpoint_default(const struct mpr_endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->count; i++)
		if (endpoints->list[i]->is_default)
			return endpoints->list[i];
	return NULL;
}

static struct mpr_endpoint *endpoint_of(const struct mpr_endpoints *endpoints,
					const struct mpr_hosted *hosted)
{
	for (size_t i = 0; i < endpoints->count; i++)
		for (size_t j = 0; j < endpoints->list[i]->offer.count; j++)
			if (endpoints->list[i]->offer.hosted[j] == hosted)
				return endpoints->list[i];
	return NULL;
}

void mpr_endpoints_withdraw(struct mpr_endpoints *endpoints, const struct mpr_hosted *hosted)
{
	struct mpr_endpoint *endpoint = endpoint_of(endpoints, hosted);

	if (!endpoint)
		return;
	mpr_hosted_list_remove(&endpoint->offer, hosted);
	if (endpoint->offer.count || endpoint->is_default)
		return;
	endpoints->doors.close(endpoints->doors.opaque, endpoint);
	mpr_endpoint_free(endpoints, endpoint);
}
