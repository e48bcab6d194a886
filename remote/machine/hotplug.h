/* SPDX-License-Identifier: MIT */
/*
 * Changes of the machine while it runs. Options are those of the command line, and are
 * taken over on success.
 *
 * Each returns 0, or negative errno with *error set to a message (free() it); -ENODEV:
 * there is nothing of that name. None blocks: what must wait for I/O is begun, and
 * finished by mpr_machine_step().
 */
#ifndef MPR_REMOTE_MACHINE_HOTPLUG_H
#define MPR_REMOTE_MACHINE_HOTPLUG_H

#include "remote/machine/machine.h"

/* Adds a PCI device, or a disk on one. */
int mpr_machine_add_device(struct mpr_machine *machine, struct mpr_opts *opts, char **error);

/* Begins to remove a disk, with the -drive behind it, or a PCI device, with its disks.
 * mpr_events.device_deleted is called when it is gone. */
int mpr_machine_remove_device(struct mpr_machine *machine, const char *id, char **error);

/* Opens a drive. -EBUSY: the image is locked, perhaps only for a moment longer
 * (remote/storage/images.h). */
int mpr_machine_add_drive(struct mpr_machine *machine, struct mpr_opts *opts, bool blockdev,
			  char **error);
/* Begins to flush and close a drive that no disk uses. */
int mpr_machine_remove_drive(struct mpr_machine *machine, const char *name, bool blockdev,
			     char **error);
/* Changes the size of a drive's image, in bytes. */
int mpr_machine_resize_drive(struct mpr_machine *machine, const char *name, uint64_t size,
			     char **error);

/* Offers a device. `passed`: the socket that fd=NAME stands for, taken over on success; -1
 * when fd is a number or not given. */
int mpr_machine_add_object(struct mpr_machine *machine, struct mpr_opts *opts, int passed,
			   char **error);
int mpr_machine_remove_object(struct mpr_machine *machine, const char *id, char **error);

/* Goes on with what was begun. True when it did something. */
bool mpr_machine_step(struct mpr_machine *machine);

/* True when no drive is being closed. */
bool mpr_machine_settled(const struct mpr_machine *machine);

#endif
