/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's big lock. QEMU 7.2 takes it for every access to a BAR; a vCPU that has to
 * wait for the remote lets it go meanwhile, so that the other vCPUs and the monitor
 * get on. docs/architecture.md says what may happen then.
 *
 * One thing is that the device is unplugged: the last access under way then closes it
 * at the remote. The object outlives them all, because each is made inside of an RCU
 * read section, through an address space that holds the object until that has ended.
 * So DEVICE_DELETED, which the object sends when it is freed, comes last.
 *
 * Another is that QEMU wants all vCPUs to stop, which it waits for. If it quits, the access
 * ends at once (connection.c). If it is to stop or reset the machine, the access has the
 * rest of its 10 seconds: it needs a value, since KVM completes the instruction with it
 * and the guest may go on, and to make one up is to give the device up.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include "qemu/coroutine.h"
#include "qemu/main-loop.h"
#include "sysemu/cpus.h"

/* Whether a processor makes this thread's access. One that a device makes, for DMA to
 * the BAR, may be deep in that device's code, which relies on the lock. */
static __thread bool by_processor;

static void let_go(void *opaque G_GNUC_UNUSED)
{
	if (by_processor && qemu_in_vcpu_thread() && !qemu_in_coroutine())
		qemu_mutex_unlock_iothread();
}

static void take_back(void *opaque G_GNUC_UNUSED)
{
	if (!qemu_mutex_iothread_locked())
		qemu_mutex_lock_iothread();
}

void proxy_access_open(PCIProxyDev *dev)
{
	mpr_proxy_set_long_wait(dev->remote, let_go, take_back, NULL);
}

bool proxy_access_begin(PCIProxyDev *dev, MemTxAttrs attrs)
{
	/* A vCPU that waited for the lock may come when the device has gone. */
	if (!dev->remote || dev->unplugged)
		return false;
	dev->accesses++;
	/* QEMU's devices leave the attributes of their DMA unspecified. */
	by_processor = !attrs.unspecified;
	return true;
}

bool proxy_access_end(PCIProxyDev *dev)
{
	dev->accesses--;
	if (!dev->unplugged)
		return true;
	if (!dev->accesses)
		proxy_connection_release(dev);
	return false;
}
