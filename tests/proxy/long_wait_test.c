/* SPDX-License-Identifier: MIT */
/* Proves that a VMM is told of accesses that wait for long, and of no others. */
#include <stdatomic.h>

#include "proxy/internal.h"
#include "ring/channel_remote.h"
#include "tests/proxy/fixture.h"

#define TRIES 1000000

struct told {
	unsigned begun, ended;
	bool nested;
	struct fixture *fixture;
	void (*meanwhile)(struct fixture *f); /* what happens during the wait */
};

static void begin(void *opaque)
{
	struct told *told = opaque;

	told->nested |= told->begun != told->ended;
	told->begun++;
	if (told->meanwhile)
		told->meanwhile(told->fixture);
}

static void end(void *opaque)
{
	struct told *told = opaque;

	told->ended++;
	told->nested |= told->begun != told->ended;
}

static void assert_pairs(const struct told *told, unsigned count)
{
	assert_int_equal(told->begun, count);
	assert_int_equal(told->ended, count);
	assert_false(told->nested);
}

process_test(a_slow_answer_is_one_pair)
{
	struct told told = {.fixture = *state, .meanwhile = fixture_go_on};

	mpr_proxy_set_long_wait(told.fixture->dev, begin, end, &told);
	fixture_stop(told.fixture);
	assert_int_equal(reg(told.fixture, FAKE_SIZE), 4);
	assert_pairs(&told, 1);
}

process_test(a_full_ring_is_one_pair)
{
	struct told told = {.fixture = *state, .meanwhile = fixture_go_on};
	unsigned i;

	mpr_proxy_set_long_wait(told.fixture->dev, begin, end, &told);
	fixture_stop(told.fixture);
	for (i = 0; i < 2 * MPR_CHANNEL_DEFAULT_SLOTS && !told.begun; i++)
		set_reg(told.fixture, 0, i);
	assert_int_equal(i, MPR_CHANNEL_DEFAULT_SLOTS + 1);
	assert_pairs(&told, 1);
	assert_int_equal(mpr_proxy_reset(told.fixture->dev), 0);
	assert_pairs(&told, 1);
}

process_test(a_death_ends_the_pair)
{
	struct told told = {.fixture = *state, .meanwhile = fixture_kill};

	mpr_proxy_set_long_wait(told.fixture->dev, begin, end, &told);
	fixture_stop(told.fixture);
	assert_int_equal(reg(told.fixture, 0), UINT32_MAX);
	assert_pairs(&told, 1);
	/* And nobody waits any more. */
	for (unsigned i = 0; i < 2 * MPR_CHANNEL_DEFAULT_SLOTS; i++)
		set_reg(told.fixture, 0, i);
	assert_int_equal(reg(told.fixture, 0), UINT32_MAX);
	assert_pairs(&told, 1);
}

thread_test(other_calls_are_none)
{
	struct told told = {.fixture = *state};
	struct fixture *f = *state;

	mpr_proxy_set_long_wait(f->dev, begin, end, &told);
	set_reg(f, 0, 1);
	for (unsigned i = 0; i < 2 * MPR_CHANNEL_DEFAULT_SLOTS; i++)
		mpr_proxy_config_write(f->dev, 4, 2, 7);
	assert_int_equal(mpr_proxy_reset(f->dev), 0);
	assert_int_equal(mpr_proxy_set_memory(f->dev, NULL, 0), 0);
	assert_pairs(&told, 0);
}

/* ---- A remote that does not sleep ------------------------------------------ */

struct awake {
	struct mpr_channel *channel;
	_Atomic bool over;
};

static void *serve(void *opaque)
{
	struct awake *awake = opaque;
	struct mpr_msg msg;

	/* Relaxed: a flag. */
	while (!atomic_load_explicit(&awake->over, memory_order_relaxed)) {
		if (mpr_channel_receive(awake->channel, &msg))
			mpr_channel_complete(awake->channel, msg.offset, 0);
	}
	return NULL;
}

UNIT_TEST(a_fast_answer_is_none)
{
	struct mpr_channel_options options = {.numa_node = -1};
	struct mpr_proxy_conn conn = {.fd = -1};
	struct mpr_proxy_device device = {.conn = &conn};
	struct awake awake = {.over = false};
	struct told told = {0};
	pthread_t thread;
	unsigned i;

	assert_int_equal(mpr_channel_create(&options, &device.channel), 0);
	assert_int_equal(mpr_channel_attach(dup(mpr_channel_memfd(device.channel)),
					    dup(mpr_channel_doorbell(device.channel)),
					    &awake.channel),
			 0);
	mpr_proxy_set_long_wait(&device, begin, end, &told);
	assert_int_equal(pthread_create(&thread, NULL, serve, &awake), 0);
	/* On a busy machine one may take long, but not every one. */
	for (i = 0; i < TRIES && told.begun == i; i++)
		assert_int_equal(mpr_proxy_read(&device, REGS, 4, 4), 4);
	atomic_store_explicit(&awake.over, true, memory_order_relaxed);
	pthread_join(thread, NULL);
	assert_int_equal(told.begun, i - 1);
	assert_pairs(&told, told.begun);
	mpr_channel_destroy(awake.channel);
	mpr_channel_destroy(device.channel);
}
