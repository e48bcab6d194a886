/* SPDX-License-Identifier: MIT */
/* Proves that an acknowledgement does not wake a sleeping remote, that the proxy cannot tell
 * that it has not been executed yet, and that no interrupt is lost by it. */
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "tests/ring/fixture.h"

#define SLOTS 16u
#define STATUS 0x14u /* register, in BAR 1 */

/* Its bits. */
enum { PENDING = 0x04, FATAL = 0x01, SIGNAL = 0x20 };

static const struct mpr_shadow_map map = {
	.span = {0, 1024},
	.readable = {[2] = 0xff, [3] = 0xfe, [4] = 0xff},
	.ack_offset = STATUS,
	.ack_clears = PENDING,
	.ack_keeps = SIGNAL,
	.ack_none = FATAL,
};

static struct ends ends_with(uint8_t status, bool looks)
{
	struct mpr_shadow_map its_map = map;
	struct ends ends = ends_open(SLOTS);
	uint8_t image[MPR_SHADOW_SIZE] = {[STATUS] = status, [STATUS + 1] = 0x77, [0x20] = 0x99};

	its_map.ack_looks = looks;
	mpr_channel_shadow_open(ends.remote, &its_map, image);
	mpr_channel_set_intx(ends.remote, status != 0);
	return ends;
}

/* Status with an interrupt pending, and the remote asleep. */
static struct ends sleeping_ends(uint8_t status)
{
	struct ends ends = ends_with(status, false);

	assert_true(mpr_channel_arm(ends.remote));
	return ends;
}

static void send_byte(const struct ends *ends, uint64_t offset, uint8_t value)
{
	struct mpr_msg msg = {
		.type = MPR_MSG_WRITE, .bar = 1, .size = 1, .offset = offset, .value = value};

	assert_true(mpr_channel_send(ends->proxy, &msg, NULL));
}

/* True when the remote was rung for. */
static bool rung(const struct ends *ends)
{
	struct pollfd pfd = {.fd = mpr_channel_doorbell(ends->proxy), .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

static bool reads(const struct ends *ends, uint64_t offset, unsigned size, uint64_t *value)
{
	return mpr_channel_shadow_read(ends->proxy, 1, offset, size, value);
}

UNIT_TEST(test_acknowledgement_wakes_nobody_and_is_seen)
{
	struct ends ends = sleeping_ends(PENDING);
	struct mpr_channel_stats stats;
	uint64_t value;

	assert_true(mpr_channel_intx(ends.proxy));
	send_byte(&ends, STATUS, PENDING);
	assert_false(rung(&ends));
	assert_false(mpr_channel_intx(ends.proxy));
	assert_true(reads(&ends, STATUS, 1, &value));
	assert_int_equal(value, 0);
	assert_true(reads(&ends, STATUS, 4, &value));
	assert_int_equal(value, 0x7700);
	assert_true(reads(&ends, 0x100 + STATUS, 1, &value));
	assert_int_equal(value, 0);
	assert_true(reads(&ends, 0x20, 1, &value));
	assert_int_equal(value, 0x99);
	assert_false(reads(&ends, 0x18, 1, &value));
	mpr_channel_stats(ends.proxy, &stats);
	assert_int_equal(stats.quiet_acks, 1);
	assert_int_equal(stats.doorbells, 0);
	ends_close(&ends);
}

UNIT_TEST(test_bits_that_are_kept_may_be_set)
{
	struct ends ends = sleeping_ends(PENDING | SIGNAL);
	uint64_t value;

	send_byte(&ends, STATUS, PENDING | SIGNAL);
	assert_false(rung(&ends));
	assert_true(reads(&ends, STATUS, 1, &value));
	assert_int_equal(value, SIGNAL);
	ends_close(&ends);
}

UNIT_TEST(test_anything_else_wakes_the_remote)
{
	static const struct {
		uint8_t status;
		uint64_t offset;
		uint8_t value;
	} others[] = {
		{PENDING, STATUS + 1, PENDING},	     /* another register */
		{PENDING, STATUS, 0},		     /* clears nothing */
		{PENDING, STATUS, PENDING | SIGNAL}, /* sets another bit */
		{PENDING | SIGNAL, STATUS, PENDING}, /* clears another bit */
		{PENDING, STATUS, PENDING | 0x40},   /* a bit that does something */
		{PENDING | FATAL, STATUS, PENDING},  /* something else is pending */
		{PENDING, 1024 + STATUS, PENDING},   /* beyond the BAR */
	};
	uint64_t value;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct ends ends = sleeping_ends(others[i].status);

		send_byte(&ends, others[i].offset, others[i].value);
		assert_true(rung(&ends));
		assert_true(mpr_channel_intx(ends.proxy));
		assert_false(reads(&ends, STATUS, 1, &value));
		ends_close(&ends);
	}
}

UNIT_TEST(test_wider_write_wakes_the_remote)
{
	struct ends ends = sleeping_ends(PENDING);
	struct mpr_msg msg = {
		.type = MPR_MSG_WRITE, .bar = 1, .size = 4, .offset = STATUS, .value = PENDING};

	assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
	assert_true(rung(&ends));
	ends_close(&ends);
}

UNIT_TEST(test_second_request_wakes_the_remote)
{
	struct ends ends = sleeping_ends(PENDING);
	struct mpr_msg msg;
	uint64_t value;

	send_byte(&ends, STATUS, PENDING);
	send_byte(&ends, STATUS, PENDING);
	assert_true(rung(&ends));
	/* The first one is still to be executed, before the second. */
	assert_false(mpr_channel_intx(ends.proxy));
	assert_false(reads(&ends, STATUS, 1, &value));
	mpr_channel_disarm(ends.remote);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(mpr_channel_receive(ends.remote, &msg));
		mpr_channel_retire(ends.remote);
	}
	ends_close(&ends);
}

