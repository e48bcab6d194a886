/* SPDX-License-Identifier: MIT */
/* Connections to remotes, and the requests made on them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
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

void mpr_set_error(char **error, const char *fmt, ...)
{
	va_list args;

	if (!error)
		return;
	va_start(args, fmt);
	if (vasprintf(error, fmt, args) < 0)
		*error = NULL;
	va_end(args);
}

/* ---- Loss --------------------------------------------------------------- */

void mpr_conn_fail(struct mpr_proxy_conn *conn, const char *why)
{
	const char *none = NULL;

	/* Relaxed: pairs with the loads of `lost`, which read nothing else. */
	atomic_compare_exchange_strong_explicit(&conn->lost, &none, why, memory_order_relaxed,
						memory_order_relaxed);
}

bool mpr_conn_hung_up(struct mpr_proxy_conn *conn)
{
	struct pollfd pfd = {.fd = conn->fd, .events = POLLRDHUP};

	if (poll(&pfd, 1, 0) <= 0)
		return false;
	mpr_conn_fail(conn, "the remote closed the connection");
	return true;
}

void mpr_proxy_conn_lost(struct mpr_proxy_conn *conn)
{
	mpr_conn_fail(conn, "the remote closed the connection");
}

/* ---- Requests ----------------------------------------------------------- */

static bool is_answer_to(const struct mpr_wire_header *answer, const struct mpr_wire_header *asked)
{
	return answer->flags & MPR_WIRE_ANSWER && answer->serial == asked->serial &&
	       (answer->type == asked->type || answer->type == MPR_WIRE_ERROR);
}

static int receive_answer(struct mpr_proxy_conn *conn, const struct mpr_wire_header *asked,
			  int timeout_ms, const char **why)
{
	int ret = mpr_wire_recv(conn->fd, &conn->answer, timeout_ms);

	if (ret == -ETIMEDOUT)
		*why = "the remote does not answer";
	else if (ret == -EPROTO)
		*why = "the remote sent a malformed message";
	else if (ret)
		*why = "the remote closed the connection";
	if (ret)
		return ret;
	/* No answer carries file descriptors; the check says so, this makes sure. */
	mpr_wire_msg_release(&conn->answer);
	ret = mpr_wire_check(&conn->answer, why);
	if (!ret && !is_answer_to(&conn->answer.header, asked)) {
		*why = "the remote answered something that was not asked";
		ret = -EPROTO;
	}
	return ret;
}

/* The remote said no. Malformed requests make it close the connection, too. */
static int refused(struct mpr_proxy_conn *conn, const char *id, char **error)
{
	const struct mpr_wire_error *answer = (const void *)conn->answer.payload;
	bool sane = answer->error > 0 && answer->error < 4096;

	if (answer->error == EPROTO)
		mpr_conn_fail(conn, "the remote refused a message as malformed");
	mpr_set_error(error, "remote device '%s': %s", id ? id : "",
		      answer->text[0] ? answer->text : "refused");
	return sane ? -(int)answer->error : -EPROTO;
}

int mpr_conn_request(struct mpr_proxy_conn *conn, const struct mpr_request *request, char **error)
{
	/* Relaxed: see mpr_conn_fail(). */
	const char *why = atomic_load_explicit(&conn->lost, memory_order_relaxed);
	struct mpr_wire_header header;
	int ret;

	if (why) {
		mpr_set_error(error, "socket %d: %s", conn->fd, why);
		return -EPIPE;
	}
	ret = mpr_wire_header_init(&header, request->type, request->id);
	if (ret) {
		mpr_set_error(error, "remote device '%s': the id is longer than %d characters",
			      request->id, MPR_WIRE_ID_SIZE - 1);
		return ret;
	}
	header.serial = ++conn->serial;
	ret = mpr_wire_send(conn->fd, &header, request->payload, request->length, request->fds,
			    request->nfds, request->timeout_ms);
	if (ret)
		why = ret == -ETIMEDOUT ? "the remote does not read its socket"
					: "the remote closed the connection";
	else
		ret = receive_answer(conn, &header, request->timeout_ms, &why);
	if (ret) {
		mpr_conn_fail(conn, why);
		mpr_set_error(error, "socket %d: %s (%s)", conn->fd, why, strerror(-ret));
		return ret;
	}
	if (conn->answer.header.type == MPR_WIRE_ERROR)
		return refused(conn, request->id, error);
	return 0;
}

/* ---- Set-up ------------------------------------------------------------- */

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
	/* An inherited one is for this process, not for those that it starts. */
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
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
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
