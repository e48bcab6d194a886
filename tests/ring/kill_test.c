/* SPDX-License-Identifier: MIT */
/* Proves that a peer killed at any moment leaves no torn item, does not hang the
 * survivor, and can be replaced. */
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include "tests/ring/stress.h"

#define SLOTS 64u
#define ROUNDS MPR_TEST_COUNT(150, 30)

/* A random moment: often at once, at most 2 ms later. */
static void wait_a_moment(uint64_t *random)
{
	usleep((useconds_t)(next_random(random) % (next_random(random) % 2 ? 50 : 2000)));
}

static void kill_and_reap(pid_t child)
{
	int status;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
}

/* ---- A ring ----------------------------------------------------------- */

static pid_t fork_producer(void *memory, uint64_t next)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct mpr_spsc_producer p;
		struct item item;

		mpr_spsc_producer_init(&p, memory, SLOTS, next);
		for (;; next++) {
			item_fill(&item, next);
			while (!mpr_spsc_push(&p, &item))
				;
		}
	}
	return child;
}

static void consume_all(struct mpr_spsc_consumer *c)
{
	struct item item;
	uint64_t n = c->next;

	for (; mpr_spsc_pop(c, &item); n++)
		assert_true(item_is(&item, n));
}

UNIT_TEST(test_consumer_survives_producers)
{
	void *memory = shared_memory(mpr_spsc_size(SLOTS));
	struct mpr_spsc_consumer c;
	uint64_t random = 5;

	mpr_spsc_format(memory, SLOTS, 0);
	mpr_spsc_consumer_init(&c, memory, SLOTS, 0);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		pid_t child;

		/* The new producer goes on where the drained ring ends, and sees
		 * the room that there is. */
		mpr_spsc_publish(&c);
		child = fork_producer(memory, c.next);
		for (uint64_t i = next_random(&random) % 20; i > 0; i--) {
			consume_all(&c);
			wait_a_moment(&random);
		}
		kill_and_reap(child);
		consume_all(&c);
		assert_null(mpr_spsc_peek(&c));
	}
	assert_true(c.next > 0);
	munmap(memory, mpr_spsc_size(SLOTS));
}

/* Consumes from `next` on; *wrong is set when an item is not what it must be. */
static pid_t fork_consumer(void *memory, uint64_t next, volatile uint64_t *wrong)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct mpr_spsc_consumer c;
		struct item item;

		mpr_spsc_consumer_init(&c, memory, SLOTS, next);
		for (;;)
			if (mpr_spsc_pop(&c, &item) && !item_is(&item, next++))
				*wrong = next;
	}
	return child;
}

UNIT_TEST(test_producer_survives_consumers)
{
	void *memory = shared_memory(mpr_spsc_size(SLOTS));
	volatile uint64_t *wrong = shared_memory(4096);
	struct mpr_spsc_producer p;
	struct item item;
	uint64_t random = 6;

	mpr_spsc_format(memory, SLOTS, 0);
	mpr_spsc_producer_init(&p, memory, SLOTS, 0);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		/* Items taken but not published come again. */
		pid_t child = fork_consumer(memory, mpr_spsc_taken(&p), wrong);
		uint64_t last = p.next + next_random(&random) % 20000;

		while (p.next != last) {
			item_fill(&item, p.next);
			mpr_spsc_push(&p, &item);
		}
		kill_and_reap(child);
		/* Full at most: it neither hangs nor errs. */
		do
			item_fill(&item, p.next);
		while (mpr_spsc_push(&p, &item));
		assert_int_equal(p.error, 0);
		assert_int_equal(*wrong, 0);
	}
	munmap((void *)wrong, 4096);
	munmap(memory, mpr_spsc_size(SLOTS));
}

/* ---- A channel -------------------------------------------------------- */

static bool child_lives(void *opaque)
{
	return waitpid(*(pid_t *)opaque, NULL, WNOHANG) == 0;
}

