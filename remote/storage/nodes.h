/* SPDX-License-Identifier: MIT */
/* -blockdev driver=raw,file=NODE: a node on top of another one, whose image it uses. */
#ifndef MPR_REMOTE_STORAGE_NODES_H
#define MPR_REMOTE_STORAGE_NODES_H

#include "remote/storage/drives.h"

/* True when a -blockdev refers to another node. */
bool mpr_node_is_reference(const struct mpr_opts *opts);

/* Gives a drive whose option is such a reference the image of that node. Results as of
 * mpr_drives_build(). */
int mpr_node_share(const struct mpr_storage *storage, struct mpr_drive *drive, char **error);

/* The node on top of this one, or NULL. */
const struct mpr_drive *mpr_node_parent(const struct mpr_storage *storage,
					const struct mpr_drive *drive);

#endif
