/* SPDX-License-Identifier: MIT */
/* The proxy's side of a channel: requests out, answers and events in. */
#include "ring/channel_proxy.h"

#include <sys/socket.h>

#include "ring/channel_internal.h"
#include "ring/wakeup.h"

#define ALIVE_NS 10000000u /* between two calls of alive() */
#define POLLS 32	   /* looks at a slot between two looks at the clock */

/* ---- Requests --------------------------------------------------------- */

/* The next slot, if the remote has retired the request in it and its answer, if any, has
 * been taken; or NULL. */
static struct mpr_spsc_slot *claim(struct mpr_channel *channel)
{
	struct mpr_spsc_producer *p = &channel->requests;

	if (mpr_channel_broken(channel))
		return NULL;
	if (!mpr_spsc_reserve(p)) {
		if (p->error)
			mpr_channel_break(channel);
		return NULL;
	}
	/* [C2] Acquire, pairs with C2 in take_answer(): the answer has been copied
	 * before its slot is overwritten. */
	if (__atomic_load_n(&channel->awaiting[p->next & p->mask], __ATOMIC_ACQUIRE))
		return NULL;
	return mpr_spsc_slot_of(p->slots, p->mask, p->next);
}

static void ring_bell(struct mpr_channel *channel)
{
	/* Never blocks. A full socket is readable: that wakes the remote as well. */
	send(channel->bell, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	mpr_count(&channel->shared->proxy_stats.doorbells);
}

/* After a request to a remote that sleeps. Not inlined: it would spill registers in
 * mpr_channel_send(), and the cost of a posted write is its stores. */
static __attribute__((noinline)) void wake(struct mpr_channel *channel, const struct mpr_msg *msg)
{
	if (!mpr_channel_acknowledge(channel, msg) && mpr_bell_take(&channel->shared->remote.bell))
		ring_bell(channel);
}

/*
 * Writes the fields of a request; the text is zero in every slot, and stays so. Reads the
 * message field by field as the caller has just stored it (hence volatile): a wider load
 * over several narrower stores cannot be forwarded from the store buffer, so it would
 * stall until that has drained, earlier requests whose lines the remote still owns
 * included.
 */
static void write_request(struct mpr_spsc_slot *slot, const volatile struct mpr_msg *msg)
{
	struct mpr_msg *request = (struct mpr_msg *)(void *)slot->payload;
	uint64_t head = msg->type | (uint64_t)msg->bar << 8 | (uint64_t)msg->size << 16;

	static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "type, bar, size, zeroes");
	memcpy(request, &head, sizeof(head));
	request->offset = msg->offset;
	request->value = msg->value;
}

bool mpr_channel_send(struct mpr_channel *channel, const struct mpr_msg *msg, uint64_t *ticket)
{
	struct mpr_channel_proxy_stats *stats = &channel->shared->proxy_stats;
	struct mpr_spsc_producer *p = &channel->requests;
	struct mpr_spsc_slot *slot = claim(channel);

	if (!slot) {
		mpr_count(&stats->ring_full);
		return false;
	}
	if (ticket) {
		*ticket = p->next;
		/* Relaxed: read by whoever got the ticket from this thread, and
		 * by the next claim, under the callers' lock. */
		__atomic_store_n(&channel->awaiting[p->next & p->mask], 1, __ATOMIC_RELAXED);
		mpr_count(&stats->reads);
	} else {
		mpr_count(&stats->posted);
	}
	write_request(slot, msg);
	/* [S1] Release: the request is whole before its word says so. */
	mpr_spsc_commit(p);
	/* [H2] Relaxed, pairs with H2 in read_word(): a thread that learns of this request
	 * learns of it after this store. */
	__atomic_store_n(&channel->sent, p->next, __ATOMIC_RELAXED);
	if (mpr_bell_asleep(&channel->shared->remote.bell))
		wake(channel, msg);
	return true;
}

/* ---- Answers ---------------------------------------------------------- */

static struct mpr_spsc_slot *slot_of(struct mpr_channel *channel, uint64_t ticket)
{
	return mpr_spsc_slot_of(channel->requests.slots, channel->requests.mask, ticket);
}

static uint8_t *awaiting_of(struct mpr_channel *channel, uint64_t ticket)
{
	return &channel->awaiting[ticket & channel->requests.mask];
}

/* The answer has been taken: the slot may be used again, once it is retired. */
static void give_back(struct mpr_channel *channel, uint64_t ticket)
{
	/* [C2] Release, pairs with C2 in claim(): the answer has been read. */
	__atomic_store_n(awaiting_of(channel, ticket), 0, __ATOMIC_RELEASE);
}

static void take_answer(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg)
{
	mpr_spsc_copy_out(msg, slot_of(channel, ticket)->payload);
	msg->intx = msg->intx != 0;
	give_back(channel, ticket);
}

