/* SPDX-License-Identifier: MIT */
/*
 * A channel: one device's traffic between a VMM (the proxy) and a device
 * process (the remote), in one sealed memfd: a request ring, a completion
 * ring, doorbell words, the interrupt line, a shadow of the device's registers
 * and statistics. docs/channel-layout.md shows the layout byte by byte,
 * docs/memory-order.md proves the atomics.
 *
 *   proxy                                        remote
 *   mpr_channel_create() --memfd, doorbell--> mpr_channel_attach()
 *   mpr_channel_send()   ---request ring---->  mpr_channel_receive()
 *   mpr_channel_reply()  <--in place---------  mpr_channel_complete()
 *   mpr_channel_event()  <--completion ring--  mpr_channel_notify()
 *   mpr_channel_shadow_read() <---shadow-----  mpr_channel_shadow_publish()
 *
 * A request is one slot. A write is posted: the proxy forgets it. A request
 * that wants an answer (a read) is answered in its own slot, which costs one
 * cache line less than a second ring. The completion ring carries what the
 * remote says unasked.
 *
 * Neither side trusts the other: what lies in the memfd is copied out, then
 * checked, then used; an index that cannot be right ends the channel with
 * -EPROTO. Each side is used by one thread at a time (callers that have more
 * hold a lock for the call; waiting needs none, see mpr_channel_reply()).
 */
#ifndef MPR_RING_CHANNEL_H
#define MPR_RING_CHANNEL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "pci/shadow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the layout and of the rules for its words. */
#define MPR_CHANNEL_ABI 2u

enum mpr_msg_type {
	MPR_MSG_NONE = 0,
	/* Requests: proxy to remote. */
	MPR_MSG_WRITE = 1,	  /* posted: `size` bytes of value to bar:offset */
	MPR_MSG_READ = 2,	  /* answered: value */
	MPR_MSG_CONFIG_WRITE = 3, /* posted: configuration space, offset */
	MPR_MSG_CONFIG_READ = 4,  /* answered: value */
	MPR_MSG_RESET = 5,	  /* answered when no DMA is under way any more */
	/* Events: remote to proxy. */
	MPR_MSG_IO_ERROR = 64,	  /* a medium failed: text for the operator */
	MPR_MSG_DMA_WRITTEN = 65, /* the device wrote value bytes at guest address offset */
	MPR_MSG_EVENTS_LOST = 66  /* mpr_channel_event() says so itself: some were dropped */
};

/* The 56 bytes that a slot carries beside its sequence word. */
struct mpr_msg {
	uint8_t type; /* enum mpr_msg_type */
	uint8_t bar;
	uint8_t size;	  /* 1, 2, 4 or 8 bytes */
	uint8_t status;	  /* answer: 0, or an errno */
	uint32_t intx;	  /* answer: level of the interrupt line, 0 or 1 */
	uint64_t offset;  /* in the BAR or in configuration space; a guest address */
	uint64_t value;	  /* little-endian register value; a length */
	uint8_t text[32]; /* events: ASCII, zero-padded; otherwise 0 */
};
static_assert(sizeof(struct mpr_msg) == 56, "a message fills a slot but for its sequence word");

#define MPR_CHANNEL_DEFAULT_SLOTS 1024u

struct mpr_channel;

struct mpr_channel_options {
	uint32_t slots;	   /* of each ring, a power of two, 16 to 65536; 0: default */
	int numa_node;	   /* where the memory should lie; -1: do not care */
	bool no_hugepages; /* use normal pages even where hugepages are to be had */
};

/*
 * Counters, each written by one side only. `mpring top` and monitors read them.
 * A sleep counts when the sleeper says so, even if a last look spares it.
 * Shadow reads of several threads at the same time may be counted as one.
 */
struct mpr_channel_stats {
	/* Written by the proxy. */
	uint64_t posted, reads, ring_full, doorbells, reply_sleeps, shadow_reads, quiet_acks;
	/* Written by the remote. */
	uint64_t received, replied, interrupts, remote_sleeps, reply_wakes, events, events_dropped,
		intx_told;
};

/* ---- The proxy's side ------------------------------------------------- */

/*
 * Creates the memfd (hugepages if there are any; mpr_channel_hugepages()
 * tells) and the doorbell. 0; -EINVAL: no such number of slots or NUMA node;
 * negative errno. May take a few milliseconds.
 */
int mpr_channel_create(const struct mpr_channel_options *options, struct mpr_channel **channel);

/* File descriptors to pass to the remote; the channel owns them until
 * mpr_channel_keep(). The doorbell is the remote's end of a socket pair. */
