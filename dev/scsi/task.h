/* SPDX-License-Identifier: MIT */
/*
 * A task inside the target, and what a command's handler does with it.
 *
 * A handler (struct scsi_command) is called once and brings about exactly one
 * of scsi_task_good(), scsi_task_check() and scsi_task_end(), at once or when
 * data was moved or I/O has ended. Each function below that names a `then`
 * returns at once; the handler goes on in `then`.
 */
#ifndef MPR_DEV_SCSI_TASK_H
#define MPR_DEV_SCSI_TASK_H

#include <sys/queue.h>

#include "blk/blk.h"
#include "dev/scsi/cdb.h"
#include "dev/scsi/lu.h"
#include "dev/scsi/scsi.h"
#include "dev/scsi/sense.h"

struct scsi_task;

enum scsi_task_state {
	SCSI_TASK_NEW,	      /* not started */
	SCSI_TASK_QUEUED,     /* waits for its turn in the task set */
	SCSI_TASK_RUNNING,    /* its handler is running */
	SCSI_TASK_WAIT_DATA,  /* data() was called */
	SCSI_TASK_WAIT_IO,    /* a request is in flight */
	SCSI_TASK_CANCELLING, /* cancelled while a request is in flight */
	SCSI_TASK_HELD,	      /* failed; waits until older sense data is fetched */
	SCSI_TASK_ENDED	      /* complete() or cancelled() was called */
};

typedef void (*scsi_moved_fn)(struct scsi_task *t, const struct iovec *sg, unsigned nsg);
typedef void (*scsi_io_fn)(struct scsi_task *t);
typedef void (*scsi_list_fn)(struct scsi_task *t, const uint8_t *list, size_t len);

struct scsi_task {
	struct mpr_scsi_task pub;
	struct mpr_scsi_bus *bus;
	struct mpr_scsi_lu *lu;
	const struct scsi_command *cmd; /* NULL: the logical unit has no such command */
	enum mpr_scsi_attr attr;
	bool exclusive; /* runs alone in its task set */
	bool cdb_short; /* fewer bytes were received than the group's length */
	uint8_t cdb[MPR_SCSI_MAX_CDB];

	enum scsi_task_state state;
	TAILQ_ENTRY(scsi_task) link; /* in the task set, oldest first */
	struct scsi_sense sense;     /* SCSI_TASK_HELD: what it failed with */

	const struct iovec *sg; /* offered by the adapter, for data in */
	unsigned nsg;
	uint8_t *buf; /* the task's own memory, page-aligned */
	scsi_moved_fn moved;
	scsi_list_fn list;

	struct mpr_blk_req req;
	struct mpr_blk *blk; /* where req is */
	scsi_io_fn io_done;
	struct iovec iov;      /* describes buf */
	struct iovec *trimmed; /* a copy of sg that ends with the last byte */

	/* Where a command that accesses the medium is. */
	struct {
		uint64_t offset, left;	/* bytes */
		size_t chunk;		/* bytes at work now */
		const struct iovec *sg; /* data out: the chunk's bytes */
		unsigned nsg;
		bool write, compare, fua;
	} rw;
};

/* ---- For handlers ----------------------------------------------------- */

/* Ends the task with a status; with CHECK CONDITION and its sense data. */
void scsi_task_end(struct scsi_task *t, uint8_t status);
void scsi_task_good(struct scsi_task *t);
void scsi_task_check(struct scsi_task *t, struct scsi_sense sense);

/* The task's buffer, allocated with `size` zeroed bytes the first time. When
 * out of memory NULL, and the task has been ended with BUSY. */
uint8_t *scsi_task_buffer(struct scsi_task *t, size_t size);

/* Lets the adapter move `chunk` bytes: data in from `buf` (NULL: they are in
 * the memory that it offered), data out to where it wants. */
void scsi_task_move(struct scsi_task *t, void *buf, size_t chunk, scsi_moved_fn then);

/* Sends `len` bytes, cut to the allocation length, and ends with GOOD. */
void scsi_task_reply(struct scsi_task *t, const void *data, size_t len);

/* Receives the whole parameter list (pub.length bytes) into the buffer. */
void scsi_task_receive(struct scsi_task *t, scsi_list_fn then);

/* Submits t->req, whose op, fua, offset, iov and niov are filled in. A failed
 * request ends the task; `then` is for success. */
void scsi_task_io(struct scsi_task *t, struct mpr_blk *blk, scsi_io_fn then);
/* Makes completed writes durable. */
void scsi_task_flush(struct scsi_task *t, struct mpr_blk *blk, scsi_io_fn then);

/* ---- For the bus ------------------------------------------------------ */

/* Ends a task of a logical unit that is being removed, unless it has a request in
 * flight: that ends first. */
void scsi_task_leave(struct scsi_task *t);

#endif
