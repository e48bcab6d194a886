/* SPDX-License-Identifier: MIT */
/* A device's life in this process: created, attached, detached, destroyed. */
#include "remote/device/hosted.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "remote/device/services.h"
#include "ring/discard.h"

/* How long a rise waits to be told to a VMM that will look by itself: about what
 * it costs to wake somebody who tells the guest. While a guest is busy, what
 * completes in this time costs it one interrupt. */
#define TELL_LATER_NS 100000

static void on_later(void *opaque);

int mpr_hosted_create(const struct mpr_device_ops *ops, const char *id, struct mpr_timers *timers,
		      struct mpr_watcher *watcher, struct mpr_hosted **result)
{
	struct mpr_hosted *hosted = calloc(1, sizeof(*hosted));
	int ret;

	if (!hosted)
		return -ENOMEM;
	hosted->host.ops = &mpr_host_services;
	hosted->timers = timers;
	hosted->watcher = watcher;
	hosted->node = -1;
	hosted->intx.resample_fd = -1;
	hosted->intx.later = (struct mpr_timer){.fn = on_later, .opaque = hosted};
	ret = mpr_device_create(ops, &hosted->host, id, &hosted->dev);
	if (ret < 0) {
		free(hosted);
		return ret;
	}
	*result = hosted;
	return 0;
}

void mpr_hosted_destroy(struct mpr_hosted *hosted)
{
	if (!hosted)
		return;
	mpr_device_destroy(hosted->dev);
	free(hosted);
}

static int open_doorbell(struct mpr_hosted *hosted)
{
	int sock = mpr_channel_take_doorbell(hosted->channel);

	hosted->doorbell = mpr_doorbell_open(hosted->watcher, sock);
	if (hosted->doorbell)
		return 0;
	mpr_discard_socket(sock);
	return -ENOMEM;
}

static int attach_channel(struct mpr_hosted *hosted, int memfd, int doorbell)
{
	int ret = mpr_channel_attach(memfd, doorbell, &hosted->channel);

	if (ret == 0)
		return open_doorbell(hosted);
	/* They may be anything. */
	mpr_discard(memfd);
	mpr_discard(doorbell);
	return ret;
}

static int attach_bar(struct mpr_hosted *hosted, unsigned bar, int fd)
{
	size_t size = hosted->dev->ops->pci->bar[bar].size;
	int ret = mpr_memfd_attach(&hosted->bar[bar], fd, size, size);

	if (ret < 0) {
		mpr_discard(fd);
		return ret;
	}
	mpr_memfd_close_file(&hosted->bar[bar]);
	mpr_device_set_bar_ram(hosted->dev, bar, hosted->bar[bar].base);
	return 0;
}

static void detach_channel(struct mpr_hosted *hosted)
{
	mpr_doorbell_close(hosted->doorbell);
	hosted->doorbell = NULL;
	mpr_channel_destroy(hosted->channel);
	hosted->channel = NULL;
}

static void detach_bars(struct mpr_hosted *hosted)
{
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++) {
		if (!hosted->bar[i].base)
			continue;
		mpr_device_set_bar_ram(hosted->dev, i, NULL);
		mpr_memfd_destroy(&hosted->bar[i]);
	}
}

int mpr_hosted_attach(struct mpr_hosted *hosted, const void *owner,
		      const struct mpr_hosted_files *files)
{
	int ret = attach_channel(hosted, files->memfd, files->doorbell);

	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++) {
		if (files->bar[i] < 0)
			continue;
		if (ret < 0)
			mpr_discard(files->bar[i]);
		else
			ret = attach_bar(hosted, i, files->bar[i]);
	}
	if (ret < 0) {
		detach_channel(hosted);
		detach_bars(hosted);
		return ret;
	}
	hosted->owner = owner;
	mpr_channel_set_intx(hosted->channel, hosted->intx.line);
	mpr_hosted_open_shadow(hosted);
	return 0;
}

void mpr_hosted_adopt(struct mpr_hosted *hosted, const void *owner)
{
	hosted->owner = owner;
}

void mpr_hosted_report_dma(struct mpr_hosted *hosted)
{
	hosted->written = (struct mpr_written){.channel = hosted->channel};
}

static void close_intx(struct mpr_intx *intx)
{
	mpr_watch_stop(intx->resample);
	intx->resample = NULL;
	mpr_eventfd_close(intx->raise);
	intx->raise = NULL;
	if (intx->resample_fd >= 0)
		close(intx->resample_fd);
	intx->resample_fd = -1;
	intx->resampled = false;
}

