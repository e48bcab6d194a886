/* SPDX-License-Identifier: MIT */
/*
 * What a slot of a channel carries: a request of the proxy, its answer in the
 * same place, or an event of the remote.
 */
#ifndef MPR_RING_MESSAGE_H
#define MPR_RING_MESSAGE_H

#include <assert.h>
#include <stdint.h>

/* Version of the channel's layout, and of the rules by which its words change. */
#define MPR_CHANNEL_ABI 2u

enum mpr_msg_type {
	MPR_MSG_NONE = 0,
	/* Requests: proxy to remote. */
	MPR_MSG_WRITE = 1,	  /* posted: `size` bytes of value to bar:offset */
	MPR_MSG_READ = 2,	  /* answered: value */
	MPR_MSG_CONFIG_WRITE = 3, /* posted: configuration space, offset */
	MPR_MSG_CONFIG_READ = 4,  /* answered: value */
	MPR_MSG_RESET = 5,	  /* answered when no DMA is under way any more */
	/* Events: remote to proxy. */
	MPR_MSG_IO_ERROR = 64,	  /* a medium failed: text for the operator */
	MPR_MSG_DMA_WRITTEN = 65, /* the device wrote value bytes at guest address offset */
	MPR_MSG_EVENTS_LOST = 66  /* never sent: mpr_channel_event() makes it up */
};

/* The 56 bytes that a slot carries beside its sequence word. */
struct mpr_msg {
	uint8_t type; /* enum mpr_msg_type */
	uint8_t bar;
	uint8_t size;	  /* 1, 2, 4 or 8 bytes */
	uint8_t status;	  /* answer: 0, or an errno */
	uint32_t intx;	  /* answer: level of the interrupt line, 0 or 1 */
	uint64_t offset;  /* in the BAR or in configuration space; a guest address */
	uint64_t value;	  /* little-endian register value; a length */
	uint8_t text[32]; /* events: ASCII, zero-padded; otherwise 0 */
};
static_assert(sizeof(struct mpr_msg) == 56, "a message fills a slot but for its sequence word");

/* Sets what mpr_channel_send() sends of a request and leaves the rest of *msg alone:
 * the cost of a posted write is its stores. */
static inline void mpr_request(struct mpr_msg *msg, enum mpr_msg_type type, unsigned bar,
			       uint64_t offset, unsigned size, uint64_t value)
{
	msg->type = (uint8_t)type;
	msg->bar = (uint8_t)bar;
	msg->size = (uint8_t)size;
	msg->offset = offset;
	msg->value = value;
}

#endif
