/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt line. Under KVM the remote raises it through an irqfd, bypassing QEMU, and
 * KVM lowers it at end of interrupt and signals the resamplefd, on which the remote raises
 * it again if it must. Without irqfds, QEMU's main loop follows the remote's level.
 *
 * The remote shares the eventfds and may do anything with them. So QEMU reads them only
 * in a way that cannot block, and never writes to them; KVM does not block on them. When
 * another party is to drive the line, new eventfds are made.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "sysemu/kvm.h"

static void drive(PCIProxyDev *dev, bool level)
{
	if (dev->intx.mode != INTX_HANDLER || dev->intx.level == level)
		return;
	/* Relaxed: read by a vCPU that polls (halt_poll.c). */
	qatomic_set(&dev->intx.level, level);
	/* Relaxed: it only tunes how long to poll. */
	if (level && dev->poll.listed)
		qatomic_set(&dev->intx.rose, get_clock());
	pci_set_irq(PCI_DEVICE(dev), level);
}

/* Takes the events before the guest sees the level: they report the DMA writes that the
 * interrupt announces. */
static void follow(PCIProxyDev *dev, bool level)
{
	proxy_events(dev);
	drive(dev, level && mpr_proxy_alive(dev->remote, NULL));
}

void proxy_intx_look(PCIProxyDev *dev)
{
	follow(dev, mpr_proxy_intx(dev->remote));
	if (!dev->intx.level)
		follow(dev, mpr_proxy_intx_arm(dev->remote, dev->poll.listed));
}

void proxy_intx_sync(PCIProxyDev *dev)
{
	if (dev->intx.level != mpr_proxy_intx(dev->remote))
		proxy_intx_look(dev);
}

void proxy_intx_deassert(PCIProxyDev *dev)
{
	drive(dev, false);
}

/* ---- The fd handler ------------------------------------------------------ */

static void on_raise(void *opaque)
{
	PCIProxyDev *dev = opaque;

	mpr_proxy_intx_seen(event_notifier_get_fd(&dev->intx.raise));
	proxy_intx_look(dev);
}

static int start_handler(PCIProxyDev *dev)
{
	int fd = event_notifier_get_fd(&dev->intx.raise);
	int ret = mpr_proxy_set_intx(dev->remote, fd, -1);

	if (ret)
		return ret;
	dev->intx.mode = INTX_HANDLER;
	dev->intx.level = false;
	qemu_set_fd_handler(fd, on_raise, NULL, dev);
	proxy_intx_look(dev);
	return 0;
}

/* ---- irqfd --------------------------------------------------------------- */

/* If the line is high the remote signals the new eventfd at once, and KVM checks for a
 * signal when it is attached. */
static int start_irqfd(PCIProxyDev *dev, int gsi)
{
	ProxyIntx *intx = &dev->intx;
	int ret = mpr_proxy_set_intx(dev->remote, event_notifier_get_fd(&intx->raise),
				     event_notifier_get_fd(&intx->resample));

	if (!ret)
		ret = kvm_irqchip_add_irqfd_notifier_gsi(kvm_state, &intx->raise, &intx->resample,
							 gsi);
	if (ret)
		return ret;
	intx->mode = INTX_IRQFD;
	intx->gsi = gsi;
	return 0;
}

/* The GSI for an irqfd of the pin, or -1. Not with a split irqchip: there QEMU itself
 * would write to the resamplefd. */
static int irqfd_gsi(PCIDevice *pci)
{
	PCIINTxRoute route;

	if (!kvm_enabled() || !kvm_irqfds_enabled() || !kvm_resamplefds_enabled() ||
	    kvm_irqchip_is_split())
		return -1;
	route = pci_device_route_intx_to_irq(pci,
					     pci_get_byte(pci->config + PCI_INTERRUPT_PIN) - 1);
	return route.mode == PCI_INTX_ENABLED && !pci_irq_disabled(pci) ? route.irq : -1;
}

/* ---- Choice -------------------------------------------------------------- */

static int open_notifiers(ProxyIntx *intx)
{
	int ret = event_notifier_init(&intx->raise, 0);

	if (ret)
		return ret;
	ret = event_notifier_init(&intx->resample, 0);
	if (ret)
		event_notifier_cleanup(&intx->raise);
	return ret;
}

static void close_notifiers(ProxyIntx *intx)
{
	event_notifier_cleanup(&intx->resample);
	event_notifier_cleanup(&intx->raise);
}

static void stop(PCIProxyDev *dev)
{
	ProxyIntx *intx = &dev->intx;

	if (intx->mode == INTX_NONE)
		return;
	if (intx->mode == INTX_HANDLER) {
		qemu_set_fd_handler(event_notifier_get_fd(&intx->raise), NULL, NULL, NULL);
		proxy_intx_deassert(dev);
	} else {
		kvm_irqchip_remove_irqfd_notifier_gsi(kvm_state, &intx->raise, intx->gsi);
	}
	intx->mode = INTX_NONE;
	close_notifiers(intx);
}

static int start(PCIProxyDev *dev, int gsi)
{
	int ret = open_notifiers(&dev->intx);

	if (ret)
		return ret;
	if (gsi >= 0 && start_irqfd(dev, gsi) == 0)
		return 0;
	ret = start_handler(dev);
	if (ret)
		close_notifiers(&dev->intx);
	return ret;
}

bool proxy_intx_update_route(PCIProxyDev *dev)
{
	int gsi;

	if (dev->intx.mode == INTX_NONE)
		return true;
	gsi = irqfd_gsi(PCI_DEVICE(dev));
	if (gsi == (dev->intx.mode == INTX_IRQFD ? dev->intx.gsi : -1))
		return true;
	stop(dev);
	/* Fails only if the remote is gone, or gives it up. */
	return start(dev, gsi) == 0;
}

/* ---- Life ---------------------------------------------------------------- */

bool proxy_intx_open(PCIProxyDev *dev, Error **errp)
{
	PCIDevice *pci = PCI_DEVICE(dev);
	int ret;

	if (!pci_get_byte(pci->config + PCI_INTERRUPT_PIN))
		return true;
	ret = start(dev, irqfd_gsi(pci));
	if (ret) {
		error_setg_errno(errp, -ret, PROXY_FMT ": cannot connect its interrupt",
				 PROXY_ID(dev));
		return false;
	}
	return true;
}

void proxy_intx_close(PCIProxyDev *dev)
{
	stop(dev);
}
