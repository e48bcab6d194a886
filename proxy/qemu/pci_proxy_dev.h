/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci-proxy-dev: a QEMU PCI device whose model runs in another process.
 *
 *   plugin.c         how the shared object gets into an unmodified QEMU
 *   pci_proxy_dev.c  the device: configuration space, BARs, reset
 *   intx.c           its interrupt: irqfd under KVM, otherwise an fd handler
 *   halt_poll.c      looks at the line before a vCPU halts, under TCG
 *   guest_memory.c   tells the remote which memory the guest has
 *   memory_plug.c    refuses memory that the remote cannot reach
 *   events.c         what the remote says unasked
 *   connection.c     notices that a remote is gone
 *   boot_order.c     which of the remote's disks the firmware boots from
 *   parent.c         ends QEMU when its starter dies, if the starter wanted that
 *   big_lock.c       lets QEMU's big lock go while an access waits for the remote
 *
 * Everything runs under QEMU's big lock, but for what libmpring-proxy does between the
 * two functions of big_lock.c, and for a vCPU's looks at the line before it halts.
 */
#ifndef MPR_PROXY_QEMU_PCI_PROXY_DEV_H
#define MPR_PROXY_QEMU_PCI_PROXY_DEV_H

#include "qemu/osdep.h"

#include "exec/memory.h"
#include "hw/pci/pci.h"
#include "qemu/event_notifier.h"
#include "qemu/queue.h"

#include "proxy/proxy.h"
#include "proxy/qemu/qemu_symbols.h"
#include "ring/window.h"

extern const TypeInfo pci_proxy_dev_info;

#define TYPE_PCI_PROXY_DEV "pci-proxy-dev"
OBJECT_DECLARE_SIMPLE_TYPE(PCIProxyDev, PCI_PROXY_DEV)

typedef struct ProxyBar {
	PCIProxyDev *dev;
	unsigned index;
	MemoryRegion mr;
} ProxyBar;

/* Who drives the guest's interrupt line. */
typedef enum {
	INTX_NONE,    /* nobody: the device has no interrupt, is not realized, or is gone */
	INTX_HANDLER, /* this shim, from QEMU's main loop */
	INTX_IRQFD,   /* KVM, which asks the remote again at end of interrupt */
} IntxMode;

typedef struct ProxyIntx {
	IntxMode mode;
	int gsi;      /* INTX_IRQFD: where the pin is routed */
	bool level;   /* INTX_HANDLER: what QEMU's line is driven to */
	int64_t rose; /* when it rose last, for halt_poll.c */
	EventNotifier raise, resample;
} ProxyIntx;

/* Polling of the line by a vCPU before it halts. */
typedef struct ProxyHaltPoll {
	bool listed;
	QLIST_ENTRY(PCIProxyDev) link;
	CPUState *by;  /* the vCPU that may have started something, or NULL */
	int64_t since; /* when the last poll in vain began; 0: there was none */
	struct mpr_window window;
} ProxyHaltPoll;

/* The guest's memory as last told to the remote, and the table being made. */
typedef struct ProxyMemory {
	MemoryListener listener;
	bool listening;
	AddressSpace *as;
	GArray *regions; /* struct mpr_proxy_region */
	bool unshared;	 /* the guest has RAM that the remote cannot reach */
	int error;	 /* the remote did not take the table: negative errno */
	bool kept;	 /* QEMU was told to discard nothing */
} ProxyMemory;

struct PCIProxyDev {
	PCIDevice parent_obj;

	char *socket; /* a number, or what the monitor's getfd has called it */
	char *path;
	uint32_t poll_us;
	char **boot_order; /* "INDEX:PATH", ended by NULL; NULL: none */

	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *remote;
	bool loss_reported;
	unsigned accesses; /* under way; more than one while some wait without the lock */
	bool unplugged;	   /* during accesses: the last of them closes the remote device */
	QLIST_ENTRY(PCIProxyDev) link; /* connection.c: all devices */

	ProxyBar bars[PCI_NUM_REGIONS - 1];
	ProxyIntx intx;
	ProxyHaltPoll poll;
	ProxyMemory memory;
	Error *migration_blocker;
};

