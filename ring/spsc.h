/* SPDX-License-Identifier: MIT */
/*
 * A lock-free ring for one producer and one consumer, in one process or two.
 * This header and spsc_tuning.h are all there is: no library, no dependency, C11
 * and C++. To use them elsewhere copy the two into one folder.
 *
 *   producer                                  consumer
 *   slot = mpr_spsc_reserve(&p)               item = mpr_spsc_peek(&c)
 *   ... fill the 56 bytes ...                 ... copy what is needed ...
 *   mpr_spsc_commit(&p)  ---- the slot --->   mpr_spsc_release(&c)
 *
 * A slot is one cache line: 56 bytes of payload and a sequence word that says
 * which item the payload is. The consumer watches the word of the slot that it
 * wants next, so an item costs one line and the two sides share no index:
 *
 *   item n lives in slot n mod slots; its word is n + 1 once it is whole.
 *
 *   before:  word = n + 1 - slots   (the item one lap earlier)
 *   after:   word = n + 1
 *
 * The consumer accepts exactly the one value that it waits for. Items are
 * numbered with 64 bits and wrap from UINT64_MAX to 0: n + 1 and n + 1 - slots
 * differ by slots modulo 2^64, at the wrap as anywhere else.
 *
 * Only the way back needs an index: the consumer publishes its position every
 * MPR_SPSC_PUBLISH items (or a quarter of the ring, if that is less), and the producer
 * reads it when the room that it knows of is used up. The consumer need not publish when
 * it finds the ring empty: when the ring looks full to the producer, fewer than a quarter
 * of its items can have been taken without being published, so there are items left for
 * the consumer, and taking those it reaches the next publication.
 *
 * The memory (struct mpr_spsc_ring and the slots after it) may be shared with
 * a process that is not trusted. Each side's own state (struct
 * mpr_spsc_producer, struct mpr_spsc_consumer) is private memory, and only it
 * decides which addresses are accessed. Only a slot with the expected word is an item; an
 * impossible position sets the producer's `error` to -EPROTO and ends its progress. A
 * payload may change while it is being read: copy it (mpr_spsc_pop()), then check the
 * copy.
 *
 * A slot's line that the consumer has read is in its cache when the producer
 * comes round again: the store is a coherence miss. Between processors that are
 * far apart such misses are slow, few can be outstanding, and prefetches do not
 * hide them. So where that was measured to pay (mpr_spsc_evicting()) the consumer
 * flushes the lines it has read from all caches, and the producer misses to
 * memory instead. It flushes at the next look for an item, after it has answered
 * this one, which adds little to a stream and nothing to a round trip.
 *
 * Progress: every function is wait-free. Nothing here blocks or calls the
 * kernel. One thread at a time on either side; the two sides need no lock.
 *
 * A peer's death: an item whose word was not written does not exist, so a
 * producer killed in the middle of an item leaves none of it. A new producer
 * goes on at the consumer's `next` after the consumer has drained the ring; a
 * new consumer goes on at mpr_spsc_taken() and sees at most MPR_SPSC_PUBLISH - 1
 * items twice. Both positions come from the survivor's private state.
 */
#ifndef MPR_RING_SPSC_H
#define MPR_RING_SPSC_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "spsc_tuning.h" /* beside this header, wherever the two are */

#define MPR_SPSC_LINE 64    /* bytes of a slot and of a cache line */
#define MPR_SPSC_PAYLOAD 56 /* bytes of an item */
#define MPR_SPSC_MIN_SLOTS 2u
#define MPR_SPSC_MAX_SLOTS (1u << 30)

/* ---- The shared memory ------------------------------------------------ */

/* One item. Written by the producer while the slot is free; the word last. */
struct mpr_spsc_slot {
	uint8_t payload[MPR_SPSC_PAYLOAD];
	uint64_t seq; /* n + 1 when the payload is item n */
} __attribute__((aligned(MPR_SPSC_LINE)));

/*
 * The head of a ring's memory; the slots follow. The guard gives the line that the
 * consumer writes a pair of lines of its own, as some processors prefetch in pairs.
 *
 *     0  consumed   written by the consumer, read by the producer
 *     8  guard
 *   128  slots[0]
 *   192  slots[1] ...
 */
