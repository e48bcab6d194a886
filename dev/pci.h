/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space of a type 0 function (PCI Local Bus 3.0, chapter 6).
 *
 * A device model describes itself by a constant struct mpr_pci_info. Each device
 * has a struct mpr_pci: 256 bytes of configuration space and a mask of the bits
 * that software may write. The host applies the guest's writes to it (dev/host.h)
 * and then calls the model's config_changed().
 *
 * Not thread-safe: one thread owns a device.
 */
#ifndef MPR_DEV_PCI_H
#define MPR_DEV_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "pci/bar.h"

#define MPR_PCI_CONFIG_SIZE 256

/* Offsets and bits that device models and transports use (PCI 3.0, 6.1, 6.2). */
#define MPR_PCI_VENDOR_ID 0x00
#define MPR_PCI_DEVICE_ID 0x02
#define MPR_PCI_COMMAND 0x04
#define MPR_PCI_COMMAND_IO 0x0001
#define MPR_PCI_COMMAND_MEMORY 0x0002
#define MPR_PCI_COMMAND_MASTER 0x0004
#define MPR_PCI_COMMAND_INTX_DISABLE 0x0400
#define MPR_PCI_STATUS 0x06
#define MPR_PCI_REVISION_ID 0x08
#define MPR_PCI_CLASS_PROG 0x09
#define MPR_PCI_CACHE_LINE_SIZE 0x0c
#define MPR_PCI_LATENCY_TIMER 0x0d
#define MPR_PCI_BAR0 0x10
#define MPR_PCI_SUBSYSTEM_VENDOR_ID 0x2c
#define MPR_PCI_SUBSYSTEM_ID 0x2e
#define MPR_PCI_INTERRUPT_LINE 0x3c
#define MPR_PCI_INTERRUPT_PIN 0x3d

struct mpr_bar_info {
	enum mpr_bar_kind kind;
	/* Bytes, a power of two, at least 4 (I/O) or 16 (memory); plain memory:
	 * from 4 KiB to 16 MiB. */
	uint32_t size;
};

/* What never changes in a device's configuration space. */
struct mpr_pci_info {
	uint16_t vendor_id, device_id;
	uint16_t subsystem_vendor_id, subsystem_id;
	uint32_t class_code; /* 24 bits: class, subclass, programming interface */
	uint8_t revision;
	uint8_t interrupt_pin; /* 0: none, 1: INTA# ... 4: INTD# */
	/* After a reset, in clocks. Some drivers take 0 for a device that the firmware
	 * has not set up. */
	uint8_t latency_timer;
	struct mpr_bar_info bar[MPR_PCI_NUM_BARS];
};

struct mpr_pci {
	uint8_t config[MPR_PCI_CONFIG_SIZE];
	uint8_t wmask[MPR_PCI_CONFIG_SIZE];
	const struct mpr_pci_info *info;
};

/* True when the function may start DMA (command register, bit 2). */
static inline bool mpr_pci_bus_master(const struct mpr_pci *pci)
{
	return pci->config[MPR_PCI_COMMAND] & MPR_PCI_COMMAND_MASTER;
}

/*
 * The address at which BAR `bar` answers, in *addr. False when the BAR is not
 * implemented or the command register does not enable its space.
 */
static inline bool mpr_pci_bar_address(const struct mpr_pci *pci, unsigned bar, uint64_t *addr)
{
	const uint8_t *p = pci->config + MPR_PCI_BAR0;
	enum mpr_bar_kind kind;

	if (bar >= MPR_PCI_NUM_BARS || pci->info->bar[bar].kind == MPR_BAR_NONE)
		return false;
	kind = pci->info->bar[bar].kind;
	p += 4 * bar;
	/* The low bits say what kind of space it is (PCI 3.0, 6.2.5.1). */
	*addr = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	*addr &= kind == MPR_BAR_IO ? ~(uint64_t)0x3 : ~(uint64_t)0xf;
	return pci->config[MPR_PCI_COMMAND] &
	       (kind == MPR_BAR_IO ? MPR_PCI_COMMAND_IO : MPR_PCI_COMMAND_MEMORY);
}

#endif
