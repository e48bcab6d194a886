/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to remotes, and noticing that one is gone. */
#include "proxy/qemu/pci_proxy_dev.h"

#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qemu/ctype.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/notify.h"
#include "sysemu/runstate-action.h"
#include "sysemu/runstate.h"
#include "sysemu/tcg.h"

#include "ring/discard.h"

/* All devices; those of one socket share its connection. */
static QLIST_HEAD(, PCIProxyDev) devices = QLIST_HEAD_INITIALIZER(devices);

void proxy_connection_check(PCIProxyDev *dev)
{
	const char *why;

	if (dev->loss_reported || mpr_proxy_alive(dev->remote, &why))
		return;
	dev->loss_reported = true;
	proxy_say(PROXY_FMT ": %s; its registers now read as all ones and writes are dropped",
		  PROXY_ID(dev), why);
	proxy_intx_close(dev);
}

static bool is_shared(const PCIProxyDev *dev)
{
	PCIProxyDev *other;

	QLIST_FOREACH(other, &devices, link)
	{
		if (other != dev && other->conn == dev->conn && !other->unplugged)
			return true;
	}
	return false;
}

/* The socket is readable: an outstanding answer, or the remote hung up. */
static void on_readable(void *opaque)
{
	struct mpr_proxy_conn *conn = opaque;
	PCIProxyDev *dev;

	if (mpr_proxy_conn_attend(conn))
		return;
	qemu_set_fd_handler(mpr_proxy_conn_fd(conn), NULL, NULL, NULL);
	QLIST_FOREACH(dev, &devices, link)
	{
		if (dev->conn == conn)
			proxy_connection_check(dev);
	}
}

/* TCG must hear of DMA to drop code that it translated from the pages; KVM need not. */
static int ask_for_reports(PCIProxyDev *dev, char **why)
{
	int ret = tcg_enabled() ? mpr_proxy_report_dma(dev->conn) : 0;

	if (ret)
		*why = strdup("the remote does not tell which memory its devices write, which TCG "
			      "must know; install proxy and remote of the same release");
	return ret;
}

/* Takes over a descriptor that the monitor was given (getfd). */
static int connect_socket(PCIProxyDev *dev, char **why)
{
	Error *err = NULL;
	int fd = monitor_fd_param(monitor_cur(), dev->socket, &err);
	int ret;

	if (fd < 0) {
		*why = strdup(error_get_pretty(err));
		error_free(err);
		return -EBADF;
	}
	ret = mpr_proxy_connect_fd(fd, &dev->conn, why);
	if (ret && !qemu_isdigit(dev->socket[0]))
		mpr_discard_socket(fd);
	return ret;
}

static int open_remote(PCIProxyDev *dev, char **why)
{
	int ret = dev->path ? mpr_proxy_connect_path(dev->path, &dev->conn, why)
			    : connect_socket(dev, why);

	if (ret)
		return ret;
	ret = ask_for_reports(dev, why);
	if (!ret)
		ret = mpr_proxy_device_open(dev->conn, PROXY_ID(dev), &dev->remote, why);
	if (ret) {
		mpr_proxy_disconnect(dev->conn);
		dev->conn = NULL;
	}
	return ret;
}

/*
 * QEMU ends, but not before every vCPU has left its access, whose result is of no use now.
 * With -no-shutdown it does not end: the machine may be reset and go on.
 */
static void on_shutdown(Notifier *notifier G_GNUC_UNUSED, void *cause G_GNUC_UNUSED)
{
	PCIProxyDev *dev;

	if (shutdown_action == SHUTDOWN_ACTION_PAUSE)
		return;
	QLIST_FOREACH(dev, &devices, link)
	{
		dev->loss_reported = true;
		mpr_proxy_conn_hurry(dev->conn);
	}
}

static void hear_of_shutdown(void)
{
	static Notifier notifier = {.notify = on_shutdown};

	if (!notifier.node.le_prev)
		qemu_register_shutdown_notifier(&notifier);
}

bool proxy_connection_open(PCIProxyDev *dev, Error **errp)
{
	char *why = NULL;
	int ret = open_remote(dev, &why);

	if (ret) {
		error_setg(errp, PROXY_FMT ": %s", PROXY_ID(dev), why ? why : strerror(-ret));
		free(why);
		return false;
	}
	dev->loss_reported = false;
	dev->unplugged = false;
	hear_of_shutdown();
	QLIST_INSERT_HEAD(&devices, dev, link);
	qemu_set_fd_handler(mpr_proxy_conn_fd(dev->conn), on_readable, NULL, dev->conn);
	return true;
}

void proxy_connection_close(PCIProxyDev *dev)
{
	if (!dev->conn)
		return;
	if (!is_shared(dev))
		qemu_set_fd_handler(mpr_proxy_conn_fd(dev->conn), NULL, NULL, NULL);
	/* Its loss is not to be reported any more. */
	dev->loss_reported = true;
	dev->unplugged = dev->accesses;
	if (!dev->unplugged)
		proxy_connection_release(dev);
}

void proxy_connection_release(PCIProxyDev *dev)
{
	QLIST_REMOVE(dev, link);
	mpr_proxy_device_close(dev->remote);
	mpr_proxy_disconnect(dev->conn);
	dev->remote = NULL;
	dev->conn = NULL;
}
