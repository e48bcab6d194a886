/* SPDX-License-Identifier: MIT */
/* scsi-hd as a logical unit: the table of its commands, and those that move no data. */
#include <stdlib.h>

#include "dev/scsi/commands.h"
#include "dev/scsi/disk/disk_lu.h"

#define START 0x01
#define LOEJ 0x02
#define NO_FLUSH 0x04
#define PREVENT 0x01 /* of PREVENT ALLOW MEDIUM REMOVAL */
#define POWER_CONDITION_SHIFT 4

/* Power conditions (SBC-3, START STOP UNIT). Others are reserved, or obsolete. */
enum {
	POWER_ACTIVE = 0x1,
	POWER_IDLE = 0x2,
	POWER_STANDBY = 0x3,
	POWER_LU_CONTROL = 0x7,
	POWER_FORCE_IDLE = 0xA,
	POWER_FORCE_STANDBY = 0xB,
};

static void synchronize_cache(struct scsi_task *t)
{
	if (scsi_disk_in_range(t, scsi_cdb_extent(t->cdb)))
		scsi_task_flush(t, scsi_disk_of(t)->blk, scsi_task_good);
}

static void start(struct scsi_task *t, bool load)
{
	struct scsi_disk *disk = scsi_disk_of(t);

	if (disk->tray_open && !load) {
		scsi_task_check(t, SENSE_TRAY_OPEN);
		return;
	}
	disk->stopped = disk->tray_open = false;
	scsi_task_good(t);
}

static void stopped(struct scsi_task *t)
{
	struct scsi_disk *disk = scsi_disk_of(t);

	disk->stopped = true;
	disk->tray_open = disk->tray_open || t->cdb[4] & LOEJ;
	scsi_task_good(t);
}

/* A disk that stops has written its cache out. */
static void stop(struct scsi_task *t, bool eject)
{
	struct scsi_disk *disk = scsi_disk_of(t);

	if (eject && disk->tray_locked)
		scsi_task_check(t, SENSE_REMOVAL_PREVENTED);
	else if (t->cdb[4] & NO_FLUSH)
		stopped(t);
	else
		scsi_task_flush(t, disk->blk, stopped);
}

static void start_stop(struct scsi_task *t)
{
	bool loej = t->cdb[4] & LOEJ;

	if (loej && !scsi_disk_of(t)->removable)
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	else if (t->cdb[4] & START)
		start(t, loej);
	else
		stop(t, loej);
}

static void prevent_allow(struct scsi_task *t)
{
	scsi_disk_of(t)->tray_locked = t->cdb[4] & PREVENT;
	scsi_task_good(t);
}

/* In each of these the medium can be accessed, and there are no timers that could be
 * forced to expire. START and LOEJ are ignored (SBC-3). */
static void set_power_condition(struct scsi_task *t, uint8_t condition)
{
	switch (condition) {
	case POWER_ACTIVE:
	case POWER_IDLE:
	case POWER_STANDBY:
		scsi_disk_of(t)->stopped = false;
		scsi_task_good(t);
		break;
	case POWER_LU_CONTROL:
	case POWER_FORCE_IDLE:
	case POWER_FORCE_STANDBY:
		scsi_task_good(t);
		break;
	default:
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	}
}

static void start_stop_unit(struct scsi_task *t)
{
	uint8_t condition = t->cdb[4] >> POWER_CONDITION_SHIFT;

	if (condition)
		set_power_condition(t, condition);
	else
		start_stop(t);
}

static void seek(struct scsi_task *t)
{
	struct scsi_extent extent = {scsi_cdb_extent(t->cdb).lba, 1};

	if (scsi_disk_in_range(t, extent))
		scsi_task_good(t);
}

/* ---- The table -------------------------------------------------------- */

#define ALWAYS SCSI_CMD_ALWAYS
#define MEDIUM SCSI_CMD_MEDIUM
#define DATA (SCSI_CMD_MEDIUM | SCSI_CMD_DPOFUA)
#define ALONE (SCSI_CMD_MEDIUM | SCSI_CMD_DPOFUA | SCSI_CMD_EXCLUSIVE)
#define ACTION SCSI_CMD_SA
#define NONE MPR_SCSI_NO_DATA
#define IN MPR_SCSI_DATA_IN
#define OUT MPR_SCSI_DATA_OUT

/* CDB usage maps: which bits may be set, from byte 1 on. None of the control byte, no
 * third-party reservation and no group number. */
