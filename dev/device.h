/* SPDX-License-Identifier: MIT */
/*
 * What a device model implements, and the services it may call.
 *
 * A model is written against this header alone: it knows no ring, socket or
 * VMM. The process that runs it (remote/, or a test) gives it a struct
 * mpr_host and calls its operations, all from one thread and never
 * recursively: a service never calls back into the model before it returns.
 *
 * Life of a device, in the order of the calls:
 *   1. the host allocates the model's state, calls ops->model.set for its
 *      properties, and ops->create
 *   2. ops->read, ops->write, ops->config_changed, ops->reset, ops->run
 *      in any order, as the guest and the model's own work require; ops->peek
 *      at any time, also while the model calls irq_set
 *   3. ops->destroy    after a reset, when no DMA mapping is held any more
 *
 * Guest addresses, lengths and the contents of guest memory are hostile.
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
 * A piece of guest memory that the model lends to asynchronous I/O. The
 * memory stays mapped until mpr_dma_unmap(), whatever the guest does to its
 * memory layout meanwhile.
 */
struct mpr_dma_map {
	void *ptr;  /* in this process; NULL when nothing is mapped */
	size_t len; /* bytes that are contiguous here; may be less than asked */
	/* The host's. */
	void *ref;
	uint64_t addr;
	enum mpr_dma_dir dir;
};

/* A one-shot timer of a model. Embedded in the model's state, zeroed before
 * first use; `next` and `deadline` belong to the host. */
struct mpr_timer {
	void (*fn)(void *opaque);
	void *opaque;
	uint64_t deadline; /* ns, CLOCK_MONOTONIC; 0: not armed */
	struct mpr_timer *next;
};

/*
 * Services. `host` is the pointer that the model was created with.
 */
struct mpr_host_ops {
	/*
	 * Copies between guest memory and `buf`. 0, or -EFAULT when a byte of
	 * the range is not guest RAM that the device may reach; then nothing
	 * or a part was copied. No bus-master check: use mpr_dma_read().
	 */
	int (*dma_read)(void *host, uint64_t addr, void *buf, size_t len);
	int (*dma_write)(void *host, uint64_t addr, const void *buf, size_t len);

	/*
	 * Maps guest memory at addr. 0 or -EFAULT, also when the device is to
	 * write and may only read. map->len is from 1 to len. What the device
	 * wrote through a mapping counts as written once it is given back: do
	 * so before the guest is told.
	 */
	int (*dma_map)(void *host, uint64_t addr, size_t len, enum mpr_dma_dir dir,
		       struct mpr_dma_map *map);
	void (*dma_unmap)(void *host, struct mpr_dma_map *map);

	/* Drives INTx: true asserts. Level; setting the same level again costs
	 * nothing. Earlier DMA writes are visible to the guest first. */
	void (*irq_set)(void *host, bool level);

	/*
	 * Whether the next access that the model will get is the write that
	 * acknowledges an interrupt (struct mpr_shadow_map): its execution lowers the
	 * line, and run() raises it again if it must. What the model did before is
	 * visible to a guest whose write is not seen here.
	 */
	bool (*taken_back)(void *host);

	/* Asks that ops->run() be called soon, after the present call returned. */
	void (*schedule)(void *host);

	/* Nanoseconds of CLOCK_MONOTONIC (a test may count its own). */
	uint64_t (*now)(void *host);

	/* (Re)arms the timer: fn(opaque) is called once, not before deadline. */
	void (*timer_set)(void *host, struct mpr_timer *timer, uint64_t deadline);
	void (*timer_cancel)(void *host, struct mpr_timer *timer);

