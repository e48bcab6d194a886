/* SPDX-License-Identifier: MIT */
/* Messages to the initiator. */
#ifndef MPR_DEV_LSI53C895A_CHIP_MESSAGE_IN_H
#define MPR_DEV_LSI53C895A_CHIP_MESSAGE_IN_H

#include "dev/lsi53c895a/chip/state.h"

/* Queues a message. False: no room. */
bool lsi_message_queue(struct lsi_bus *bus, const uint8_t *msg, size_t len);
static inline unsigned lsi_messages_pending(const struct lsi_bus *bus)
{
	return bus->message_len - bus->message_pos;
}
/* The next byte. There must be one. */
uint8_t lsi_message_take(struct lsi_bus *bus);

#endif
