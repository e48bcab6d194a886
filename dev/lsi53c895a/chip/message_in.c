/* SPDX-License-Identifier: MIT */
/* Messages to the initiator, which wait for a MESSAGE IN phase. */
#include "dev/lsi53c895a/chip/message_in.h"

#include <string.h>

bool lsi_message_queue(struct lsi_bus *bus, const uint8_t *msg, size_t len)
{
	if (!lsi_messages_pending(bus))
		bus->message_len = bus->message_pos = 0;
	if (len > sizeof(bus->message) - bus->message_len)
		return false;
	memcpy(bus->message + bus->message_len, msg, len);
	bus->message_len += len;
	return true;
}

uint8_t lsi_message_take(struct lsi_bus *bus)
{
	return bus->message[bus->message_pos++];
}
