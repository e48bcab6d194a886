/* SPDX-License-Identifier: MIT */
/*
 * One HMP monitor. mpring's commands, and those about remote drives and devices, run here; QEMU
 * runs every other line, by human-monitor-command, and its output is returned unchanged. The
 * state that QEMU keeps for a monitor (the current CPU) is kept here.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_HMP_RELAY_H
#define MPR_ORCHESTRATOR_MONITOR_HMP_RELAY_H

#include <stdbool.h>

struct mpr_hmp_relay;
struct mpr_commands;

/* A command's output, valid during the call; lines end with "\r\n". NULL: QEMU has gone. */
typedef void (*mpr_hmp_relay_fn)(void *opaque, const char *text);

struct mpr_hmp_relay *mpr_hmp_relay_create(const struct mpr_commands *commands);
/* No function is called any more. */
void mpr_hmp_relay_destroy(struct mpr_hmp_relay *hmp);

/* Whether mpring has part in a line: its own commands, help that lists them, and commands about
 * what remote processes have. */
bool mpr_hmp_relay_is_own(const struct mpr_hmp_relay *hmp, const char *line);

/* Runs a line. The next one must wait for done(). */
void mpr_hmp_relay_run(struct mpr_hmp_relay *hmp, const char *line, mpr_hmp_relay_fn done,
		       void *opaque);

/* Gives done() the greeting of QEMU's monitor. */
void mpr_hmp_relay_greet(struct mpr_hmp_relay *hmp, mpr_hmp_relay_fn done, void *opaque);

#endif
