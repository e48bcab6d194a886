/* SPDX-License-Identifier: MIT */
/* What the files of a hosted device call of each other. Private to remote/device/. */
#ifndef MPR_REMOTE_DEVICE_HOSTED_INTERNAL_H
#define MPR_REMOTE_DEVICE_HOSTED_INTERNAL_H

#include "remote/device/hosted.h"

/* The services of dev/device.h, as a struct mpr_hosted gives them. */
extern const struct mpr_host_ops mpr_host_services;

/* Gives the channel a shadow if the model has one. */
void mpr_hosted_open_shadow(struct mpr_hosted *hosted);

/* True when the next request in the channel acknowledges the interrupt (irq_acknowledged() of
 * dev/device.h). */
bool mpr_hosted_irq_acknowledged(struct mpr_hosted *hosted);

/* Tells the VMM the line's level, after the model changed it or the guest's configuration
 * did. */
void mpr_hosted_update_intx(struct mpr_hosted *hosted);

/* Answers a VMM that asked for the line's level, after its requests were served. */
void mpr_hosted_resample(struct mpr_hosted *hosted);

/* Before the first use of the line. */
void mpr_hosted_init_intx(struct mpr_hosted *hosted);
/* Forgets the VMM's eventfds. */
void mpr_hosted_close_intx(struct mpr_hosted *hosted);

#endif