int mpr_channel_memfd(const struct mpr_channel *channel);
int mpr_channel_doorbell(const struct mpr_channel *channel);

/*
 * To be called once the remote has attached, before the first request: until then a
 * remote can punch holes into the memory, on which an access may end in SIGBUS. Closes
 * what was passed. 0, or negative errno: it did so and its pages are gone, or it
 * prevented this.
 */
int mpr_channel_keep(struct mpr_channel *channel);

/* A request: sets all that is sent of it, and not the rest of *msg: stores are
 * what a posted write costs. */
static inline void mpr_request(struct mpr_msg *msg, enum mpr_msg_type type, unsigned bar,
			       uint64_t offset, unsigned size, uint64_t value)
{
	msg->type = (uint8_t)type;
	msg->bar = (uint8_t)bar;
	msg->size = (uint8_t)size;
	msg->offset = offset;
	msg->value = value;
}

/*
 * Puts a request into the ring and wakes the remote if it sleeps, but not for
 * an acknowledgement (struct mpr_shadow_map). Does not block. *ticket names the
 * request for mpr_channel_reply(); pass NULL for a posted request. What is sent
 * is type, bar, size, offset and value. False: the ring is full (or the oldest slot's
 * answer has not been taken): try again, unless mpr_channel_error(). Callers on
 * several threads hold a lock. Release: pairs with mpr_channel_receive().
 */
bool mpr_channel_send(struct mpr_channel *channel, const struct mpr_msg *msg, uint64_t *ticket);

/* Takes the answer to a ticket into *msg, once. False: not there yet. Any
 * thread, without a lock. Acquire: pairs with mpr_channel_complete(). */
bool mpr_channel_reply(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg);

/*
 * As mpr_channel_reply(), but waits: spins for at most spin_ns, then sleeps
 * on a futex. Every 10 ms or so of waiting it calls alive(opaque); when that
 * says false the wait ends. alive may be NULL. 0; -EPIPE: not alive; -EPROTO:
 * the remote broke the protocol. After an error the ticket is given up. Any
 * thread, without a lock.
 */
int mpr_channel_wait_reply(struct mpr_channel *channel, uint64_t ticket, struct mpr_msg *msg,
			   uint64_t spin_ns, bool (*alive)(void *opaque), void *opaque);

/*
 * Answers a register read of 1, 2, 4 or 8 bytes from the shadow: without the
 * remote, which may be asleep. False: send a request. That is so when the map
 * does not cover the bytes, when the access is not aligned, and as long as the
 * remote has not executed every request that was sent before (by the caller,
 * or by another thread whose send the caller knows of), unless it sleeps and
 * the only one is an acknowledgement (struct mpr_shadow_map). Any thread, without a
 * lock. Acquire: pairs with mpr_channel_shadow_publish(); DMA that the device
 * did before it published the value is visible.
 */
bool mpr_channel_shadow_read(struct mpr_channel *channel, unsigned bar, uint64_t offset,
			     unsigned size, uint64_t *value);

/*
 * Takes the next event. False: none. One thread. Events that the remote had no
 * room for are made up for by one MPR_MSG_EVENTS_LOST, which comes before those
 * that are in the ring. Who has seen an answer, a shadow's value or the line's
 * level finds the events that the remote sent before it, or that they were lost,
 * among the next `slots` ones.
 */
bool mpr_channel_event(struct mpr_channel *channel, struct mpr_msg *msg);

/* The level of the interrupt line that the remote published last; low from the
 * moment of an acknowledgement that a sleeping remote has not seen. */
bool mpr_channel_intx(const struct mpr_channel *channel);

/*
 * Who looks at the line, so that the remote tells (writes an eventfd) only when
 * it must. At first nobody does, and every change is told. Once armed, only the
 * next rise is told, and nothing before the proxy arms again: it has to look at
 * the level after each access. `soon`: it will look again by itself, so a rise
 * need be told only if it lasts. Returns the level after arming. While the proxy
 * is looking all the time nothing is told. Any thread; arming is a full barrier.
 */
bool mpr_channel_intx_arm(struct mpr_channel *channel, bool soon);
void mpr_channel_intx_look(struct mpr_channel *channel);

/* Whether the remote says that a request waits for DMA to end: it is alive, and
 * answers may take as long as a disk takes. Any thread. */
bool mpr_channel_settling(const struct mpr_channel *channel);

/*
 * Gives the device up, for good: an honest remote takes none of the requests that it
 * has not taken yet, and sees to it that its DMA ends. One that sleeps is not woken:
 * that is left to whatever else ties the two. Any thread.
 */
void mpr_channel_give_up(struct mpr_channel *channel);

