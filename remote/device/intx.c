/* SPDX-License-Identifier: MIT */
/* The interrupt line, as the VMM is told of it. */
#include <errno.h>
#include <unistd.h>

#include "remote/device/hosted_internal.h"

/* How long to wait before signalling a rise to a VMM that polls the level itself: about as
 * long as it takes to wake a thread that injects the interrupt. Completions of a busy
 * guest that fall into this time are coalesced into one interrupt. */
#define TELL_LATER_NS 100000

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

void mpr_hosted_init_intx(struct mpr_hosted *hosted)
{
	hosted->intx.resample_fd = -1;
	hosted->intx.later = (struct mpr_timer){.fn = on_later, .opaque = hosted};
}

void mpr_hosted_close_intx(struct mpr_hosted *hosted)
{
	struct mpr_intx *intx = &hosted->intx;

	mpr_watch_stop(intx->resample);
	intx->resample = NULL;
	mpr_eventfd_close(intx->raise);
	intx->raise = NULL;
	if (intx->resample_fd >= 0)
		close(intx->resample_fd);
	intx->resample_fd = -1;
	intx->resampled = false;
}

void mpr_hosted_update_intx(struct mpr_hosted *hosted)
{
	struct mpr_intx *intx = &hosted->intx;
	bool line = intx->level && !intx_disabled(&hosted->dev->pci);

	if (line == intx->line)
		return;
	intx->line = line;
	/* When the line rises, the shadow goes first, so that an interrupted guest finds
	 * the cause there. When it falls, the level goes first, and the shadow follows when
	 * the model has finished: a guest that finds no cause must not be interrupted. */
	if (line)
		mpr_hosted_publish(hosted);
	mpr_written_flush(&hosted->written);
	/* The level before the signal: who is woken by that reads the level. */
	if (hosted->channel)
		mpr_channel_set_intx(hosted->channel, line);
	mpr_timers_cancel(hosted->timers, &intx->later);
	tell_vmm(hosted, false);
}

/* The guest ended the interrupt and the VMM lowered its line. Answered after the requests
 * that the guest sent before, one of which may lower the line. */
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
	/* Still high: the guest is to be interrupted again. */
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
	mpr_hosted_close_intx(hosted);
	intx->raise = raise;
	intx->resample_fd = resample_fd;
	intx->resample = watch;
	if (intx->line)
		mpr_eventfd_signal(raise);
	return 0;
}