UNIT_TEST(test_remote_that_is_awake_is_asked)
{
	struct ends ends = sleeping_ends(PENDING);
	uint64_t value;

	mpr_channel_disarm(ends.remote);
	send_byte(&ends, STATUS, PENDING);
	assert_false(reads(&ends, STATUS, 1, &value));
	assert_true(mpr_channel_intx(ends.proxy));
	ends_close(&ends);
}

UNIT_TEST(test_remote_that_wakes_is_asked_until_it_has_executed_it)
{
	uint8_t image[MPR_SHADOW_SIZE] = {0};
	struct ends ends = sleeping_ends(PENDING);
	struct mpr_msg msg;
	uint64_t value;

	send_byte(&ends, STATUS, PENDING);
	mpr_channel_disarm(ends.remote);
	assert_false(reads(&ends, STATUS, 1, &value));
	assert_false(mpr_channel_intx(ends.proxy));
	assert_true(mpr_channel_receive(ends.remote, &msg));
	mpr_channel_set_intx(ends.remote, false);
	mpr_channel_retire(ends.remote);
	mpr_channel_shadow_publish(ends.remote, image);
	assert_true(reads(&ends, STATUS, 1, &value));
	assert_int_equal(value, 0);
	/* The next interrupt is one. */
	image[STATUS] = PENDING;
	mpr_channel_shadow_publish(ends.remote, image);
	mpr_channel_set_intx(ends.remote, true);
	assert_true(mpr_channel_intx(ends.proxy));
	assert_true(reads(&ends, STATUS, 1, &value));
	assert_int_equal(value, PENDING);
	ends_close(&ends);
}

UNIT_TEST(test_device_that_looks_is_not_asked_while_awake)
{
	struct ends ends = ends_with(PENDING, true);
	uint8_t image[MPR_SHADOW_SIZE] = {0};
	struct mpr_msg msg;
	uint64_t value;

	assert_true(reads(&ends, STATUS, 1, &value));
	assert_int_equal(value, PENDING);
	send_byte(&ends, STATUS, PENDING);
	/* Posted: nothing is known before the guest reads. */
	assert_true(mpr_channel_intx(ends.proxy));
	assert_true(reads(&ends, STATUS, 1, &value));
	assert_int_equal(value, 0);
	assert_false(mpr_channel_intx(ends.proxy));
	assert_true(reads(&ends, STATUS, 4, &value));
	assert_int_equal(value, 0x7700);
	assert_true(reads(&ends, 0x20, 1, &value));
	assert_int_equal(value, 0x99);
	/* The device sees it before it coalesces another interrupt with it. */
	assert_true(mpr_channel_next(ends.remote, &msg));
	assert_int_equal(msg.offset, STATUS);
	mpr_channel_set_intx(ends.remote, false);
	mpr_channel_retire(ends.remote);
	mpr_channel_shadow_publish(ends.remote, image);
	image[STATUS] = PENDING;
	mpr_channel_shadow_publish(ends.remote, image);
	mpr_channel_set_intx(ends.remote, true);
	assert_true(mpr_channel_intx(ends.proxy));
	assert_true(reads(&ends, STATUS, 1, &value));
	assert_int_equal(value, PENDING);
	ends_close(&ends);
}

