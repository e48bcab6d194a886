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
 * writes; nothing here ever ends the process. A remote that does not answer in time
 * (docs/architecture.md has the bounds) is given up for good, with all devices of its
 * connection: should it run again, it executes nothing more.
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
 * message for a person, to be freed. Calls with the same fd number share one connection,
 * which counts its references. 0 or negative errno.
 */
int mpr_proxy_connect_fd(int fd, struct mpr_proxy_conn **conn, char **error);
/* The same for a socket that a remote listens on. */
int mpr_proxy_connect_path(const char *path, struct mpr_proxy_conn **conn, char **error);
/* Drops one reference; the last closes the socket, which ends a remote that has no
 * other connection. */
void mpr_proxy_disconnect(struct mpr_proxy_conn *conn);
/* The socket, for an event loop to watch: an access that does not wait for the remote
 * does not notice that it is gone. See mpr_proxy_conn_attend(). */
int mpr_proxy_conn_fd(const struct mpr_proxy_conn *conn);

/*
 * Whether the remote locks guest memory (mpring-remote -overcommit mem-lock=on). Then the
 * VMM must not discard pages that are in the table of mpr_proxy_set_memory(), as
 * ballooning does: the device would keep the old page while the guest gets a new one. A
 * VMM that cannot promise that must disconnect.
 */
bool mpr_proxy_conn_locks_memory(const struct mpr_proxy_conn *conn);

/*
 * Devices that are opened on the connection from now on report which guest memory they
 * wrote: MPR_MSG_DMA_WRITTEN, or MPR_MSG_EVENTS_LOST when reports were dropped. For a VMM
 * that caches something derived from guest memory, such as translated code: see
 * mpr_proxy_event(). 0; -EOPNOTSUPP: the remote cannot.
 */
int mpr_proxy_report_dma(struct mpr_proxy_conn *conn);

/*
 * Opens device `id` of the remote and creates its channel. The connection must outlive
 * the device. 0; -ENODEV: the remote has no device of that id; negative errno.
 */
int mpr_proxy_device_open(struct mpr_proxy_conn *conn, const char *id,
			  struct mpr_proxy_device **device, char **error);
/* Closes the device. When it returns, the remote has executed all requests and no DMA is
 * under way; or, if that takes longer than a second, it receives no further request and
 * begins no DMA, but DMA that its disks have begun may still end. No thread may be using
 * the device. */
void mpr_proxy_device_close(struct mpr_proxy_device *device);

const struct mpr_wire_description *mpr_proxy_description(const struct mpr_proxy_device *device);

/*
 * The file with the contents of a BAR that is plain memory (MPR_BAR_RAM32), as large as
 * the BAR: map it into the guest, shared, and accesses need no call here. The caller
 * closes it, best as soon as it is mapped; a mapping may outlive the device. -1: the BAR
 * is of another kind, or its file was taken before.
 */
int mpr_proxy_take_bar_file(struct mpr_proxy_device *device, unsigned bar);

/* How long a read polls for its answer before it sleeps, in microseconds; 0: not at all.
 * The default and the maximum is MPR_PROXY_POLL_US, less than waking a sleeper costs on
 * virtual hardware. Call it before the first access. */
void mpr_proxy_set_poll(struct mpr_proxy_device *device, uint32_t us);
#define MPR_PROXY_POLL_US 50u

/*
 * For a VMM that holds a lock during accesses and can release it. In mpr_proxy_read() and
 * mpr_proxy_write(), a thread that has waited for some microseconds calls begin(opaque),
 * and end(opaque) when the wait is over. An access has none, one or two such pairs. They
 * do not nest, but several threads may be between theirs at once. The device must stay
 * open until every access has returned, not only its end(). No other function calls them,
 * so the VMM keeps its lock there. NULL, the default: nothing is called. Call it before
 * the first access.
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
 * Replaces the table of guest memory. Returns when the remote uses the new table and no
 * DMA is under way to memory that only the old one has. Does nothing if the table is
 * equal to the present one. Regions must be sorted by address and disjoint. 0 or negative
 * errno.
 */
int mpr_proxy_set_memory(struct mpr_proxy_device *device, const struct mpr_proxy_region *regions,
			 size_t count);

/*
 * Whether the remote can truncate a file of the present table, which kills the VMM by
 * SIGBUS at the next access to it. Not if it is a memfd sealed against shrinking
 * (F_SEAL_SHRINK); nor, on Linux 6.2 or newer with Landlock, another file: the library
 * opens that anew for the remote, in a thread that it starts and waits for.
 */
