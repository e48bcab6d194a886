/* SPDX-License-Identifier: MIT */
/*
 * A machine for the tests of monitors, in the place of QEMU and of mpring's commands:
 * it notes what it is asked and is told what to answer.
 */
#ifndef TESTS_ORCHESTRATOR_FAKE_VM_H
#define TESTS_ORCHESTRATOR_FAKE_VM_H

#include <stdbool.h>

#include "orchestrator/commands/commands.h"

extern const struct mpr_commands fake_vm;

/* What was asked since the last answer, "command {arguments}" or "name words", one
 * question a line. */
const char *fake_vm_asked(void);

/* Answers the oldest command given to QEMU. The reply is JSON; NULL: QEMU has gone. */
void fake_vm_answer(const char *reply);
/* Ends the oldest of mpring's commands. */
void fake_vm_end(const char *error, const char *result, const char *text);
void fake_vm_end_as(const struct mpr_outcome *outcome);

/* Answers everything, commands for QEMU with `reply`. False: nothing was asked. */
bool fake_vm_answer_all(const char *reply);

/* Forgets everything; nothing may be unanswered. */
void fake_vm_reset(void);

#endif