UNIT_TEST(test_device_that_looks_is_asked_about_anything_else)
{
	static const struct {
		uint8_t status;
		uint64_t offset;
		uint8_t value;
	} others[] = {
		{PENDING, STATUS + 1, PENDING},		      /* another register */
		{PENDING, STATUS, 0},			      /* clears nothing */
		{PENDING | SIGNAL, STATUS, PENDING | SIGNAL}, /* the device may clear it */
		{PENDING | SIGNAL, STATUS, PENDING},	      /* clears another bit */
		{PENDING, STATUS, PENDING | 0x40},	      /* a bit that does something */
		{PENDING | FATAL, STATUS, PENDING},	      /* something else is pending */
		{PENDING, 1024 + STATUS, PENDING},	      /* beyond the BAR */
	};
	uint64_t value;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct ends ends = ends_with(others[i].status, true);

		send_byte(&ends, others[i].offset, others[i].value);
		assert_false(reads(&ends, STATUS, 1, &value));
		assert_true(mpr_channel_intx(ends.proxy));
		ends_close(&ends);
	}
}

UNIT_TEST(test_condition_that_comes_meanwhile_is_asked_for)
{
	uint8_t image[MPR_SHADOW_SIZE] = {[STATUS] = PENDING | FATAL};
	struct ends ends = ends_with(PENDING, true);
	uint64_t value;

	send_byte(&ends, STATUS, PENDING);
	mpr_channel_shadow_publish(ends.remote, image);
	assert_false(reads(&ends, STATUS, 1, &value));
	ends_close(&ends);
}

/* ---- A driver and a device ---------------------------------------------- */

/*
 * The device completes things at any time, counts them in memory, and sets
 * PENDING. The driver, interrupted, reads the status, acknowledges it, reads it
 * again so that the write has been executed, and only then looks at the count:
 * what it misses is announced by another interrupt, or never.
 */
struct world {
	struct ends ends;
	int raise;
	uint64_t completed, wanted;
	uint64_t seen; /* by the driver */
	bool waits;    /* the device, for that */
	bool looks;    /* the device, for an acknowledgement; it is seldom asleep */
	bool again;    /* it has seen one, and something more to announce */
};

static void publish_status(struct world *world, uint8_t status)
{
	uint8_t image[MPR_SHADOW_SIZE] = {[STATUS] = status};

	mpr_channel_shadow_publish(world->ends.remote, image);
}

static void interrupt(struct world *world, bool *pending)
{
	uint64_t one = 1;
	bool rises = !*pending;

	*pending = true;
	publish_status(world, PENDING);
	mpr_channel_set_intx(world->ends.remote, true);
	if (rises && mpr_channel_intx_tell(world->ends.remote, false) == MPR_TELL_NOW)
		assert_int_equal(write(world->raise, &one, sizeof(one)), sizeof(one));
}

static void serve(struct world *world, bool *pending)
{
	struct mpr_channel *remote = world->ends.remote;
	struct mpr_msg msg;

	while (mpr_channel_receive(remote, &msg)) {
		if (msg.type == MPR_MSG_READ) {
			mpr_channel_complete(remote, *pending ? PENDING : 0, 0);
			continue;
		}
		*pending = false;
		mpr_channel_set_intx(remote, false);
		mpr_channel_retire(remote);
	}
	publish_status(world, *pending ? PENDING : 0);
	if (!world->again || *pending)
		return;
	world->again = false;
	interrupt(world, pending);
}

static bool acknowledged(const struct world *world)
{
	struct mpr_msg msg;

	return world->looks && mpr_channel_next(world->ends.remote, &msg) &&
	       msg.type == MPR_MSG_WRITE;
}