bool mpr_channel_reply(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg)
{
	struct mpr_spsc_slot *slot = slot_of(channel, ticket);

	/* [C1] Acquire, pairs with C1 in mpr_channel_complete(): the answer, and
	 * all that the remote did before it, is read after the word. */
	if (__atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE) != mpr_channel_answered(ticket))
		return false;
	/* Relaxed: set by the thread that sent the request. */
	if (!__atomic_load_n(awaiting_of(channel, ticket), __ATOMIC_RELAXED))
		return false;
	take_answer(channel, ticket, msg);
	return true;
}

/* While a ticket is outstanding, its slot's word has one of two values. */
static bool word_possible(struct mpr_channel *channel, uint64_t ticket)
{
	/* Relaxed: no other load depends on it. */
	uint64_t word = __atomic_load_n(&slot_of(channel, ticket)->seq, __ATOMIC_RELAXED);

	return word == ticket + 1 || word == mpr_channel_answered(ticket);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

static bool poll_reply(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg)
{
	for (int i = 0; i < POLLS; i++) {
		if (mpr_channel_reply(channel, ticket, msg))
			return true;
		relax();
	}
	return false;
}

static void sleep_for_reply(struct mpr_channel *channel, uint64_t ticket, uint64_t timeout_ns)
{
	/* Relaxed, but a locked addition: several threads may sleep. */
	__atomic_fetch_add(&channel->shared->proxy_stats.reply_sleeps, 1, __ATOMIC_RELAXED);
	mpr_futex_sleep(&channel->shared->proxy.sleepers, &slot_of(channel, ticket)->seq,
			ticket + 1, timeout_ns);
}

/* 0, or -EPROTO: the answer will never come. */
static int still_waiting(struct mpr_channel *channel, uint64_t ticket)
{
	if (!word_possible(channel, ticket))
		mpr_channel_break(channel);
	return mpr_channel_error(channel);
}

int mpr_channel_wait_reply(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg,
			   uint64_t spin_ns, bool (*alive)(void *opaque), void *opaque)
{
	uint64_t start = 0, ask = 0, now;
	int err = 0;

	while (!poll_reply(channel, ticket, msg)) {
		now = now_ns();
		if (start == 0) {
			start = now;
			ask = now + ALIVE_NS;
		}
		err = still_waiting(channel, ticket);
		if (!err && now >= ask) {
			err = alive && !alive(opaque) ? -EPIPE : 0;
			ask = now + ALIVE_NS;
		}
		if (err) {
			give_back(channel, ticket);
			return err;
		}
		if (now - start >= spin_ns)
			sleep_for_reply(channel, ticket, ask - now);
	}
	return 0;
}

/* ---- Events and the interrupt line ------------------------------------ */

/* Whether events were dropped since the last call. */
static bool events_were_lost(struct mpr_channel *channel)
{
	/* [C4] Relaxed, pairs with C4 in mpr_channel_notify(): a caller that has seen
	 * what the remote published after that has acquired it. */
	uint64_t dropped =
		__atomic_load_n(&channel->shared->remote.events_dropped, __ATOMIC_RELAXED);
	bool lost = dropped != channel->dropped;

	channel->dropped = dropped;
	return lost;
}

bool mpr_channel_event(struct mpr_channel *channel, struct mpr_msg *msg)
{
	if (mpr_channel_broken(channel))
		return false;
	/* Before the ring, which may be filled as fast as it is emptied. */
	if (events_were_lost(channel)) {
		*msg = (struct mpr_msg){.type = MPR_MSG_EVENTS_LOST};
		return true;
	}
	return mpr_spsc_pop(&channel->events, msg);
}

bool mpr_channel_intx(const struct mpr_channel *channel)
{
	/* Still published as high, but the remote lowers it before it does anything else. */
	if (mpr_channel_acknowledged(channel))
		return false;
	/* [C3] Acquire, pairs with C3 in mpr_channel_set_intx(): what the device
	 * did before it changed the line is visible. */
	return __atomic_load_n(&channel->shared->remote.intx, __ATOMIC_ACQUIRE) != 0;
}

bool mpr_channel_settling(const struct mpr_channel *channel)
{
	/* Relaxed, pairs with the store in mpr_channel_set_settling(). */
	return __atomic_load_n(&channel->shared->remote.settling, __ATOMIC_RELAXED) != 0;
}

bool mpr_channel_intx_arm(struct mpr_channel *channel, bool soon)
{
	mpr_intx_watch_arm(&channel->shared->proxy.watch, soon);
	return mpr_channel_intx(channel);
}

void mpr_channel_intx_look(struct mpr_channel *channel)
{
	mpr_intx_watch_look(&channel->shared->proxy.watch);
}

/* ---- The end ---------------------------------------------------------- */

void mpr_channel_give_up(struct mpr_channel *channel)
{
	/* [E1] Relaxed, pairs with E1 in mpr_channel_given_up(). With the fence: it is
	 * visible before anything that the caller does next. */
	__atomic_store_n(&channel->shared->proxy.given_up, 1, __ATOMIC_RELAXED);
	mpr_fence();
}
