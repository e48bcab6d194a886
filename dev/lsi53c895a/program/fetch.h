/* SPDX-License-Identifier: MIT */
/* Instructions from memory. */
#ifndef MPR_DEV_LSI53C895A_PROGRAM_FETCH_H
#define MPR_DEV_LSI53C895A_PROGRAM_FETCH_H

#include "dev/lsi53c895a/chip/state.h"

/* The instruction at DSP in `r`, without side effects. 0 or -EFAULT. */
int lsi_fetch(struct lsi_chip *chip, const struct lsi_registers *r, struct lsi_instruction *insn);

#endif
