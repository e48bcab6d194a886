/* SPDX-License-Identifier: MIT */
/* The device models that mpring-remote is built with. */
#include <stddef.h>

#include "dev/device.h"
#include "dev/lsi53c895a/lsi53c895a.h"

const struct mpr_device_ops *const mpr_device_models[] = {
	&mpr_lsi53c895a_ops,
	NULL,
};
