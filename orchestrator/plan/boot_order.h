/* SPDX-License-Identifier: MIT */
/*
 * bootindex= of remote disks. A remote disk takes part in QEMU's own boot order: the
 * proxy of its adapter is told the index and where the disk is behind it (boot-order=).
 * Disks that boot have their place on the bus fixed here, which otherwise the remote
 * process may choose, because the firmware's path of the disk has it.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_BOOT_ORDER_H
#define MPR_ORCHESTRATOR_PLAN_BOOT_ORDER_H

#include <glib.h>

#include "orchestrator/plan/remote_option.h"

/*
 * Finds the adapter and the SCSI ID of disk `index` of a list of struct
 * mpr_remote_option, as the remote process would; those before it have theirs. With a
 * bootindex=, which no other may have, they are written into the option. 0, or -EINVAL
 * with *error set to a message that quotes the option (free() it).
 */
int mpr_boot_place(const GPtrArray *options, guint index, char **error);

/* That QEMU's own devices on a command line have other indices. Results as above. */
int mpr_boot_check_qemu(char *const *argv, const GPtrArray *options, char **error);

/* True for a disk from which the machine may boot. */
bool mpr_boots(const struct mpr_remote_option *option);

/* The adapter of a disk that boots, or NULL. */
const struct mpr_remote_option *mpr_boot_adapter(const GPtrArray *options,
						 const struct mpr_remote_option *disk);

/* The value of boot-order= of an adapter's proxy (free() it). */
char *mpr_boot_order(const GPtrArray *options, const struct mpr_remote_option *adapter);

#endif