bool mpr_proxy_memory_shrinks(const struct mpr_proxy_device *device);

/*
 * Interrupts. `raise_fd`: the remote writes to it when the line rises and, if
 * resample_fd is -1, also when it falls (then ask mpr_proxy_intx()).
 * With resample_fd >= 0 the VMM lowers the line itself at end of interrupt and
 * then writes to resample_fd; the remote raises again if its line is still
 * high. File descriptors stay the caller's. May be called again, when a route changed.
 * Waits for the remote for a second at most; a slower remote uses its old eventfds until
 * it has taken the new ones. A remote that refuses is given up. 0 or negative errno.
 */
int mpr_proxy_set_intx(struct mpr_proxy_device *device, int raise_fd, int resample_fd);

/*
 * Clears raise_fd without ever blocking. read() may block: the remote shares the open
 * file description, so it can clear O_NONBLOCK, and empty the eventfd first. For the same
 * reason the VMM must not write to either eventfd. Any thread.
 */
void mpr_proxy_intx_seen(int raise_fd);

/* The line's level, as the remote published it last. Any thread. */
bool mpr_proxy_intx(const struct mpr_proxy_device *device);

/*
 * Fewer writes to raise_fd, without resample_fd. A VMM that calls mpr_proxy_intx() after
 * each of its accesses calls mpr_proxy_intx_arm() at the start, after every write to
 * raise_fd, and when it has seen the line fall: then raise_fd is written only at the next
 * rise, once, until it arms again. A thread that polls the line calls
 * mpr_proxy_intx_look() first and mpr_proxy_intx_arm() when it stops; in between raise_fd
 * is not written. `soon`: such a thread will poll before long, so a rise is told only if
 * it lasts for some tens of microseconds. Arming returns the line's level, which may have
 * risen before. Any thread.
 */
bool mpr_proxy_intx_arm(struct mpr_proxy_device *device, bool soon);
void mpr_proxy_intx_look(struct mpr_proxy_device *device);

/*
 * A guest access to `offset` of BAR `bar`; size 1, 2, 4 or 8. A write is posted: it
 * returns when the request is in the ring. A read waits for the remote, which never waits
 * for the VMM, or is answered from the device's shadow, if all earlier requests have been
 * executed. When it returns, the same thread's earlier accesses have been executed. Any
 * thread.
 */
void mpr_proxy_write(struct mpr_proxy_device *device, unsigned bar, uint64_t offset, unsigned size,
		     uint64_t value);
uint64_t mpr_proxy_read(struct mpr_proxy_device *device, unsigned bar, uint64_t offset,
			unsigned size);

/* A write to configuration space, after the VMM has applied it. Posted, except one that
 * disables bus mastering in the command register: that returns when no DMA is under way
 * any more. */
void mpr_proxy_config_write(struct mpr_proxy_device *device, uint32_t offset, unsigned size,
			    uint32_t value);

/* RST#. Returns when the device is in reset state and no DMA is under way.
 * 0 or -EPIPE: the remote is gone. */
int mpr_proxy_reset(struct mpr_proxy_device *device);

/* False once the remote is gone or broke the protocol; *why (optional) is a
 * constant string. Cheap. Any thread. */
bool mpr_proxy_alive(const struct mpr_proxy_device *device, const char **why);
/*
 * Call it when the socket is readable: takes outstanding answers. False: the remote hung
 * up or sent something unasked, and every device of the connection is gone.
 */
bool mpr_proxy_conn_attend(struct mpr_proxy_conn *conn);
/* Marks every device of the connection as gone (the socket hung up). Any thread. */
void mpr_proxy_conn_lost(struct mpr_proxy_conn *conn);
/*
 * For a VMM that is about to end: every access, also one that waits already, waits some
 * ms at most and then gives the remote up. Any thread.
 */
void mpr_proxy_conn_hurry(struct mpr_proxy_conn *conn);

/* The channel's counters. Any thread. */
struct mpr_channel_stats;
void mpr_proxy_stats(const struct mpr_proxy_device *device, struct mpr_channel_stats *stats);

/*
 * Takes the next event (struct mpr_msg of ring/message.h). False: none. One thread. Cheap
 * when there is none. A device reports DMA before anything by which the guest can learn
 * of it, a read's value or the line's level. So take the events after every read, and
 * between mpr_proxy_intx() and raising the guest's line.
 */
struct mpr_msg;
bool mpr_proxy_event(struct mpr_proxy_device *device, struct mpr_msg *event);

#ifdef __cplusplus
}
#endif

#endif
