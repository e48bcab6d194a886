/* SPDX-License-Identifier: MIT */
/*
 * libmpring-proxy: a VMM's side of a remote PCI device, for any VMM.
 *
 *   mpr_proxy_connect_fd() or _path()     one per socket; shared by devices
 *   mpr_proxy_device_open()               describes the device, opens its channel
 *   mpr_proxy_set_memory()                whenever guest memory changes
 *   mpr_proxy_set_intx()                  eventfds for the interrupt
 *   mpr_proxy_write(), mpr_proxy_read()   guest accesses, from any vCPU thread
 *   mpr_proxy_reset()
 *   mpr_proxy_device_close(), mpr_proxy_disconnect()
 *
 * Set-up calls are for one thread at a time. Accesses may come from several
 * threads at once. A device whose remote is gone reads all ones and drops
 * writes; nothing here ever ends the process. A remote that keeps somebody waiting too
 * long (docs/architecture.md has the bounds) is given up with all devices of its
 * connection, for good: should it go on later, it executes nothing more.
 */
#ifndef MPR_PROXY_PROXY_H
#define MPR_PROXY_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/protocol.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mpr_proxy_conn;
struct mpr_proxy_device;

/*
 * Takes over one end of a socket and says hello. *error (optional) is set to a
 * message for a person, to be freed. Two calls with the same fd number give
 * the same connection, counted. 0 or negative errno.
 */
int mpr_proxy_connect_fd(int fd, struct mpr_proxy_conn **conn, char **error);
/* The same for a socket that a remote listens on. */
int mpr_proxy_connect_path(const char *path, struct mpr_proxy_conn **conn, char **error);
/* Gives one count back; the last one closes the socket, which ends a remote
 * that has no other connection. */
void mpr_proxy_disconnect(struct mpr_proxy_conn *conn);
/* The socket, for watching its hang-up in an event loop: an access that does
 * not wait for the remote does not notice that it is gone. */
int mpr_proxy_conn_fd(const struct mpr_proxy_conn *conn);

/*
 * Whether the remote locks guest memory (mpring-remote -overcommit mem-lock=on).
 * Then the VMM must not take pages of it away while they are in the table of
 * mpr_proxy_set_memory(), to balloon or otherwise: the device would go on with
 * the page that it knows, and the guest with another. A VMM that cannot promise
 * that disconnects.
 */
bool mpr_proxy_conn_locks_memory(const struct mpr_proxy_conn *conn);

/*
 * Devices that are opened on the connection from now on tell which guest memory
 * they wrote: MPR_MSG_DMA_WRITTEN, and MPR_MSG_EVENTS_LOST where that is not
 * known any more. For a VMM that keeps what it made from guest memory, such as
 * translated code: see mpr_proxy_event(). 0; -EOPNOTSUPP: the remote cannot.
 */
int mpr_proxy_report_dma(struct mpr_proxy_conn *conn);

/*
 * Opens device `id` of the remote and creates its channel. The connection
 * must outlive the device. 0; -ENODEV: the remote has no device of that id
 * (the message lists none: ids are the operator's); negative errno.
 */
int mpr_proxy_device_open(struct mpr_proxy_conn *conn, const char *id,
			  struct mpr_proxy_device **device, char **error);
/* Gives the device back. When it returns, the remote has executed all requests and no DMA
 * is under way; or, if that takes longer than a second, the remote takes no further
 * request and begins no DMA, but what its disks are at may still end. No thread may be
 * using the device. */
void mpr_proxy_device_close(struct mpr_proxy_device *device);

const struct mpr_wire_description *mpr_proxy_description(const struct mpr_proxy_device *device);

/*
 * The file with the contents of a BAR that is plain memory (MPR_BAR_RAM32), as large as
 * the BAR: map it into the guest, shared, and accesses need no call here. The
 * caller closes it, which is best done when it is mapped; a mapping may outlive
 * the device. -1: the BAR is none, or its file was taken before.
 */
int mpr_proxy_take_bar_file(struct mpr_proxy_device *device, unsigned bar);

/* How long a read that waits for the remote looks for the answer before it sleeps,
 * in microseconds; 0: not at all. More than MPR_PROXY_POLL_US, which is where it
 * begins, is taken as that: less than what waking a sleeper costs on virtual
 * hardware. Call it before the first access. */
void mpr_proxy_set_poll(struct mpr_proxy_device *device, uint32_t us);
#define MPR_PROXY_POLL_US 50u

/*
 * For a VMM that holds a lock during accesses and can give it up. begin(opaque) is
 * called in mpr_proxy_read() and mpr_proxy_write() when the remote has let the caller
 * wait for more than some microseconds, end(opaque) when the wait is over, both by the
 * thread that waits. An access makes none, one or two such pairs; they do not nest, but
 * several threads may be between theirs. The device must stay open until all are out of
 * the access, not of end() only. No other call makes them: the rest of the VMM may rely
 * on its lock there. Both NULL, as at first: nothing is called. Call it before the first
 * access.
 */
void mpr_proxy_set_long_wait(struct mpr_proxy_device *device, void (*begin)(void *opaque),
			     void (*end)(void *opaque), void *opaque);

bool mpr_proxy_hugepages(const struct mpr_proxy_device *device);

/* One piece of guest memory, backed by a shared mapping of fd. */
struct mpr_proxy_region {
	uint64_t address, size, offset;
	int fd;
	bool read_only;
};