#define CONTROL 0
#define FIELD4 0xFF, 0xFF, 0xFF, 0xFF
#define LBA8 FIELD4, FIELD4
#define NOTHING_6 0, 0, 0, 0, CONTROL
#define LENGTH_6 0, 0, 0xFF, CONTROL
#define BLOCKS_6 0x1F, 0xFF, 0xFF, 0xFF, CONTROL
#define LBA_10 FIELD4, 0, 0, 0, CONTROL
#define LENGTH_10 0, 0, 0, 0, 0xFF, 0xFF, CONTROL
#define BLOCKS_10 FIELD4, 0, 0xFF, 0xFF, CONTROL
#define BLOCKS_12 FIELD4, FIELD4, 0, CONTROL
#define BLOCKS_16 LBA8, FIELD4, 0, CONTROL
#define RESERVE_10 0, 0, 0, 0, 0, 0, 0, 0, CONTROL
#define READ_WRITE 0xFA /* protection, DPO, FUA, FUA_NV */
#define VERIFY 0xF6	/* protection, DPO, BYTCHK */
#define SYNC 0x06	/* SYNC_NV, IMMED */

/* clang-format off */
static const struct scsi_command commands[] = {
	{SCSI_TEST_UNIT_READY, 0, MEDIUM, NONE, NULL, scsi_no_operation, {NOTHING_6}},
	{SCSI_REQUEST_SENSE, 0, ALWAYS, IN, scsi_length_at_4, scsi_request_sense, {0x01, LENGTH_6}},
	{SCSI_READ_6, 0, MEDIUM, IN, scsi_disk_extent_bytes, scsi_disk_read, {BLOCKS_6}},
	{SCSI_WRITE_6, 0, MEDIUM, OUT, scsi_disk_extent_bytes, scsi_disk_write, {BLOCKS_6}},
	{SCSI_INQUIRY, 0, ALWAYS, IN, scsi_length_at_3, scsi_disk_inquiry,
	 {0x01, 0xFF, 0xFF, 0xFF, CONTROL}},
	{SCSI_MODE_SELECT_6, 0, 0, OUT, scsi_length_at_4, scsi_disk_mode_select, {0x11, LENGTH_6}},
	{SCSI_RESERVE_6, 0, 0, NONE, NULL, scsi_no_operation, {NOTHING_6}},
	{SCSI_RELEASE_6, 0, 0, NONE, NULL, scsi_no_operation, {NOTHING_6}},
	{SCSI_MODE_SENSE_6, 0, 0, IN, scsi_length_at_4, scsi_disk_mode_sense,
	 {0x08, 0xFF, 0xFF, 0xFF, CONTROL}},
	{SCSI_START_STOP_UNIT, 0, 0, NONE, NULL, start_stop_unit, {0x01, 0, 0, 0xF7, CONTROL}},
	{SCSI_PREVENT_ALLOW, 0, 0, NONE, NULL, prevent_allow, {0, 0, 0, 0x01, CONTROL}},
	{SCSI_READ_CAPACITY_10, 0, MEDIUM, IN, scsi_disk_capacity_10_bytes,
	 scsi_disk_read_capacity_10, {0, FIELD4, 0, 0, 0x01, CONTROL}},
	{SCSI_READ_10, 0, DATA, IN, scsi_disk_extent_bytes, scsi_disk_read,
	 {READ_WRITE, BLOCKS_10}},
	{SCSI_WRITE_10, 0, DATA, OUT, scsi_disk_extent_bytes, scsi_disk_write,
	 {READ_WRITE, BLOCKS_10}},
	{SCSI_SEEK_10, 0, MEDIUM, NONE, NULL, seek, {0, LBA_10}},
	{SCSI_WRITE_AND_VERIFY_10, 0, DATA, OUT, scsi_disk_extent_bytes,
	 scsi_disk_write_and_verify, {VERIFY, BLOCKS_10}},
	{SCSI_VERIFY_10, 0, DATA, OUT, scsi_disk_verify_bytes, scsi_disk_verify,
	 {VERIFY, BLOCKS_10}},
	{SCSI_SYNCHRONIZE_CACHE_10, 0, MEDIUM, NONE, NULL, synchronize_cache, {SYNC, BLOCKS_10}},
	{SCSI_MODE_SELECT_10, 0, 0, OUT, scsi_length_at_7, scsi_disk_mode_select,
	 {0x11, 0, LENGTH_10}},
	{SCSI_RESERVE_10, 0, 0, NONE, NULL, scsi_no_operation, {RESERVE_10}},
	{SCSI_RELEASE_10, 0, 0, NONE, NULL, scsi_no_operation, {RESERVE_10}},
	{SCSI_MODE_SENSE_10, 0, 0, IN, scsi_length_at_7, scsi_disk_mode_sense,
	 {0x18, 0xFF, 0xFF, 0, 0, 0, 0xFF, 0xFF, CONTROL}},
	{SCSI_READ_16, 0, DATA, IN, scsi_disk_extent_bytes, scsi_disk_read,
	 {READ_WRITE, BLOCKS_16}},
	{SCSI_COMPARE_AND_WRITE, 0, ALONE, OUT, scsi_disk_compare_and_write_bytes,
	 scsi_disk_compare_and_write, {READ_WRITE, LBA8, 0, 0, 0, 0xFF, 0, CONTROL}},
	{SCSI_WRITE_16, 0, DATA, OUT, scsi_disk_extent_bytes, scsi_disk_write,
	 {READ_WRITE, BLOCKS_16}},
	{SCSI_WRITE_AND_VERIFY_16, 0, DATA, OUT, scsi_disk_extent_bytes,
	 scsi_disk_write_and_verify, {VERIFY, BLOCKS_16}},
	{SCSI_VERIFY_16, 0, DATA, OUT, scsi_disk_verify_bytes, scsi_disk_verify,
	 {VERIFY, BLOCKS_16}},
	{SCSI_SYNCHRONIZE_CACHE_16, 0, MEDIUM, NONE, NULL, synchronize_cache, {SYNC, BLOCKS_16}},
	{SCSI_SERVICE_ACTION_IN_16, SCSI_SA_READ_CAPACITY_16, MEDIUM | ACTION, IN, scsi_length_at_10,
	 scsi_disk_read_capacity_16, {0, LBA8, FIELD4, 0x01, CONTROL}},
	{SCSI_REPORT_LUNS, 0, ALWAYS, IN, scsi_length_at_6, scsi_report_luns,
	 {0, 0xFF, 0, 0, 0, FIELD4, 0, CONTROL}},
	{SCSI_MAINTENANCE_IN, SCSI_SA_REPORT_SUPPORTED_OPCODES, ACTION, IN, scsi_length_at_6,
	 scsi_report_supported_opcodes, {0, 0x87, 0xFF, 0xFF, 0xFF, FIELD4, 0, CONTROL}},
	{SCSI_READ_12, 0, DATA, IN, scsi_disk_extent_bytes, scsi_disk_read,
	 {READ_WRITE, BLOCKS_12}},
	{SCSI_WRITE_12, 0, DATA, OUT, scsi_disk_extent_bytes, scsi_disk_write,
	 {READ_WRITE, BLOCKS_12}},
	{SCSI_WRITE_AND_VERIFY_12, 0, DATA, OUT, scsi_disk_extent_bytes,
	 scsi_disk_write_and_verify, {VERIFY, BLOCKS_12}},
	{SCSI_VERIFY_12, 0, DATA, OUT, scsi_disk_verify_bytes, scsi_disk_verify,
	 {VERIFY, BLOCKS_12}},
	/* The last: only thin disks have it. */
	{SCSI_UNMAP, 0, MEDIUM, OUT, scsi_length_at_7, scsi_disk_unmap, {0, 0, LENGTH_10}},
};
/* clang-format on */

