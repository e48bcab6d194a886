/* SPDX-License-Identifier: MIT */
/* HMP on a connection that is no terminal: plain lines and a prompt, no escape sequences. */
#ifndef MPR_ORCHESTRATOR_MONITOR_LINES_H
#define MPR_ORCHESTRATOR_MONITOR_LINES_H

struct mpr_lines;
struct mpr_commands;

/* Called once, when the client has left; destroy the lines after it returns, not in it. */
typedef void (*mpr_lines_fn)(void *opaque);

/* Takes over the descriptors, which may be the same. */
struct mpr_lines *mpr_lines_create(const struct mpr_commands *commands, int in, int out,
				   mpr_lines_fn finished, void *opaque);
void mpr_lines_destroy(struct mpr_lines *lines);

#endif
