/* SPDX-License-Identifier: MIT */
/* Several devices: those of a machine, or those that are offered on a connection. */
#ifndef MPR_REMOTE_DEVICE_LIST_H
#define MPR_REMOTE_DEVICE_LIST_H

#include <stddef.h>

#include "remote/device/hosted.h"

/* Zeroed: empty. Who owns the devices is not its business. */
struct mpr_hosted_list {
	struct mpr_hosted **hosted;
	size_t count;
};

/* Appends a device. 0 or -ENOMEM. */
int mpr_hosted_list_add(struct mpr_hosted_list *list, struct mpr_hosted *hosted);
/* Takes out a device that is there. */
void mpr_hosted_list_remove(struct mpr_hosted_list *list, const struct mpr_hosted *hosted);
/* The device of that id, or NULL. */
struct mpr_hosted *mpr_hosted_list_find(const struct mpr_hosted_list *list, const char *id);

#endif