/* ---- The logical unit ------------------------------------------------- */

static bool ready(const struct mpr_scsi_lu *lu, struct scsi_sense *why)
{
	const struct scsi_disk *disk = (const struct scsi_disk *)lu;

	if (disk->tray_open)
		*why = SENSE_TRAY_OPEN;
	else
		*why = disk->blocks ? SENSE_STOPPED : SENSE_NOT_READY;
	return disk->blocks && !disk->stopped && !disk->tray_open;
}

static void reset(struct mpr_scsi_lu *lu)
{
	struct scsi_disk *disk = (struct scsi_disk *)lu;

	disk->mode = scsi_disk_default_mode(disk);
	disk->stopped = disk->tray_open = disk->tray_locked = false;
}

static void destroy(struct mpr_scsi_lu *lu)
{
	free(lu);
}

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct scsi_lu_type scsi_disk_type = {
	.commands = commands,
	.ncommands = COMMAND_COUNT - 1,
	.unsupported = {.key = 0x5, .asc = 0x20},
	.ready = ready,
	.reset = reset,
	.destroy = destroy,
};

const struct scsi_lu_type scsi_thin_disk_type = {
	.commands = commands,
	.ncommands = COMMAND_COUNT,
	.unsupported = {.key = 0x5, .asc = 0x20},
	.ready = ready,
	.reset = reset,
	.destroy = destroy,
};
