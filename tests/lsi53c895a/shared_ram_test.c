/* SPDX-License-Identifier: MIT */
/* Proves that SCRIPTS run from RAM that the guest has mapped, see what it
 * stores there at once, and do no harm when it stores at any time. */
#include <pthread.h>
#include <string.h>

#include "tests/lsi53c895a/driver.h"
#include "tests/lsi53c895a/targets.h"

#define BUFFER 0x180000u

static uint8_t shared[LSI_RAM_SIZE] __attribute__((aligned(4096)));

static int shared_setup(void **state)
{
	int ret = machine_setup(state);
	struct machine *m = *state;

	memset(shared, 0, sizeof(shared));
	mpr_device_set_bar_ram(m->dev, LSI_BAR_RAM, shared);
	return ret;
}

#define SHARED_TEST(name) UNIT_TEST_WITH(name, shared_setup, machine_teardown)

SHARED_TEST(commands_run_from_shared_ram)
{
	struct machine *m = *state;

	driver_start(m);
	assert_int_not_equal(shared[0] | shared[3] | shared[7], 0);
	driver_rw(m, false, 0, 1, 5, 2, BUFFER);
	assert_true(job_done(m, 1));
	assert_memory_equal(at(m, BUFFER), targets_of(m->dev->bus)->medium + 5 * BLOCK, 2 * BLOCK);
}

/* An endless loop, into which the guest stores an INT while it runs. */
SHARED_TEST(running_script_sees_new_words)
{
	static const uint32_t interrupt[2] = {0x98080000, 0x77};
	struct machine *m = *state;

	m->pc = RAM_BASE;
	op_jump(m, RAM_BASE + 8);
	op_jump(m, RAM_BASE);
	wr32(m, LSI_DSP, RAM_BASE);
	go_slices(m, 3);
	memcpy(shared + 8, interrupt, sizeof(interrupt));
	go(m);
	expect_int(m, 0x77);
	assert_int_equal(rd32(m, LSI_DSP), RAM_BASE + 16);
}

SHARED_TEST(any_place_and_length_is_copied)
{
	struct machine *m = *state;

	for (unsigned i = 0; i < 64; i++)
		*at(m, DATA + i) = (uint8_t)(0x80 + i);
	for (unsigned first = 0; first < 4; first++) {
		for (unsigned n = 1; n < 16; n++) {
			memset(shared, 0, 64);
			m->pc = PROGRAM;
			op_memory_move(m, n, DATA + first, RAM_BASE + 4 + first);
			op_memory_move(m, n, RAM_BASE + 4 + first, DATA + 0x100 + first);
			op_int(m, 1);
			start(m, PROGRAM);
			expect_int(m, 1);
			assert_memory_equal(shared + 4 + first, at(m, DATA + first), n);
			assert_memory_equal(at(m, DATA + 0x100 + first), at(m, DATA + first), n);
			assert_int_equal(shared[3 + first] | shared[4 + first + n], 0);
		}
	}
}

/* ---- A guest that stores at any time ------------------------------------- */

static bool stop;

/* Stores instructions, halves of them and noise all over the RAM. */
static void *scribble(void *opaque)
{
	static const uint32_t likely[] = {0x80080000, 0x98080000, 0x98180000, 0x40000000,
					  0x0e000001, 0x1a000000, 0x60000040, 0xe1340004,
					  0xe0340004, 0xc0000010, 0x54000000, 0x78340100};
	uint32_t *words = (uint32_t *)(void *)shared, random = 1;

	(void)opaque;
	/* Relaxed: nothing is ordered, that is the point. */
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		random = random * 1664525 + 1013904223;
		__atomic_store_n(&words[random >> 8 & 0x7ff],
				 random & 0x80000000 ? likely[random >> 20 & 7]
						     : RAM_BASE + (random >> 12 & 0x1ffc),
				 __ATOMIC_RELAXED);
	}
	return NULL;
}

SHARED_TEST(stores_at_any_time_do_no_harm)
{
	struct machine *m = *state;
	pthread_t guest;

	stop = false;
	assert_int_equal(pthread_create(&guest, NULL, scribble, NULL), 0);
	for (unsigned i = 0; i < 300; i++) {
		wr32(m, LSI_DSP, RAM_BASE + i * 24 % LSI_RAM_SIZE);
		go_slices(m, 4);
		wr8(m, LSI_ISTAT0, LSI_ISTAT0_ABRT);
		go_slices(m, 1);
		wr8(m, LSI_ISTAT0, 0);
		(void)rd16(m, LSI_SIST0);
		(void)rd8(m, LSI_DSTAT);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(guest, NULL);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	m->pc = RAM_BASE;
	op_int(m, 9);
	start(m, RAM_BASE);
	expect_int(m, 9);
}