/* Reads until the remote is gone. How many answers it got. */
static uint64_t read_until_dead(struct mpr_channel *proxy, pid_t child, uint64_t spin_ns)
{
	struct mpr_msg msg = {.type = MPR_MSG_READ, .size = 8};
	uint64_t ticket, answers = 0;
	int err = 0;

	while (!err) {
		if (!mpr_channel_send(proxy, &msg, &ticket))
			return answers;
		err = mpr_channel_wait_reply(proxy, ticket, &msg, spin_ns, child_lives, &child);
		if (err) {
			assert_int_equal(err, -EPIPE);
		} else {
			assert_int_equal(msg.value, 0); /* no write came before */
			answers++;
		}
		msg = (struct mpr_msg){.type = MPR_MSG_READ, .size = 8};
	}
	return answers;
}

/* Kills `victim` from a third process after a random moment. */
static pid_t fork_killer(pid_t victim, uint64_t *random)
{
	uint64_t state = next_random(random);
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		wait_a_moment(&state);
		kill(victim, SIGKILL);
		_exit(0);
	}
	return child;
}

UNIT_TEST(test_proxy_survives_remotes)
{
	uint64_t random = 7;

	for (uint64_t round = 0; round < ROUNDS; round++) {
		struct ends ends = ends_open(SLOTS);
		pid_t child = fork(), killer;

		assert_true(child >= 0);
		if (child == 0) {
			stress_serve(ends.remote);
			_exit(0);
		}
		killer = fork_killer(child, &random);
		read_until_dead(ends.proxy, child, round % 3 * 10000);
		assert_int_equal(mpr_channel_error(ends.proxy), 0);
		expect_success(killer);
		ends_close(&ends);
	}
}

/* A proxy that creates its own channel, tells its descriptors, and works. */
static pid_t fork_proxy(int tell)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct mpr_channel_options options = {.slots = SLOTS, .numa_node = -1};
		struct mpr_channel *proxy;
		int fds[2];

		if (mpr_channel_create(&options, &proxy) < 0)
			_exit(1);
		fds[0] = mpr_channel_memfd(proxy);
		fds[1] = mpr_channel_doorbell(proxy);
		if (write(tell, fds, sizeof(fds)) != sizeof(fds))
			_exit(1);
		stress_drive(proxy, UINT64_MAX);
		_exit(0);
	}
	return child;
}

static struct mpr_channel *attach_to_process(pid_t child, int told)
{
	struct mpr_channel *remote;
	int fds[2], pidfd = (int)syscall(SYS_pidfd_open, child, 0), memfd, bell;

	assert_int_equal(read(told, fds, sizeof(fds)), sizeof(fds));
	memfd = (int)syscall(SYS_pidfd_getfd, pidfd, fds[0], 0);
	bell = (int)syscall(SYS_pidfd_getfd, pidfd, fds[1], 0);
	assert_int_equal(mpr_channel_attach(memfd, bell, &remote), 0);
	close(pidfd);
	return remote;
}

/* Serves until the bell hangs up: the proxy is gone. */
static void serve_until_dead(struct mpr_channel *remote)
{
	struct pollfd bell = {.fd = mpr_channel_doorbell(remote), .events = POLLIN};
	struct mpr_msg msg;
	uint64_t writes = 0;

	while (!(bell.revents & POLLHUP)) {
		while (mpr_channel_receive(remote, &msg)) {
			if (msg.type == MPR_MSG_READ) {
				mpr_channel_complete(remote, writes, 0);
				continue;
			}
			assert_int_equal(msg.value, writes++);
			mpr_channel_retire(remote);
		}
		if (mpr_channel_arm(remote))
			poll(&bell, 1, -1);
		mpr_channel_disarm(remote);
	}
}

UNIT_TEST(test_remote_survives_proxies)
{
	uint64_t random = 8;
	int told[2];

	assert_int_equal(pipe(told), 0);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		pid_t child = fork_proxy(told[1]), killer;
		struct mpr_channel *remote = attach_to_process(child, told[0]);

		killer = fork_killer(child, &random);
		serve_until_dead(remote);
		assert_int_equal(mpr_channel_error(remote), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		expect_success(killer);
		mpr_channel_destroy(remote);
	}
	close(told[0]);
	close(told[1]);
}

int main(void)
{
	/* A hang is a failure, not a wait for ever. */
	alarm(800);
	return unit_run(NULL, NULL);
}
