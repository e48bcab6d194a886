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

#ifdef __cplusplus
}
#endif

#endif
