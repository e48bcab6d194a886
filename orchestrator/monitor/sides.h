/* SPDX-License-Identifier: MIT */
/*
 * Sockets by which this process, and no other, connects to monitors of QEMU's. Each connection
 * finds a monitor in its initial state. The sockets' paths are unlinked at once: this process
 * keeps O_PATH descriptors of them and connects through those.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_SIDES_H
#define MPR_ORCHESTRATOR_MONITOR_SIDES_H

#include <stddef.h>

struct mpr_sides;

/* 0 or -EINVAL with *error set to a message. */
int mpr_sides_create(size_t count, struct mpr_sides **sides, char **error);
void mpr_sides_destroy(struct mpr_sides *sides);

/* The descriptors that QEMU inherits, to listen on. */
const int *mpr_sides_fds(const struct mpr_sides *sides);

/* Connections may be made from here on. As mpr_sides_create(). */
int mpr_sides_open(struct mpr_sides *sides, char **error);

/* Closes this process's copies, once QEMU has inherited them: else connections would outlive
 * QEMU. */
void mpr_sides_hand_over(struct mpr_sides *sides);

/* A descriptor, or negative errno. */
int mpr_sides_connect(const struct mpr_sides *sides, size_t side);

#endif
