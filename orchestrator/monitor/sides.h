/* SPDX-License-Identifier: MIT */
/*
 * Sockets on which this process, and nobody else, connects to QEMU's monitors: each
 * connection meets a monitor in its first state. They have no name: this process has
 * descriptors of their places (O_PATH) and connects by those.
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

/* QEMU has its descriptors: from here on connections end when it does. */
void mpr_sides_hand_over(struct mpr_sides *sides);

/* A descriptor, or negative errno. */
int mpr_sides_connect(const struct mpr_sides *sides, size_t side);

#endif
