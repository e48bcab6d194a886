/* SPDX-License-Identifier: MIT */
/*
 * The commands of a machine for tests of monitors (commands.h): it records what it is asked, and
 * the test says what it answers.
 */
#ifndef TESTS_ORCHESTRATOR_FAKE_VM_H
#define TESTS_ORCHESTRATOR_FAKE_VM_H

#include <stdbool.h>

#include "orchestrator/commands/commands.h"

extern const struct mpr_commands fake_vm;

/* What was asked since the last answer, each on a line: "command {arguments}" or "name words". */
const char *fake_vm_asked(void);

/* Answers the oldest command to QEMU by JSON; NULL: QEMU is lost. */
void fake_vm_answer(const char *reply);
/* Gives the outcome of the oldest command that is not QEMU's. */
void fake_vm_end(const char *error, const char *result, const char *text);
void fake_vm_end_as(const struct mpr_outcome *outcome);

/* Answers all, commands to QEMU by `reply`. False: nothing was asked. */
bool fake_vm_answer_all(const char *reply);

/* Starts afresh; everything must have been answered. */
void fake_vm_reset(void);

#endif
