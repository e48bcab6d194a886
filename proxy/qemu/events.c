/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The remote's events: a medium failed; under TCG, the device wrote guest memory. */
#include "proxy/qemu/pci_proxy_dev.h"

#include "qemu/units.h"

#include "ring/channel.h"
#include "ring/message.h"

/* Bytes to mark as written range by range; beyond this, marking all memory costs little
 * more. */
#define PIECES_MAX (64 * MiB)

/* Makes text from another process safe for a terminal. */
static void printable(char *to, const uint8_t *from, size_t size)
{
	size_t i;

	for (i = 0; i < size && from[i]; i++)
		to[i] = from[i] >= ' ' && from[i] < 0x7f ? from[i] : '?';
	to[i] = 0;
}

static void report_error(PCIProxyDev *dev, const struct mpr_msg *event)
{
	char text[sizeof(event->text) + 1];

	printable(text, event->text, sizeof(event->text));
	proxy_say("warning: " PROXY_FMT ": I/O error: %s", PROXY_ID(dev), text);
}

/*
 * Takes no more than the ring holds. Later events belong to what QEMU has not seen yet, and
 * a remote that never stops sending must not block the guest.
 */
void proxy_events(PCIProxyDev *dev)
{
	struct mpr_msg event;
	uint64_t left = PIECES_MAX;
	bool all = false;

	for (unsigned i = 0; i < MPR_CHANNEL_DEFAULT_SLOTS; i++) {
		if (!mpr_proxy_event(dev->remote, &event))
			break;
		if (event.type == MPR_MSG_IO_ERROR) {
			report_error(dev, &event);
		} else if (event.type == MPR_MSG_DMA_WRITTEN && event.value <= left) {
			left -= event.value;
			proxy_memory_written(dev, event.offset, event.value);
		} else {
			all = true;
		}
	}
	if (all)
		proxy_memory_written(dev, 0, UINT64_MAX);
}
