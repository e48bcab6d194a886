/* SPDX-License-Identifier: MIT */
/* The sockets on which devices are offered to VMMs. */
#ifndef MPR_REMOTE_VMM_ENDPOINTS_H
#define MPR_REMOTE_VMM_ENDPOINTS_H

#include "remote/device/list.h"

struct mpr_endpoint {
	int fd;		  /* a connected socket, or -1; its door takes it over */
	const char *path; /* where to listen, or NULL */
	bool is_default;  /* the socket that stands alone: for devices without an object */
	struct mpr_hosted_list offer;
};

/* How sockets are opened and closed while VMMs are served (remote/vmm/doors.h). */
struct mpr_door_ops {
	/* 0, or negative errno with *error set to a message. */
	int (*open)(void *opaque, struct mpr_endpoint *endpoint, char **error);
	void (*close)(void *opaque, struct mpr_endpoint *endpoint);
	void *opaque;
};

/* Zeroed: none. */
struct mpr_endpoints {
	struct mpr_endpoint **list;
	size_t count;
	struct mpr_door_ops doors; /* while VMMs are served */
};

/* Adds one of a connected socket (`path`: NULL) or a path, which must stay. NULL when
 * out of memory. */
struct mpr_endpoint *mpr_endpoint_add(struct mpr_endpoints *endpoints, int fd, const char *path);
/* Frees one whose socket is closed. */
void mpr_endpoint_free(struct mpr_endpoints *endpoints, struct mpr_endpoint *endpoint);

/* The endpoint of a socket or path, or NULL. */
struct mpr_endpoint *mpr_endpoint_find(const struct mpr_endpoints *endpoints, int fd,
				       const char *path);
/* The socket that stands alone, while it is connected, or NULL. */
struct mpr_endpoint *mpr_endpoint_default(const struct mpr_endpoints *endpoints);

/* Offers a device no more; a socket on which nothing is offered any more is closed. */
void mpr_endpoints_withdraw(struct mpr_endpoints *endpoints, const struct mpr_hosted *hosted);

#endif
