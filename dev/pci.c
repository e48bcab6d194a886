/* SPDX-License-Identifier: MIT */
/* Configuration space of a type 0 function. */
#include <stddef.h>
#include <string.h>

#include "dev/host.h"

#define COMMAND_PARITY 0x0040
#define COMMAND_SERR 0x0100

/* Low bit of a BAR: it asks for I/O space (PCI 3.0, 6.2.5.1). */
#define BAR_FLAG_IO 0x1u

static void put_le(uint8_t *p, uint32_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_le(const uint8_t *p, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)p[i] << (8 * i);
	return value;
}

static unsigned bar_offset(unsigned bar)
{
	return MPR_PCI_BAR0 + 4 * bar;
}

/* Address bits below the BAR's size are hard-wired to 0. */
static void init_bar(struct mpr_pci *pci, unsigned bar)
{
	const struct mpr_bar_info *info = &pci->info->bar[bar];

	if (info->kind == MPR_BAR_NONE)
		return;
	put_le(&pci->wmask[bar_offset(bar)], ~(info->size - 1), 4);
	if (info->kind == MPR_BAR_IO)
		pci->config[bar_offset(bar)] = BAR_FLAG_IO;
}

static uint16_t command_wmask(const struct mpr_pci_info *info)
{
	uint16_t mask = MPR_PCI_COMMAND_MASTER | COMMAND_PARITY | COMMAND_SERR |
			MPR_PCI_COMMAND_INTX_DISABLE;

	for (unsigned bar = 0; bar < MPR_PCI_NUM_BARS; bar++) {
		if (info->bar[bar].kind == MPR_BAR_IO)
			mask |= MPR_PCI_COMMAND_IO;
		if (info->bar[bar].kind == MPR_BAR_MEM32 || info->bar[bar].kind == MPR_BAR_RAM32)
			mask |= MPR_PCI_COMMAND_MEMORY;
	}
	return mask;
}

void mpr_pci_init(struct mpr_pci *pci, const struct mpr_pci_info *info)
{
	memset(pci, 0, sizeof(*pci));
	pci->info = info;
	put_le(&pci->config[MPR_PCI_VENDOR_ID], info->vendor_id, 2);
	put_le(&pci->config[MPR_PCI_DEVICE_ID], info->device_id, 2);
	pci->config[MPR_PCI_REVISION_ID] = info->revision;
	put_le(&pci->config[MPR_PCI_CLASS_PROG], info->class_code, 3);
	put_le(&pci->config[MPR_PCI_SUBSYSTEM_VENDOR_ID], info->subsystem_vendor_id, 2);
	put_le(&pci->config[MPR_PCI_SUBSYSTEM_ID], info->subsystem_id, 2);
	pci->config[MPR_PCI_INTERRUPT_PIN] = info->interrupt_pin;

	put_le(&pci->wmask[MPR_PCI_COMMAND], command_wmask(info), 2);
	pci->wmask[MPR_PCI_CACHE_LINE_SIZE] = 0xff;
	pci->wmask[MPR_PCI_LATENCY_TIMER] = 0xff;
	pci->config[MPR_PCI_LATENCY_TIMER] = info->latency_timer;
	pci->wmask[MPR_PCI_INTERRUPT_LINE] = 0xff;
	for (unsigned bar = 0; bar < MPR_PCI_NUM_BARS; bar++)
		init_bar(pci, bar);
}

/* Every writable bit but those of the latency timer is 0 after RST#. */
void mpr_pci_reset(struct mpr_pci *pci)
{
	for (unsigned i = 0; i < MPR_PCI_CONFIG_SIZE; i++)
		pci->config[i] &= (uint8_t)~pci->wmask[i];
	pci->config[MPR_PCI_LATENCY_TIMER] = pci->info->latency_timer;
}

static bool in_config_space(uint32_t offset, unsigned size)
{
	bool valid_size = size == 1 || size == 2 || size == 4;

	return valid_size && offset <= MPR_PCI_CONFIG_SIZE - size;
}

uint32_t mpr_pci_config_read(const struct mpr_pci *pci, uint32_t offset, unsigned size)
{
	if (!in_config_space(offset, size))
		return UINT32_MAX;
	return get_le(&pci->config[offset], size);
}

void mpr_pci_config_write(struct mpr_pci *pci, uint32_t offset, unsigned size, uint32_t value)
{
	if (!in_config_space(offset, size))
		return;
	for (unsigned i = 0; i < size; i++) {
		uint8_t mask = pci->wmask[offset + i];
		uint8_t *byte = &pci->config[offset + i];

		*byte = (uint8_t)((*byte & ~mask) | ((value >> (8 * i)) & mask));
	}
}
