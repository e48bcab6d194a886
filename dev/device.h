/* SPDX-License-Identifier: MIT */
/*
 * What a device model implements (struct mpr_device_ops), and the services that
 * it may call (struct mpr_host_ops). A model needs nothing else: it knows no
 * ring, socket or VMM. The process that runs it, its host, is mpring-remote or a
 * test.
 *
 * Life of a device, in the order of the calls:
 *   1. the host allocates the model's state, zeroed, fills in the struct
 *      mpr_device at its beginning, calls model.set for each property that has
 *      a value, and create
 *   2. read, write, config_changed, reset and run in any order, as the guest
 *      and the model's own work require; peek at any time, also while the model
 *      calls irq_set
 *   3. destroy, after a reset, when no DMA mapping is held any more
 *
 * Threads: the host calls a model from one thread, and one call at a time.
 * Services may be called from any operation but peek(), and from the functions of
 * timers, on that thread only; before create() has returned only log, refuse and
 * now. No service blocks, and none calls the model before it returns, but that
 * irq_set calls peek().
 *
 * Guest addresses, lengths and the contents of guest memory are hostile.
 *
 * Plug-ins are compiled against this header (dev/plugin.h): what it declares is a
 * binary interface. Members are added at the ends of struct mpr_device_ops and
 * struct mpr_host_ops only; any other change is a new MPR_DEVICE_ABI.
 */
#ifndef MPR_DEV_DEVICE_H
#define MPR_DEV_DEVICE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/model.h"
#include "dev/pci.h"
#include "pci/shadow.h"

struct mpr_device;
struct mpr_bus;

/* Which way the data go. */
enum mpr_dma_dir {
	MPR_DMA_TO_DEVICE,  /* the device reads guest memory */
	MPR_DMA_FROM_DEVICE /* the device writes it, and may read it */
};

/*
 * Guest memory that is mapped for asynchronous I/O. It stays where it is until
 * mpr_dma_unmap(), even if the guest changes its memory layout or the VMM dies; a
 * reset, the end of the VMM's memory table and the end of the process wait for that.
 */
struct mpr_dma_map {
	void *ptr;  /* in this process; NULL: nothing is mapped */
	size_t len; /* contiguous bytes, perhaps fewer than were asked for */
	/* The host's. */
	void *ref;
	uint64_t addr;
	enum mpr_dma_dir dir;
};

/* A one-shot timer, part of the model's state. The model sets fn and opaque, once. */
struct mpr_timer {
	void (*fn)(void *opaque);
	void *opaque;
	/* The host's. */
	uint64_t deadline; /* ns, CLOCK_MONOTONIC; 0: not armed */
	struct mpr_timer *next;
};

/* Services. `host` is dev->host. */
struct mpr_host_ops {
	/*
	 * Copies between guest memory and `buf`. 0; -EFAULT: not all of the range is
	 * guest memory that the device may access, and nothing or a part was copied.
	 * Does not ask for bus mastering, as mpr_dma_read() below does: use that.
	 */
	int (*dma_read)(void *host, uint64_t addr, void *buf, size_t len);
	int (*dma_write)(void *host, uint64_t addr, const void *buf, size_t len);

	/*
	 * Maps guest memory at addr, 1 to len bytes: see map->len. 0; -EFAULT: it is
	 * no guest memory, or the device is to write and may only read. Unmap it
	 * before the guest is told that data have arrived: only then does a VMM that
	 * translates the guest's code (TCG) hear of what was written.
	 */
	int (*dma_map)(void *host, uint64_t addr, size_t len, enum mpr_dma_dir dir,
		       struct mpr_dma_map *map);
	void (*dma_unmap)(void *host, struct mpr_dma_map *map);

	/* Sets the level of INTx; true asserts it. To set the level that it has costs
	 * nothing. Whoever sees the line rise sees the DMA that was written before. */
	void (*irq_set)(void *host, bool level);

	/*
	 * For models whose shadow has ack_looks (struct mpr_shadow_map): whether the
	 * next access is the write that acknowledges an interrupt. Asked before an
	 * interrupt is coalesced with one that is pending: if the write is on its way,
	 * the guest has seen only the old one, and would lose the new one.
	 */
	bool (*irq_acknowledged)(void *host);

	/* Has the host call run() soon, when the present call has returned. */
	void (*schedule)(void *host);

	/* Nanoseconds of CLOCK_MONOTONIC, or of a test's own clock. */
	uint64_t (*now)(void *host);

	/* Arms a timer, also one that is armed: fn(opaque) is called once, not before
	 * `deadline`, which may have passed. Cancelling one that is not armed does
	 * nothing. All must be cancelled before destroy() returns. */
	void (*timer_set)(void *host, struct mpr_timer *timer, uint64_t deadline);
	void (*timer_cancel)(void *host, struct mpr_timer *timer);

