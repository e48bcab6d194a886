/* SPDX-License-Identifier: MIT */
/* A device's life in this process: created, attached, detached, destroyed. */
#include "remote/device/hosted.h"

#include <errno.h>
#include <stdlib.h>

#include "remote/device/hosted_internal.h"
#include "ring/discard.h"

int mpr_hosted_create(const struct mpr_device_ops *ops, const char *id,
		      const struct mpr_setting *settings, struct mpr_timers *timers,
		      struct mpr_watcher *watcher, struct mpr_hosted **result, char **why)
{
	struct mpr_hosted *hosted = calloc(1, sizeof(*hosted));
	int ret;

	*why = NULL;
	if (!hosted)
		return -ENOMEM;
	hosted->host.ops = &mpr_host_services;
	hosted->timers = timers;
	hosted->watcher = watcher;
	hosted->node = -1;
	mpr_hosted_init_intx(hosted);
	ret = mpr_device_create(ops, &hosted->host, id, settings, &hosted->dev);
	if (ret < 0) {
		*why = hosted->why;
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
	free(hosted->why);
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
	/* They may be any files, and closing one could block. */
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

void mpr_hosted_detach(struct mpr_hosted *hosted)
{
	struct mpr_device *dev = hosted->dev;

	mpr_hosted_close_intx(hosted);
	hosted->written = (struct mpr_written){0};
	detach_channel(hosted);
	hosted->held = MPR_MSG_NONE;
	hosted->owner = NULL;

	mpr_pci_reset(&dev->pci);
	dev->ops->reset(dev);
	detach_bars(hosted);
	mpr_ram_unref(mpr_hosted_set_memory(hosted, NULL));
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
