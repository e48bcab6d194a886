/* SPDX-License-Identifier: MIT */
#include "bench/measures.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/channel_proxy.h"
#include "ring/channel_remote.h"
#include "ring/spsc.h"

#define WARM_UP 2000u /* round trips that are not counted */
#define SLOTS 1024u
#define BATCH 32u

/* Measures `op(opaque, i)` count times, one sample each. */
#define SAMPLE(run, op)                                                                            \
	do {                                                                                       \
		for (size_t i_ = 0; i_ < WARM_UP + (run)->count; i_++) {                           \
			uint64_t start_ = bench_ticks();                                           \
			op;                                                                        \
			if (i_ >= WARM_UP)                                                         \
				(run)->samples[i_ - WARM_UP] = (uint32_t)(bench_ticks() - start_); \
		}                                                                                  \
	} while (0)

/* ---- Bare cache lines ------------------------------------------------- */

/* Relaxed throughout: the word is all there is. */
static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static bool swap(uint64_t *word, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

static void answer_cas(void *opaque)
{
	struct bench_shared *shared = opaque;

	while (!bench_stopped(shared))
		swap(&shared->ping.word, 1, 0);
}

static int run_cas(struct bench_run *run)
{
	uint64_t *word = &run->pair->shared->ping.word;
	int err = bench_peer_start(run->pair, answer_cas, run->pair->shared);

	if (err)
		return err;
	SAMPLE(run, {
		while (!swap(word, 0, 1))
			;
	});
	bench_peer_stop(run->pair);
	return 0;
}

static void answer_one_line(void *opaque)
{
	struct bench_shared *shared = opaque;

	while (!bench_stopped(shared))
		if (load(&shared->ping.word) == 1)
			store(&shared->ping.word, 0);
}

static int run_one_line(struct bench_run *run)
{
	uint64_t *word = &run->pair->shared->ping.word;
	int err = bench_peer_start(run->pair, answer_one_line, run->pair->shared);

	if (err)
		return err;
	SAMPLE(run, {
		store(word, 1);
		while (load(word) != 0)
			;
	});
	bench_peer_stop(run->pair);
	return 0;
}

static void answer_two_lines(void *opaque)
{
	struct bench_shared *shared = opaque;
	uint64_t seen = 0, now;

	while (!bench_stopped(shared)) {
		now = load(&shared->ping.word);
		if (now != seen)
			store(&shared->pong.word, seen = now);
	}
}

static int run_two_lines(struct bench_run *run)
{
	struct bench_shared *shared = run->pair->shared;
	int err = bench_peer_start(run->pair, answer_two_lines, shared);
	uint64_t n = 0;

	if (err)
		return err;
	SAMPLE(run, {
		store(&shared->ping.word, ++n);
		while (load(&shared->pong.word) != n)
			;
	});
	bench_peer_stop(run->pair);
	return 0;
}

/* As two lines, but on other lines each time, as many as a ring has slots. */
struct walk {
	struct bench_shared *shared;
	struct mpr_spsc_slot *out, *back; /* only the words are used */
};

static void answer_walk(void *opaque)
{
	struct walk *walk = opaque;

	for (uint64_t n = 0; !bench_stopped(walk->shared);)
		if (load(&walk->out[n % SLOTS].seq) == n + 1) {
			store(&walk->back[n % SLOTS].seq, n + 1);
			n++;
		}
}

static int run_walk(struct bench_run *run)
{
	struct walk walk = {.shared = run->pair->shared, .out = (void *)run->pair->shared->rings};
	uint64_t n = 0;
	int err;

	walk.back = walk.out + SLOTS;
	memset(walk.out, 0, 2 * SLOTS * sizeof(*walk.out));
	err = bench_peer_start(run->pair, answer_walk, &walk);
	if (err)
		return err;
	SAMPLE(run, {
		store(&walk.out[n % SLOTS].seq, n + 1);
		while (load(&walk.back[n % SLOTS].seq) != n + 1)
			;
		n++;
	});
	bench_peer_stop(run->pair);
	return 0;
}

/* ---- The ring --------------------------------------------------------- */

struct rings {
	struct bench_shared *shared;
	void *out, *back;
};

static struct rings rings_format(struct bench_pair *pair)
{
	struct rings rings = {.shared = pair->shared, .out = pair->shared->rings};

	rings.back = pair->shared->rings + mpr_spsc_size(SLOTS);
	mpr_spsc_format(rings.out, SLOTS, 0);
	mpr_spsc_format(rings.back, SLOTS, 0);
	return rings;
}

struct item {
	uint64_t word[7];
};

static void answer_ring(void *opaque)
{
	struct rings *rings = opaque;
	struct mpr_spsc_consumer in;
	struct mpr_spsc_producer out;
	struct item item;

	mpr_spsc_consumer_init(&in, rings->out, SLOTS, 0);
	mpr_spsc_producer_init(&out, rings->back, SLOTS, 0);
	while (!bench_stopped(rings->shared)) {
		if (mpr_spsc_pop(&in, &item))
			mpr_spsc_push(&out, &item);
		else
			bench_relax();
	}
}

static int run_ring(struct bench_run *run)
{
	struct rings rings = rings_format(run->pair);
	int err = bench_peer_start(run->pair, answer_ring, &rings);
	struct mpr_spsc_producer out;
	struct mpr_spsc_consumer in;
	struct item item = {{0}};

	if (err)
		return err;
	mpr_spsc_producer_init(&out, rings.out, SLOTS, 0);
	mpr_spsc_consumer_init(&in, rings.back, SLOTS, 0);
	SAMPLE(run, {
		item.word[0]++;
		mpr_spsc_push(&out, &item);
		while (!mpr_spsc_pop(&in, &item))
			bench_relax();
	});
	bench_peer_stop(run->pair);
	return 0;
}

/* Takes items and checks that none is missing or torn. */
static void answer_stream(void *opaque)
{
	struct rings *rings = opaque;
	struct mpr_spsc_consumer in;
	struct item item;
	uint64_t expected = 0, wrong = 0;

	mpr_spsc_consumer_init(&in, rings->out, SLOTS, 0);
	while (!bench_stopped(rings->shared)) {
		while (mpr_spsc_pop(&in, &item)) {
			wrong |= (item.word[0] ^ expected) | (item.word[6] ^ expected);
			expected++;
		}
		store(&rings->shared->pong.word, wrong ? UINT64_MAX : expected);
		bench_relax();
	}
}

static int stream_all(struct bench_run *run, void (*produce)(struct mpr_spsc_producer *, size_t))
{
	struct rings rings = rings_format(run->pair);
	uint64_t *done = &run->pair->shared->pong.word;
	struct mpr_spsc_producer out;
	uint64_t start;
	int err = bench_peer_start(run->pair, answer_stream, &rings);

	if (err)
		return err;
	mpr_spsc_producer_init(&out, rings.out, SLOTS, 0);
	start = bench_ticks();
	produce(&out, run->count);
	while (load(done) < run->count)
		;
	run->total = (double)(bench_ticks() - start);
	err = load(done) == run->count ? 0 : -EIO;
	bench_peer_stop(run->pair);
	return err;
}

static void produce_singly(struct mpr_spsc_producer *out, size_t count)
{
	struct item *item;

	for (size_t i = 0; i < count; i++) {
		while (!(item = mpr_spsc_reserve(out)))
			;
		*item = (struct item){{i, i, i, i, i, i, i}};
		mpr_spsc_commit(out);
	}
}

static void produce_batches(struct mpr_spsc_producer *out, size_t count)
{
	struct item items[BATCH];

	for (size_t i = 0, n; i < count; i += n) {
		n = count - i < BATCH ? count - i : BATCH;
		for (size_t k = 0; k < n; k++)
			for (size_t w = 0; w < 7; w++)
				items[k].word[w] = i + k;
		n = mpr_spsc_push_n(out, items, n);
	}
}

static int run_stream(struct bench_run *run)
{
	return stream_all(run, produce_singly);
}

static int run_stream_batch(struct bench_run *run)
{
	return stream_all(run, produce_batches);
}

/* ---- The channel ------------------------------------------------------ */

struct link {
	struct bench_shared *shared;
	struct mpr_channel *proxy;
};

static int link_open(struct link *link, struct bench_pair *pair)
{
	struct mpr_channel_options options = {.slots = SLOTS, .numa_node = -1};

	link->shared = pair->shared;
	return mpr_channel_create(&options, &link->proxy);
}

/* A remote that never sleeps. */
static void answer_channel(void *opaque)
{
	struct link *link = opaque;
	struct mpr_channel *remote;
	struct mpr_msg msg;

	if (mpr_channel_attach(dup(mpr_channel_memfd(link->proxy)),
			       dup(mpr_channel_doorbell(link->proxy)), &remote) < 0)
		return;
	while (!bench_stopped(link->shared)) {
		if (!mpr_channel_receive(remote, &msg)) {
			bench_relax();
			continue;
		}
		if (msg.type == MPR_MSG_READ)
			mpr_channel_complete(remote, msg.offset, 0);
		else
			mpr_channel_retire(remote);
	}
	mpr_channel_destroy(remote);
}

static uint64_t read_register(struct mpr_channel *proxy, uint64_t offset)
{
	struct mpr_msg msg;
	uint64_t ticket;

	mpr_request(&msg, MPR_MSG_READ, 0, offset, 4, 0);
	while (!mpr_channel_send(proxy, &msg, &ticket))
		;
	mpr_channel_wait_reply(proxy, ticket, &msg, UINT64_MAX, NULL, NULL);
	return msg.value;
}

static void write_register(struct mpr_channel *proxy, uint64_t value)
{
	struct mpr_msg msg;

	mpr_request(&msg, MPR_MSG_WRITE, 0, 4, 4, value);
	while (!mpr_channel_send(proxy, &msg, NULL))
		;
}

static int run_read(struct bench_run *run)
{
	struct link link;
	uint64_t wrong = 0;
	int err = link_open(&link, run->pair);

	if (err)
		return err;
	err = bench_peer_start(run->pair, answer_channel, &link);
	if (!err) {
		SAMPLE(run, wrong |= read_register(link.proxy, i_) ^ i_);
		bench_peer_stop(run->pair);
	}
	mpr_channel_destroy(link.proxy);
	return wrong ? -EIO : err;
}

/* The first 8 bytes of BAR 0 are in the shadow, and all ones. */
static void open_shadow(struct mpr_channel *remote)
{
	const struct mpr_shadow_map map = {.span = {8}, .readable = {0xff}};
	uint8_t image[MPR_SHADOW_SIZE];

	memset(image, 0xff, sizeof(image));
	mpr_channel_shadow_open(remote, &map, image);
}

/* Without a peer: nobody is asked. */
static int run_shadow_read(struct bench_run *run)
{
	struct mpr_channel *remote;
	uint64_t value, wrong = 0, start;
	struct link link;
	int err = link_open(&link, run->pair);

	if (err)
		return err;
	err = mpr_channel_attach(dup(mpr_channel_memfd(link.proxy)),
				 dup(mpr_channel_doorbell(link.proxy)), &remote);
	if (!err) {
		open_shadow(remote);
		start = bench_ticks();
		for (size_t i = 0; i < run->count; i++)
			wrong |= !mpr_channel_shadow_read(link.proxy, 0, 4, 1, &value);
		run->total = (double)(bench_ticks() - start);
		mpr_channel_destroy(remote);
	}
	mpr_channel_destroy(link.proxy);
	return wrong ? -EIO : err;
}

/* Gives the remote time to wait for the next request. */
static void pause_ticks(uint64_t ticks)
{
	uint64_t start = bench_ticks();

	while (bench_ticks() - start < ticks)
		;
}

static int run_write(struct bench_run *run)
{
	struct link link;
	int err = link_open(&link, run->pair);

	if (err)
		return err;
	err = bench_peer_start(run->pair, answer_channel, &link);
	if (!err) {
		for (size_t i = 0; i < run->count; i++) {
			uint64_t start;

			pause_ticks(2000);
			start = bench_ticks();
			write_register(link.proxy, i);
			run->samples[i] = (uint32_t)(bench_ticks() - start);
		}
		bench_peer_stop(run->pair);
	}
	mpr_channel_destroy(link.proxy);
	return err;
}

/* Writes without pause; a read at the end proves that all were executed. */
static int run_write_stream(struct bench_run *run)
{
	struct link link;
	uint64_t start;
	int err = link_open(&link, run->pair);

	if (err)
		return err;
	err = bench_peer_start(run->pair, answer_channel, &link);
	if (!err) {
		read_register(link.proxy, 0);
		start = bench_ticks();
		for (size_t i = 0; i < run->count; i++)
			write_register(link.proxy, i);
		read_register(link.proxy, 0);
		run->total = (double)(bench_ticks() - start);
		bench_peer_stop(run->pair);
	}
	mpr_channel_destroy(link.proxy);
	return err;
}

/* ---- The kernel, for comparison: both sides block --------------------- */

struct ends {
	int in, out;
	size_t size;
};

static void answer_fds(void *opaque)
{
	struct ends *ends = opaque;
	uint64_t word;

	while (read(ends->in, &word, ends->size) > 0 && word != UINT64_MAX - 1)
		if (write(ends->out, &word, ends->size) < 0)
			return;
}

static void ping_fds(const struct ends *ends, uint64_t word)
{
	if (write(ends->out, &word, sizeof(word)) < 0 || read(ends->in, &word, sizeof(word)) < 0)
		return;
}

static int run_fds(struct bench_run *run, struct ends *ours, struct ends *peers)
{
	const uint64_t last = UINT64_MAX - 1;
	int err = bench_peer_start(run->pair, answer_fds, peers);

	if (err)
		return err;
	SAMPLE(run, ping_fds(ours, 1));
	if (write(ours->out, &last, sizeof(last)) < 0)
		err = -errno;
	bench_peer_stop(run->pair);
	return err;
}

static int run_socketpair(struct bench_run *run)
{
	struct ends ours, peers;
	int fds[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	ours = (struct ends){.in = fds[0], .out = fds[0], .size = 8};
	peers = (struct ends){.in = fds[1], .out = fds[1], .size = 8};
	err = run_fds(run, &ours, &peers);
	close(fds[0]);
	close(fds[1]);
	return err;
}

static int run_eventfd(struct bench_run *run)
{
	struct ends ours, peers;
	int out = eventfd(0, EFD_CLOEXEC), back = eventfd(0, EFD_CLOEXEC), err;

	if (out < 0 || back < 0)
		return -errno;
	ours = (struct ends){.in = back, .out = out, .size = 8};
	peers = (struct ends){.in = out, .out = back, .size = 8};
	err = run_fds(run, &ours, &peers);
	close(out);
	close(back);
	return err;
}

/* ----------------------------------------------------------------------- */

const struct bench_measure bench_measures[] = {
	{"probe", "one line, both compare and swap", false, 1, run_cas},
	{"one_line", "one line, load and store", false, 1, run_one_line},
	{"two_lines", "two lines, load and store (the limit)", false, 1, run_two_lines},
	{"walk", "two lines, new ones each time", false, 1, run_walk},
	{"ring", "two SPSC rings, 56 bytes each way", false, 1, run_ring},
	{"read", "channel: a register read, answered in place", false, 1, run_read},
	{"shadow_read", "channel: a register read from the shadow", true, 1, run_shadow_read},
	{"write", "channel: one posted write, remote waiting", false, 1, run_write},
	{"write_stream", "channel: posted writes without pause", true, 1, run_write_stream},
	{"stream", "SPSC ring, item by item", true, 1, run_stream},
	{"stream_batch", "SPSC ring, batches of 32, copied", true, 1, run_stream_batch},
	{"socketpair", "socket pair, both sides block", false, 20, run_socketpair},
	{"eventfd", "two eventfds, both sides block", false, 20, run_eventfd},
};
const size_t bench_measure_count = sizeof(bench_measures) / sizeof(bench_measures[0]);