/*
 * Replaces the table of guest memory. Returns when the remote uses the new
 * table and no DMA goes to memory that is in the old one only. A table equal
 * to the present one costs nothing. Regions must be sorted by address and
 * not overlap. 0 or negative errno.
 */
int mpr_proxy_set_memory(struct mpr_proxy_device *device, const struct mpr_proxy_region *regions,
			 size_t count);

/*
 * Whether the remote could truncate a file of the present table, which ends the VMM by
 * SIGBUS at its next access, or the guest. Not if all are memfds that are sealed against
 * shrinking (F_SEAL_SHRINK); nor if they are other files and this is Linux 6.2 or newer
 * with Landlock: then the remote has got openings of its own, for which the library has
 * started a thread and waited for it.
 */
bool mpr_proxy_memory_shrinks(const struct mpr_proxy_device *device);

/*
 * Interrupts. `raise_fd`: the remote writes to it when the line rises and, if
 * resample_fd is -1, also when it falls (then ask mpr_proxy_intx()).
 * With resample_fd >= 0 the VMM lowers the line itself at end of interrupt and
 * then writes to resample_fd; the remote raises again if its line is still
 * high. File descriptors stay the caller's. May be called again (a route
 * changed). Waits for the remote for a second at most; if it takes longer, it uses
 * the eventfds that it has until then. One that refuses is given up. 0 or negative errno.
 */
int mpr_proxy_set_intx(struct mpr_proxy_device *device, int raise_fd, int resample_fd);

/*
 * Empties raise_fd, and never waits: read() may, because the remote can clear
 * O_NONBLOCK, which belongs to all who have the eventfd, and empty it first. For the
 * same reason the VMM must not write to either eventfd. Any thread.
 */
void mpr_proxy_intx_seen(int raise_fd);

/* The line's level as of the last answer or publication. Any thread. */
bool mpr_proxy_intx(const struct mpr_proxy_device *device);

/*
 * Fewer writes to raise_fd, without resample_fd. A VMM that asks mpr_proxy_intx()
 * after each of its accesses calls mpr_proxy_intx_arm() at the start, whenever
 * raise_fd was written to, and whenever it has seen the line fall: then only a
 * rise is told, once, until it arms again. A thread that looks at the line all
 * the time calls mpr_proxy_intx_look() first and mpr_proxy_intx_arm() when it
 * stops; in between nothing is told. `soon` says that such a thread will come by
 * itself: a rise is then told only if it lasts for some tens of microseconds.
 * Arming returns the line's level, which may have risen before. Any thread.
 */
bool mpr_proxy_intx_arm(struct mpr_proxy_device *device, bool soon);
void mpr_proxy_intx_look(struct mpr_proxy_device *device);

/*
 * A guest access to `offset` of BAR `bar`; size 1, 2, 4 or 8. Writes are
 * posted: they return when the request is in the ring. A read waits for the
 * remote, which never waits for the VMM, unless the register is in the device's
 * shadow and nothing sent before is still to be executed. Either way earlier
 * accesses by the same thread have been executed when it returns. Any thread.
 */
void mpr_proxy_write(struct mpr_proxy_device *device, unsigned bar, uint64_t offset, unsigned size,
		     uint64_t value);
uint64_t mpr_proxy_read(struct mpr_proxy_device *device, unsigned bar, uint64_t offset,
			unsigned size);

/* A write to configuration space, after the VMM has applied it. Posted, but for one
 * to the command register that ends bus mastering: that returns when no DMA is under
 * way any more. */
void mpr_proxy_config_write(struct mpr_proxy_device *device, uint32_t offset, unsigned size,
			    uint32_t value);

/* RST#. Returns when the device is in reset state and no DMA is under way.
 * 0 or -EPIPE: the remote is gone. */
int mpr_proxy_reset(struct mpr_proxy_device *device);

/* False once the remote is gone or broke the protocol; *why (optional) is a
 * constant string. Cheap. Any thread. */
bool mpr_proxy_alive(const struct mpr_proxy_device *device, const char **why);
/*
 * To be called when the socket is readable: takes answers that nobody waited for. False:
 * the remote hung up or spoke unasked, and every device of the connection is gone.
 */
bool mpr_proxy_conn_attend(struct mpr_proxy_conn *conn);
/* Marks every device of the connection as gone (the socket hung up). Any thread. */
void mpr_proxy_conn_lost(struct mpr_proxy_conn *conn);
/*
 * For a VMM that is about to end: from now on an access waits some ms for the remote at
 * most, also one that waits already. Then the remote is given up. Any thread.
 */
void mpr_proxy_conn_hurry(struct mpr_proxy_conn *conn);

/* The channel's counters. Any thread. */
struct mpr_channel_stats;
void mpr_proxy_stats(const struct mpr_proxy_device *device, struct mpr_channel_stats *stats);

/*
 * Takes the next event (struct mpr_msg of ring/message.h). False: none. One
 * thread. Cheap when there is none. A device that reports its DMA does so
 * before the read returns, or the line's level changes, by which the guest can
 * learn of it: take the events after every read, and between mpr_proxy_intx()
 * and raising the guest's line.
 */
struct mpr_msg;
bool mpr_proxy_event(struct mpr_proxy_device *device, struct mpr_msg *event);

#ifdef __cplusplus
}
#endif

#endif
