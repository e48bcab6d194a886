/* SPDX-License-Identifier: MIT */
/*
 * SCSI targets as a host adapter model sees them: commands (tasks) that are
 * started with a CDB, move data, and end with a status (SAM-3). Bus phases,
 * messages, selection and disconnection are the adapter's business.
 *
 * A task, in the order of the calls; the adapter calls the functions named
 * mpr_scsi_*, the target calls the functions of struct mpr_scsi_hba_ops:
 *
 *   mpr_scsi_task_new      the CDB is decoded: task->dir, task->length
 *   mpr_scsi_task_start
 *     data()               task->chunk bytes can be moved (0 or more times)
 *       the adapter moves them, then calls mpr_scsi_task_data_done()
 *     complete()           task->status is set; task->transferred is final
 *   mpr_scsi_task_free
 *
 * At any time between start and complete() the adapter may call
 * mpr_scsi_task_cancel(); then cancelled() comes once instead of complete().
 *
 * data(), complete() and cancelled() may be called from within
 * mpr_scsi_task_start(), _data_done() and _cancel(), or later from an event;
 * they record what happened, and must call nothing of this header.
 *
 * One thread owns a bus. CDBs, message bytes and data are hostile.
 */
#ifndef MPR_DEV_SCSI_SCSI_H
#define MPR_DEV_SCSI_SCSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "dev/bus.h"

#define MPR_SCSI_MAX_TARGETS 16
#define MPR_SCSI_MAX_LUNS 64 /* IDENTIFY carries six bits */
#define MPR_SCSI_MAX_CDB 16
#define MPR_SCSI_MAX_CHUNK 262144     /* bytes of one chunk of data in that is not in place */
#define MPR_SCSI_MAX_DATA_OUT 4194304 /* bytes of one chunk of data out */
#define MPR_SCSI_UNTAGGED 0x100	      /* a tag is one byte; this means none */

/* Status codes (SAM-3, 5.3). */
#define MPR_SCSI_GOOD 0x00
#define MPR_SCSI_CHECK_CONDITION 0x02
#define MPR_SCSI_CONDITION_MET 0x04
#define MPR_SCSI_BUSY 0x08
#define MPR_SCSI_TASK_SET_FULL 0x28

enum mpr_scsi_dir { MPR_SCSI_NO_DATA, MPR_SCSI_DATA_IN, MPR_SCSI_DATA_OUT };

/* Task attributes (SAM-3, 8.6), from the queue tag message. */
enum mpr_scsi_attr { MPR_SCSI_SIMPLE, MPR_SCSI_ORDERED, MPR_SCSI_HEAD_OF_QUEUE };

struct mpr_scsi_bus;
struct mpr_scsi_lu; /* a logical unit, such as a disk */

struct mpr_scsi_task {
	/* Set by mpr_scsi_task_new(). */
	void *hba_data; /* the adapter's */
	uint8_t target, lun;
	uint16_t tag; /* 0 to 255 or MPR_SCSI_UNTAGGED */
	enum mpr_scsi_dir dir;
	uint64_t length; /* most bytes that the CDB allows to move */

	/*
	 * Valid from data() to mpr_scsi_task_data_done(): the next bytes, in
	 * order. Data in: `chunk` bytes are at `buf`, or, if buf is NULL, they
	 * are in the memory that the adapter offered in start(). Data out: the
	 * target wants `chunk` bytes.
	 */
	void *buf;
	size_t chunk;

	/* Valid from complete() on. */
	uint8_t status;
	uint64_t transferred; /* bytes moved in all */
};

struct mpr_scsi_hba_ops {
	void (*data)(void *hba, struct mpr_scsi_task *task);
	void (*complete)(void *hba, struct mpr_scsi_task *task);
	/* A cancelled task's I/O has ended: it uses none of the adapter's
	 * memory, and nothing of it will reach the medium any more. */
	void (*cancelled)(void *hba, struct mpr_scsi_task *task);
};

