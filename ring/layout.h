/* SPDX-License-Identifier: MIT */
/*
 * What lies where in a channel's memfd. docs/channel-layout.md says the same
 * for readers without a compiler.
 *
 *      0  header         written once by the proxy before the remote maps it
 *    128  proxy line     written by the proxy, read by the remote (which also
 *                        writes the watch)
 *    256  remote line    written by the remote, read by the proxy (which also
 *                        writes the bell)
 *    384  proxy stats    written by the proxy, read by anybody
 *    512  remote stats   written by the remote, read by anybody
 *    640  shadow         written by the remote, read by the proxy
 *   1152  zero
 *   4096  request ring   128 bytes of head, then 64 bytes a slot; the proxy
 *                        produces; the remote consumes, and answers in place
 *      C  completion ring, the same form; the remote produces
 *
 * with C = 4096 + 128 + 64 * slots, rounded up to 4096. The file ends after
 * the completion ring, rounded up to 4096, or to 2 MiB on hugepages. Each line
 * has 128 bytes to itself because processors prefetch lines in pairs.
 *
 * The sequence word of request n is n + 1 when the request is whole, as in any ring, and
 * the complement of that when its answer is whole. No request's word in that slot can
 * equal the complement: those words differ from n + 1 by multiples of `slots`, which is
 * even, and the complement has the other lowest bit. So the lower half, on which a futex
 * sleeps, differs, too.
 */
#ifndef MPR_RING_LAYOUT_H
#define MPR_RING_LAYOUT_H

#include "pci/shadow.h"
#include "ring/message.h"
#include "ring/spsc.h"

#define MPR_CHANNEL_MAGIC 0x4e4e4843474e5250ULL /* "PRNGCHNN" */
#define MPR_CHANNEL_MIN_SLOTS 16u
#define MPR_CHANNEL_MAX_SLOTS 65536u

/* The proxy is registered for membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED), so
 * the remote may set the bell to MPR_BELL_FAST. */
#define MPR_CHANNEL_BARRIER_ALL (1u << 0)

struct mpr_channel_header {
	uint64_t magic;
	uint32_t abi;	   /* MPR_CHANNEL_ABI */
	uint32_t features; /* MPR_CHANNEL_BARRIER_ALL; other bits are refused */
	uint64_t size;	   /* of the file */
	uint32_t slots;	   /* of each ring */
	uint32_t message;  /* sizeof(struct mpr_msg) */
	uint64_t requests; /* offset of the request ring */
	uint64_t events;   /* offset of the completion ring */
	uint8_t reserved[80];
};

struct mpr_channel_proxy_line {
	uint32_t sleepers; /* threads that sleep, or are about to, on a slot's word */
	uint32_t watch;	   /* enum mpr_intx_watch: which changes of the line to notify */
	uint32_t given_up; /* not 0: the proxy has given the device up, for good */
	uint8_t guard[116];
};

struct mpr_channel_remote_line {
	uint32_t bell; /* enum mpr_bell: whether the remote sleeps */
	uint32_t intx; /* level of the interrupt line */
	uint64_t events_dropped;
	uint32_t settling; /* the current request waits for DMA to end */
	uint8_t guard[108];
};

struct mpr_channel_proxy_stats {
	uint64_t posted, reads, ring_full, doorbells, reply_sleeps, shadow_reads, quiet_acks;
	uint8_t guard[72];
};

struct mpr_channel_remote_stats {
	uint64_t received, replied, interrupts, remote_sleeps, reply_wakes, events, intx_told;
	uint8_t guard[72];
};

/*
 * The registers, and how many requests they show the effects of. A seqlock: the version
 * is odd while the image changes. The image's first line makes a pair of 128 bytes with
 * the version's, so that one miss may bring both.
 */
struct mpr_channel_shadow {
	uint64_t version;
	uint64_t retired; /* requests whose effects the image shows */
	uint8_t guard0[48];
	uint64_t image[MPR_SHADOW_SIZE / 8]; /* little-endian */
	uint8_t guard1[64];
	struct mpr_shadow_map map; /* written once, `span` last */
	uint8_t guard2[64];
};