/* ---- The remote's side ------------------------------------------------ */

/*
 * Maps a channel received from a proxy and checks its seals, size and header:
 * 0; -EPROTO: not a channel, or of an unknown version; negative errno. On
 * success the channel owns both file descriptors, otherwise the caller does.
 */
int mpr_channel_attach(int memfd, int doorbell, struct mpr_channel **channel);

/* Gives the doorbell to the caller, who empties and closes it: see mpr_channel_arm(). */
int mpr_channel_take_doorbell(struct mpr_channel *channel);

/* Copies the next request out. False: none, or the proxy has given the device up.
 * Until it is finished with
 * mpr_channel_complete() (answered requests) or mpr_channel_retire() (posted
 * ones) it stays the current request. */
bool mpr_channel_receive(struct mpr_channel *channel, struct mpr_msg *msg);
void mpr_channel_retire(struct mpr_channel *channel);

/* Whether the proxy has given the device up: to be asked before each piece of work
 * that the guest could notice, such as DMA. Costs a load. */
bool mpr_channel_given_up(const struct mpr_channel *channel);

/* As mpr_channel_receive(), after a full barrier: whoever has not seen what the
 * device did before has his request seen here. */
bool mpr_channel_next(struct mpr_channel *channel, struct mpr_msg *msg);

/*
 * Answers the current request in place with `value` and `status` and wakes the
 * proxy's thread if it sleeps. Release: everything done before it, DMA and the
 * line level included, is visible to the proxy when it sees the answer.
 */
void mpr_channel_complete(struct mpr_channel *channel, uint64_t value, uint8_t status);

/*
 * Opens the shadow, once: `map` and the registers as they are. From then on
 * the remote publishes them, after it has finished with requests and whenever
 * they changed otherwise, but before it raises the interrupt line.
 */
void mpr_channel_shadow_open(struct mpr_channel *channel, const struct mpr_shadow_map *map,
			     const uint8_t image[MPR_SHADOW_SIZE]);

/* Publishes the registers, and that they show the effects of every request
 * finished so far. Costs a comparison when nothing changed. Ignored while the
 * shadow is not open. Release: as mpr_channel_complete(). */
void mpr_channel_shadow_publish(struct mpr_channel *channel, const uint8_t image[MPR_SHADOW_SIZE]);

/* Publishes the interrupt line's level. Release. */
void mpr_channel_set_intx(struct mpr_channel *channel, bool level);

enum mpr_tell {
	MPR_TELL_NOT,	/* somebody looks at the line, or has been told */
	MPR_TELL_LATER, /* somebody will look soon: ask again if the rise lasts */
	MPR_TELL_NOW	/* nobody looks. Counted */
};

/* After the level changed: whether the proxy must be told. `late`: the rise has
 * lasted for a while. A full barrier. */
enum mpr_tell mpr_channel_intx_tell(struct mpr_channel *channel, bool late);

/* Says that the current request waits for DMA that it ends, or no more. */
void mpr_channel_set_settling(struct mpr_channel *channel, bool settling);

/* Sends an event; when the completion ring is full, it is dropped and counted,
 * and the proxy learns that. */
bool mpr_channel_notify(struct mpr_channel *channel, const struct mpr_msg *msg);

/*
 * Sleeping without losing a wake-up: the remote says that it sleeps
 * (mpr_channel_arm), which looks once more, and sleeps only if it returned
 * true; false: there is a request. It publishes the shadow before. Whatever
 * woke it, it calls mpr_channel_disarm() and then receives what there is before
 * anything else happens to the device. While armed, a request makes
 * mpr_channel_doorbell() readable: poll it, do not read it; disarming empties
 * it, unless it was taken. A hostile proxy, which has that end of the socket, too, can
 * make a read of it wait; a remote that shall not takes the doorbell, has its poll
 * tell of what comes, and empties it now and then where nobody waits. It stays hung up
 * once the proxy is gone. Arming may take
 * some microseconds; either may be called again for nothing.
 */
bool mpr_channel_arm(struct mpr_channel *channel);
void mpr_channel_disarm(struct mpr_channel *channel);

/* ---- Either side ------------------------------------------------------ */

/* -EPROTO once the peer has broken the protocol (nothing moves any more), else 0. */
int mpr_channel_error(const struct mpr_channel *channel);
bool mpr_channel_hugepages(const struct mpr_channel *channel);
void mpr_channel_stats(const struct mpr_channel *channel, struct mpr_channel_stats *stats);
/* Unmaps the memory and closes the file descriptors. */
void mpr_channel_destroy(struct mpr_channel *channel);

#ifdef __cplusplus
}
#endif

#endif
