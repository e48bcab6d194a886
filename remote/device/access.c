/* SPDX-License-Identifier: MIT */
/* A device's turn of the loop: requests from its channel, then the model's own
 * work. */
#include <errno.h>

#include "remote/device/hosted_internal.h"

/* Requests served for one device before the next device has its turn. */
#define BATCH 64

/* True when the access lies in a BAR that the model has. */
static bool valid_access(const struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size)
{
	const struct mpr_bar_info *info;

	if (bar >= MPR_PCI_NUM_BARS)
		return false;
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return false;
	info = &dev->ops->pci->bar[bar];
	return info->kind != MPR_BAR_NONE && info->size >= size && offset <= info->size - size;
}

void mpr_hosted_write(struct mpr_hosted *hosted, unsigned bar, uint64_t offset, unsigned size,
		      uint64_t value)
{
	struct mpr_device *dev = hosted->dev;

	if (valid_access(dev, bar, offset, size))
		dev->ops->write(dev, bar, offset, size, value);
}

bool mpr_hosted_read(struct mpr_hosted *hosted, unsigned bar, uint64_t offset, unsigned size,
		     uint64_t *value)
{
	struct mpr_device *dev = hosted->dev;

	if (!valid_access(dev, bar, offset, size))
		return false;
	*value = dev->ops->read(dev, bar, offset, size);
	return true;
}

void mpr_hosted_config_write(struct mpr_hosted *hosted, uint32_t offset, unsigned size,
			     uint32_t value)
{
	struct mpr_device *dev = hosted->dev;

	mpr_pci_config_write(&dev->pci, offset, size, value);
	if (dev->ops->config_changed)
		dev->ops->config_changed(dev);
	mpr_hosted_update_intx(hosted);
}

void mpr_hosted_reset(struct mpr_hosted *hosted)
{
	struct mpr_device *dev = hosted->dev;

	mpr_pci_reset(&dev->pci);
	dev->ops->reset(dev);
	mpr_hosted_update_intx(hosted);
}

/* ---- Requests of the channel -------------------------------------------- */

/* The request stays the channel's current one until finish_held(), so all later ones wait
 * behind it. */
static void hold(struct mpr_hosted *hosted, enum mpr_msg_type type)
{
	hosted->held = (uint8_t)type;
	mpr_channel_set_settling(hosted->channel, true);
}

/* A write that aborts DMA completes when the DMA has ended: the guest may reuse the
 * buffers then. */
static void finish_write(struct mpr_hosted *hosted, enum mpr_msg_type type)
{
	if (hosted->dev->settling)
		hold(hosted, type);
	else
		mpr_channel_retire(hosted->channel);
}

static void serve_write(struct mpr_hosted *hosted, const struct mpr_msg *msg)
{
	mpr_hosted_write(hosted, msg->bar, msg->offset, msg->size, msg->value);
	finish_write(hosted, MPR_MSG_WRITE);
}

/* The events of memory written before come first: see written.h. */
static void complete(struct mpr_hosted *hosted, uint64_t value, uint8_t status)
{
	mpr_written_flush(&hosted->written);
	mpr_channel_complete(hosted->channel, value, status);
}

static void serve_read(struct mpr_hosted *hosted, const struct mpr_msg *msg)
{
	uint64_t value;

	if (mpr_hosted_read(hosted, msg->bar, msg->offset, msg->size, &value))
		complete(hosted, value, 0);
	else
		complete(hosted, UINT64_MAX, EINVAL);
}

static uint32_t config_offset(const struct mpr_msg *msg)
{
	return msg->offset < MPR_PCI_CONFIG_SIZE ? (uint32_t)msg->offset : MPR_PCI_CONFIG_SIZE;
}

static void serve_config_write(struct mpr_hosted *hosted, const struct mpr_msg *msg)
{
	mpr_hosted_config_write(hosted, config_offset(msg), msg->size, (uint32_t)msg->value);
	finish_write(hosted, MPR_MSG_CONFIG_WRITE);
}

static void serve_config_read(struct mpr_hosted *hosted, const struct mpr_msg *msg)
{
	uint32_t value = mpr_pci_config_read(&hosted->dev->pci, config_offset(msg), msg->size);

	complete(hosted, value, 0);
}

static void serve_reset(struct mpr_hosted *hosted)
{
	mpr_hosted_reset(hosted);
	if (mpr_hosted_idle(hosted))
		complete(hosted, 0, 0);
	else
		hold(hosted, MPR_MSG_RESET);
}

/* A reset waits for all DMA, a write for the DMA that the model aborts (settling). */
static bool still_held(const struct mpr_hosted *hosted)
{
	if (hosted->held == MPR_MSG_RESET)
		return !mpr_hosted_idle(hosted);
	return hosted->dev->settling;
}

static bool finish_held(struct mpr_hosted *hosted)
{
	uint8_t type = hosted->held;

	if (type == MPR_MSG_NONE || still_held(hosted))
		return false;
	hosted->held = MPR_MSG_NONE;
	mpr_channel_set_settling(hosted->channel, false);
	if (type == MPR_MSG_RESET)
		complete(hosted, 0, 0);
	else
		mpr_channel_retire(hosted->channel);
	return true;
}

/* True when the device takes no request for now. */
static bool waits(const struct mpr_hosted *hosted)
{
	return hosted->held != MPR_MSG_NONE || hosted->dev->settling || hosted->ending;
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
		serve_reset(hosted);
		break;
	default:
		/* There is no such request; answered in case the VMM waits. */
		complete(hosted, UINT64_MAX, ENOSYS);
		break;
	}
}

static bool serve_channel(struct mpr_hosted *hosted)
{
	struct mpr_msg msg;
	unsigned n = 0;

	while (n < BATCH && !waits(hosted) && mpr_channel_receive(hosted->channel, &msg)) {
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
	if (mpr_hosted_given_up(hosted))
		return false;
	if (hosted->dev->ops->run(hosted->dev))
		hosted->scheduled = true;
	return true;
}

bool mpr_hosted_serve(struct mpr_hosted *hosted)
{
	bool worked = finish_held(hosted);

	/* A broken channel is work: the session ends the connection. */
	if (hosted->channel && !hosted->ending)
		worked |= serve_channel(hosted) || mpr_channel_error(hosted->channel) < 0;
	/* Before the model runs, which takes longer: a vCPU may be waiting. */
	if (worked)
		mpr_hosted_publish(hosted);
	mpr_hosted_resample(hosted);
	if (!run_model(hosted))
		return worked;
	mpr_hosted_publish(hosted);
	return true;
}

static bool listens(const struct mpr_hosted *hosted)
{
	return hosted->channel && !waits(hosted);
}

bool mpr_hosted_arm(struct mpr_hosted *hosted)
{
	if (!listens(hosted))
		return true;
	/* The VMM reads this shadow for as long as this process sleeps. */
	mpr_hosted_publish(hosted);
	return mpr_channel_arm(hosted->channel);
}

void mpr_hosted_disarm(struct mpr_hosted *hosted)
{
	if (listens(hosted))
		mpr_channel_disarm(hosted->channel);
}
