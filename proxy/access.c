/* SPDX-License-Identifier: MIT */
/* Guest accesses: the hot path. */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "proxy/internal.h"
#include "wire/patience.h"

#define FULL_LOOKS 20	 /* yields before a wait for room is a long one */
#define FULL_YIELDS 1000 /* yields before a wait for room starts to sleep */
#define FULL_SLEEP_US 100
/* Looks before a wait for an answer is a long one: some microseconds, many times what a
 * remote that is awake takes. */
#define ANSWER_LOOKS 100

/* A wait for the remote. */
struct waiter {
	struct mpr_proxy_device *device;
	struct mpr_patience patience; /* starts at the first look: reading a clock costs */
	const char *too_late;	      /* the reason given when it is over */
	bool for_dma;		      /* it has been extended, for disks */
	uint64_t ticket;	      /* of a request with an answer */
	bool yields;		      /* a long wait calls long_begin() and long_end() */
};

#define FOR_ACCESS \
	.patience = mpr_patience_of(MPR_ANSWER_MS), .too_late = "the remote did not answer for 10 s"
#define FOR_VMM \
	.patience = mpr_patience_of(MPR_LOCKED_MS), .too_late = "the remote did not answer for 5 s"
_Static_assert(MPR_ANSWER_MS == 10000 && MPR_LOCKED_MS == 5000 && MPR_DMA_ANSWER_MS == 60000,
	       "said in the messages");

/* ---- Life --------------------------------------------------------------- */

/* Why the connection ended, or NULL. Does not look for a broken channel: reason() does. */
static inline const char *given_up(const struct mpr_proxy_device *device)
{
	/* Relaxed: pairs with mpr_conn_fail(), which publishes only a constant string. */
	return atomic_load_explicit(&device->conn->lost, memory_order_relaxed);
}

/* Why the device is gone, or NULL. */
static const char *reason(const struct mpr_proxy_device *device)
{
	if (mpr_channel_error(device->channel))
		mpr_conn_fail(device->conn, "the remote corrupted the channel");
	return given_up(device);
}

bool mpr_proxy_alive(const struct mpr_proxy_device *device, const char **why)
{
	const char *gone = reason(device);

	if (gone && why)
		*why = gone;
	return !gone;
}

/* A remote that says that it waits for DMA to end gets the time that disks may take. */
static bool may_wait_longer(struct waiter *waiter)
{
	if (waiter->for_dma || !mpr_channel_settling(waiter->device->channel))
		return false;
	waiter->for_dma = true;
	waiter->patience = mpr_patience_of(MPR_DMA_ANSWER_MS);
	waiter->too_late = "DMA that was to end did not in 60 s";
	return true;
}

/* Called now and then in a wait. False: give up. */
static bool worth_waiting(void *opaque)
{
	struct waiter *waiter = opaque;
	struct mpr_proxy_conn *conn = waiter->device->conn;

	if (reason(waiter->device) || mpr_conn_hung_up(conn))
		return false;
	/* Relaxed: pairs with mpr_proxy_conn_hurry(). */
	if (atomic_load_explicit(&conn->hurried, memory_order_relaxed))
		mpr_conn_fail(conn, "the VMM waits no longer");
	else if (!mpr_patience_left(&waiter->patience) && !may_wait_longer(waiter))
		mpr_conn_fail(conn, waiter->too_late);
	return !given_up(waiter->device);
}

/* ---- Long waits --------------------------------------------------------- */

static void begin_long_wait(const struct waiter *waiter)
{
	if (waiter->yields && waiter->device->long_begin)
		waiter->device->long_begin(waiter->device->long_opaque);
}

static void end_long_wait(const struct waiter *waiter)
{
	if (waiter->yields && waiter->device->long_end)
		waiter->device->long_end(waiter->device->long_opaque);
}

/* ---- Requests ----------------------------------------------------------- */

static inline bool try_send(struct mpr_proxy_device *device, const struct mpr_msg *msg,
			    uint64_t *ticket)
{
	bool sent;

	mpr_claim_take(&device->claim);
	sent = mpr_channel_send(device->channel, msg, ticket);
	mpr_claim_leave(&device->claim);
	return sent;
}

/* After the ring had no room `tries` times. False: stop, *sent or not. */
static bool try_again(struct waiter *waiter, const struct mpr_msg *msg, uint64_t *ticket,
		      unsigned tries, bool *sent)
{
	if (reason(waiter->device))
		return false;
	*sent = try_send(waiter->device, msg, ticket);
	if (*sent)
		return false;
	if (tries < FULL_YIELDS) {
		sched_yield();
		return true;
	}
	if (!worth_waiting(waiter))
		return false;
	usleep(FULL_SLEEP_US);
	return true;
}

