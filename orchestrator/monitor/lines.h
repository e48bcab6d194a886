/* SPDX-License-Identifier: MIT */
/* HMP on a connection, line by line, with a prompt and nothing that a terminal would
 * have to understand. */
#ifndef MPR_ORCHESTRATOR_MONITOR_LINES_H
#define MPR_ORCHESTRATOR_MONITOR_LINES_H

#define MPR_HMP_PROMPT "(qemu) "

struct mpr_lines;
struct mpr_commands;

/* Called once, when the user has left; what he said may be destroyed after. */
typedef void (*mpr_lines_fn)(void *opaque);

/* Takes over the descriptors, which may be the same. */
struct mpr_lines *mpr_lines_create(const struct mpr_commands *commands, int in, int out,
				   mpr_lines_fn finished, void *opaque);
void mpr_lines_destroy(struct mpr_lines *lines);

#endif
