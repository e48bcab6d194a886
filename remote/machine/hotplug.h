/* SPDX-License-Identifier: MIT */
/*
 * Changes of the machine while it runs. Options come as on the command line, and
 * are taken over on success.
 *
 * Each returns 0, or negative errno with *error set to a message (free() it);
 * -ENODEV when it was told a name that is not there. What must wait for I/O is
 * begun, and finished by mpr_machine_step().
 */
#ifndef MPR_REMOTE_MACHINE_HOTPLUG_H
#define MPR_REMOTE_MACHINE_HOTPLUG_H

#include "remote/machine/machine.h"

/* An adapter, or a disk on one. */
int mpr_machine_add_device(struct mpr_machine *machine, struct mpr_opts *opts, char **error);

/* Removes it: a disk with the -drive behind it, an adapter with its disks. The
 * end of it is told by mpr_events.device_deleted. */
int mpr_machine_remove_device(struct mpr_machine *machine, const char *id, char **error);

/* -EBUSY: the image is locked, perhaps for a moment still (remote/storage/images.h). */
int mpr_machine_add_drive(struct mpr_machine *machine, struct mpr_opts *opts, bool blockdev,
			  char **error);
/* Flushes and closes a drive that no disk uses. */
int mpr_machine_remove_drive(struct mpr_machine *machine, const char *name, bool blockdev,
			     char **error);
/* `size` in bytes. */
int mpr_machine_resize_drive(struct mpr_machine *machine, const char *name, uint64_t size,
			     char **error);

/* `passed`: the socket that fd=NAME stands for, taken over on success; -1 when fd
 * is a number or not given. */
int mpr_machine_add_object(struct mpr_machine *machine, struct mpr_opts *opts, int passed,
			   char **error);
int mpr_machine_remove_object(struct mpr_machine *machine, const char *id, char **error);

/* Goes on with what was begun. True when it did something. */
bool mpr_machine_step(struct mpr_machine *machine);

/* True when no drive is being closed. */
bool mpr_machine_settled(const struct mpr_machine *machine);

#endif
