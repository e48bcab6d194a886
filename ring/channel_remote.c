/* SPDX-License-Identifier: MIT */
/* The remote's side of a channel: requests in, answers and events out. */
#include "ring/channel_remote.h"

#include "ring/channel_internal.h"
#include "ring/discard.h"
#include "ring/fds.h"
#include "ring/wakeup.h"

/* ---- Requests and their answers --------------------------------------- */

bool mpr_channel_given_up(const struct mpr_channel *channel)
{
	/* [E1] Relaxed, pairs with E1 in mpr_channel_give_up(): no other load depends
	 * on it. */
	return __atomic_load_n(&channel->shared->proxy.given_up, __ATOMIC_RELAXED) != 0;
}

bool mpr_channel_receive(struct mpr_channel *channel, struct mpr_msg *msg)
{
	/* [S1] Acquire: the request is read after the word that says it is whole. */
	const void *payload = mpr_spsc_peek(&channel->received);

	if (!payload || mpr_channel_broken(channel) || mpr_channel_given_up(channel))
		return false;
	mpr_spsc_copy_out(msg, payload);
	return true;
}

bool mpr_channel_next(struct mpr_channel *channel, struct mpr_msg *msg)
{
	/* [D6] Pairs with the fence in answers_awake(). */
	mpr_fence();
	return mpr_channel_receive(channel, msg);
}

/* After many requests without a sleep the proxy may send without a fence. */
static void note_busy(struct mpr_channel *channel)
{
	if (channel->awake == MPR_BELL_BUSY)
		return;
	if (++channel->awake == MPR_BELL_BUSY && channel->barrier_all) {
		mpr_bell_hurry(&channel->shared->remote.bell);
		channel->fast = true;
	}
}

void mpr_channel_retire(struct mpr_channel *channel)
{
	mpr_count(&channel->shared->remote_stats.received);
	note_busy(channel);
	mpr_spsc_release(&channel->received);
}

/* Writes the answer over the request. */
static void write_answer(struct mpr_channel *channel, struct mpr_spsc_slot *slot, uint64_t value,
			 uint8_t status)
{
	struct mpr_msg *answer = (struct mpr_msg *)(void *)slot->payload;

	answer->status = status;
	answer->intx = channel->intx;
	answer->value = value;
	/* [C1] Release, pairs with C1 in mpr_channel_reply(): the answer is whole
	 * before the word says so. */
	__atomic_store_n(&slot->seq, mpr_channel_answered(channel->received.next),
			 __ATOMIC_RELEASE);
}

void mpr_channel_complete(struct mpr_channel *channel, uint64_t value, uint8_t status)
{
	struct mpr_channel_remote_stats *stats = &channel->shared->remote_stats;
	struct mpr_spsc_consumer *c = &channel->received;
	struct mpr_spsc_slot *slot = mpr_spsc_slot_of(c->slots, c->mask, c->next);

	write_answer(channel, slot, value, status);
	mpr_count(&stats->replied);
	if (mpr_futex_wake_sleepers(&channel->shared->proxy.sleepers, &slot->seq))
		mpr_count(&stats->reply_wakes);
	/* Last: it may publish the position, and the slot is ours until then. */
	mpr_channel_retire(channel);
}

/* ---- The shadow ------------------------------------------------------- */

#define IMAGE_WORDS (MPR_SHADOW_SIZE / 8)

/* Stores the words that changed, between an odd version and an even one. */
static void update_image(struct mpr_channel *channel, const uint64_t *image)
{
	struct mpr_channel_shadow *shadow = &channel->shared->shadow;

	/* [H1] Relaxed: the releases below come after it. Pairs with H1 in
	 * read_image(). */
	__atomic_store_n(&shadow->version, channel->version + 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < IMAGE_WORDS; i++)
		if (image[i] != channel->image[i])
			__atomic_store_n(&shadow->image[i], image[i], __ATOMIC_RELEASE);
	channel->version += 2;
	__atomic_store_n(&shadow->version, channel->version, __ATOMIC_RELEASE);
	memcpy(channel->image, image, MPR_SHADOW_SIZE);
}

void mpr_channel_shadow_publish(struct mpr_channel *channel, const uint8_t image[MPR_SHADOW_SIZE])
{
	uint64_t words[IMAGE_WORDS];

	if (!channel->shadowed)
		return;
	memcpy(words, image, sizeof(words));
	if (memcmp(words, channel->image, sizeof(words)) != 0)
		update_image(channel, words);
	if (channel->retired == channel->received.next)
		return;
	channel->retired = channel->received.next;
	/* [H2] Release, pairs with H2 in mpr_channel_shadow_read(): the image, the
	 * line's level and DMA are visible before the position that they belong to. */
	__atomic_store_n(&channel->shared->shadow.retired, channel->retired, __ATOMIC_RELEASE);
}