struct mpr_spsc_ring {
	uint64_t consumed; /* items taken, modulo 2^64 */
	uint8_t guard[2 * MPR_SPSC_LINE - 8];
} __attribute__((aligned(2 * MPR_SPSC_LINE)));

static_assert(sizeof(struct mpr_spsc_slot) == MPR_SPSC_LINE, "a slot is a cache line");
static_assert(offsetof(struct mpr_spsc_slot, payload) == 0, "slot layout");
static_assert(offsetof(struct mpr_spsc_slot, seq) == 56, "the word shares the payload's line");
static_assert(offsetof(struct mpr_spsc_ring, consumed) == 0, "ring layout");
static_assert(offsetof(struct mpr_spsc_ring, guard) == 8, "ring layout");
static_assert(sizeof(struct mpr_spsc_ring) == 128, "the slots begin at a pair of lines");
static_assert(__GCC_ATOMIC_LLONG_LOCK_FREE == 2, "two processes need lock-free atomics");

/* ---- Private state ---------------------------------------------------- */

/* The producer's. Private memory. */
struct mpr_spsc_producer {
	struct mpr_spsc_slot *slots;
	const uint64_t *consumed; /* in the ring */
	uint64_t mask;		  /* slots - 1 */
	uint64_t next;		  /* the item to be produced next */
	uint64_t limit;		  /* the first item that there is no room for yet */
	int error;		  /* 0, or -EPROTO: the consumer published nonsense */
};

/* The consumer's. Private memory. */
struct mpr_spsc_consumer {
	struct mpr_spsc_slot *slots;
	uint64_t *consumed; /* in the ring */
	uint64_t mask;	    /* slots - 1 */
	uint64_t next;	    /* the item to be taken next */
	uint64_t publish;   /* publish when next gets here */
	uint64_t interval;  /* items between two publications */
	bool evicts;	    /* mpr_spsc_evicting(); may be set otherwise */
	bool due;	    /* the next mpr_spsc_peek() evicts a line */
};

/* ---- Hints ------------------------------------------------------------ */

/* Prefetches a line for writing. */
static inline void mpr_spsc_prefetch_own(const struct mpr_spsc_slot *slot)
{
#if defined(__x86_64__)
	/* The builtin emits it only for newer targets; on older 64-bit processors it is a
	 * no-op. */
	__asm__ volatile("prefetchw %0" : : "m"(*slot));
#else
	__builtin_prefetch(slot, 1);
#endif
}

/* Prefetches a line for reading. */
static inline void mpr_spsc_prefetch_read(const struct mpr_spsc_slot *slot)
{
	__builtin_prefetch(slot, 0);
}

/* Flushes a line from all caches. It is written back, so a store that the producer makes
 * meanwhile is not lost. */
static inline void mpr_spsc_evict(const struct mpr_spsc_slot *slot)
{
#if defined(__x86_64__)
	__asm__ volatile("clflushopt %0" : : "m"(*slot));
#else
	(void)slot;
#endif
}

/* ---- Set-up ----------------------------------------------------------- */

/* Whether a ring can have this many slots: a power of two within the limits. */
static inline bool mpr_spsc_slots_valid(uint64_t slots)
{
	return slots >= MPR_SPSC_MIN_SLOTS && slots <= MPR_SPSC_MAX_SLOTS &&
	       (slots & (slots - 1)) == 0;
}

/* Bytes of memory for a ring of `slots` (a valid number). */
static inline size_t mpr_spsc_size(uint64_t slots)
{
	return sizeof(struct mpr_spsc_ring) + (size_t)slots * sizeof(struct mpr_spsc_slot);
}

/*
 * Makes an empty ring in `memory` (128-byte aligned, mpr_spsc_size() bytes)
 * whose first item has the number `first`, usually 0: every slot looks as if
 * it held the item one lap earlier. Before either side is attached.
 */
