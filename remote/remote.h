/* SPDX-License-Identifier: MIT */
/* The program mpring-remote, with the device models that it is to have. */
#ifndef MPR_REMOTE_REMOTE_H
#define MPR_REMOTE_REMOTE_H

#include "dev/model.h"

/* `models` is ended by NULL. Returns the exit status: 0, or 1 after a message
 * on standard error. */
int mpr_remote_main(int argc, char **argv, const struct mpr_model *const *models);

#endif
