/* SPDX-License-Identifier: MIT */
/* Commands that are the same for all logical units (SPC-3, 6). */
#ifndef MPR_DEV_SCSI_COMMANDS_H
#define MPR_DEV_SCSI_COMMANDS_H

#include "dev/scsi/task.h"

/* The allocation or parameter list length of a CDB, which is the most bytes that may be
 * moved. The number is that of its first byte. */
uint64_t scsi_length_at_3(const struct scsi_task *t);  /* INQUIRY */
uint64_t scsi_length_at_4(const struct scsi_task *t);  /* 6-byte commands */
uint64_t scsi_length_at_6(const struct scsi_task *t);  /* 12-byte commands */
uint64_t scsi_length_at_7(const struct scsi_task *t);  /* 10-byte commands */
uint64_t scsi_length_at_10(const struct scsi_task *t); /* 16-byte commands */

/* Nothing to do: RESERVE and RELEASE for a single initiator, and the like. */
void scsi_no_operation(struct scsi_task *t);
void scsi_request_sense(struct scsi_task *t);
void scsi_report_luns(struct scsi_task *t);
void scsi_report_supported_opcodes(struct scsi_task *t);

/* Replies to REQUEST SENSE with this sense data. */
void scsi_reply_sense(struct scsi_task *t, const struct scsi_sense *sense);

/* What answers for logical units that are not there. */
extern const struct scsi_lu_type scsi_absent_type;

#endif
