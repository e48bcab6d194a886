/* SPDX-License-Identifier: MIT */
/* What the files of libmpring-proxy share. */
#ifndef MPR_PROXY_INTERNAL_H
#define MPR_PROXY_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "proxy/claim.h"
#include "proxy/proxy.h"
#include "ring/channel_proxy.h"
#include "ring/memfd.h"
#include "wire/wire.h"

/*
 * How long a remote may take (wire/patience.h) before the connection ends.
 * docs/architecture.md says who waits for what.
 */
#define MPR_ANSWER_MS 10000	 /* to answer an access, or set-up */
#define MPR_LOCKED_MS 5000	 /* where the VMM's lock is likely held all the time */
#define MPR_DMA_ANSWER_MS 60000	 /* to let DMA end, if it says that it waits for that */
#define MPR_LOCK_MEMORY_MS 60000 /* to allocate and lock the guest's memory */

/* How long mpr_conn_tell() waits for an answer before it leaves that for later, and how
 * many answers may be outstanding. */
#define MPR_TOLD_MS 1000
#define MPR_MAX_TOLD 16

struct mpr_proxy_conn {
	int fd;
	unsigned refs;
	uint32_t serial;   /* of the last request */
	uint32_t answered; /* of the last answer; those between are outstanding: mpr_conn_tell() */
	uint32_t features; /* MPR_FEATURE_*: both sides have them */
	bool report_dma;   /* of devices that are opened from now on */
	/* Open devices. The lock guards the list and `lost`, which any thread may set. */
	struct mpr_proxy_device *devices;
	pthread_mutex_t lock;
	struct mpr_proxy_conn *next; /* in the list of all connections */
	/* NULL, or why the connection has ended and its devices are given up. Relaxed: it
	 * publishes nothing but the constant string. */
	_Atomic(const char *) lost;
	atomic_bool hurried; /* all waits end. Relaxed, as `lost` */
	struct mpr_wire_msg answer;
};

/* A region as the remote knows it. Device and inode identify the file: its descriptor's
 * number may be reused. */
struct mpr_known_region {
	struct mpr_wire_region wire;
	dev_t dev;
	ino_t ino;
};

struct mpr_proxy_device {
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *next; /* on the same connection */
	struct mpr_channel *channel;
	struct mpr_claim claim; /* held to put a request into the ring, never while waiting */
	uint64_t spin_ns;	/* how long a read looks for its answer before it sleeps */
	void (*long_begin)(void *opaque); /* see mpr_proxy_set_long_wait(); NULL: none */
	void (*long_end)(void *opaque);
	void *long_opaque;
	struct mpr_known_region *regions;
	size_t nregions;
	bool memory_shrinks; /* the remote can truncate a file of them */
	struct mpr_wire_description description;
	struct mpr_memfd bar[MPR_PCI_NUM_BARS]; /* of those that are plain memory */
	char id[MPR_WIRE_ID_SIZE];
};

/* A control request; everything but id and payload may be left 0. */
struct mpr_request {
	enum mpr_wire_type type;
	const char *id;
	const void *payload;
	size_t length;
	const int *fds;
	unsigned nfds;
	int timeout_ms;
};

/*
 * Sends a request and waits for its answer, which is then conn->answer. 0;
 * negative errno with *error (optional) set to a message. A refusal leaves the
 * connection usable, everything else ends it.
 */
int mpr_conn_request(struct mpr_proxy_conn *conn, const struct mpr_request *request, char **error);

/*
 * Sends a request and waits for its answer only for MPR_TOLD_MS, and not at all if an
 * earlier answer is outstanding. The next mpr_conn_request() takes it: answers come in
 * the order of the requests. A refusal ends the connection. 0 or negative errno.
 */
int mpr_conn_tell(struct mpr_proxy_conn *conn, const struct mpr_request *request);

/* A device is open on the connection, until it is removed. */
void mpr_conn_add(struct mpr_proxy_conn *conn, struct mpr_proxy_device *device);
void mpr_conn_remove(struct mpr_proxy_conn *conn, struct mpr_proxy_device *device);

/*
 * Ends the connection for all its devices: they are given up in their channels, and
 * the socket is shut down. The first reason stays. Any thread.
 */
void mpr_conn_fail(struct mpr_proxy_conn *conn, const char *why);

/* True when the peer closed its end. Marks the connection. Any thread. */
bool mpr_conn_hung_up(struct mpr_proxy_conn *conn);

/* Sets *error, when given, to a formatted message (NULL when out of memory). */
void mpr_set_error(char **error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
