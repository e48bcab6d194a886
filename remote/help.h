/* SPDX-License-Identifier: MIT */
/* What -help, -version and -device help print, on standard output. */
#ifndef MPR_REMOTE_HELP_H
#define MPR_REMOTE_HELP_H

#include <stdbool.h>

#include "dev/device.h"
#include "opts/opts.h"

/* Each prints and returns true when help is what was asked for. */
bool mpr_help_general(const char *option);
bool mpr_help_device(const struct mpr_opts *opts, const struct mpr_device_ops *const *models);

#endif