static inline void mpr_spsc_format(void *memory, uint64_t slots, uint64_t first)
{
	struct mpr_spsc_ring *ring = (struct mpr_spsc_ring *)memory;
	struct mpr_spsc_slot *slot = (struct mpr_spsc_slot *)(void *)(ring + 1);
	uint64_t i;

	memset(memory, 0, mpr_spsc_size(slots));
	for (i = first; i != first + slots; i++)
		slot[i & (slots - 1)].seq = i + 1 - slots;
	/* Relaxed: whoever hands the memory to the peer orders it. */
	__atomic_store_n(&ring->consumed, first, __ATOMIC_RELAXED);
}

/* Takes the producer's side; the next item has the number `next`. */
static inline void mpr_spsc_producer_init(struct mpr_spsc_producer *p, void *memory, uint64_t slots,
					  uint64_t next)
{
	struct mpr_spsc_ring *ring = (struct mpr_spsc_ring *)memory;

	p->slots = (struct mpr_spsc_slot *)(void *)(ring + 1);
	p->consumed = &ring->consumed;
	p->mask = slots - 1;
	p->next = next;
	p->limit = next + slots;
	p->error = 0;
}

/* Takes the consumer's side; the next item has the number `next`. */
static inline void mpr_spsc_consumer_init(struct mpr_spsc_consumer *c, void *memory, uint64_t slots,
					  uint64_t next)
{
	struct mpr_spsc_ring *ring = (struct mpr_spsc_ring *)memory;

	c->slots = (struct mpr_spsc_slot *)(void *)(ring + 1);
	c->consumed = &ring->consumed;
	c->mask = slots - 1;
	c->next = next;
	c->interval = slots / 4 < MPR_SPSC_PUBLISH ? slots / 4 : MPR_SPSC_PUBLISH;
	if (c->interval == 0)
		c->interval = 1;
	c->publish = next + c->interval;
	c->evicts = mpr_spsc_evicting();
	c->due = false;
}

/* ---- The producer ----------------------------------------------------- */

/* Looks at the consumer's position again. False: still no room, or an error. */
static inline bool mpr_spsc_refresh(struct mpr_spsc_producer *p)
{
	/* [S2] Acquire, pairs with S2 in mpr_spsc_publish(): the consumer has
	 * finished reading the slots that it gives back. */
	uint64_t consumed = __atomic_load_n(p->consumed, __ATOMIC_ACQUIRE);
	uint64_t known = p->limit - p->mask - 1;

	if (p->error)
		return false;
	/* It lies between the position known and the items produced, modulo 2^64. */
	if (consumed - known > p->next - known) {
		p->error = -EPROTO;
		return false;
	}
	p->limit = consumed + p->mask + 1;
	return p->next != p->limit;
}

/* How many slots can be filled: at least `want` if there is room for so many. */
static inline uint64_t mpr_spsc_room(struct mpr_spsc_producer *p, uint64_t want)
{
	if (p->limit - p->next < want)
		mpr_spsc_refresh(p);
	return p->limit - p->next;
}

/* The slot of item n. */
static inline struct mpr_spsc_slot *mpr_spsc_slot_of(struct mpr_spsc_slot *slots, uint64_t mask,
						     uint64_t n)
{
	return &slots[n & mask];
}

/*
 * The payload of the next slot, to be filled in place and handed over with
 * mpr_spsc_commit(). NULL: the ring is full, or p->error is set. Calling it
 * again before the commit gives the same slot.
 */
static inline void *mpr_spsc_reserve(struct mpr_spsc_producer *p)
{
	if (p->next == p->limit && !mpr_spsc_refresh(p))
		return NULL;
	return mpr_spsc_slot_of(p->slots, p->mask, p->next)->payload;
}

/* Hands the reserved slot over. Only after mpr_spsc_reserve() gave one. */
static inline void mpr_spsc_commit(struct mpr_spsc_producer *p)
{
	struct mpr_spsc_slot *slot = mpr_spsc_slot_of(p->slots, p->mask, p->next);

	/* [S1] Release, pairs with S1 in mpr_spsc_peek(): the payload is whole
	 * before its word says so. */
	__atomic_store_n(&slot->seq, p->next + 1, __ATOMIC_RELEASE);
	p->next++;
	mpr_spsc_prefetch_own(
		mpr_spsc_slot_of(p->slots, p->mask, p->next + MPR_SPSC_PREFETCH_PRODUCER));
}