/* "pci-proxy-dev lsi0" in messages. */
#define PROXY_FMT TYPE_PCI_PROXY_DEV " %s"
#define PROXY_ID(dev) DEVICE(dev)->id

/* ---- connection.c ------------------------------------------------------- */

/* Connects to the remote and opens the device there. */
bool proxy_connection_open(PCIProxyDev *dev, Error **errp);
/* Closes the device at the remote; if accesses are under way, the last of them does. */
void proxy_connection_close(PCIProxyDev *dev);
/* For that access. */
void proxy_connection_release(PCIProxyDev *dev);
/* Tells the operator, once, when the remote is gone. */
void proxy_connection_check(PCIProxyDev *dev);

/* ---- boot_order.c ------------------------------------------------------- */

/* Makes boot-order= hold; fails when an index is taken. */
bool proxy_boot_order_open(PCIProxyDev *dev, Error **errp);
void proxy_boot_order_close(PCIProxyDev *dev);
void proxy_boot_order_class_init(ObjectClass *klass);
void proxy_boot_order_finalize(Object *object);

/* ---- parent.c ----------------------------------------------------------- */

/* Reads what signal this process gets when its parent dies, before that may be reset. */
void proxy_parent_note(void);
/* Sets it again after QEMU changed its user, which resets it. */
void proxy_parent_watch(void);

/* ---- big_lock.c --------------------------------------------------------- */

/* Makes accesses release the lock in long waits. */
void proxy_access_open(PCIProxyDev *dev);
/* Before an access to a BAR. False: the device has been unplugged; make none. */
bool proxy_access_begin(PCIProxyDev *dev, MemTxAttrs attrs);
/* After it. False: the device was unplugged meanwhile; do no more with it. */
bool proxy_access_end(PCIProxyDev *dev);

/* ---- intx.c ------------------------------------------------------------- */

bool proxy_intx_open(PCIProxyDev *dev, Error **errp);
/* Lowers the line for good, whatever the remote still does to its eventfd. */
void proxy_intx_close(PCIProxyDev *dev);
/* After its route or its disable bit changed: chooses anew who drives the line. False:
 * the remote is gone. */
bool proxy_intx_update_route(PCIProxyDev *dev);
/* Makes the guest's line what the remote's is; before it rises, takes the events. */
void proxy_intx_sync(PCIProxyDev *dev);
/* Lowers the guest's line: the device was reset. */
void proxy_intx_deassert(PCIProxyDev *dev);

/* Reads the line and, if it is low, has the next rise notified. */
void proxy_intx_look(PCIProxyDev *dev);

/* ---- halt_poll.c -------------------------------------------------------- */

/* Lets vCPUs poll the device's line before they halt, where that is possible. */
void proxy_halt_poll_open(PCIProxyDev *dev);
void proxy_halt_poll_close(PCIProxyDev *dev);
/* The vCPU that calls writes to the device and may wait for its interrupt. */
void proxy_halt_poll_expect(PCIProxyDev *dev);
/* QEMU took the object as a plugin. */
void proxy_halt_poll_install(uint64_t plugin);

/* ---- guest_memory.c ----------------------------------------------------- */

bool proxy_memory_open(PCIProxyDev *dev, Error **errp);
void proxy_memory_close(PCIProxyDev *dev);
/* The device wrote this range, of which a part may not be guest memory: QEMU drops code
 * that it translated from there. */
void proxy_memory_written(PCIProxyDev *dev, uint64_t address, uint64_t size);

/* ---- memory_plug.c ------------------------------------------------------ */

/* Whether other processes can map the memory, of a region that is RAM. */
bool proxy_memory_is_shared(const MemoryRegion *mr);
/* Refuses memory that is not shared, until it has been closed as often as opened. */
void proxy_memory_plug_open(void);
void proxy_memory_plug_close(void);

/* ---- events.c ----------------------------------------------------------- */

/* Takes the events that the remote has sent. Cheap when there are none. */
void proxy_events(PCIProxyDev *dev);

/* ---- say.c --------------------------------------------------------------- */

/* Writes a line to standard error, as error_report() does, but never blocks. With the big
 * lock. */
void proxy_say(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

#endif
