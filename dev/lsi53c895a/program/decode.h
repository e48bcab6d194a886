/* SPDX-License-Identifier: MIT */
/* What an instruction's first word says, whatever the chip's state. */
#ifndef MPR_DEV_LSI53C895A_PROGRAM_DECODE_H
#define MPR_DEV_LSI53C895A_PROGRAM_DECODE_H

#include "dev/lsi53c895a/chip/state.h"

struct lsi_code lsi_decode(uint32_t word);

#endif
