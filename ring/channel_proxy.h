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
	int numa_node;	   /* preferred for the memory; -1: none */
	bool no_hugepages; /* normal pages even if hugepages are free */
};

/*
 * Creates the memfd (on hugepages if any are free; mpr_channel_hugepages() tells) and
 * the doorbell. 0; -EINVAL: not a valid number of slots, or no such NUMA node; or
 * negative errno. May take a few milliseconds.
 */
int mpr_channel_create(const struct mpr_channel_options *options, struct mpr_channel **channel);

/* To pass to the remote, with mpr_channel_doorbell(); the channel owns both until
 * mpr_channel_keep(). */
int mpr_channel_memfd(const struct mpr_channel *channel);

/*
 * Call it once the remote has attached, before the first request: until then a remote
 * can punch holes into the memory, and an access to a hole may raise SIGBUS. Closes what
 * was passed. 0; negative errno: the remote has punched holes that cannot be filled, or
 * has sealed the memfd against sealing. The channel must not be used then.
 */
int mpr_channel_keep(struct mpr_channel *channel);

/*
 * Puts a request into the ring and wakes the remote if it sleeps, except for an
 * acknowledgement (struct mpr_shadow_map). Does not block. Sends type, bar, size,
 * offset and value. *ticket names the request for mpr_channel_reply(); NULL: it is
 * posted. False: the ring is full, or the answer in the slot has not been taken yet: try
 * again, unless mpr_channel_error() is set. Callers on several threads hold a lock.
 * Release: pairs with mpr_channel_receive().
 */
bool mpr_channel_send(struct mpr_channel *channel, const struct mpr_msg *msg, uint64_t *ticket);

/* Takes the answer to a ticket into *msg, once. False: not there yet. Any
 * thread, without a lock. Acquire: pairs with mpr_channel_complete(). */
bool mpr_channel_reply(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg);

/*
 * As mpr_channel_reply(), but waits: spins for at most spin_ns, then sleeps on a
 * futex. Calls alive(opaque), unless it is NULL, about every 10 ms; the wait ends when
 * it returns false. 0; -EPIPE: not alive; -EPROTO: the remote broke the protocol. After
 * an error the ticket is no longer valid. Any thread, without a lock.
 */
int mpr_channel_wait_reply(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg,
			   uint64_t spin_ns, bool (*alive)(void *opaque), void *opaque);

/*
 * Answers a register read of 1, 2, 4 or 8 bytes from the shadow, without the remote,
 * which may be asleep. False: send a request instead, because
 * - the map does not cover the bytes, or the access is not aligned, or
 * - the remote has not executed every request that was sent before, by the caller or by
 *   a thread whose send happened before this call. An acknowledgement (struct
 *   mpr_shadow_map) that is the only one outstanding does not count where its effect is
 *   known: while the remote sleeps, or with ack_looks.
 * Any thread, without a lock. Acquire: pairs with mpr_channel_shadow_publish(); DMA that
 * the device did before it published the value is visible.
 */
bool mpr_channel_shadow_read(struct mpr_channel *channel, unsigned bar, uint64_t offset,
			     unsigned size, uint64_t *value);

/*
 * Takes the next event. False: none. One thread. If the ring had no room for some, one
 * MPR_MSG_EVENTS_LOST stands for them, ahead of those in the ring. After the caller has
 * seen an answer, a value of the shadow or the line's level, the next `slots` events
 * include every one that the remote sent before it, or MPR_MSG_EVENTS_LOST.
 */
bool mpr_channel_event(struct mpr_channel *channel, struct mpr_msg *msg);

/* The level of the interrupt line, as the remote published it last. Low once an
 * acknowledgement was sent whose effect is known, though the remote still has to
 * execute it. */
bool mpr_channel_intx(const struct mpr_channel *channel);

/*
 * Suppresses notifications of the line's changes (writes to an eventfd, by the remote).
 * At first every change is notified. Once armed, only the next rise is, and then nothing
 * until the proxy arms again: it must look at the level after each of its accesses.
 * `soon`: it will look by itself before long, so a rise is notified only if it lasts.
 * After mpr_channel_intx_look() nothing is notified: the proxy polls the line. Arming
 * returns the level, read after it. Any thread; arming is a full barrier.
 */
bool mpr_channel_intx_arm(struct mpr_channel *channel, bool soon);
void mpr_channel_intx_look(struct mpr_channel *channel);

/* Whether the remote says that a request waits for DMA to end: then it is alive, and the
 * answer may take as long as a disk takes. Any thread. */
bool mpr_channel_settling(const struct mpr_channel *channel);

/*
 * Gives the device up, for good: an honest remote receives no further requests and ends
 * its DMA. A sleeping one is not woken by this; the caller hangs up the control socket.
 * Any thread.
 */
void mpr_channel_give_up(struct mpr_channel *channel);

#ifdef __cplusplus
}
#endif

#endif