void mpr_hosted_detach(struct mpr_hosted *hosted)
{
	struct mpr_device *dev = hosted->dev;

	close_intx(&hosted->intx);
	hosted->written = (struct mpr_written){0};
	detach_channel(hosted);
	hosted->held = MPR_MSG_NONE;
	hosted->owner = NULL;

	mpr_pci_reset(&dev->pci);
	dev->ops->reset(dev);
	detach_bars(hosted);
	mpr_ram_unref(mpr_hosted_set_memory(hosted, NULL));
}

bool mpr_hosted_given_up(const struct mpr_hosted *hosted)
{
	return hosted->channel && mpr_channel_given_up(hosted->channel);
}

bool mpr_hosted_idle(const struct mpr_hosted *hosted)
{
	return hosted->mappings == 0 && !hosted->dev->settling;
}

struct mpr_ram *mpr_hosted_set_memory(struct mpr_hosted *hosted, struct mpr_ram *ram)
{
	struct mpr_ram *before = hosted->ram;

	hosted->ram = ram;
	return before;
}

/* ---- The interrupt line ------------------------------------------------- */

static bool intx_disabled(const struct mpr_pci *pci)
{
	return mpr_pci_config_read(pci, MPR_PCI_COMMAND, 2) & MPR_PCI_COMMAND_INTX_DISABLE;
}

static void tell_vmm(struct mpr_hosted *hosted, bool late)
{
	struct mpr_intx *intx = &hosted->intx;
	enum mpr_tell tell = MPR_TELL_NOT;

	/* With a resample eventfd the VMM lowers its line by itself. */
	if (intx->resample_fd >= 0)
		tell = intx->line ? MPR_TELL_NOW : MPR_TELL_NOT;
	else if (hosted->channel)
		tell = mpr_channel_intx_tell(hosted->channel, late);
	if (tell == MPR_TELL_NOW)
		mpr_eventfd_signal(intx->raise);
	else if (tell == MPR_TELL_LATER)
		mpr_timers_set(hosted->timers, &intx->later, mpr_clock_now() + TELL_LATER_NS);
}

static void on_later(void *opaque)
{
	tell_vmm(opaque, true);
}

void mpr_hosted_update_intx(struct mpr_hosted *hosted)
{
	struct mpr_intx *intx = &hosted->intx;
	bool line = intx->level && !intx_disabled(&hosted->dev->pci);

	if (line == intx->line)
		return;
	intx->line = line;
	/* A guest that is interrupted finds its cause; one that finds no cause has
	 * no interrupt any more. So a falling line is published first: the shadow
	 * follows when the model has finished. */
	if (line)
		mpr_hosted_publish(hosted);
	mpr_written_flush(&hosted->written);
	/* First the level, then the edge: whoever is woken finds it. */
	if (hosted->channel)
		mpr_channel_set_intx(hosted->channel, line);
	mpr_timers_cancel(hosted->timers, &intx->later);
	tell_vmm(hosted, false);
}

/* The guest ended the interrupt and the VMM lowered its line. What the guest sent
 * before that comes first. */
static void on_resample(void *opaque)
{
	struct mpr_intx *intx = opaque;

	intx->resampled = true;
}

void mpr_hosted_resample(struct mpr_hosted *hosted)
{
	struct mpr_intx *intx = &hosted->intx;

	if (!intx->resampled)
		return;
	intx->resampled = false;
	/* A line that is still high interrupts again. */
	if (intx->line)
		mpr_eventfd_signal(intx->raise);
}

static int open_resample(struct mpr_hosted *hosted, int fd, struct mpr_watch **watch)
{
	*watch = NULL;
	if (fd < 0)
		return 0;
	if (!mpr_eventfd_is_one(fd))
		return -EINVAL;
	*watch = mpr_watch_start(hosted->watcher, fd, on_resample, &hosted->intx);
	return *watch ? 0 : -ENOMEM;
}

int mpr_hosted_set_intx(struct mpr_hosted *hosted, int raise_fd, int resample_fd)
{
	struct mpr_intx *intx = &hosted->intx;
	struct mpr_eventfd *raise;
	struct mpr_watch *watch;
	int ret = mpr_eventfd_open(raise_fd, &raise);

	if (ret < 0)
		return ret;
	ret = open_resample(hosted, resample_fd, &watch);
	if (ret < 0) {
		mpr_eventfd_close(raise);
		return ret;
	}
	close_intx(intx);
	intx->raise = raise;
	intx->resample_fd = resample_fd;
	intx->resample = watch;
	if (intx->line)
		mpr_eventfd_signal(raise);
	return 0;
}
