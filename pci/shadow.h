/* SPDX-License-Identifier: MIT */
/*
 * The shadow: an image of the registers that have no side effect when they are
 * read, so that a VMM reads them without asking the device. A device model
 * declares which they are; a channel carries the declaration and the image.
 */
#ifndef MPR_PCI_SHADOW_H
#define MPR_PCI_SHADOW_H

#include <stdint.h>

#include "pci/bar.h"

#define MPR_SHADOW_SIZE 256u /* bytes of the image */

/* The bit of byte `at` of the image, in readable[at / 8]. */
#define MPR_SHADOW_BIT(at) (1u << (at) % 8)

/* As it lies in a channel (docs/channel-layout.md). */
struct mpr_shadow_map {
	/* The image is seen in the first `span` bytes of a BAR (0: not there),
	 * repeated if that is more than MPR_SHADOW_SIZE. */
	uint32_t span[MPR_PCI_NUM_BARS];
	/* Bytes that may be read. An access that touches another byte goes to the device. */
	uint8_t readable[MPR_SHADOW_SIZE / 8];
	/*
	 * Which write acknowledges an interrupt and does nothing else: of one byte
	 * at ack_offset of the image, with all bits of ack_clears set that are
	 * set now, which clears them; with the bits of ack_keeps as they are now;
	 * with no other bit; while no bit of ack_none is set. When it has been
	 * executed the line is low. While the device has nothing to do, the VMM
	 * applies the effect itself and does not wake the device, which gets the
	 * write later, but before anything else. ack_clears 0: there is no such write.
	 */
	uint8_t ack_offset, ack_clears, ack_keeps, ack_none;
	/*
	 * Not 0: the VMM may do so while the device works, too. Before the device
	 * coalesces an interrupt of that kind with one that is still pending, it
	 * looks whether the next access is this write (mpr_irq_acknowledged() of
	 * dev/device.h); if so, the interrupt is pending again once the write has
	 * been executed. The write lowers the line in any case.
	 */
	uint8_t ack_looks;
	uint8_t reserved[3];
};

#endif
