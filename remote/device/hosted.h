/* SPDX-License-Identifier: MIT */
/*
 * A device model and what surrounds it in this process: the services that it
 * calls (struct mpr_host_ops), and, while a VMM has it open, the channel, the
 * guest memory and the interrupt eventfds.
 *
 *   mpr_hosted_create()
 *     mpr_hosted_attach()          a VMM opened the device
 *       mpr_hosted_set_memory(), mpr_hosted_set_intx(), mpr_hosted_serve()
 *     mpr_hosted_detach()          it gave the device up, or died
 *     ... until mpr_hosted_idle(): DMA may still be under way
 *   mpr_hosted_destroy()
 *
 * Nothing here blocks. One thread.
 */
#ifndef MPR_REMOTE_DEVICE_HOSTED_H
#define MPR_REMOTE_DEVICE_HOSTED_H

#include <stdbool.h>

#include "dev/host.h"
#include "event/watch.h"
#include "remote/device/doorbell.h"
#include "remote/device/eventfd.h"
#include "remote/device/ram.h"
#include "remote/device/timers.h"
#include "remote/device/written.h"
#include "ring/channel_remote.h"
#include "ring/memfd.h"

/* The interrupt line, and the VMM's eventfds for it. */
struct mpr_intx {
	bool level;		   /* as the model drives it */
	bool line;		   /* the same, or low while the guest has INTx disabled */
	struct mpr_eventfd *raise; /* NULL: none yet */
	int resample_fd;	   /* -1: the VMM reads the level in the channel instead */
	struct mpr_watch *resample;
	bool resampled;		/* written to: the VMM asks whether the line is still high */
	struct mpr_timer later; /* armed: a rise is to be signalled then */
};

/* What a VMM opens a device with; bar: -1 where the BAR has no file. */
struct mpr_hosted_files {
	int memfd, doorbell;
	int bar[MPR_PCI_NUM_BARS];
};

struct mpr_hosted {
	struct mpr_host host; /* first: the model's `host` is this struct */
	struct mpr_device *dev;
	struct mpr_timers *timers;
	struct mpr_watcher *watcher;
	char *why;	   /* what the model said when it refused to be created */
	const void *owner; /* the connection that has the device open, or NULL */

	struct mpr_channel *channel;
	struct mpr_doorbell *doorbell;
	struct mpr_memfd bar[MPR_PCI_NUM_BARS]; /* BARs of plain memory, the VMM's */
	struct mpr_ram *ram;
	struct mpr_intx intx;
	struct mpr_written written;

	unsigned mappings; /* of guest memory that the model has (dma_map()) */
	bool scheduled;	   /* run() is to be called */
	uint8_t held;	   /* enum mpr_msg_type of the channel's current request, if that
			    * waits for DMA to end, else MPR_MSG_NONE */
	bool stopped;	   /* the model is not run, but its registers answer */
	bool ending;	   /* the process ends: no request is taken any more */
	bool leaving;	   /* being removed: it cannot be opened any more */
	bool left;	   /* being removed, and not in use any more */
	int node;	   /* NUMA node on which it is served; -1: any */
};

/* Creates the model's instance as `settings` (or NULL) have it. 0 or negative errno, with
 * *why what the model says of it, or NULL (free() it). */
int mpr_hosted_create(const struct mpr_device_ops *ops, const char *id,
		      const struct mpr_setting *settings, struct mpr_timers *timers,
		      struct mpr_watcher *watcher, struct mpr_hosted **hosted, char **why);
/* The device must be detached and idle. NULL is ignored. */
void mpr_hosted_destroy(struct mpr_hosted *hosted);

/* Gives the device to `owner`. Takes the file descriptors over even if it fails. 0;
 * -EPROTO: not a channel, or not memory for a BAR; negative errno. */
int mpr_hosted_attach(struct mpr_hosted *hosted, const void *owner,
		      const struct mpr_hosted_files *files);

/* The same without a channel: the owner's accesses come by the calls below. */
void mpr_hosted_adopt(struct mpr_hosted *hosted, const void *owner);

/* From now on the VMM that has the device open is sent events for the guest memory that
 * the device writes. */
void mpr_hosted_report_dma(struct mpr_hosted *hosted);

/* Resets the device and gives up what belongs to the VMM. Mappings that the
 * model still holds stay valid. */
void mpr_hosted_detach(struct mpr_hosted *hosted);

/* True when the VMM has marked the device in the channel as given up; it closes it or hangs
 * up next. It can do so while this process is not scheduled, so this is checked before
 * each request, run() and DMA: a device that the guest takes for dead must not write the
 * guest's memory. */
static inline bool mpr_hosted_given_up(const struct mpr_hosted *hosted)
{
	return hosted->channel && mpr_channel_given_up(hosted->channel);
}

/* True when the device maps no guest memory and is not settling, which ends DMA. */
bool mpr_hosted_idle(const struct mpr_hosted *hosted);

/* New accesses use this table from now on. Takes over the reference to `ram` and returns
 * the one to the table before, or NULL. */
struct mpr_ram *mpr_hosted_set_memory(struct mpr_hosted *hosted, struct mpr_ram *ram);

/* Connects the VMM's eventfds, and signals raise_fd at once if the line is high.
 * resample_fd (-1: none) is taken over on success, raise_fd stays the caller's. 0;
 * -EINVAL: not eventfds; negative errno. */
int mpr_hosted_set_intx(struct mpr_hosted *hosted, int raise_fd, int resample_fd);

/* A guest's access. Outside of the model's BARs a write is dropped and a read returns
 * false. */
void mpr_hosted_write(struct mpr_hosted *hosted, unsigned bar, uint64_t offset, unsigned size,
		      uint64_t value);
bool mpr_hosted_read(struct mpr_hosted *hosted, unsigned bar, uint64_t offset, unsigned size,
		     uint64_t *value);
void mpr_hosted_config_write(struct mpr_hosted *hosted, uint32_t offset, unsigned size,
			     uint32_t value);

/* RST#. Complete once the device is idle. */
void mpr_hosted_reset(struct mpr_hosted *hosted);

/* Updates the channel's shadow to the model's registers and to the requests served. */
void mpr_hosted_publish(struct mpr_hosted *hosted);

/*
 * One turn of the device: takes a bounded number of requests from the channel and runs
 * the model. True when it did something or has more to do, or when the channel is broken
 * (mpr_channel_error()).
 */
bool mpr_hosted_serve(struct mpr_hosted *hosted);

/* As mpr_channel_arm() and mpr_channel_disarm(). A device that takes no requests now, for
 * want of a channel or waiting for DMA, never keeps the loop from sleeping. */
bool mpr_hosted_arm(struct mpr_hosted *hosted);
void mpr_hosted_disarm(struct mpr_hosted *hosted);

#endif
