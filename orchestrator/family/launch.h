/* SPDX-License-Identifier: MIT */
/* Starting the members of the family. */
#ifndef MPR_ORCHESTRATOR_FAMILY_LAUNCH_H
#define MPR_ORCHESTRATOR_FAMILY_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "orchestrator/family/supervise.h"

/* A remote process, away from the terminal, with no open files but `fds`. `awaited`:
 * mpr_start_await() is to wait for it. argv is freed (g_strfreev()). NULL with *error set to a
 * message (free() it). */
struct mpr_member *mpr_launch_remote(struct mpr_family *family, uint64_t rid, char **argv,
				     const int *fds, size_t count, bool awaited, char **error);

/* QEMU, with `fds` besides what this process inherited, and `preload` (or NULL) put
 * before what LD_PRELOAD has. Without `input` it gets no standard input. The rest as
 * above. */
struct mpr_member *mpr_launch_qemu(struct mpr_family *family, char **argv, const int *fds,
				   size_t count, const char *preload, bool input, char **error);

#endif
