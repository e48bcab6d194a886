/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's big lock. QEMU 7.2 holds it for every access to a BAR. A vCPU that has to wait
 * for the remote releases it meanwhile, so that the other vCPUs and the monitor can run.
 * docs/architecture.md says what may happen then.
 *
 * The device may be unplugged: then the last access under way closes it at the remote. The
 * object outlives every access, because each is made within an RCU read section, through
 * an address space that holds the object until that ends. So DEVICE_DELETED, sent when the
 * object is freed, comes last.
 *
 * QEMU may want all vCPUs to stop, and waits for that. If it quits, the access ends at
 * once (connection.c). If it stops or resets the machine, the access keeps the rest of its
 * 10 seconds: KVM completes the instruction with its value and the guest may go on, so
 * there must be a true one, or the device is given up.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include "qemu/coroutine.h"
#include "qemu/main-loop.h"
#include "sysemu/cpus.h"

/* Whether this thread's access is a vCPU's. For another device's DMA to the BAR the lock
 * must be kept: that device's code relies on it. */
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
	/* While a vCPU waited for the lock the device may have been unplugged. */
	if (!dev->remote || dev->unplugged)
		return false;
	dev->accesses++;
	/* DMA by QEMU's devices has unspecified attributes. */
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
