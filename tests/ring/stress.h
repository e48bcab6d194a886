/* SPDX-License-Identifier: MIT */
/*
 * The two roles of a stressed ring and of a stressed channel, for processes
 * (stress_test.c) and threads (threads_test.c). Sizes and delays are random;
 * every item is checked.
 */
#ifndef MPR_TESTS_RING_STRESS_H
#define MPR_TESTS_RING_STRESS_H

#include <poll.h>

#include "tests/ring/fixture.h"

#define STRESS_BATCH 32u

/* Now and then a delay: mostly none, sometimes a spin, seldom a sleep. */
static inline void stress_delay(uint64_t *random)
{
	uint64_t r = next_random(random) & 0xffff;

	if (r < 2)
		usleep((useconds_t)(next_random(random) % 100));
	else if (r < 64)
		for (volatile uint64_t i = next_random(random) % 2000; i > 0; i--)
			;
}

/* ---- A ring ----------------------------------------------------------- */

struct stress_ring {
	void *memory;
	uint64_t slots, first, count;
};

static inline void stress_produce(const struct stress_ring *ring)
{
	struct mpr_spsc_producer p;
	struct item items[STRESS_BATCH];
	uint64_t random = 0x1234567, sent = 0;

	mpr_spsc_producer_init(&p, ring->memory, ring->slots, ring->first);
	while (sent < ring->count) {
		uint64_t want = 1 + next_random(&random) % STRESS_BATCH, done = 0;

		if (want > ring->count - sent)
			want = ring->count - sent;
		for (uint64_t i = 0; i < want; i++)
			item_fill(&items[i], ring->first + sent + i);
		while (done < want)
			done += mpr_spsc_push_n(&p, items + done, want - done);
		sent += want;
		stress_delay(&random);
	}
}

/* How many of the items were right, up to the first that was not. */
static inline uint64_t stress_consume(const struct stress_ring *ring)
{
	struct mpr_spsc_consumer c;
	struct item items[STRESS_BATCH];
	uint64_t random = 0x7654321, got = 0;

	mpr_spsc_consumer_init(&c, ring->memory, ring->slots, ring->first);
	while (got < ring->count) {
		uint64_t n = mpr_spsc_pop_n(&c, items, 1 + next_random(&random) % STRESS_BATCH);

		for (uint64_t i = 0; i < n; i++, got++)
			if (!item_is(&items[i], ring->first + got))
				return got;
		stress_delay(&random);
	}
	return got;
}

/* ---- A channel -------------------------------------------------------- */

/* The proxy posts numbered writes; a read is answered with the number of
 * writes executed before it; RESET ends the remote. */
static inline void stress_sleep(struct mpr_channel *remote)
{
	struct pollfd bell = {.fd = mpr_channel_doorbell(remote), .events = POLLIN};

	if (mpr_channel_arm(remote))
		poll(&bell, 1, -1);
	mpr_channel_disarm(remote);
}

/* True when each write came in its turn. */
static inline bool stress_serve(struct mpr_channel *remote)
{
	struct mpr_msg msg;
	uint64_t writes = 0, random = 99, idle = 0, patience = 1;
	bool good = true;

	for (;;) {
		if (!mpr_channel_receive(remote, &msg)) {
			if (++idle < patience)
				continue;
			stress_sleep(remote);
			patience = 1 + next_random(&random) % 5000;
			idle = 0;
			continue;
		}
		switch (msg.type) {
		case MPR_MSG_WRITE:
			good &= msg.value == writes++;
			mpr_channel_retire(remote);
			break;
		case MPR_MSG_READ:
			mpr_channel_complete(remote, writes, 0);
			break;
		default:
			mpr_channel_complete(remote, good, 0);
			return good;
		}
		stress_delay(&random);
	}
}

/* True when a request was answered with `expected`. */
static inline bool stress_ask(struct mpr_channel *proxy, uint8_t type, uint64_t expected,
			      uint64_t spin_ns)
{
	struct mpr_msg msg = {.type = type, .size = 8};
	uint64_t ticket;

	while (!mpr_channel_send(proxy, &msg, &ticket))
		;
	return mpr_channel_wait_reply(proxy, ticket, &msg, spin_ns, NULL, NULL) == 0 &&
	       msg.value == expected;
}

/* Posts writes and asks in between, waiting in every way. How many answers
 * were wrong. */
static inline uint64_t stress_drive(struct mpr_channel *proxy, uint64_t accesses)
{
	uint64_t writes = 0, random = 3, wrong = 0;

	for (uint64_t i = 0; i < accesses; i++) {
		uint64_t r = next_random(&random);
		struct mpr_msg msg = {.type = MPR_MSG_WRITE, .size = 8, .value = writes};

		if (r % 8 == 0) {
			wrong += !stress_ask(proxy, MPR_MSG_READ, writes, (r >> 8) % 3 * 2000);
		} else {
			while (!mpr_channel_send(proxy, &msg, NULL))
				;
			writes++;
		}
		stress_delay(&random);
	}
	return wrong + !stress_ask(proxy, MPR_MSG_RESET, 1, 0);
}

#endif
