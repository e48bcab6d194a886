/* SPDX-License-Identifier: MIT */
/*
 * One HMP monitor's commands: mpring's are run here, as are those about remote drives and
 * devices, every other line by QEMU, whose answer comes back as it is. What QEMU keeps for each
 * monitor (the CPU that commands are about) is kept here.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_HMP_RELAY_H
#define MPR_ORCHESTRATOR_MONITOR_HMP_RELAY_H

#include <stdbool.h>

struct mpr_hmp_relay;
struct mpr_commands;

/* The answer, valid during the call: "" when there is none, lines ended by "\r\n".
 * NULL: QEMU is not there any more. */
typedef void (*mpr_hmp_relay_fn)(void *opaque, const char *text);

struct mpr_hmp_relay *mpr_hmp_relay_create(const struct mpr_commands *commands);
/* No function is called any more. */
void mpr_hmp_relay_destroy(struct mpr_hmp_relay *hmp);

/* Whether a line is not QEMU's alone: a command of mpring's, help that lists them, or a
 * command about what remote processes have. */
bool mpr_hmp_relay_is_own(const struct mpr_hmp_relay *hmp, const char *line);

/* Runs a line, one after the other's answer. */
void mpr_hmp_relay_run(struct mpr_hmp_relay *hmp, const char *line, mpr_hmp_relay_fn done,
		       void *opaque);

/* Says what QEMU's monitor says when it is opened. */
void mpr_hmp_relay_greet(struct mpr_hmp_relay *hmp, mpr_hmp_relay_fn done, void *opaque);

#endif
