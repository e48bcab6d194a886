/* SPDX-License-Identifier: MIT */
/* The proxy's side of the shadow: reads, and acknowledgements of interrupts, whose
 * effect is known before the remote executes them. */
#include "ring/channel_internal.h"
#include "ring/channel_proxy.h"
#include "ring/wakeup.h"

/* ---- The map: whatever it says, no access leaves the image --------------- */

/* Relaxed: ordered by [H3] below. */
static uint8_t map_byte(const uint8_t *byte)
{
	return __atomic_load_n(byte, __ATOMIC_RELAXED);
}

static bool in_span(const struct mpr_shadow_map *map, unsigned bar, uint64_t offset)
{
	/* [H3] Acquire, pairs with H3 in mpr_channel_shadow_open(): the rest of the
	 * map and the first image were written before. */
	return bar < MPR_PCI_NUM_BARS &&
	       offset < __atomic_load_n(&map->span[bar], __ATOMIC_ACQUIRE);
}

static inline bool shown(const struct mpr_shadow_map *map, unsigned bar, uint64_t offset,
			 unsigned size)
{
	unsigned at = offset % MPR_SHADOW_SIZE, bits = ((1u << size) - 1) << at % 8;

	return !(offset & (size - 1)) && in_span(map, bar, offset) &&
	       (map_byte(&map->readable[at / 8]) & bits) == bits;
}

/* ---- The image ---------------------------------------------------------- */

static uint64_t retired(const struct mpr_channel_shadow *shadow)
{
	/* [H2] Acquire, pairs with H2 in mpr_channel_shadow_publish(): the image read next
	 * shows the effects of these requests. */
	return __atomic_load_n(&shadow->retired, __ATOMIC_ACQUIRE);
}

static uint64_t version(const struct mpr_channel_shadow *shadow)
{
	/* [H1] Acquire, pairs with H1 in update_image(): the next load comes after it. */
	return __atomic_load_n(&shadow->version, __ATOMIC_ACQUIRE);
}

static uint64_t image_word(const struct mpr_channel_shadow *shadow, unsigned index)
{
	/* [H1] Acquire: if the word is of a newer image, the next look at the version sees
	 * that image's odd one. */
	return __atomic_load_n(&shadow->image[index], __ATOMIC_ACQUIRE);
}

/* One word of the image. False: the image changed meanwhile. */
static inline bool read_image(const struct mpr_channel_shadow *shadow, unsigned index,
			      uint64_t *word)
{
	uint64_t before = version(shadow);

	*word = image_word(shadow, index);
	return !(before & 1) && version(shadow) == before;
}

/* ---- Acknowledgements --------------------------------------------------- */

static bool is_acknowledgement(const struct mpr_shadow_map *map, const struct mpr_msg *msg)
{
	return map_byte(&map->ack_clears) && msg->type == MPR_MSG_WRITE && msg->size == 1 &&
	       msg->offset % MPR_SHADOW_SIZE == map_byte(&map->ack_offset) &&
	       in_span(map, msg->bar, msg->offset);
}

/* Whether the write acknowledges an interrupt and does nothing else, given the register's
 * value in this word of the image. */
static bool takes_back(const struct mpr_shadow_map *map, const struct mpr_msg *msg, uint64_t word)
{
	uint8_t clears = map_byte(&map->ack_clears), keeps = map_byte(&map->ack_keeps);
	uint8_t now = (uint8_t)(word >> 8 * (map_byte(&map->ack_offset) % 8));
	uint8_t value = (uint8_t)msg->value;

	return !(value & ~(clears | keeps)) && !((value ^ now) & keeps) &&
	       !(~value & now & clears) && !(now & map_byte(&map->ack_none));
}

bool mpr_channel_acknowledge(struct mpr_channel *channel, const struct mpr_msg *msg)
{
	const struct mpr_channel_shadow *shadow = &channel->shared->shadow;
	uint64_t word, n = channel->requests.next - 1;

	if (!is_acknowledgement(&shadow->map, msg) || retired(shadow) != n ||
	    !read_image(shadow, map_byte(&shadow->map.ack_offset) / 8, &word) ||
	    !takes_back(&shadow->map, msg, word))
		return false;
	/* [H4] Release, pairs with H4 in acknowledged_at(): the loads above come first. */
	__atomic_store_n(&channel->acknowledged, n + 1, __ATOMIC_RELEASE);
	mpr_count(&channel->shared->proxy_stats.quiet_acks);
	return true;
}

/* How many requests had been sent with the last such acknowledgement; 0: none yet. */
static uint64_t acknowledged_at(const struct mpr_channel *channel)
{
	/* [H4] Acquire, pairs with H4 in mpr_channel_acknowledge(). */
	return __atomic_load_n(&channel->acknowledged, __ATOMIC_ACQUIRE);
}

