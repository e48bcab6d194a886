/* SPDX-License-Identifier: MIT */
/* Starting QEMU and its remote processes as members of the family. */
#ifndef MPR_ORCHESTRATOR_FAMILY_LAUNCH_H
#define MPR_ORCHESTRATOR_FAMILY_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "orchestrator/family/family.h"

/* Starts a remote process, detached from the terminal, with no open descriptors but `fds`.
 * `awaited`: mpr_start_await() will wait for it. Takes over argv (g_strfreev()). NULL with *error
 * set to a message (free() it). */
struct mpr_member *mpr_launch_remote(struct mpr_family *family, uint64_t rid, char **argv,
				     const int *fds, size_t count, bool awaited, char **error);

/* Starts QEMU, with `fds` besides what this process inherited, and `preload` (or NULL) prepended
 * to LD_PRELOAD. Without `input` its standard input is /dev/null. The rest as above. */
struct mpr_member *mpr_launch_qemu(struct mpr_family *family, char **argv, const int *fds,
				   size_t count, const char *preload, bool input, char **error);

#endif
