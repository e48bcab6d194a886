/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot-order=INDEX:PATH[+INDEX:PATH]...: what to boot from behind the remote device. Each
 * item is part of QEMU's boot order, like a device with that bootindex whose firmware path
 * is the proxy's followed by PATH: /pci@i0cf8/scsi@5 and /channel@0/disk@1,0. It can be
 * changed at run time; the firmware reads the order at the next reset.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include "qapi/error.h"
#include "sysemu/sysemu.h"

/* The PATH of one item; NULL: it is malformed. */
static const char *parse(const char *item, int32_t *index)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(item, &end, 10);
	if (end == item || errno || number < 0 || number > INT32_MAX || end[0] != ':' ||
	    end[1] != '/')
		return NULL;
	*index = (int32_t)number;
	return end + 1;
}

static bool check(PCIProxyDev *dev, char **items, Error **errp)
{
	int32_t index;

	for (; *items; items++) {
		if (parse(*items, &index))
			continue;
		error_setg(errp,
			   PROXY_FMT ": boot-order: '%s' is not INDEX:/PATH, like 1:/channel@0/"
				     "disk@0,0",
			   PROXY_ID(dev) ? PROXY_ID(dev) : "", *items);
		return false;
	}
	return true;
}

/* The first `count` items, or all of them. */
static void withdraw(PCIProxyDev *dev, char **items, unsigned count)
{
	int32_t index;

	for (; count && *items; items++, count--)
		del_boot_device_path(DEVICE(dev), parse(*items, &index));
}

/* All, or none with *errp: an index has a device already. */
static bool announce(PCIProxyDev *dev, char **items, Error **errp)
{
	for (unsigned i = 0; items[i]; i++) {
		Error *err = NULL;
		int32_t index;
		const char *path = parse(items[i], &index);

		check_boot_index(index, &err);
		if (err) {
			error_propagate(errp, err);
			withdraw(dev, items, i);
			return false;
		}
		add_boot_device_path(index, DEVICE(dev), path);
	}
	return true;
}

bool proxy_boot_order_open(PCIProxyDev *dev, Error **errp)
{
	return !dev->boot_order || announce(dev, dev->boot_order, errp);
}

void proxy_boot_order_close(PCIProxyDev *dev)
{
	if (dev->boot_order)
		withdraw(dev, dev->boot_order, UINT_MAX);
}

static char *get(Object *object, Error **errp G_GNUC_UNUSED)
{
	PCIProxyDev *dev = PCI_PROXY_DEV(object);

	return dev->boot_order ? g_strjoinv("+", dev->boot_order) : g_strdup_printf("%s", "");
}

/* After a failure, the order is the one that it was. */
static void set(Object *object, const char *value, Error **errp)
{
	PCIProxyDev *dev = PCI_PROXY_DEV(object);
	bool there = DEVICE(dev)->realized;
	char **items = g_strsplit(value, "+", -1);

	if (!check(dev, items, errp)) {
		g_strfreev(items);
		return;
	}
	if (there)
		proxy_boot_order_close(dev);
	if (there && !announce(dev, items, errp)) {
		proxy_boot_order_open(dev, NULL);
		g_strfreev(items);
		return;
	}
	g_strfreev(dev->boot_order);
	dev->boot_order = items;
}

void proxy_boot_order_finalize(Object *object)
{
	g_strfreev(PCI_PROXY_DEV(object)->boot_order);
}

void proxy_boot_order_class_init(ObjectClass *klass)
{
	object_class_property_add_str(klass, "boot-order", get, set);
	object_class_property_set_description(
		klass, "boot-order",
		"what to boot from: INDEX:PATH[+INDEX:PATH]..., like 1:/channel@0/disk@0,0");
}
