/* SPDX-License-Identifier: MIT */
/* The file descriptor that stands alone, and -object x-remote-object: which
 * devices are offered on which socket. */
#ifndef MPR_REMOTE_VMM_OFFERS_H
#define MPR_REMOTE_VMM_OFFERS_H

#include "opts/list.h"
#include "remote/vmm/endpoints.h"

/* What is offered, on what. */
struct mpr_offers {
	const struct mpr_hosted_list *devices; /* that there are */
	const struct mpr_option_list *objects; /* that offer them */
	struct mpr_endpoints endpoints;
};

/* Makes the endpoints: of the socket that stands alone, whose number is `fd`, or of the
 * objects (NULL). `more_later`: a device need not be offered yet. 0, or negative errno
 * with *error set to a message that quotes the option (free() it). */
int mpr_offers_build(struct mpr_offers *offers, const char *fd, bool more_later, char **error);

/* Checks that an object is an x-remote-object, and that it knows its properties. As
 * mpr_offers_build(). */
int mpr_offer_check(const struct mpr_opts *opts, char **error);

/* While VMMs are served: offers the device that an x-remote-object names, which is not
 * among the objects yet. `passed`: the socket that its fd names, taken over on success;
 * -1 if fd is a number or not given. As mpr_offers_build(). */
int mpr_offer_object(struct mpr_offers *offers, const struct mpr_opts *opts, int passed,
		     char **error);

/* Offers a device on the socket that stands alone, if there is one. 0 or -ENOMEM. */
int mpr_offer_on_default(struct mpr_offers *offers, struct mpr_hosted *hosted);

/* The object that offers a device, or NULL. */
struct mpr_opts *mpr_offer_of(const struct mpr_offers *offers, const char *devid);

#endif
