/* SPDX-License-Identifier: MIT */
/* A device's part that is the same for all models. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dev/host.h"

static int allocate_ram(struct mpr_device *dev)
{
	const struct mpr_bar_info *bar = dev->ops->pci->bar;

	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++) {
		if (bar[i].kind != MPR_BAR_RAM32)
			continue;
		dev->own_ram[i] = calloc(1, bar[i].size);
		if (!dev->own_ram[i])
			return -ENOMEM;
		dev->bar_ram[i] = dev->own_ram[i];
	}
	return 0;
}

static void free_device(struct mpr_device *dev)
{
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++)
		free(dev->own_ram[i]);
	free((char *)dev->id);
	free(dev);
}

int mpr_model_apply(const struct mpr_model *model, const struct mpr_setting *settings, void *state)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && model->properties && model->properties[i].name; i++)
		if (settings[i].set)
			ret = model->set(state, i, settings[i].value);
	return ret;
}

static int init(struct mpr_device *dev, const struct mpr_device_ops *ops, struct mpr_host *host,
		const char *id, const struct mpr_setting *settings)
{
	int ret;

	dev->ops = ops;
	dev->host = host;
	dev->id = strdup(id);
	if (!dev->id || allocate_ram(dev) < 0)
		return -ENOMEM;
	mpr_pci_init(&dev->pci, ops->pci);
	ret = settings ? mpr_model_apply(&ops->model, settings, dev) : 0;
	return ret == 0 && ops->create ? ops->create(dev) : ret;
}

int mpr_device_create(const struct mpr_device_ops *ops, struct mpr_host *host, const char *id,
		      const struct mpr_setting *settings, struct mpr_device **result)
{
	struct mpr_device *dev = calloc(1, ops->model.size);
	int ret;

	if (!dev)
		return -ENOMEM;
	ret = init(dev, ops, host, id, settings);
	if (ret < 0)
		free_device(dev);
	else
		*result = dev;
	return ret;
}

void mpr_device_destroy(struct mpr_device *dev)
{
	if (dev->ops->destroy)
		dev->ops->destroy(dev);
	free_device(dev);
}

void mpr_device_set_bar_ram(struct mpr_device *dev, unsigned bar, void *ram)
{
	if (!ram) {
		ram = dev->own_ram[bar];
		memset(ram, 0, dev->ops->pci->bar[bar].size);
	}
	dev->bar_ram[bar] = ram;
}
