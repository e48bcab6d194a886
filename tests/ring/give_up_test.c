/* SPDX-License-Identifier: MIT */
/*
 * Proves, by stress, that a request is never received after the device is known to be given
 * up: a driver posts requests, gives the device up at any moment and then says so; a device
 * that has been told receives none, however full the ring is.
 */
#include <pthread.h>

#include "ring/layout.h"
#include "tests/ring/fixture.h"

#define SLOTS 64u
#define ROUNDS MPR_TEST_COUNT(20000, 2000)

struct game {
	struct ends ends;
	uint64_t told; /* the round whose device the driver has given up */
	uint64_t over; /* the round that the device has seen to be over */
	uint64_t taken, late;
};

/* Acquire: pairs with set(). What was done before is seen. */
static uint64_t get(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void set(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* A round of the device's: until it has been told, and a look more. */
static void serve_round(struct game *game, uint64_t round)
{
	struct mpr_msg msg;
	bool told;

	do {
		told = get(&game->told) == round;
		if (!mpr_channel_receive(game->ends.remote, &msg)) {
			sched_yield();
			continue;
		}
		set(&game->taken, game->taken + 1);
		game->late += told;
		mpr_channel_retire(game->ends.remote);
	} while (!told);
	set(&game->over, round);
}

static void *serve(void *opaque)
{
	for (uint64_t round = 1; round <= ROUNDS; round++)
		serve_round(opaque, round);
	return NULL;
}

/* Until the device has taken at least so many in all. */
static void wait_for_taken(const struct game *game, uint64_t count)
{
	while (get(&game->taken) < count)
		sched_yield();
}

/* Resets the channel: only a test can undo giving up. */
static void begin_again(struct game *game)
{
	struct mpr_channel_shared *shared = (void *)game->ends.shared;

	__atomic_store_n(&shared->proxy.given_up, 0, __ATOMIC_RELAXED);
}

UNIT_TEST(test_nothing_is_taken_after_the_driver_was_told)
{
	struct mpr_msg msg = {.type = MPR_MSG_WRITE, .size = 4};
	struct game game = {.ends = ends_open(SLOTS)};
	uint64_t seed = 88172645463325252u;
	pthread_t device;

	assert_int_equal(pthread_create(&device, NULL, serve, &game), 0);
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		uint64_t taken = get(&game.taken);

		/* Often more than there is room for: then the device has work left. Never
		 * fewer than are waited for. */
		for (uint64_t n = 4 + next_random(&seed) % (2 * SLOTS); n > 0; n--)
			mpr_channel_send(game.ends.proxy, &msg, NULL);
		wait_for_taken(&game, taken + next_random(&seed) % 4);
		mpr_channel_give_up(game.ends.proxy);
		set(&game.told, round);
		while (get(&game.over) != round)
			sched_yield();
		begin_again(&game);
	}
	pthread_join(device, NULL);
	assert_true(game.taken > 0);
	assert_int_equal(game.late, 0);
	ends_close(&game.ends);
}
