/* SPDX-License-Identifier: MIT */
/* A model's registers, where the VMM can read them without this process. */
#include <string.h>

#include "remote/device/hosted.h"

_Static_assert(MPR_SHADOW_BARS == MPR_PCI_NUM_BARS, "a span for each BAR");

/* The model's declaration in the channel's form. */
static struct mpr_shadow_map shadow_map(const struct mpr_shadow_info *info)
{
	struct mpr_shadow_map map = {
		.ack_offset = info->ack_offset,
		.ack_clears = info->ack_clears,
		.ack_keeps = info->ack_keeps,
		.ack_none = info->ack_none,
		.ack_looks = info->ack_looks,
	};

	memcpy(map.span, info->span, sizeof(map.span));
	for (unsigned i = 0; i < MPR_SHADOW_SIZE; i++)
		map.readable[i / 8] |= (uint8_t)(info->readable[i] << i % 8);
	return map;
}

bool mpr_hosted_taken_back(struct mpr_hosted *hosted)
{
	const struct mpr_shadow_info *info = hosted->dev->ops->shadow;
	struct mpr_msg msg;

	return hosted->channel && info && mpr_channel_next(hosted->channel, &msg) &&
	       msg.type == MPR_MSG_WRITE && msg.size == 1 && msg.bar < MPR_PCI_NUM_BARS &&
	       msg.offset < info->span[msg.bar] &&
	       msg.offset % MPR_SHADOW_SIZE == info->ack_offset && (msg.value & info->ack_clears);
}

void mpr_hosted_open_shadow(struct mpr_hosted *hosted)
{
	const struct mpr_device_ops *ops = hosted->dev->ops;
	uint8_t image[MPR_SHADOW_SIZE] = {0};
	struct mpr_shadow_map map;

	if (!ops->shadow)
		return;
	map = shadow_map(ops->shadow);
	ops->peek(hosted->dev, image);
	mpr_channel_shadow_open(hosted->channel, &map, image);
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
