/* SPDX-License-Identifier: MIT */
/*
 * bootindex= of remote disks. They share QEMU's boot order: the proxy of an adapter gets, in
 * boot-order=, the index of each disk and its place behind the adapter. The firmware's path of a
 * disk contains that place, so it is chosen here for disks that boot, and otherwise by the remote
 * process.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_BOOT_ORDER_H
#define MPR_ORCHESTRATOR_PLAN_BOOT_ORDER_H

#include <glib.h>

#include "orchestrator/options/remote_option.h"

/*
 * Finds the adapter and the SCSI ID of disk `index` of a list of struct mpr_remote_option by the
 * remote process's rules; call it in the order of the list. If the disk has a bootindex=, which
 * must be unique, both are written into the option. Other options are left alone. 0, or -EINVAL
 * with *error set to a message that quotes the option (free() it).
 */
int mpr_boot_place(const GPtrArray *options, guint index, char **error);

/* Checks that QEMU's own devices on the command line have other indices. Results as above. */
int mpr_boot_check_qemu(char *const *argv, const GPtrArray *options, char **error);

/* Whether it is a disk with a bootindex. */
bool mpr_boots(const struct mpr_remote_option *option);

/* The adapter of a disk, or NULL: there is none, or it is being removed. */
const struct mpr_remote_option *mpr_boot_adapter(const GPtrArray *options,
						 const struct mpr_remote_option *disk);

/* The value of boot-order= of an adapter's proxy (free() it). */
char *mpr_boot_order(const GPtrArray *options, const struct mpr_remote_option *adapter);

#endif
