/* SPDX-License-Identifier: MIT */
/* The table of guest memory that a remote has. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/internal.h"
#include "proxy/memory_file.h"

/* A table being made, with one file descriptor for each distinct file. */
struct table {
	struct mpr_known_region *regions;
	size_t count;
	unsigned nfds;
	int fds[MPR_WIRE_MAX_FDS];
	struct stat files[MPR_WIRE_MAX_FDS];
};

/* The index of fd's file in the table; adds it if it is new. */
static int file_index(struct table *table, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	for (unsigned i = 0; i < table->nfds; i++) {
		if (table->files[i].st_dev == st.st_dev && table->files[i].st_ino == st.st_ino)
			return i;
	}
	if (table->nfds == MPR_WIRE_MAX_FDS)
		return -E2BIG;
	table->files[table->nfds] = st;
	table->fds[table->nfds] = fd;
	return table->nfds++;
}

static int add_region(struct table *table, const struct mpr_proxy_region *region)
{
	struct mpr_known_region *known = &table->regions[table->count];
	int file = file_index(table, region->fd);

	if (file < 0)
		return file;
	known->wire.address = region->address;
	known->wire.size = region->size;
	known->wire.offset = region->offset;
	known->wire.fd = file;
	known->wire.flags = region->read_only ? MPR_REGION_READ_ONLY : 0;
	known->dev = table->files[file].st_dev;
	known->ino = table->files[file].st_ino;
	table->count++;
	return 0;
}

static int make_table(struct table *table, const struct mpr_proxy_region *regions, size_t count)
{
	int ret = 0;

	if (count > MPR_WIRE_MAX_REGIONS)
		return -E2BIG;
	table->regions = calloc(count ? count : 1, sizeof(*table->regions));
	if (!table->regions)
		return -ENOMEM;
	for (size_t i = 0; i < count && !ret; i++)
		ret = add_region(table, &regions[i]);
	return ret;
}

static bool is_known(const struct mpr_proxy_device *device, const struct table *table)
{
	return device->regions && device->nregions == table->count &&
	       !memcmp(device->regions, table->regions, table->count * sizeof(*table->regions));
}

/* Opens the descriptors for the remote. On failure fds[] has those already opened. */
static int open_files(const struct table *table, int *fds, unsigned *nfds, bool *shrinks)
{
	*shrinks = false;
	for (*nfds = 0; *nfds < table->nfds; ++*nfds) {
		bool this = false;
		int fd = mpr_memory_file_open(table->fds[*nfds], &this);

		if (fd < 0)
			return fd;
		fds[*nfds] = fd;
		*shrinks |= this;
	}
	return 0;
}

/* Locking guest memory allocates all of it first, which takes time in proportion. */
static int time_for_table(const struct mpr_proxy_conn *conn)
{
	return mpr_proxy_conn_locks_memory(conn) ? MPR_LOCK_MEMORY_MS : MPR_LOCKED_MS;
}

static int send_regions(struct mpr_proxy_device *device, const struct table *table, const int *fds)
{
	struct mpr_wire_region *payload = malloc((table->count + 1) * sizeof(*payload));
	struct mpr_request request = {.type = MPR_WIRE_MEMORY,
				      .id = device->id,
				      .payload = payload,
				      .length = table->count * sizeof(*payload),
				      .fds = fds,
				      .nfds = table->nfds,
				      .timeout_ms = time_for_table(device->conn)};
	int ret;

	if (!payload)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++)
		payload[i] = table->regions[i].wire;
	ret = mpr_conn_request(device->conn, &request, NULL);
	free(payload);
	return ret;
}

static int send_table(struct mpr_proxy_device *device, const struct table *table)
{
	int fds[MPR_WIRE_MAX_FDS];
	unsigned nfds;
	bool shrinks;
	int ret = open_files(table, fds, &nfds, &shrinks);

	if (!ret)
		ret = send_regions(device, table, fds);
	if (!ret)
		device->memory_shrinks = shrinks;
	while (nfds)
		close(fds[--nfds]);
	return ret;
}

int mpr_proxy_set_memory(struct mpr_proxy_device *device, const struct mpr_proxy_region *regions,
			 size_t count)
{
	struct table table = {0};
	int ret = make_table(&table, regions, count);

	if (!ret && !is_known(device, &table)) {
		ret = send_table(device, &table);
		if (!ret) {
			free(device->regions);
			device->regions = table.regions;
			device->nregions = table.count;
			return 0;
		}
	}
	free(table.regions);
	return ret;
}

bool mpr_proxy_memory_shrinks(const struct mpr_proxy_device *device)
{
	return device->memory_shrinks;
}
