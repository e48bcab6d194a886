/* SPDX-License-Identifier: MIT */
/* The services of dev/device.h, as a struct mpr_hosted gives them. */
#ifndef MPR_REMOTE_DEVICE_SERVICES_H
#define MPR_REMOTE_DEVICE_SERVICES_H

#include "dev/device.h"

extern const struct mpr_host_ops mpr_host_services;

#endif
