/* SPDX-License-Identifier: MIT */
/* What -help, -version and -device help print, on standard output. */
#ifndef MPR_REMOTE_MACHINE_HELP_H
#define MPR_REMOTE_MACHINE_HELP_H

#include <stdbool.h>

#include "dev/model.h"
#include "opts/opts.h"

#define MPR_VERSION_MAJOR 0
#define MPR_VERSION_MINOR 1
#define MPR_VERSION_MICRO 0
#define MPR_VERSION "0.1.0"

/* Each prints and returns true when help is what was asked for. */
bool mpr_help_general(const char *option);
bool mpr_help_device(const struct mpr_opts *opts, const struct mpr_model *const *models);

#endif