	/* One line, without newline, for the operator. */
	void (*log)(void *host, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

	/* Says why set() or create() fails, as "size=3 must be even": users find it behind
	 * the option. Before that function returns an error. */
	void (*refuse)(void *host, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
};

struct mpr_host {
	const struct mpr_host_ops *ops;
	/* The implementation's own data follows: it embeds this struct. The
	 * `void *host` of every service is the address of this struct. */
};

/* A figure for the operator, which only ever grows. */
struct mpr_counter {
	const char *name; /* "moved_bytes" */
	uint64_t value;
};
#define MPR_MAX_COUNTERS 16

/* A device model. */
struct mpr_device_ops {
	struct mpr_model model; /* first; its bus is MPR_BUS_PCI */
	const struct mpr_pci_info *pci;

	/*
	 * Makes a new instance ready, and undoes that. create() returns 0 or
	 * negative errno; then destroy() is not called. Both may be NULL.
	 */
	int (*create)(struct mpr_device *dev);
	void (*destroy)(struct mpr_device *dev);

	/*
	 * A guest access to `offset` in BAR `bar`, of size 1, 2, 4 or 8 bytes,
	 * little-endian. The access lies in the BAR; it need not be aligned.
	 * Bounded: long work is left to run().
	 */
	uint64_t (*read)(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size);
	void (*write)(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size,
		      uint64_t value);

	/*
	 * What may be read without calling read(), and the values that it would
	 * give now. The host brings the image up to date whenever the model has
	 * worked and before its interrupt line rises. peek() changes nothing and
	 * calls no service; it is also called from within irq_set(dev, true), so
	 * the registers must be what the interrupted guest is to find before that.
	 * Both NULL: no shadow.
	 */
	const struct mpr_shadow_map *shadow;
	void (*peek)(const struct mpr_device *dev, uint8_t image[MPR_SHADOW_SIZE]);

	/* dev->pci changed: bus mastering, a BAR's address. May be NULL. */
	void (*config_changed)(struct mpr_device *dev);

	/*
	 * RST#: registers get their reset values (the caller resets dev->pci),
	 * the interrupt line falls, requests in flight are cancelled. Their
	 * DMA may still be under way when this returns: the reset is complete
	 * when the last mapping has been given back and the device is not settling.
	 */
	void (*reset)(struct mpr_device *dev);

	/*
	 * Does a bounded piece (well under a millisecond) of the model's own
	 * work. True: there is more to do at once. False: nothing to do until
	 * something happens that makes the model call schedule().
	 */
	bool (*run)(struct mpr_device *dev);

	/* What the device has done since it was created: at most
	 * MPR_MAX_COUNTERS counters; returns how many. May be NULL. */
	unsigned (*counters)(const struct mpr_device *dev, struct mpr_counter *counter);
};

/* The part that all devices have, the host fills it in; a model's state starts with it. */
struct mpr_device {
	const struct mpr_device_ops *ops;
	struct mpr_host *host;
	const char *id; /* the name that users gave it */
	struct mpr_pci pci;
	/*
	 * Set by the model when the guest takes its memory back by an access, a reset
	 * of the model's own or the end of bus mastering, while what that ends is still
	 * under way; cleared when nothing of it reaches guest memory or a medium any
	 * more. Meanwhile the host makes no access and shows nothing new in the shadow,
	 * and the access is not finished: whatever the guest learns, it learns later.
	 * run() and timers go on.
	 */
	bool settling;
	/* The bus behind a host adapter (dev/bus.h); NULL for other devices. */
	struct mpr_bus *bus;
	/*
	 * The contents of the BARs that are plain memory (MPR_BAR_RAM32), NULL
	 * for others. The guest may have them mapped: its accesses then do not
	 * come to read() and write(), and every word may change between two
	 * looks. Take a word with one relaxed atomic load, check that, use that;
	 * what was decoded from a word is good only while the word, loaded anew,
	 * is the same. Zero at first; where it is changes when a VMM opens
	 * the device or gives it up, never during a call.
	 */
	uint8_t *bar_ram[MPR_PCI_NUM_BARS];
	uint8_t *own_ram[MPR_PCI_NUM_BARS]; /* the host's: bar_ram when the VMM gives none */
};

/*
 * DMA as the device's PCI function: refused (-EPERM) while the guest has not
 * enabled bus mastering. Otherwise as the services above.
 */
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

/* Gives a mapping back and clears it; a cleared mapping is ignored. */
static inline void mpr_dma_unmap(struct mpr_device *dev, struct mpr_dma_map *map)
{
	if (!map->ptr)
		return;
	dev->host->ops->dma_unmap(dev->host, map);
	map->ptr = NULL;
	map->len = 0;
}

static inline void mpr_irq_set(struct mpr_device *dev, bool level)
{
	dev->host->ops->irq_set(dev->host, level);
}

static inline bool mpr_taken_back(struct mpr_device *dev)
{
	return dev->host->ops->taken_back(dev->host);
}

static inline void mpr_schedule(struct mpr_device *dev)
{
	dev->host->ops->schedule(dev->host);
}

#endif
