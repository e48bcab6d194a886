/* SPDX-License-Identifier: MIT */
/* Messages from the initiator. */
#ifndef MPR_DEV_LSI53C895A_MESSAGE_OUT_H
#define MPR_DEV_LSI53C895A_MESSAGE_OUT_H

#include "dev/lsi53c895a/chip/state.h"

/* Handles all bytes of one MESSAGE OUT phase. */
void lsi_message_out(struct lsi_chip *chip, const uint8_t *msg, size_t len);

#endif
