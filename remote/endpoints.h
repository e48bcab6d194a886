/* SPDX-License-Identifier: MIT */
/* The file descriptor that stands alone, and -object x-remote-object: which
 * devices are offered on which socket. */
#ifndef MPR_REMOTE_ENDPOINTS_H
#define MPR_REMOTE_ENDPOINTS_H

#include "remote/machine.h"

/* The devices are built. As mpr_machine_build(). */
int mpr_endpoints_build(struct mpr_machine *machine, const struct mpr_cmdline *cmdline,
			char **error);

#endif
