/* SPDX-License-Identifier: MIT */
/*
 * A channel: one device's traffic between a VMM (the proxy) and a device
 * process (the remote), in one sealed memfd: a request ring, a completion
 * ring, doorbell words, the interrupt line, a shadow of the device's registers
 * and statistics. docs/channel-layout.md shows the layout byte by byte,
 * docs/memory-order.md proves the atomics.
 *
 *   proxy                                        remote
 *   mpr_channel_create() --memfd, doorbell--> mpr_channel_attach()
 *   mpr_channel_send()   ---request ring---->  mpr_channel_receive()
 *   mpr_channel_reply()  <--in place---------  mpr_channel_complete()
 *   mpr_channel_event()  <--completion ring--  mpr_channel_notify()
 *   mpr_channel_shadow_read() <---shadow-----  mpr_channel_shadow_publish()
 *
 * A request is one slot. A write is posted: nothing comes back for it. A read is
 * answered in its own slot, which moves one cache line less than an answer in a
 * second ring. The completion ring carries events, which the remote sends unasked.
 *
 * Neither side trusts the other: what lies in the memfd is copied out, then
 * checked, then used; an impossible index ends the channel with -EPROTO. Each side
 * is used by one thread at a time, except where a function says otherwise: a VMM
 * with several vCPU threads holds a lock to send, and none to wait.
 */
#ifndef MPR_RING_CHANNEL_H
#define MPR_RING_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPR_CHANNEL_DEFAULT_SLOTS 1024u /* of each ring */

struct mpr_channel;

/*
 * Counters, each written by one side only. `mpring top` and monitors read them.
 * Sleeps are counted when they are announced, even if the sleeper then finds something
 * and stays awake. Concurrent shadow reads may be counted as one.
 */
struct mpr_channel_stats {
	/* Written by the proxy. */
	uint64_t posted, reads, ring_full, doorbells, reply_sleeps, shadow_reads, quiet_acks;
	/* Written by the remote. */
	uint64_t received, replied, interrupts, remote_sleeps, reply_wakes, events, events_dropped,
		intx_told;
};

/* The remote's end of the doorbell, a socket pair: the proxy passes it on, the remote
 * polls it. */
int mpr_channel_doorbell(const struct mpr_channel *channel);

/* -EPROTO once the peer has broken the protocol (nothing moves any more), else 0. */
int mpr_channel_error(const struct mpr_channel *channel);
bool mpr_channel_hugepages(const struct mpr_channel *channel);
void mpr_channel_stats(const struct mpr_channel *channel, struct mpr_channel_stats *stats);
/* Unmaps the memory and closes the file descriptors. */
void mpr_channel_destroy(struct mpr_channel *channel);

#ifdef __cplusplus
}
#endif

#endif