/* The part before the rings. */
struct mpr_channel_shared {
	struct mpr_channel_header header;
	struct mpr_channel_proxy_line proxy;
	struct mpr_channel_remote_line remote;
	struct mpr_channel_proxy_stats proxy_stats;
	struct mpr_channel_remote_stats remote_stats;
	struct mpr_channel_shadow shadow;
};

#define MPR_CHANNEL_REQUESTS 4096u /* offset of the request ring */

static_assert(offsetof(struct mpr_channel_header, magic) == 0, "channel layout");
static_assert(offsetof(struct mpr_channel_header, abi) == 8, "channel layout");
static_assert(offsetof(struct mpr_channel_header, features) == 12, "channel layout");
static_assert(offsetof(struct mpr_channel_header, size) == 16, "channel layout");
static_assert(offsetof(struct mpr_channel_header, slots) == 24, "channel layout");
static_assert(offsetof(struct mpr_channel_header, message) == 28, "channel layout");
static_assert(offsetof(struct mpr_channel_header, requests) == 32, "channel layout");
static_assert(offsetof(struct mpr_channel_header, events) == 40, "channel layout");
static_assert(offsetof(struct mpr_channel_header, reserved) == 48, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, header) == 0, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy) == 128, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy.sleepers) == 128, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy.watch) == 132, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy.given_up) == 136, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote) == 256, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote.bell) == 256, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote.intx) == 260, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote.events_dropped) == 264, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote.settling) == 272, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy_stats) == 384, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy_stats.posted) == 384, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy_stats.reads) == 392, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy_stats.ring_full) == 400, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy_stats.doorbells) == 408, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy_stats.reply_sleeps) == 416,
	      "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy_stats.shadow_reads) == 424,
	      "channel layout");
static_assert(offsetof(struct mpr_channel_shared, proxy_stats.quiet_acks) == 432, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote_stats) == 512, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote_stats.received) == 512, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote_stats.replied) == 520, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote_stats.interrupts) == 528,
	      "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote_stats.remote_sleeps) == 536,
	      "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote_stats.reply_wakes) == 544,
	      "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote_stats.events) == 552, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, remote_stats.intx_told) == 560, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, shadow.version) == 640, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, shadow.retired) == 648, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, shadow.image) == 704, "channel layout");
static_assert(offsetof(struct mpr_channel_shared, shadow.map) == 1024, "channel layout");
static_assert(offsetof(struct mpr_shadow_map, span) == 0, "channel layout");
static_assert(offsetof(struct mpr_shadow_map, readable) == 24, "channel layout");
static_assert(offsetof(struct mpr_shadow_map, ack_offset) == 56, "channel layout");
static_assert(offsetof(struct mpr_shadow_map, ack_looks) == 60, "channel layout");
static_assert(sizeof(struct mpr_channel_shared) == 1152, "channel layout");
static_assert(offsetof(struct mpr_msg, type) == 0 && offsetof(struct mpr_msg, bar) == 1 &&
		      offsetof(struct mpr_msg, size) == 2 && offsetof(struct mpr_msg, status) == 3,
	      "message layout");
static_assert(offsetof(struct mpr_msg, intx) == 4, "message layout");
static_assert(offsetof(struct mpr_msg, offset) == 8, "message layout");
static_assert(offsetof(struct mpr_msg, value) == 16, "message layout");
static_assert(offsetof(struct mpr_msg, text) == 24, "message layout");

/* Offset of the completion ring, and the bytes that a channel uses. */
static inline uint64_t mpr_channel_events_offset(uint32_t slots)
{
	return (MPR_CHANNEL_REQUESTS + mpr_spsc_size(slots) + 4095) & ~(uint64_t)4095;
}

static inline uint64_t mpr_channel_bytes(uint32_t slots)
{
	return mpr_channel_events_offset(slots) + mpr_spsc_size(slots);
}

static inline bool mpr_channel_slots_valid(uint32_t slots)
{
	return slots >= MPR_CHANNEL_MIN_SLOTS && slots <= MPR_CHANNEL_MAX_SLOTS &&
	       mpr_spsc_slots_valid(slots);
}

/* The sequence word of request n when its answer is whole. */
static inline uint64_t mpr_channel_answered(uint64_t n)
{
	return ~(n + 1);
}

#endif
