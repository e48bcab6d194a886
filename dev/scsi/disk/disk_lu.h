/* SPDX-License-Identifier: MIT */
/* The inside of scsi-hd: its state, and the handlers of its commands (SBC-3, 5). */
#ifndef MPR_DEV_SCSI_DISK_DISK_LU_H
#define MPR_DEV_SCSI_DISK_DISK_LU_H

#include "dev/scsi/disk/disk.h"
#include "dev/scsi/task.h"

#define SCSI_VENDOR_LENGTH 8
#define SCSI_PRODUCT_LENGTH 16
#define SCSI_REVISION_LENGTH 4
#define SCSI_SERIAL_MAX 36
#define SCSI_DEVICE_ID_MAX 247
#define SCSI_COMPARE_AND_WRITE_MAX 131072 /* bytes compared, then written */
#define SCSI_UNMAP_DESCRIPTORS 255

/* Mode parameters that the initiator can change. */
struct scsi_mode {
	bool wce; /* writes end before they are durable */
	bool swp; /* software write protect */
};

struct scsi_disk {
	struct mpr_scsi_lu lu; /* first */
	struct mpr_blk *blk;
	uint64_t blocks; /* logical blocks of the medium */
	uint32_t physical_block_size;
	/* Block limits, in logical blocks. */
	uint16_t min_io_blocks;
	uint32_t opt_io_blocks; /* 0: none is told */
	uint32_t max_io_blocks; /* UINT32_MAX: no limit */
	uint32_t unmap_granularity, max_unmap_blocks;
	uint16_t cyls; /* 0: as many as the medium takes */
	uint8_t heads, secs;
	uint8_t version;	/* of SPC */
	uint64_t wwn, port_wwn; /* 0: none */
	uint16_t port_index;	/* 0: none */
	uint16_t rotation_rate;
	struct scsi_mode mode;
	bool default_wce;
	bool thin;	/* takes UNMAP */
	bool stopped;	/* until it is started or reset, the medium is not accessed */
	bool removable; /* has a tray: */
	bool tray_open, tray_locked;
	bool has_serial;
	char vendor[SCSI_VENDOR_LENGTH], product[SCSI_PRODUCT_LENGTH]; /* padded with spaces */
	char revision[SCSI_REVISION_LENGTH];			       /* padded with zeros */
	/* Ending with 0. */
	char serial[SCSI_SERIAL_MAX + 1], device_id[SCSI_DEVICE_ID_MAX + 1];
};

static inline struct scsi_disk *scsi_disk_of(const struct scsi_task *t)
{
	return (struct scsi_disk *)t->lu;
}

/* The second has UNMAP: the image takes discards. */
extern const struct scsi_lu_type scsi_disk_type, scsi_thin_disk_type;

/* 0, or -EINVAL with *error naming the property that is wrong. */
int scsi_disk_check_options(const struct mpr_scsi_disk_options *options, char **error);
uint32_t scsi_disk_logical_block_size(const struct mpr_scsi_disk_options *options);

/* The default mode parameters, which a reset restores. */
struct scsi_mode scsi_disk_default_mode(const struct scsi_disk *disk);
/* True when writing is not allowed; *why is then the sense data to report. */
bool scsi_disk_write_protected(const struct scsi_disk *disk, struct scsi_sense *why);
/* True when the blocks are on the medium; else the task was ended. */
bool scsi_disk_in_range(struct scsi_task *t, struct scsi_extent extent);
/* COMPARE AND WRITE's limit (block limits VPD page). */
unsigned scsi_disk_compare_and_write_blocks(const struct scsi_disk *disk);

/* Bytes that a CDB with an extent allows to move. */
uint64_t scsi_disk_extent_bytes(const struct scsi_task *t);
uint64_t scsi_disk_verify_bytes(const struct scsi_task *t);
uint64_t scsi_disk_compare_and_write_bytes(const struct scsi_task *t);
uint64_t scsi_disk_capacity_10_bytes(const struct scsi_task *t);

void scsi_disk_inquiry(struct scsi_task *t);
void scsi_disk_mode_sense(struct scsi_task *t);
void scsi_disk_mode_select(struct scsi_task *t);
void scsi_disk_read_capacity_10(struct scsi_task *t);
void scsi_disk_read_capacity_16(struct scsi_task *t);
void scsi_disk_read(struct scsi_task *t);
void scsi_disk_write(struct scsi_task *t);
void scsi_disk_write_and_verify(struct scsi_task *t);
void scsi_disk_verify(struct scsi_task *t);
void scsi_disk_compare_and_write(struct scsi_task *t);
void scsi_disk_unmap(struct scsi_task *t);

#endif
