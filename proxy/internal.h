/* SPDX-License-Identifier: MIT */
/* What the files of libmpring-proxy share. */
#ifndef MPR_PROXY_INTERNAL_H
#define MPR_PROXY_INTERNAL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "proxy/claim.h"
#include "proxy/proxy.h"
#include "ring/channel.h"
#include "ring/memory.h"
#include "wire/wire.h"

/* How long a remote may take to answer, and how long when it must first wait
 * for the disks to finish the DMA that is under way. */
#define MPR_ANSWER_MS 10000
#define MPR_DMA_ANSWER_MS 60000

struct mpr_proxy_conn {
	int fd;
	unsigned refs;
	uint32_t serial;   /* of the last request */
	uint32_t features; /* MPR_FEATURE_*: both sides have them */
	bool report_dma;   /* of devices that are opened from now on */
	struct mpr_proxy_device *devices;
	struct mpr_proxy_conn *next; /* in the list of all connections */
	/* NULL, or why nothing more can be said on this connection. A flag with
	 * a name: nothing else is published by it, so relaxed order will do. */
	_Atomic(const char *) lost;
	struct mpr_wire_msg answer;
};

/* A region as the remote knows it. The file is told by device and inode: its
 * descriptor's number may be another's tomorrow. */
struct mpr_known_region {
	struct mpr_wire_region wire;
	dev_t dev;
	ino_t ino;
};

struct mpr_proxy_device {
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *next; /* on the same connection */
	struct mpr_channel *channel;
	struct mpr_claim claim;	    /* held to put a request into the ring, never while waiting */
	_Atomic(const char *) gone; /* as `lost`, of the device alone */
	uint64_t spin_ns;	    /* how long a read looks for its answer before it sleeps */
	void (*long_begin)(void *opaque); /* see mpr_proxy_set_long_wait(); NULL: none */
	void (*long_end)(void *opaque);
	void *long_opaque;
	struct mpr_known_region *regions;
	size_t nregions;
	struct mpr_wire_description description;
	struct mpr_memory bar[MPR_WIRE_NUM_BARS]; /* of those that are plain memory */
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

/* Ends the connection for all its devices. The first reason stays. */
void mpr_conn_fail(struct mpr_proxy_conn *conn, const char *why);

/* True when the peer closed its end. Marks the connection. Any thread. */
bool mpr_conn_hung_up(struct mpr_proxy_conn *conn);

/* Sets *error, when given, to a formatted message (NULL when out of memory). */
void mpr_set_error(char **error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
