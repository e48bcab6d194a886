/* SPDX-License-Identifier: MIT */
/*
 * The proxy's half of a channel (ring/channel.h): the VMM's process, which creates it.
 */
#ifndef MPR_RING_CHANNEL_PROXY_H
#define MPR_RING_CHANNEL_PROXY_H

#include "ring/channel.h"
#include "ring/message.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mpr_channel_options {
	uint32_t slots;	   /* of each ring, a power of two, 16 to 65536; 0: default */
	int numa_node;	   /* where the memory should lie; -1: do not care */
	bool no_hugepages; /* use normal pages even where hugepages are to be had */
};

/*
 * Creates the memfd (hugepages if there are any; mpr_channel_hugepages()
 * tells) and the doorbell. 0; -EINVAL: no such number of slots or NUMA node;
 * negative errno. May take a few milliseconds.
 */
int mpr_channel_create(const struct mpr_channel_options *options, struct mpr_channel **channel);

/* To pass to the remote, with mpr_channel_doorbell(); the channel owns both until
 * mpr_channel_keep(). */
int mpr_channel_memfd(const struct mpr_channel *channel);

/*
 * To be called once the remote has attached, before the first request: until then a
 * remote can punch holes into the memory, on which an access may end in SIGBUS. Closes
 * what was passed. 0, or negative errno: it did so and its pages are gone, or it
 * prevented this.
 */
int mpr_channel_keep(struct mpr_channel *channel);

/*
 * Puts a request into the ring and wakes the remote if it sleeps, but not for
 * an acknowledgement (struct mpr_shadow_map). Does not block. *ticket names the
 * request for mpr_channel_reply(); pass NULL for a posted request. What is sent
 * is type, bar, size, offset and value. False: the ring is full (or the oldest slot's
 * answer has not been taken): try again, unless mpr_channel_error(). Callers on
 * several threads hold a lock. Release: pairs with mpr_channel_receive().
 */
bool mpr_channel_send(struct mpr_channel *channel, const struct mpr_msg *msg, uint64_t *ticket);

/* Takes the answer to a ticket into *msg, once. False: not there yet. Any
 * thread, without a lock. Acquire: pairs with mpr_channel_complete(). */
bool mpr_channel_reply(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg);

/*
 * As mpr_channel_reply(), but waits: spins for at most spin_ns, then sleeps
 * on a futex. Every 10 ms or so of waiting it calls alive(opaque); when that
 * says false the wait ends. alive may be NULL. 0; -EPIPE: not alive; -EPROTO:
 * the remote broke the protocol. After an error the ticket is given up. Any
 * thread, without a lock.
 */
int mpr_channel_wait_reply(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg,
			   uint64_t spin_ns, bool (*alive)(void *opaque), void *opaque);

/*
 * Answers a register read of 1, 2, 4 or 8 bytes from the shadow: without the
 * remote, which may be asleep. False: send a request. That is so when the map
 * does not cover the bytes, when the access is not aligned, and as long as the
 * remote has not executed every request that was sent before (by the caller,
 * or by another thread whose send the caller knows of), unless it sleeps and
 * the only one is an acknowledgement (struct mpr_shadow_map). Any thread, without a
 * lock. Acquire: pairs with mpr_channel_shadow_publish(); DMA that the device
 * did before it published the value is visible.
 */
bool mpr_channel_shadow_read(struct mpr_channel *channel, unsigned bar, uint64_t offset,
			     unsigned size, uint64_t *value);

/*
 * Takes the next event. False: none. One thread. Events that the remote had no
 * room for are made up for by one MPR_MSG_EVENTS_LOST, which comes before those
 * that are in the ring. Who has seen an answer, a shadow's value or the line's
 * level finds the events that the remote sent before it, or that they were lost,
 * among the next `slots` ones.
 */
bool mpr_channel_event(struct mpr_channel *channel, struct mpr_msg *msg);

/* The level of the interrupt line that the remote published last; low from the
 * moment of an acknowledgement that a sleeping remote has not seen. */
bool mpr_channel_intx(const struct mpr_channel *channel);

/*
 * Who looks at the line, so that the remote tells (writes an eventfd) only when
 * it must. At first nobody does, and every change is told. Once armed, only the
 * next rise is told, and nothing before the proxy arms again: it has to look at
 * the level after each access. `soon`: it will look again by itself, so a rise
 * need be told only if it lasts. Returns the level after arming. While the proxy
 * is looking all the time nothing is told. Any thread; arming is a full barrier.
 */
bool mpr_channel_intx_arm(struct mpr_channel *channel, bool soon);
void mpr_channel_intx_look(struct mpr_channel *channel);

/* Whether the remote says that a request waits for DMA to end: it is alive, and
 * answers may take as long as a disk takes. Any thread. */
bool mpr_channel_settling(const struct mpr_channel *channel);

/*
 * Gives the device up, for good: an honest remote takes none of the requests that it
 * has not taken yet, and sees to it that its DMA ends. One that sleeps is not woken:
 * that is left to whatever else ties the two. Any thread.
 */
void mpr_channel_give_up(struct mpr_channel *channel);

#ifdef __cplusplus
}
#endif

#endif
