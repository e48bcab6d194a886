/* SPDX-License-Identifier: MIT */
/*
 * The remote's half of a channel (ring/channel.h): the device process, which attaches
 * to it.
 */
#ifndef MPR_RING_CHANNEL_REMOTE_H
#define MPR_RING_CHANNEL_REMOTE_H

#include "pci/shadow.h"
#include "ring/channel.h"
#include "ring/message.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Maps a channel received from a proxy and checks its seals, size and header:
 * 0; -EPROTO: not a channel, or of an unknown version; negative errno. On
 * success the channel owns both file descriptors, otherwise the caller does.
 */
int mpr_channel_attach(int memfd, int doorbell, struct mpr_channel **channel);

/* The doorbell, which the caller drains and closes from now on: see mpr_channel_arm(). */
int mpr_channel_take_doorbell(struct mpr_channel *channel);

/* Copies the next request out. False: none, or the proxy has given the device up. It
 * stays the current request until mpr_channel_complete() (a read) or
 * mpr_channel_retire() (a posted write). */
bool mpr_channel_receive(struct mpr_channel *channel, struct mpr_msg *msg);
void mpr_channel_retire(struct mpr_channel *channel);

/* Whether the proxy has given the device up. Ask before anything that the guest could
 * notice, such as DMA. Costs a load. */
bool mpr_channel_given_up(const struct mpr_channel *channel);

/* As mpr_channel_receive(), after a full barrier: if the guest had not seen what the
 * device did before this call when it sent its request, the request is received. */
bool mpr_channel_next(struct mpr_channel *channel, struct mpr_msg *msg);

/*
 * Answers the current request in place with `value` and `status`, and wakes the proxy's
 * thread if it sleeps. Release: what was done before, DMA and the line's level included,
 * is visible to the proxy when it sees the answer.
 */
void mpr_channel_complete(struct mpr_channel *channel, uint64_t value, uint8_t status);

/*
 * Opens the shadow, once, with `map` and the registers as they are. From then on the
 * remote publishes the registers after it has executed requests, whenever they change
 * otherwise, and always before it raises the interrupt line.
 */
void mpr_channel_shadow_open(struct mpr_channel *channel, const struct mpr_shadow_map *map,
			     const uint8_t image[MPR_SHADOW_SIZE]);

/* Publishes the registers, and that they show the effect of every request executed so
 * far. Costs a comparison if nothing changed. Ignored while the shadow is not open.
 * Release: as mpr_channel_complete(). */
void mpr_channel_shadow_publish(struct mpr_channel *channel, const uint8_t image[MPR_SHADOW_SIZE]);

/* Publishes the interrupt line's level. Release. */
void mpr_channel_set_intx(struct mpr_channel *channel, bool level);

enum mpr_tell {
	MPR_TELL_NOT,	/* the proxy polls the line, or has been notified */
	MPR_TELL_LATER, /* the proxy will look soon: ask again if the rise lasts */
	MPR_TELL_NOW	/* notify it. Counted */
};

/* After the level changed: whether to notify the proxy. `late`: the rise has lasted for
 * a while. A full barrier. */
enum mpr_tell mpr_channel_intx_tell(struct mpr_channel *channel, bool late);

/* Says that the current request waits for DMA to end, or no longer does. */
void mpr_channel_set_settling(struct mpr_channel *channel, bool settling);

/* Sends an event. False: the completion ring is full; the event is dropped and counted,
 * and the proxy gets MPR_MSG_EVENTS_LOST. */
bool mpr_channel_notify(struct mpr_channel *channel, const struct mpr_msg *msg);

/*
 * Sleeping without losing a wake-up. Before it sleeps the remote publishes the shadow
 * and arms: true, it may sleep; false, there is a request. While armed, a request makes
 * mpr_channel_doorbell() readable. After every wake-up, whatever the cause, the remote
 * disarms and receives all requests before anything else happens to the device.
 *
 * Poll the doorbell, do not read it: disarming drains it, unless it was taken. A hostile
 * proxy, which can keep the remote's end of the socket, too, can make a read of it wait. A
 * remote that cannot afford that takes the doorbell, notices rings by its poll, and drains
 * it now and then from a thread that may wait. The doorbell hangs up once the proxy is
 * gone.
 *
 * Arming may take some microseconds. Arming again only looks again; disarming again does
 * nothing.
 */
bool mpr_channel_arm(struct mpr_channel *channel);
void mpr_channel_disarm(struct mpr_channel *channel);

#ifdef __cplusplus
}
#endif

#endif
