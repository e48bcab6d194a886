/* SPDX-License-Identifier: MIT */
/* Requests on a connection to a remote, and its end. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy/internal.h"

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