/* Copies one item of 56 bytes in. False: full, or p->error is set. */
static inline bool mpr_spsc_push(struct mpr_spsc_producer *p, const void *item)
{
	void *payload = mpr_spsc_reserve(p);

	if (!payload)
		return false;
	memcpy(payload, item, MPR_SPSC_PAYLOAD);
	mpr_spsc_commit(p);
	return true;
}

/* Copies up to n items (n times 56 bytes) in, in order. How many: 0 to n. */
static inline size_t mpr_spsc_push_n(struct mpr_spsc_producer *p, const void *items, size_t n)
{
	const uint8_t *from = (const uint8_t *)items;
	uint64_t room = mpr_spsc_room(p, n);
	size_t i;

	if (n > room)
		n = (size_t)room;
	for (i = 0; i < n; i++, from += MPR_SPSC_PAYLOAD) {
		memcpy(mpr_spsc_slot_of(p->slots, p->mask, p->next)->payload, from,
		       MPR_SPSC_PAYLOAD);
		mpr_spsc_commit(p);
	}
	return n;
}

/* The position that the consumer published last and the producer accepted:
 * where a new consumer begins when the old one died. */
static inline uint64_t mpr_spsc_taken(struct mpr_spsc_producer *p)
{
	mpr_spsc_refresh(p);
	return p->limit - p->mask - 1;
}

/* ---- The consumer ----------------------------------------------------- */

/* Publishes the consumer's position now. Never needed for progress. */
static inline void mpr_spsc_publish(struct mpr_spsc_consumer *c)
{
	c->publish = c->next + c->interval;
	/* [S2] Release, pairs with S2 in mpr_spsc_refresh(): the payloads have
	 * been read before their slots are given back. */
	__atomic_store_n(c->consumed, c->next, __ATOMIC_RELEASE);
}

/*
 * The payload of the next item, in place, until mpr_spsc_release(). NULL: the
 * ring is empty. Calling it again before the release gives the same item. A
 * peer that is not trusted can still change what is there.
 */
static inline const void *mpr_spsc_peek(struct mpr_spsc_consumer *c)
{
	const struct mpr_spsc_slot *slot = mpr_spsc_slot_of(c->slots, c->mask, c->next);

	if (c->due) {
		mpr_spsc_evict(
			mpr_spsc_slot_of(c->slots, c->mask, c->next - 1 - MPR_SPSC_EVICT_BEHIND));
		c->due = false;
	}
	/* [S1] Acquire, pairs with S1 in mpr_spsc_commit(): the payload is read
	 * after the word that says it is whole. */
	if (__atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE) != c->next + 1)
		return NULL;
	return slot->payload;
}

/* Gives the slot of the peeked item back. Only after mpr_spsc_peek() gave one. */
static inline void mpr_spsc_release(struct mpr_spsc_consumer *c)
{
	if (c->evicts)
		c->due = true;
	else
		mpr_spsc_prefetch_read(mpr_spsc_slot_of(c->slots, c->mask,
							c->next + 1 + MPR_SPSC_PREFETCH_CONSUMER));
	c->next++;
	if (c->next == c->publish)
		mpr_spsc_publish(c);
}

/* Copies one payload out of memory that may change meanwhile. What the caller
 * checks afterwards is the copy: the compiler may not read the slot again. */
static inline void mpr_spsc_copy_out(void *item, const void *payload)
{
	memcpy(item, payload, MPR_SPSC_PAYLOAD);
	__asm__ volatile("" : : : "memory");
}

/* Copies the next item of 56 bytes out. False: empty. */
static inline bool mpr_spsc_pop(struct mpr_spsc_consumer *c, void *item)
{
	const void *payload = mpr_spsc_peek(c);

	if (!payload)
		return false;
	mpr_spsc_copy_out(item, payload);
	mpr_spsc_release(c);
	return true;
}

/* Copies up to n items (n times 56 bytes) out, in order. How many: 0 to n. */
static inline size_t mpr_spsc_pop_n(struct mpr_spsc_consumer *c, void *items, size_t n)
{
	uint8_t *to = (uint8_t *)items;
	size_t i;

	for (i = 0; i < n && mpr_spsc_pop(c, to); i++)
		to += MPR_SPSC_PAYLOAD;
	return i;
}

#endif
