/* SPDX-License-Identifier: MIT */
/* A plug-in, with the public header alone and in C++11. */
#include "dev/plugin.h"

namespace
{

struct cxx {
	mpr_device dev; /* first */
	uint64_t value;
};

const mpr_property properties[] = {
	{"value", MPR_PROPERTY_UINT, "what is read", "7", 0, 100, nullptr, nullptr, nullptr, false},
	{nullptr, MPR_PROPERTY_UINT, nullptr, nullptr, 0, 0, nullptr, nullptr, nullptr, false},
};

int set(void *state, unsigned, mpr_value value)
{
	static_cast<cxx *>(state)->value = value.number;
	return 0;
}

uint64_t read_register(mpr_device *dev, unsigned, uint64_t, unsigned)
{
	return reinterpret_cast<cxx *>(dev)->value;
}

void write_register(mpr_device *dev, unsigned, uint64_t offset, unsigned, uint64_t value)
{
	struct mpr_dma_map map; /* there is a function of that name */

	if (mpr_dma_map(dev, offset, 1, MPR_DMA_TO_DEVICE, &map) == 0)
		mpr_dma_unmap(dev, &map);
	mpr_irq_set(dev, value);
}

void reset(mpr_device *dev)
{
	mpr_irq_set(dev, false);
}

mpr_pci_info make_pci()
{
	mpr_pci_info pci = mpr_pci_info();

	pci.bar[0] = {MPR_BAR_MEM32, 4096};
	return pci;
}

const mpr_pci_info pci = make_pci();

const mpr_device_ops ops = {
	{"cxx", "in C++", MPR_BUS_PCI, sizeof(cxx), properties, set},
	&pci,
	nullptr,
	nullptr,
	read_register,
	write_register,
	nullptr,
	nullptr,
	nullptr,
	reset,
	nullptr,
	nullptr,
};

} // namespace

MPR_DEVICE_PLUGIN(&ops);