/* ---- The bus ---------------------------------------------------------- */

/* The bus as what it is to whoever configures it, and back. */
static inline struct mpr_bus *mpr_scsi_bus_base(struct mpr_scsi_bus *bus)
{
	return (struct mpr_bus *)bus; /* it begins with that */
}

static inline struct mpr_scsi_bus *mpr_scsi_bus_of(struct mpr_bus *bus)
{
	return (struct mpr_scsi_bus *)bus;
}

/* -ENOMEM or 0. `hba` is passed to the operations. */
int mpr_scsi_bus_create(const struct mpr_scsi_hba_ops *ops, void *hba, struct mpr_scsi_bus **bus);
/* No task may exist. Destroys the logical units too. */
void mpr_scsi_bus_destroy(struct mpr_scsi_bus *bus);

/* True when a target answers selection at this ID. */
bool mpr_scsi_target_present(const struct mpr_scsi_bus *bus, unsigned target);

/*
 * Takes a logical unit off the bus, at any time but from within an operation of
 * struct mpr_scsi_hba_ops. Nothing is found at its address any more, and the
 * target's other logical units report that. Its tasks end: those whose I/O is in
 * flight when that has ended, and all others at once, even if data() was called and
 * not answered; with CHECK CONDITION (logical unit not supported) unless that I/O
 * was the last of the command.
 * removed(opaque) is called once, perhaps from within this function, when nothing
 * uses the image any more; it must call nothing of this header. 0, or -ENOENT: there is
 * no such logical unit.
 */
int mpr_scsi_lu_remove(struct mpr_scsi_bus *bus, unsigned target, unsigned lun,
		       void (*removed)(void *opaque), void *opaque);

/* What the targets report next: unit attention with the given additional
 * sense (SPC-3, 4.5.6). The adapter cancels the tasks. */
enum mpr_scsi_reset { MPR_SCSI_RESET_POWER_ON, MPR_SCSI_RESET_BUS, MPR_SCSI_RESET_DEVICE };
void mpr_scsi_bus_was_reset(struct mpr_scsi_bus *bus, enum mpr_scsi_reset kind);
void mpr_scsi_target_was_reset(struct mpr_scsi_bus *bus, unsigned target);

/* ---- Tasks ------------------------------------------------------------ */

/*
 * A task for `lun` of `target`, which must be present. cdb_len bytes of CDB
 * were received (more than the group's length is ignored, less ends in CHECK
 * CONDITION). NULL when out of memory.
 */
struct mpr_scsi_task *mpr_scsi_task_new(struct mpr_scsi_bus *bus, unsigned target, unsigned lun,
					unsigned tag, enum mpr_scsi_attr attr, const uint8_t *cdb,
					size_t cdb_len, void *hba_data);

/*
 * Starts the task. A data-in task may be offered the final place of its data:
 * `sg` covers at least task->length bytes and stays valid until complete() or
 * cancelled(). The target uses it only for data that comes straight from a
 * medium; see task->buf. NULL and 0: nothing is offered.
 */
void mpr_scsi_task_start(struct mpr_scsi_task *task, const struct iovec *sg, unsigned nsg);

/*
 * The chunk announced by data() has been moved. Data out: `sg` holds exactly
 * task->chunk bytes; it and the memory stay valid until the next data(),
 * complete() or cancelled(). Data in: NULL and 0.
 */
void mpr_scsi_task_data_done(struct mpr_scsi_task *task, const struct iovec *sg, unsigned nsg);

/* Cancels the task, once: another call does nothing. No data() or complete() follows. */
void mpr_scsi_task_cancel(struct mpr_scsi_task *task);

/*
 * After complete() or cancelled(), or a task that was never started. To be
 * called when the initiator has got the status: until then, commands that
 * arrive do not clear the sense data of a failed task.
 */
void mpr_scsi_task_free(struct mpr_scsi_task *task);

#endif
