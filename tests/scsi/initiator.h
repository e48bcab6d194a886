/* SPDX-License-Identifier: MIT */
/*
 * An initiator and adapter for tests: one bus with one disk at target 0, LUN 0
 * on a fake mpr_blk, and commands that are run to their end or step by step.
 */
#ifndef MPR_TESTS_SCSI_INITIATOR_H
#define MPR_TESTS_SCSI_INITIATOR_H

#include "dev/scsi/disk/disk.h"
#include "dev/scsi/scsi.h"
#include "tests/scsi/fake_blk.h"

#define MIB (1024 * 1024)

/* A command: its task and what the target said. */
struct cmd {
	struct mpr_scsi_task *task;
	bool data; /* data() was called, and not answered yet */
	unsigned chunks, completed, cancelled;
	uint64_t at; /* bytes moved by the test */
	struct iovec sg;
	void *buffer; /* data in or out */
	size_t size;
	bool in_place; /* the last data in was in the offered memory */
};

struct initiator {
	struct mpr_scsi_bus *bus;
	struct mpr_blk *blk;
	const struct cmd *order[256]; /* commands in the order of complete() */
	unsigned ended;
};

/* cmocka's setup and teardown: an initiator with a disk of 8 MiB. */
int initiator_setup(void **state);
int initiator_teardown(void **state);
struct initiator *initiator_new(uint64_t disk_bytes);
/* With options; the disk's blk is made by the caller and freed with the initiator. */
struct initiator *initiator_with(struct mpr_blk *blk, const struct mpr_scsi_disk_options *options);
void initiator_free(struct initiator *in);

/* Takes the power-on unit attention away. */
void initiator_clear_ua(struct initiator *in);

/* Step by step. */
void cmd_start(struct initiator *in, struct cmd *c, unsigned lun, unsigned tag,
	       enum mpr_scsi_attr attr, const void *cdb, size_t cdb_len, void *buffer, size_t size,
	       bool offer);
/* Moves the data that data() announced. */
void cmd_move(struct cmd *c);
void cmd_finish(struct cmd *c);

/*
 * Runs an untagged command on `lun` to its end and returns its status.
 * *moved gets the bytes moved, if it is not NULL.
 */
uint8_t run_lun(struct initiator *in, unsigned lun, const void *cdb, size_t cdb_len, void *buffer,
		size_t size, uint64_t *moved);

#define CDB(...) ((const uint8_t[]){__VA_ARGS__})
#define CDB_SIZE(...) sizeof((const uint8_t[]){__VA_ARGS__})
/* run(in, buffer, size, &moved, cdb bytes...) on LUN 0. */
#define run(in, buffer, size, moved, ...) \
	run_lun(in, 0, CDB(__VA_ARGS__), CDB_SIZE(__VA_ARGS__), buffer, size, moved)

/* Sense key << 16 | ASC << 8 | ASCQ as REQUEST SENSE reports it. */
uint32_t fetch_sense_lun(struct initiator *in, unsigned lun);
#define fetch_sense(in) fetch_sense_lun(in, 0)

/* The sense of a command that must end with CHECK CONDITION. */
#define failure(in, ...)                                                                  \
	(assert_int_equal(run(in, NULL, 0, NULL, __VA_ARGS__), MPR_SCSI_CHECK_CONDITION), \
	 fetch_sense(in))
#define failure_of(in, buffer, size, ...)                                                      \
	(assert_int_equal(run(in, buffer, size, NULL, __VA_ARGS__), MPR_SCSI_CHECK_CONDITION), \
	 fetch_sense(in))

#endif
