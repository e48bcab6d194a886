/* SPDX-License-Identifier: MIT */
/* The proxy's side of a channel: requests out, answers and events in. */
#include "ring/channel_proxy.h"

#include <sys/socket.h>

#include "ring/channel_internal.h"
#include "ring/wakeup.h"

#define ALIVE_NS 10000000u /* between two calls of alive() */
#define POLLS 32	   /* looks at a slot between two looks at the clock */

/* ---- Requests --------------------------------------------------------- */

/* The next slot, when the remote has finished with what was in it and the
 * answer that it may hold has been taken. */
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
	/* Never blocks. If the socket is full, the remote has enough to read. */
	send(channel->bell, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	mpr_count(&channel->shared->proxy_stats.doorbells);
}

/* After a request to a remote that sleeps. Apart: it would cost those that wake
 * nobody some stores, and stores are what they cost. */
static __attribute__((noinline)) void wake(struct mpr_channel *channel, const struct mpr_msg *msg)
{
	if (!mpr_channel_acknowledge(channel, msg) && mpr_bell_take(&channel->shared->remote.bell))
		ring_bell(channel);
}

/*
 * Writes what a request has: the text is zero in every slot, and stays so. Reads
 * the message as its author wrote it, piece by piece (hence volatile): to read
 * what has just been written in smaller pieces makes a processor wait until all
 * that it stored before is in its cache, also requests whose lines the remote's
 * cache still holds.
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
	/* [H2] Relaxed, pairs with H2 in mpr_channel_shadow_read(): who knows of
	 * this request has it from this thread, after this. */
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

/* The slot may be used again as far as the answer is concerned. */
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

/* While a ticket is out its slot's word can have two values only. */
static bool word_possible(struct mpr_channel *channel, uint64_t ticket)
{
	/* Relaxed: the value is judged, nothing is read because of it. */
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

/* Whether there is sense in waiting on. 0, -EPROTO, or -EPIPE. */
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

/* Whether events were dropped since this was asked last. */
static bool events_were_lost(struct mpr_channel *channel)
{
	/* [C4] Relaxed, pairs with C4 in mpr_channel_notify(): whoever has seen
	 * something that the remote published later has acquired that. */
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
	/* First: the ring may be filled again as fast as it is emptied. */
	if (events_were_lost(channel)) {
		*msg = (struct mpr_msg){.type = MPR_MSG_EVENTS_LOST};
		return true;
	}
	return mpr_spsc_pop(&channel->events, msg);
}

bool mpr_channel_intx(const struct mpr_channel *channel)
{
	/* The device still shows it, but will take it back before all else. */
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
	/* [E1] Relaxed, pairs with E1 in mpr_channel_given_up(). With the fence: it is to
	 * be seen from before the caller tells anybody. */
	__atomic_store_n(&channel->shared->proxy.given_up, 1, __ATOMIC_RELAXED);
	mpr_fence();
}
