/* SPDX-License-Identifier: MIT */
/* What -help, -version and -device help print, on standard output, and what they
 * know. */
#ifndef MPR_REMOTE_MACHINE_HELP_H
#define MPR_REMOTE_MACHINE_HELP_H

#include <stdbool.h>

#include "dev/device.h"
#include "opts/opts.h"

#define MPR_VERSION_MAJOR 0
#define MPR_VERSION_MINOR 1
#define MPR_VERSION_MICRO 0
#define MPR_VERSION "0.1.0"

/* A property of a device. */
struct mpr_property {
	const char *name, *type, *description;
	const char *value; /* by default; NULL: there is none */
};

/* True for a type of numbers. */
bool mpr_property_is_number(const struct mpr_property *property);

/* NULL: there is none. */
const struct mpr_property *mpr_property(const char *name);
/* The properties of a driver, ended by NULL; NULL: no such driver. */
const char *const *mpr_driver_properties(const char *driver,
					 const struct mpr_device_ops *const *models);

/* Each prints and returns true when help is what was asked for. */
bool mpr_help_general(const char *option);
bool mpr_help_device(const struct mpr_opts *opts, const struct mpr_device_ops *const *models);

#endif
