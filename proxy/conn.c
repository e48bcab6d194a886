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

void mpr_conn_add(struct mpr_proxy_conn *conn, struct mpr_proxy_device *device)
{
	pthread_mutex_lock(&conn->lock);
	device->next = conn->devices;
	conn->devices = device;
	pthread_mutex_unlock(&conn->lock);
}

void mpr_conn_remove(struct mpr_proxy_conn *conn, struct mpr_proxy_device *device)
{
	struct mpr_proxy_device **link = &conn->devices;

	pthread_mutex_lock(&conn->lock);
	while (*link && *link != device)
		link = &(*link)->next;
	if (*link)
		*link = device->next;
	pthread_mutex_unlock(&conn->lock);
}

void mpr_conn_fail(struct mpr_proxy_conn *conn, const char *why)
{
	pthread_mutex_lock(&conn->lock);
	/* Relaxed: changed under the lock. */
	if (!atomic_load_explicit(&conn->lost, memory_order_relaxed)) {
		/* First tell the remote: once anybody here takes the device for dead, it
		 * must begin nothing more. */
		for (struct mpr_proxy_device *d = conn->devices; d; d = d->next)
			mpr_channel_give_up(d->channel);
		/* Relaxed: pairs with the loads of `lost`, which read nothing else. */
		atomic_store_explicit(&conn->lost, why, memory_order_relaxed);
		shutdown(conn->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&conn->lock);
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

void mpr_proxy_conn_hurry(struct mpr_proxy_conn *conn)
{
	/* Relaxed: pairs with the load in worth_waiting(), which reads nothing else. */
	atomic_store_explicit(&conn->hurried, true, memory_order_relaxed);
}

/* ---- Requests ----------------------------------------------------------- */

static bool is_answer_to(const struct mpr_wire_header *answer, const struct mpr_wire_header *asked)
{
	return answer->type == asked->type || answer->type == MPR_WIRE_ERROR;
}

/* Takes the next answer, whatever it answers. */
static int receive_answer(struct mpr_proxy_conn *conn, struct mpr_patience *patience,
			  const char **why)
{
	int ret = mpr_wire_recv_within(conn->fd, &conn->answer, patience);

	if (ret == -ETIMEDOUT)
		*why = "the remote does not answer";
	else if (ret == -EPROTO)
		*why = "the remote sent a malformed message";
	else if (ret)
		*why = "the remote closed the connection";
	if (ret)
		return ret;
	/* No answer carries file descriptors: the check refuses them, this closes them. */
	mpr_wire_msg_release(&conn->answer);
	ret = mpr_wire_check(&conn->answer, why);
	if (!ret && (!(conn->answer.header.flags & MPR_WIRE_ANSWER) ||
		     conn->answer.header.serial != ++conn->answered)) {
		*why = "the remote answered something that was not asked";
		ret = -EPROTO;
	}
	return ret;
}

/* Takes answers to earlier requests until only `left` are outstanding. */
static int collect(struct mpr_proxy_conn *conn, uint32_t left, struct mpr_patience *patience,
		   const char **why)
{
	int ret = 0;

	while (!ret && conn->serial - conn->answered > left) {
		ret = receive_answer(conn, patience, why);
		if (!ret && conn->answer.header.type == MPR_WIRE_ERROR) {
			*why = "the remote refused to connect an interrupt or to close a device";
			ret = -EPROTO;
		}
	}
	return ret;
}

/* Sends a request, which is then the last one. */
static int send_request(struct mpr_proxy_conn *conn, const struct mpr_request *request,
			struct mpr_wire_header *header, struct mpr_patience *patience,
			const char **why)
{
	int ret;

	header->serial = ++conn->serial;
	ret = mpr_wire_send_within(conn->fd, header, request->payload, request->length,
				   request->fds, request->nfds, patience);
	if (ret)
		*why = ret == -ETIMEDOUT ? "the remote does not read its socket"
					 : "the remote closed the connection";
	return ret;
}

/* The remote refused a request. If it was malformed, it also closes the connection. */
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
	struct mpr_patience patience = mpr_patience_of(request->timeout_ms);
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
	ret = send_request(conn, request, &header, &patience, &why);
	if (!ret)
		ret = collect(conn, 1, &patience, &why);
	if (!ret)
		ret = receive_answer(conn, &patience, &why);
	if (!ret && !is_answer_to(&conn->answer.header, &header)) {
		why = "the remote answered something that was not asked";
		ret = -EPROTO;
	}
	if (ret) {
		mpr_conn_fail(conn, why);
		mpr_set_error(error, "socket %d: %s (%s)", conn->fd, why, strerror(-ret));
		return ret;
	}
	if (conn->answer.header.type == MPR_WIRE_ERROR)
		return refused(conn, request->id, error);
	return 0;
}

/* Whether data or the hang-up arrive within that time. */
static bool is_readable(const struct mpr_proxy_conn *conn, int timeout_ms)
{
	struct mpr_patience patience = mpr_patience_of(timeout_ms);
	struct pollfd pfd = {.fd = conn->fd, .events = POLLIN | POLLRDHUP};
	bool left;
	int n;

	do {
		left = mpr_patience_left(&patience);
		n = poll(&pfd, 1, left ? mpr_patience_slice_ms(&patience) : 0);
	} while (n <= 0 && left);
	return n > 0;
}

int mpr_conn_tell(struct mpr_proxy_conn *conn, const struct mpr_request *request)
{
	struct mpr_patience patience = mpr_patience_of(request->timeout_ms);
	bool trusted = conn->serial == conn->answered;
	const char *why;
	struct mpr_wire_header header;
	int ret;

	/* Relaxed: see mpr_conn_fail(). */
	if (atomic_load_explicit(&conn->lost, memory_order_relaxed))
		return -EPIPE;
	ret = mpr_wire_header_init(&header, request->type, request->id);
	if (ret)
		return ret;
	ret = collect(conn, MPR_MAX_TOLD - 1, &patience, &why);
	if (!ret)
		ret = send_request(conn, request, &header, &patience, &why);
	if (!ret && trusted && is_readable(conn, MPR_TOLD_MS))
		ret = collect(conn, 0, &patience, &why);
	if (ret)
		mpr_conn_fail(conn, why);
	return ret;
}

bool mpr_proxy_conn_attend(struct mpr_proxy_conn *conn)
{
	struct mpr_patience none = mpr_patience_of(0);
	const char *why;
	int ret = 0;

	while (!ret && conn->serial != conn->answered && is_readable(conn, 0))
		ret = collect(conn, conn->serial - conn->answered - 1, &none, &why);
	if (ret)
		mpr_conn_fail(conn, why);
	else if (is_readable(conn, 0))
		mpr_proxy_conn_lost(conn);
	/* Relaxed: see mpr_conn_fail(). */
	return !atomic_load_explicit(&conn->lost, memory_order_relaxed);
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
