/* SPDX-License-Identifier: MIT */
/* A device's turn of the loop: requests from its channel, then the model's own
 * work. */
#include <errno.h>

#include "remote/hosted.h"

/* Requests that one device may have before the others get their turn. */
#define BATCH 64

/* True when the access lies in a BAR that the model has. */
static bool valid_access(const struct mpr_device *dev, const struct mpr_msg *msg)
{
	const struct mpr_bar_info *bar;

	if (msg->bar >= MPR_PCI_NUM_BARS)
		return false;
	if (msg->size != 1 && msg->size != 2 && msg->size != 4 && msg->size != 8)
		return false;
	bar = &dev->ops->pci->bar[msg->bar];
	return bar->kind != MPR_BAR_NONE && bar->size >= msg->size &&
	       msg->offset <= bar->size - msg->size;
}

static void serve_write(struct mpr_hosted *hosted, const struct mpr_msg *msg)
{
	struct mpr_device *dev = hosted->dev;

	if (valid_access(dev, msg))
		dev->ops->write(dev, msg->bar, msg->offset, msg->size, msg->value);
	mpr_channel_retire(hosted->channel);
}

static void serve_read(struct mpr_hosted *hosted, const struct mpr_msg *msg)
{
	struct mpr_device *dev = hosted->dev;

	if (valid_access(dev, msg))
		mpr_channel_complete(hosted->channel,
				     dev->ops->read(dev, msg->bar, msg->offset, msg->size), 0);
	else
		mpr_channel_complete(hosted->channel, UINT64_MAX, EINVAL);
}

static uint32_t config_offset(const struct mpr_msg *msg)
{
	return msg->offset < MPR_PCI_CONFIG_SIZE ? (uint32_t)msg->offset : MPR_PCI_CONFIG_SIZE;
}

static void serve_config_write(struct mpr_hosted *hosted, const struct mpr_msg *msg)
{
	struct mpr_device *dev = hosted->dev;

	mpr_pci_config_write(&dev->pci, config_offset(msg), msg->size, (uint32_t)msg->value);
	if (dev->ops->config_changed)
		dev->ops->config_changed(dev);
	mpr_hosted_update_intx(hosted);
	mpr_channel_retire(hosted->channel);
}

static void serve_config_read(struct mpr_hosted *hosted, const struct mpr_msg *msg)
{
	uint32_t value = mpr_pci_config_read(&hosted->dev->pci, config_offset(msg), msg->size);

	mpr_channel_complete(hosted->channel, value, 0);
}

/* The answer waits for DMA that is under way; so does every later request,
 * because the RESET stays the channel's current one. */
static void start_reset(struct mpr_hosted *hosted)
{
	struct mpr_device *dev = hosted->dev;

	mpr_pci_reset(&dev->pci);
	dev->ops->reset(dev);
	mpr_hosted_update_intx(hosted);
	hosted->resetting = true;
}

static bool finish_reset(struct mpr_hosted *hosted)
{
	if (!hosted->resetting || !mpr_hosted_idle(hosted))
		return false;
	hosted->resetting = false;
	mpr_channel_complete(hosted->channel, 0, 0);
	return true;
}

static void serve_request(struct mpr_hosted *hosted, const struct mpr_msg *msg)
{
	switch (msg->type) {
	case MPR_MSG_WRITE:
		serve_write(hosted, msg);
		break;
	case MPR_MSG_READ:
		serve_read(hosted, msg);
		break;
	case MPR_MSG_CONFIG_WRITE:
		serve_config_write(hosted, msg);
		break;
	case MPR_MSG_CONFIG_READ:
		serve_config_read(hosted, msg);
		break;
	case MPR_MSG_RESET:
		start_reset(hosted);
		finish_reset(hosted);
		break;
	default:
		/* Answered, in case that somebody waits; no such request exists. */
		mpr_channel_complete(hosted->channel, UINT64_MAX, ENOSYS);
		break;
	}
}

static bool serve_channel(struct mpr_hosted *hosted)
{
	struct mpr_msg msg;
	unsigned n = 0;

	while (n < BATCH && !hosted->resetting && mpr_channel_receive(hosted->channel, &msg)) {
		serve_request(hosted, &msg);
		n++;
	}
	return n > 0;
}

static bool run_model(struct mpr_hosted *hosted)
{
	if (!hosted->scheduled || hosted->stopped)
		return false;
	hosted->scheduled = false;
	if (hosted->dev->ops->run(hosted->dev))
		hosted->scheduled = true;
	return true;
}

bool mpr_hosted_serve(struct mpr_hosted *hosted)
{
	bool worked = finish_reset(hosted);

	if (hosted->channel)
		worked |= serve_channel(hosted);
	/* Before the model's own work, which takes longer. */
	if (worked)
		mpr_hosted_publish(hosted);
	if (!run_model(hosted))
		return worked;
	mpr_hosted_publish(hosted);
	return true;
}

static bool listens(const struct mpr_hosted *hosted)
{
	return hosted->channel && !hosted->resetting;
}

bool mpr_hosted_arm(struct mpr_hosted *hosted)
{
	return !listens(hosted) || mpr_channel_arm(hosted->channel);
}

void mpr_hosted_disarm(struct mpr_hosted *hosted)
{
	if (listens(hosted))
		mpr_channel_disarm(hosted->channel);
}
