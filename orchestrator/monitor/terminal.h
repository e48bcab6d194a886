/* SPDX-License-Identifier: MIT */
/* HMP at the terminal: lines with editing, history and completion (libedit). */
#ifndef MPR_ORCHESTRATOR_MONITOR_TERMINAL_H
#define MPR_ORCHESTRATOR_MONITOR_TERMINAL_H

#include <stdbool.h>

struct mpr_terminal;
struct mpr_commands;

/* Uses standard input, which must be a terminal, and standard output; there is one
 * terminal at a time. `signals`: keys that send signals do. */
struct mpr_terminal *mpr_terminal_create(const struct mpr_commands *commands, bool signals);
/* The terminal is left as it was found; at exit() as well. */
void mpr_terminal_destroy(struct mpr_terminal *terminal);

#endif