	/* Writes a line, given without newline, to the process' log under the
	 * device's name. */
	void (*log)(void *host, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

	/* Says why set() or create() is about to fail: "size=3 must be even". Users read
	 * it behind the option that they gave. */
	void (*refuse)(void *host, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
};

struct mpr_host {
	const struct mpr_host_ops *ops;
	/* The host's own data follow. */
};

/* A figure for the operator, which never decreases. */
struct mpr_counter {
	const char *name; /* "moved_bytes" */
	uint64_t value;
};
#define MPR_MAX_COUNTERS 16

/* A device model. What is not said to be optional must be there. */
struct mpr_device_ops {
	struct mpr_model model; /* first; its bus is MPR_BUS_PCI */
	const struct mpr_pci_info *pci;

	/*
	 * Optional: makes an instance ready, and releases what it has. create() returns
	 * 0 or negative errno; in the latter case destroy() is not called.
	 */
	int (*create)(struct mpr_device *dev);
	void (*destroy)(struct mpr_device *dev);

	/*
	 * A guest's access of 1, 2, 4 or 8 bytes, little-endian, at `offset` in BAR
	 * `bar`. It lies in the BAR, and need not be aligned. A processor of the guest
	 * waits for a read: long work is left to run().
	 */
	uint64_t (*read)(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size);
	void (*write)(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size,
		      uint64_t value);

	/*
	 * Optional, both or none: which registers a VMM may read without read(), and
	 * the values that read() would return now. peek() changes nothing. The host
	 * calls it when the model has worked, and within irq_set(host, true): set the
	 * registers that tell the interrupt's cause before that.
	 */
	const struct mpr_shadow_map *shadow;
	void (*peek)(const struct mpr_device *dev, uint8_t image[MPR_SHADOW_SIZE]);

	/* Optional: the guest has written to dev->pci: bus mastering, a BAR's address. */
	void (*config_changed)(struct mpr_device *dev);

	/*
	 * RST#. Sets the registers to their reset values (the host resets dev->pci),
	 * lowers the interrupt line and cancels requests in flight. Their DMA may go on
	 * when this returns: the reset is complete, and the guest goes on, when nothing
	 * is mapped any more and dev->settling is false.
	 */
	void (*reset)(struct mpr_device *dev);

	/*
	 * Does a bounded piece of the model's own work, well under a millisecond; other
	 * devices wait meanwhile. True: there is more to do. False: not until the model
	 * has called schedule() again. Optional in a model that never does.
	 */
	bool (*run)(struct mpr_device *dev);

	/* Optional: what the device has done since it was created. Fills in at most
	 * MPR_MAX_COUNTERS counters, and returns how many. */
	unsigned (*counters)(const struct mpr_device *dev, struct mpr_counter *counter);
};

/* The base part of every device, with which a model's state begins. The host fills it
 * in; the model sets `settling` and `bus`. */
struct mpr_device {
	const struct mpr_device_ops *ops;
	struct mpr_host *host;
	const char *id; /* the name that users gave it */
	struct mpr_pci pci;
	/*
	 * Set by the model when an access ends DMA (a register that resets the device,
	 * or the end of bus mastering) that is still under way, and cleared when none of
	 * it reaches guest memory or a medium any more. Until then the access is not
	 * finished, no other is made, and the shadow stays as it is: a guest that takes
	 * the access for done would use the memory for something else. run() and timers
	 * go on.
	 */
	bool settling;
	/* The bus behind a host adapter (dev/bus.h); NULL for other devices. */
	struct mpr_bus *bus;
	/*
	 * The contents of BARs that are plain memory (MPR_BAR_RAM32), zero at first;
	 * NULL for others. The guest may have them mapped: its accesses then do not
	 * come to read() and write(), and a word may change at any time. Take it by one
	 * relaxed atomic load, check that value and use that value; what was decoded
	 * from a word is valid as long as the word, loaded again, is the same. The
	 * pointer changes when a VMM opens or closes the device, never during a call.
	 */
	uint8_t *bar_ram[MPR_PCI_NUM_BARS];
	uint8_t *own_ram[MPR_PCI_NUM_BARS]; /* the host's: bar_ram when the VMM gives none */
};

/* DMA, as by the services above; -EPERM while the guest has not enabled bus mastering. */
static inline int mpr_dma_read(struct mpr_device *dev, uint64_t addr, void *buf, size_t len)
{
	if (!mpr_pci_bus_master(&dev->pci))
		return -EPERM;
	return dev->host->ops->dma_read(dev->host, addr, buf, len);
}

static inline int mpr_dma_write(struct mpr_device *dev, uint64_t addr, const void *buf, size_t len)
{
	if (!mpr_pci_bus_master(&dev->pci))
		return -EPERM;
	return dev->host->ops->dma_write(dev->host, addr, buf, len);
}

static inline int mpr_dma_map(struct mpr_device *dev, uint64_t addr, size_t len,
			      enum mpr_dma_dir dir, struct mpr_dma_map *map)
{
	if (!mpr_pci_bus_master(&dev->pci))
		return -EPERM;
	return dev->host->ops->dma_map(dev->host, addr, len, dir, map);
}

/* Also when bus mastering is off. A mapping that is cleared, as this leaves it, is
 * ignored. */
static inline void mpr_dma_unmap(struct mpr_device *dev, struct mpr_dma_map *map)
{
	if (!map->ptr)
		return;
	dev->host->ops->dma_unmap(dev->host, map);
	map->ptr = NULL;
	map->len = 0;
}

/* The services of the same names. */

static inline void mpr_irq_set(struct mpr_device *dev, bool level)
{
	dev->host->ops->irq_set(dev->host, level);
}

static inline bool mpr_irq_acknowledged(struct mpr_device *dev)
{
	return dev->host->ops->irq_acknowledged(dev->host);
}

static inline void mpr_schedule(struct mpr_device *dev)
{
	dev->host->ops->schedule(dev->host);
}

#endif