static void complete(struct world *world, bool *pending)
{
	/* Relaxed: ordered by the publication. */
	__atomic_store_n(&world->completed, world->completed + 1, __ATOMIC_RELAXED);
	if (*pending && acknowledged(world))
		world->again = true;
	interrupt(world, pending);
}

/*
 * Something completes, unless the device first waits for the driver to see everything. It does
 * so now and then: otherwise the next interrupt would hide a lost one.
 */
static void complete_next(struct world *world, bool *pending, uint64_t *random)
{
	/* Relaxed: it orders nothing. */
	bool all_seen = __atomic_load_n(&world->seen, __ATOMIC_RELAXED) == world->completed;

	if (world->completed == world->wanted || (world->waits && !all_seen))
		return;
	world->waits = next_random(random) % 4 == 0;
	complete(world, pending);
}

/* Sleeps until rung, or until something completes by itself. */
static void *be_device(void *opaque)
{
	struct world *world = opaque;
	uint64_t random = 7;
	bool pending = false;

	/* Relaxed: as in complete_next(). */
	while (__atomic_load_n(&world->seen, __ATOMIC_RELAXED) < world->wanted ||
	       mpr_channel_intx(world->ends.proxy)) {
		struct pollfd pfd = {.fd = mpr_channel_doorbell(world->ends.remote),
				     .events = POLLIN};
		struct timespec timeout = {.tv_nsec = (long)(next_random(&random) % 60000)};

		if (world->looks && next_random(&random) % 64)
			; /* awake */
		else if (mpr_channel_arm(world->ends.remote))
			ppoll(&pfd, 1, &timeout, NULL);
		mpr_channel_disarm(world->ends.remote);
		for (unsigned i = 0; i <= next_random(&random) % 3; i++) {
			serve(world, &pending);
			complete_next(world, &pending, &random);
		}
	}
	return NULL;
}

static uint64_t read_status(const struct ends *ends)
{
	struct mpr_msg msg = {.type = MPR_MSG_READ, .bar = 1, .size = 1, .offset = STATUS};
	uint64_t value, ticket;

	if (reads(ends, STATUS, 1, &value))
		return value;
	while (!mpr_channel_send(ends->proxy, &msg, &ticket))
		sched_yield();
	assert_int_equal(mpr_channel_wait_reply(ends->proxy, ticket, &msg, 100000, NULL, NULL), 0);
	return msg.value;
}

static uint64_t handle_interrupt(struct world *world)
{
	if (read_status(&world->ends) & PENDING) {
		send_byte(&world->ends, STATUS, PENDING);
		(void)read_status(&world->ends);
	}
	return __atomic_load_n(&world->completed, __ATOMIC_RELAXED);
}

static void drive(bool looks)
{
	struct world world = {.ends = ends_with(0, looks),
			      .looks = looks,
			      .raise = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
			      .wanted = MPR_TEST_COUNT(100000, 5000)};
	struct pollfd pfd = {.fd = world.raise, .events = POLLIN};
	struct mpr_channel_stats stats;
	uint64_t seen = 0, count;
	pthread_t device;

	assert_int_equal(pthread_create(&device, NULL, be_device, &world), 0);
	while (seen < world.wanted) {
		if (!mpr_channel_intx_arm(world.ends.proxy, false)) {
			/* 20 s: something was lost. */
			assert_int_equal(poll(&pfd, 1, 20000), 1);
			assert_int_equal(read(world.raise, &count, sizeof(count)), sizeof(count));
			mpr_channel_intx_look(world.ends.proxy);
		}
		while (mpr_channel_intx(world.ends.proxy)) {
			seen = handle_interrupt(&world);
			__atomic_store_n(&world.seen, seen, __ATOMIC_RELAXED);
		}
	}
	pthread_join(device, NULL);
	mpr_channel_stats(world.ends.proxy, &stats);
	printf("# %lu interrupts, %lu acknowledged quietly, %lu doorbells, %lu reads asked\n",
	       stats.interrupts, stats.quiet_acks, stats.doorbells, stats.reads);
	close(world.raise);
	ends_close(&world.ends);
}

UNIT_TEST(test_no_completion_is_missed)
{
	drive(false);
}

UNIT_TEST(test_no_completion_is_missed_by_a_device_that_looks)
{
	drive(true);
}
