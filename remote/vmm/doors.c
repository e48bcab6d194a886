/* SPDX-License-Identifier: MIT */
#include "remote/vmm/doors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "opts/opts.h"
#include "remote/process/log.h"
#include "remote/vmm/listener.h"
#include "remote/vmm/protocols.h"
#include "ring/discard.h"

/* More connections than this are hung up on. */
#define MAX_CONNECTIONS 256

struct mpr_door {
	struct mpr_door *next;
	struct mpr_doors *doors;
	struct mpr_endpoint *endpoint;
	struct mpr_listener *listener; /* NULL: a socket was given */
	struct mpr_connection *connections;
	bool used; /* somebody said hello */
};

/* ---- Connections -------------------------------------------------------- */

static int connect_peer(struct mpr_door *door, int sock)
{
	struct mpr_doors *doors = door->doors;
	struct mpr_connection *connection;
	int ret = mpr_connection_create(sock, &door->endpoint->offer, doors->watcher, doors->ram,
					&mpr_any_protocol, &connection);

	if (ret < 0)
		return ret;
	connection->next = door->connections;
	door->connections = connection;
	doors->connections++;
	return 0;
}

static void disconnect(struct mpr_door *door, struct mpr_connection **link)
{
	struct mpr_connection *connection = *link;

	*link = connection->next;
	mpr_connection_destroy(connection);
	door->doors->connections--;
}

static void on_accept(int fd, void *opaque)
{
	struct mpr_door *door = opaque;
	int ret = door->doors->connections < MAX_CONNECTIONS ? connect_peer(door, fd) : -EMFILE;

	if (ret == 0)
		return;
	mpr_log(NULL, "%s: connection refused: %s", door->endpoint->path, strerror(-ret));
	mpr_discard_socket(fd);
}

/* ---- A door ------------------------------------------------------------- */

static int listen_at(struct mpr_door *door, char **error)
{
	const char *path = door->endpoint->path;
	int ret = mpr_listener_create(path, door->doors->watcher, on_accept, door, &door->listener);

	if (ret == -EADDRINUSE)
		*error = mpr_errorf("path=%s: another process listens there, or it is not a socket",
				    path);
	else if (ret < 0)
		*error = mpr_errorf("path=%s: cannot listen: %s", path, strerror(-ret));
	return ret;
}

static int open_door(void *opaque, struct mpr_endpoint *endpoint, char **error)
{
	struct mpr_doors *doors = opaque;
	struct mpr_door *door = calloc(1, sizeof(*door));
	int ret;

	if (!door)
		return -ENOMEM;
	door->doors = doors;
	door->endpoint = endpoint;
	door->used = !endpoint->path;
	ret = endpoint->path ? listen_at(door, error) : connect_peer(door, endpoint->fd);
	if (ret < 0) {
		free(door);
		return ret;
	}
	door->next = doors->first;
	doors->first = door;
	return 0;
}

static void free_door(struct mpr_door **link)
{
	struct mpr_door *door = *link;

	*link = door->next;
	mpr_listener_destroy(door->listener);
	while (door->connections)
		disconnect(door, &door->connections);
	free(door);
}

static void close_door(void *opaque, struct mpr_endpoint *endpoint)
{
	struct mpr_doors *doors = opaque;
	struct mpr_door **link = &doors->first;

	while (*link && (*link)->endpoint != endpoint)
		link = &(*link)->next;
	if (*link)
		free_door(link);
}

/* True when it did something. */
static bool step_door(struct mpr_door *door)
{
	struct mpr_connection **link = &door->connections;
	bool worked = false;

	while (*link) {
		struct mpr_connection *connection = *link;

		worked |= mpr_connection_step(connection);
		mpr_connection_check(connection);
		door->used |= connection->greeted;
		if (!connection->ended) {
			link = &connection->next;
			continue;
		}
		disconnect(door, link);
		door->doors->served |= door->used;
		worked = true;
	}
	return worked;
}

/* A socket that was given goes with the VMM: its number may become another file's. */
static bool is_gone(const struct mpr_door *door)
{
	return !door->endpoint->path && !door->connections;
}

/* ---- All of them -------------------------------------------------------- */

int mpr_doors_open(struct mpr_doors *doors, char **error)
{
	struct mpr_endpoints *endpoints = doors->endpoints;
	int ret = 0;

	endpoints->doors = (struct mpr_door_ops){open_door, close_door, doors};
	for (size_t i = 0; ret == 0 && i < endpoints->count; i++)
		ret = open_door(doors, endpoints->list[i], error);
	return ret;
}

void mpr_doors_close(struct mpr_doors *doors)
{
	while (doors->first)
		free_door(&doors->first);
}

bool mpr_doors_step(struct mpr_doors *doors)
{
	struct mpr_door **link = &doors->first;
	bool worked = false;

	while (*link && !doors->stopped) {
		struct mpr_endpoint *endpoint = (*link)->endpoint;

		worked |= step_door(*link);
		if (!is_gone(*link)) {
			link = &(*link)->next;
			continue;
		}
		free_door(link);
		mpr_endpoint_free(doors->endpoints, endpoint);
	}
	return worked;
}

bool mpr_doors_in_use(const struct mpr_doors *doors)
{
	for (const struct mpr_door *door = doors->first; door; door = door->next)
		if (door->connections || !door->used)
			return true;
	return false;
}

void mpr_doors_stop(struct mpr_doors *doors)
{
	doors->stopped = true;
	for (struct mpr_door *door = doors->first; door; door = door->next) {
		mpr_listener_destroy(door->listener);
		door->listener = NULL;
	}
}

static void keep_socket(const struct mpr_doors *doors, const struct mpr_connection *connection)
{
	int ret = 0;

	if (!connection->ended)
		ret = mpr_uring_keep_file(doors->watcher->uring, connection->sock);
	if (ret < 0)
		mpr_log(NULL, "a VMM may believe too early that no I/O is under way: %s",
			strerror(-ret));
}

void mpr_doors_keep_sockets(const struct mpr_doors *doors)
{
	for (const struct mpr_door *door = doors->first; door; door = door->next)
		for (const struct mpr_connection *c = door->connections; c; c = c->next)
			keep_socket(doors, c);
}