bool mpr_channel_acknowledged(const struct mpr_channel *channel)
{
	uint64_t at = acknowledged_at(channel);

	return at && retired(&channel->shared->shadow) == at - 1;
}

/* The same by a reader: a thread that comes late must not overwrite what is known of a
 * later acknowledgement. */
static void note_acknowledged(struct mpr_channel *channel, uint64_t sent)
{
	uint64_t at = acknowledged_at(channel);

	/* [H4] As in mpr_channel_acknowledge(). */
	while ((int64_t)(at - sent) < 0 &&
	       !__atomic_compare_exchange_n(&channel->acknowledged, &at, sent, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* Without the bits that the acknowledgement clears. */
static uint64_t cleared(const struct mpr_shadow_map *map, unsigned index, uint64_t word)
{
	uint8_t at = map_byte(&map->ack_offset);

	if (at / 8 == index)
		word &= ~((uint64_t)map_byte(&map->ack_clears) << 8 * (at % 8));
	return word;
}

/* While the remote sleeps: then the device has done nothing since. */
static bool answers_asleep(const struct mpr_channel *channel, uint64_t sent, unsigned index,
			   uint64_t *word)
{
	return acknowledged_at(channel) == sent &&
	       read_image(&channel->shared->shadow, index, word) &&
	       /* [D5] Acquire: the next load comes after it. */
	       __atomic_load_n(&channel->shared->remote.bell, __ATOMIC_ACQUIRE) == MPR_BELL_ARMED;
}

/*
 * While the remote is awake, if its device looks for the acknowledgement before it
 * coalesces another interrupt with the acknowledged one. So either the device interrupts
 * again, or the guest sees, after this read, what that interrupt would have announced.
 * The bits of ack_keeps must be 0: the device may clear them by itself.
 */
static bool answers_awake(struct mpr_channel *channel, uint64_t sent, unsigned index,
			  uint64_t *word)
{
	const struct mpr_channel_shadow *shadow = &channel->shared->shadow;
	const struct mpr_spsc_producer *p = &channel->requests;
	uint64_t judged;
	struct mpr_msg msg;

	if (!map_byte(&shadow->map.ack_looks))
		return false;
	/* The last request, as it lies in the ring. A remote that changes it harms only its
	 * own device. */
	mpr_spsc_copy_out(&msg, mpr_spsc_slot_of(p->slots, p->mask, sent - 1)->payload);
	if (!is_acknowledgement(&shadow->map, &msg) ||
	    (msg.value & map_byte(&shadow->map.ack_keeps)))
		return false;
	/* [D6] Pairs with the fence in mpr_channel_next(). */
	mpr_fence();
	if (!read_image(shadow, map_byte(&shadow->map.ack_offset) / 8, &judged) ||
	    !takes_back(&shadow->map, &msg, judged) || !read_image(shadow, index, word))
		return false;
	note_acknowledged(channel, sent);
	return true;
}

/*
 * The value of a word after the last of `sent` requests, an acknowledgement, will have
 * been executed. The remote retires the request before it publishes an image that shows
 * anything later, so the position is read last.
 */
static __attribute__((noinline)) bool read_acknowledged(struct mpr_channel *channel, uint64_t sent,
							unsigned index, uint64_t *word)
{
	const struct mpr_channel_shadow *shadow = &channel->shared->shadow;

	if (retired(shadow) != sent - 1 || (!answers_asleep(channel, sent, index, word) &&
					    !answers_awake(channel, sent, index, word)))
		return false;
	*word = cleared(&shadow->map, index, *word);
	return retired(shadow) == sent - 1;
}

/* ---- Reads -------------------------------------------------------------- */

static inline bool read_word(struct mpr_channel *channel, unsigned index, uint64_t *word)
{
	/* [H2] Relaxed, pairs with H2 in mpr_channel_send(): if another thread's send
	 * happened before this call, so did its count. */
	uint64_t sent = __atomic_load_n(&channel->sent, __ATOMIC_RELAXED);
	const struct mpr_channel_shadow *shadow = &channel->shared->shadow;

	if (retired(shadow) == sent)
		return read_image(shadow, index, word);
	return read_acknowledged(channel, sent, index, word);
}

bool mpr_channel_shadow_read(struct mpr_channel *channel, unsigned bar, uint64_t offset,
			     unsigned size, uint64_t *value)
{
	uint64_t *counter = &channel->shared->proxy_stats.shadow_reads, word;

	if (!shown(&channel->shared->shadow.map, bar, offset, size) ||
	    mpr_channel_broken(channel) || !read_word(channel, offset % MPR_SHADOW_SIZE / 8, &word))
		return false;
	*value = word >> 8 * (offset % 8) & UINT64_MAX >> (64 - 8 * size);
	/* Relaxed, and not a locked addition, which would cost more than the read: with
	 * concurrent reads a count may be lost. */
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
	return true;
}
