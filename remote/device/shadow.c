/* SPDX-License-Identifier: MIT */
/* The image of a model's registers in the channel, which the VMM reads by itself. */
#include "remote/device/hosted_internal.h"

bool mpr_hosted_irq_acknowledged(struct mpr_hosted *hosted)
{
	const struct mpr_shadow_map *map = hosted->dev->ops->shadow;
	struct mpr_msg msg;

	return hosted->channel && map && mpr_channel_next(hosted->channel, &msg) &&
	       msg.type == MPR_MSG_WRITE && msg.size == 1 && msg.bar < MPR_PCI_NUM_BARS &&
	       msg.offset < map->span[msg.bar] && msg.offset % MPR_SHADOW_SIZE == map->ack_offset &&
	       (msg.value & map->ack_clears);
}

void mpr_hosted_open_shadow(struct mpr_hosted *hosted)
{
	const struct mpr_device_ops *ops = hosted->dev->ops;
	uint8_t image[MPR_SHADOW_SIZE] = {0};

	if (!ops->shadow)
		return;
	ops->peek(hosted->dev, image);
	mpr_channel_shadow_open(hosted->channel, ops->shadow, image);
}

void mpr_hosted_publish(struct mpr_hosted *hosted)
{
	const struct mpr_device_ops *ops = hosted->dev->ops;
	uint8_t image[MPR_SHADOW_SIZE] = {0};

	if (!hosted->channel || !ops->shadow || hosted->dev->settling)
		return;
	ops->peek(hosted->dev, image);
	mpr_written_flush(&hosted->written);
	mpr_channel_shadow_publish(hosted->channel, image);
}