void mpr_channel_shadow_open(struct mpr_channel *channel, const struct mpr_shadow_map *map,
			     const uint8_t image[MPR_SHADOW_SIZE])
{
	struct mpr_shadow_map *shared = &channel->shared->shadow.map;

	channel->shadowed = true;
	mpr_channel_shadow_publish(channel, image);
	/* Relaxed: [H3] below is what publishes it. */
	for (unsigned i = 0; i < sizeof(map->readable); i++)
		__atomic_store_n(&shared->readable[i], map->readable[i], __ATOMIC_RELAXED);
	__atomic_store_n(&shared->ack_offset, map->ack_offset, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->ack_clears, map->ack_clears, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->ack_keeps, map->ack_keeps, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->ack_none, map->ack_none, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->ack_looks, map->ack_looks, __ATOMIC_RELAXED);
	/* [H3] Release, pairs with H3 in in_span(): whoever sees that a BAR is shown
	 * sees all the rest. */
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++)
		__atomic_store_n(&shared->span[i], map->span[i], __ATOMIC_RELEASE);
}

/* ---- Events and the interrupt line ------------------------------------ */

void mpr_channel_set_intx(struct mpr_channel *channel, bool level)
{
	if (level == channel->intx)
		return;
	channel->intx = level;
	if (level)
		mpr_count(&channel->shared->remote_stats.interrupts);
	/* [C3] Release, pairs with C3 in mpr_channel_intx(): DMA and status are
	 * visible before the line's level. */
	__atomic_store_n(&channel->shared->remote.intx, level, __ATOMIC_RELEASE);
}

static enum mpr_tell tell(struct mpr_channel *channel, bool late)
{
	uint32_t *watch = &channel->shared->proxy.watch, seen = mpr_intx_watch_seen(watch);

	if (seen == MPR_WATCH_NONE)
		return MPR_TELL_NOW;
	if (seen == MPR_WATCH_SOON && channel->intx && !late)
		return MPR_TELL_LATER;
	if ((seen != MPR_WATCH_SOON && seen != MPR_WATCH_ARMED) || !channel->intx)
		return MPR_TELL_NOT;
	return mpr_intx_watch_take(watch, seen) ? MPR_TELL_NOW : MPR_TELL_NOT;
}

enum mpr_tell mpr_channel_intx_tell(struct mpr_channel *channel, bool late)
{
	enum mpr_tell told = tell(channel, late);

	if (told == MPR_TELL_NOW)
		mpr_count(&channel->shared->remote_stats.intx_told);
	return told;
}

void mpr_channel_set_settling(struct mpr_channel *channel, bool settling)
{
	/* Relaxed, pairs with the load in mpr_channel_settling(): it orders nothing. */
	__atomic_store_n(&channel->shared->remote.settling, settling, __ATOMIC_RELAXED);
}

bool mpr_channel_notify(struct mpr_channel *channel, const struct mpr_msg *msg)
{
	if (!mpr_channel_broken(channel) && mpr_spsc_push(&channel->notices, msg)) {
		mpr_count(&channel->shared->remote_stats.events);
		return true;
	}
	if (channel->notices.error)
		mpr_channel_break(channel);
	/* [C4] Relaxed, pairs with C4 in events_were_lost(): ordered by the release of
	 * what is published next. */
	mpr_count(&channel->shared->remote.events_dropped);
	return false;
}

/* ---- Sleeping --------------------------------------------------------- */

bool mpr_channel_arm(struct mpr_channel *channel)
{
	if (!channel->armed) {
		channel->armed = true;
		mpr_bell_arm(&channel->shared->remote.bell, channel->fast);
		channel->fast = false;
		channel->awake = 0;
		mpr_count(&channel->shared->remote_stats.remote_sleeps);
	}
	/* A broken channel, or one that was given up, has no requests. */
	if (!mpr_channel_broken(channel) && !mpr_channel_given_up(channel) &&
	    mpr_spsc_peek(&channel->received)) {
		mpr_channel_disarm(channel);
		return false;
	}
	return true;
}

static void break_channel(void *channel, int fd)
{
	mpr_discard(fd);
	mpr_channel_break(channel);
}

/* Drains the bell even if this wake-up had another cause: a ring that came late would
 * keep it readable for ever. Descriptors do not belong there. */
static void silence_bell(struct mpr_channel *channel)
{
	char bytes[64];

	/* One read is enough for what an honest proxy sends. */
	if (channel->bell >= 0)
		(void)mpr_fds_receive(channel->bell, bytes, sizeof(bytes), break_channel, channel);
}

void mpr_channel_disarm(struct mpr_channel *channel)
{
	if (!channel->armed)
		return;
	channel->armed = false;
	mpr_bell_disarm(&channel->shared->remote.bell);
	silence_bell(channel);
}
