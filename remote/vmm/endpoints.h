/* SPDX-License-Identifier: MIT */
/* The file descriptor that stands alone, and -object x-remote-object: which
 * devices are offered on which socket. */
#ifndef MPR_REMOTE_VMM_ENDPOINTS_H
#define MPR_REMOTE_VMM_ENDPOINTS_H

#include "remote/machine/machine.h"

/* The devices are built. As mpr_machine_build(). */
int mpr_endpoints_build(struct mpr_machine *machine, char **error);

/* Checks that an object is an x-remote-object, and that it knows its properties. As
 * mpr_machine_build(). */
int mpr_endpoint_check_object(const struct mpr_opts *opts, char **error);

/* Offers the device that an x-remote-object names, which is not in the command
 * line yet. `passed`: the socket that its fd names, -1 if that is a number.
 * *endpoint: where; its offer has one device if it is a new one. */
int mpr_endpoint_offer_object(struct mpr_machine *machine, const struct mpr_opts *opts, int passed,
			      struct mpr_endpoint **endpoint, char **error);

/* The socket that stands alone, while it is connected, or NULL. */
struct mpr_endpoint *mpr_endpoint_default(const struct mpr_machine *machine);

/* Offers a device there, if there is one. 0 or -ENOMEM. */
int mpr_endpoint_offer_default(struct mpr_machine *machine, struct mpr_hosted *hosted);

/* Whether an endpoint's socket has that number. */
bool mpr_endpoint_has_fd(const struct mpr_machine *machine, int fd);

/* The endpoint on which a device is offered, or NULL. */
struct mpr_endpoint *mpr_endpoint_of(const struct mpr_machine *machine,
				     const struct mpr_hosted *hosted);
/* Offers it no more. */
void mpr_endpoint_withdraw(struct mpr_endpoint *endpoint, const struct mpr_hosted *hosted);
/* Forgets an endpoint whose socket is closed. */
void mpr_endpoint_free(struct mpr_machine *machine, struct mpr_endpoint *endpoint);

#endif