/* Waits for room. False: the remote is gone. */
static bool wait_for_room(struct waiter *waiter, const struct mpr_msg *msg, uint64_t *ticket)
{
	unsigned tries = 0;
	bool sent = false;

	while (try_again(waiter, msg, ticket, tries, &sent)) {
		if (++tries == FULL_LOOKS)
			begin_long_wait(waiter);
	}
	if (tries >= FULL_LOOKS)
		end_long_wait(waiter);
	return sent;
}

static __attribute__((noinline)) bool enqueue_patiently(struct mpr_proxy_device *device,
							const struct mpr_msg *msg, uint64_t *ticket,
							bool yields)
{
	struct waiter access = {.device = device, FOR_ACCESS, .yields = true};
	struct waiter other = {.device = device, FOR_VMM};

	return wait_for_room(yields ? &access : &other, msg, ticket);
}

/* Puts a request into the ring. False: the remote is gone. */
static inline bool enqueue(struct mpr_proxy_device *device, const struct mpr_msg *msg,
			   uint64_t *ticket, bool yields)
{
	if (!given_up(device) && try_send(device, msg, ticket))
		return true;
	return enqueue_patiently(device, msg, ticket, yields);
}

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

static bool look_for_answer(struct mpr_proxy_device *device, uint64_t ticket, struct mpr_msg *msg)
{
	for (int i = 0; i < ANSWER_LOOKS; i++) {
		if (mpr_channel_reply(device->channel, ticket, msg))
			return true;
		relax();
	}
	return false;
}

/* False: the remote is gone. */
static bool wait_for_answer(struct waiter *waiter, struct mpr_msg *msg)
{
	struct mpr_proxy_device *device = waiter->device;
	int ret;

	if (look_for_answer(device, waiter->ticket, msg))
		return true;
	begin_long_wait(waiter);
	ret = mpr_channel_wait_reply(device->channel, waiter->ticket, msg, device->spin_ns,
				     worth_waiting, waiter);
	end_long_wait(waiter);
	return ret == 0;
}

/* Sends a request and waits for its answer, which replaces *msg. False: gone. */
static bool ask(struct waiter *waiter, struct mpr_msg *msg)
{
	return enqueue(waiter->device, msg, &waiter->ticket, waiter->yields) &&
	       wait_for_answer(waiter, msg);
}

static uint64_t all_ones(unsigned size)
{
	return UINT64_MAX >> (64 - 8 * size);
}

void mpr_proxy_write(struct mpr_proxy_device *device, unsigned bar, uint64_t offset, unsigned size,
		     uint64_t value)
{
	struct mpr_msg msg;

	mpr_request(&msg, MPR_MSG_WRITE, bar, offset, size, value & all_ones(size));
	enqueue(device, &msg, NULL, true);
}

/* Not inlined, so that a read from the shadow needs no stack frame for this. */
static __attribute__((noinline)) uint64_t ask_for(struct mpr_proxy_device *device, unsigned bar,
						  uint64_t offset, unsigned size)
{
	struct mpr_msg msg;
	struct waiter waiter = {.device = device, FOR_ACCESS, .yields = true};

	mpr_request(&msg, MPR_MSG_READ, bar, offset, size, 0);
	if (!ask(&waiter, &msg) || msg.status)
		return all_ones(size);
	return msg.value & all_ones(size);
}

uint64_t mpr_proxy_read(struct mpr_proxy_device *device, unsigned bar, uint64_t offset,
			unsigned size)
{
	uint64_t value;

	if (!given_up(device) &&
	    mpr_channel_shadow_read(device->channel, bar, offset, size, &value))
		return value;
	return ask_for(device, bar, offset, size);
}

/* Whether a configuration write disables bus mastering: bit 2 of the command register,
 * at offset 4. */
static bool ends_dma(uint32_t offset, unsigned size, uint32_t value)
{
	return offset <= 4 && 4 - offset < size && !(value >> 8 * (4 - offset) & 4);
}

/* By a read, whose answer comes after all earlier writes were executed. */
static void wait_until_served(struct mpr_proxy_device *device)
{
	struct mpr_msg msg;
	struct waiter waiter = {.device = device, FOR_VMM};

	mpr_request(&msg, MPR_MSG_CONFIG_READ, 0, 0, 4, 0);
	(void)ask(&waiter, &msg);
}

void mpr_proxy_config_write(struct mpr_proxy_device *device, uint32_t offset, unsigned size,
			    uint32_t value)
{
	struct mpr_msg msg;

	mpr_request(&msg, MPR_MSG_CONFIG_WRITE, 0, offset, size, value & all_ones(size));
	enqueue(device, &msg, NULL, false);
	if (ends_dma(offset, size, value))
		wait_until_served(device);
}

int mpr_proxy_reset(struct mpr_proxy_device *device)
{
	struct mpr_msg msg;
	struct waiter waiter = {.device = device, FOR_VMM};

	mpr_request(&msg, MPR_MSG_RESET, 0, 0, 0, 0);
	return ask(&waiter, &msg) ? 0 : -EPIPE;
}
