/* SPDX-License-Identifier: MIT */
/* Connecting to remotes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/internal.h"
#include "ring/discard.h"

#define FEATURES                                                                         \
	(MPR_FEATURE_INTX_EVENTFD | MPR_FEATURE_INTX_RESAMPLE | MPR_FEATURE_BAR_MEMORY | \
	 MPR_FEATURE_LOCKED_MEMORY | MPR_FEATURE_REPORT_DMA | MPR_FEATURE_NODE)

/* All connections, so that devices with the same socket share one. */
static struct mpr_proxy_conn *connections;

static int say_hello(struct mpr_proxy_conn *conn, char **error)
{
	struct mpr_wire_hello hello = {.magic = MPR_WIRE_MAGIC,
				       .version_min = MPR_WIRE_VERSION,
				       .version_max = MPR_WIRE_VERSION,
				       .features = FEATURES};
	struct mpr_request request = {.type = MPR_WIRE_HELLO,
				      .payload = &hello,
				      .length = sizeof(hello),
				      .timeout_ms = MPR_ANSWER_MS};
	const struct mpr_wire_hello *theirs = (const void *)conn->answer.payload;
	int ret = mpr_conn_request(conn, &request, error);

	if (ret)
		return ret;
	if (theirs->version_min > MPR_WIRE_VERSION || theirs->version_max < MPR_WIRE_VERSION) {
		mpr_set_error(error,
			      "socket %d: the remote speaks protocol versions %u to %u, this side "
			      "speaks %u; install proxy and remote of the same release",
			      conn->fd, theirs->version_min, theirs->version_max, MPR_WIRE_VERSION);
		return -EPROTONOSUPPORT;
	}
	conn->features = theirs->features & FEATURES;
	return 0;
}

static int check_socket(int fd, char **error)
{
	int domain = -1, type = -1;
	socklen_t length = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0) {
		int err = errno;

		mpr_set_error(error, "file descriptor %d is no socket: %s", fd, strerror(err));
		return -err;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || domain != AF_UNIX ||
	    type != SOCK_STREAM) {
		mpr_set_error(error, "file descriptor %d is no Unix stream socket", fd);
		return -EINVAL;
	}
	return 0;
}

/* Says hello on a socket of its own. The socket stays the caller's on failure. */
static int connect_new(int fd, struct mpr_proxy_conn **conn, char **error)
{
	struct mpr_proxy_conn *c;
	int ret = check_socket(fd, error);

	if (ret)
		return ret;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->fd = fd;
	c->refs = 1;
	pthread_mutex_init(&c->lock, NULL);
	/* An inherited socket is this process's, not that of its children. */
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	mpr_discard_prepare(fd);
	ret = say_hello(c, error);
	if (ret) {
		free(c);
		return ret;
	}
	c->next = connections;
	connections = c;
	*conn = c;
	return 0;
}

int mpr_proxy_connect_fd(int fd, struct mpr_proxy_conn **conn, char **error)
{
	for (struct mpr_proxy_conn *c = connections; c; c = c->next) {
		if (c->fd == fd) {
			c->refs++;
			*conn = c;
			return 0;
		}
	}
	return connect_new(fd, conn, error);
}

/* EAGAIN: the listener's queue is full. 0, or -1 with errno. */
static int connect_patiently(int fd, const struct sockaddr_un *address)
{
	struct mpr_patience patience = mpr_patience_of(MPR_ANSWER_MS);
	int ret;

	while ((ret = connect(fd, (const struct sockaddr *)address, sizeof(*address))) < 0 &&
	       errno == EAGAIN && mpr_patience_left(&patience))
		usleep(10000);
	return ret;
}

static int open_path(const char *path, char **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path)) {
		mpr_set_error(error, "socket path '%s' is longer than %zu bytes", path,
			      sizeof(address.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect_patiently(fd, &address) == 0)
		return fd;
	err = errno;
	if (fd >= 0)
		close(fd);
	mpr_set_error(error, "cannot connect to '%s': %s; is the remote running?", path,
		      strerror(err));
	return -err;
}

int mpr_proxy_connect_path(const char *path, struct mpr_proxy_conn **conn, char **error)
{
	int fd = open_path(path, error);
	int ret;

	if (fd < 0)
		return fd;
	ret = connect_new(fd, conn, error);
	if (ret)
		mpr_discard_socket(fd);
	return ret;
}

void mpr_proxy_disconnect(struct mpr_proxy_conn *conn)
{
	struct mpr_proxy_conn **link = &connections;

	if (--conn->refs)
		return;
	while (*link != conn)
		link = &(*link)->next;
	*link = conn->next;
	mpr_discard_socket(conn->fd);
	free(conn);
}

int mpr_proxy_report_dma(struct mpr_proxy_conn *conn)
{
	if (!(conn->features & MPR_FEATURE_REPORT_DMA))
		return -EOPNOTSUPP;
	conn->report_dma = true;
	return 0;
}

int mpr_proxy_conn_fd(const struct mpr_proxy_conn *conn)
{
	return conn->fd;
}

bool mpr_proxy_conn_locks_memory(const struct mpr_proxy_conn *conn)
{
	return conn->features & MPR_FEATURE_LOCKED_MEMORY;
}
