/* SPDX-License-Identifier: MIT */
#include "tests/lsi53c895a/driver.h"

#include <stdlib.h>
#include <string.h>

/* A job in memory: table entries for SELECT and the moves, then results. */
enum {
	JOB_SELECT = 0,
	JOB_MESSAGE = 4,
	JOB_COMMAND = 12,
	JOB_DATA = 20,
	JOB_STATUS = 28,
	JOB_DONE = 36,
	JOB_RBC = 40,
	JOB_UA = 44,
	JOB_MESSAGE_BYTES = 64,
	JOB_CDB_BYTES = 128,
	JOB_STATUS_BYTE = 160
};

/* Places in SCRIPTS RAM. */
enum {
	MAILBOX = RAM_BASE + 0x1000,
	ZERO = RAM_BASE + 0x1004,
	MESSAGE_BYTES = RAM_BASE + 0x1008,
	SCHEDULER = DRIVER_SCHEDULER,
	DISPATCH = RAM_BASE + 0x100,
	DATA_IN = RAM_BASE + 0x200,
	DATA_OUT = RAM_BASE + 0x240,
	GET_STATUS = RAM_BASE + 0x280,
	GET_MESSAGE = RAM_BASE + 0x300,
	COMPLETE = RAM_BASE + 0x400,
	SAVE_POINTERS = RAM_BASE + 0x480,
	DISCONNECTED = RAM_BASE + 0x500,
	IDLE = RAM_BASE + 0x580,
	RESELECTED = RAM_BASE + 0x600,
	MISMATCH = RAM_BASE + 0x700
};

enum { ALU_MOVE = 0, ALU_OR = 2, ALU_AND = 4 };

static uint32_t job_at(unsigned tag)
{
	return JOBS + tag * 256;
}

static void scheduler(struct machine *m)
{
	m->pc = SCHEDULER;
	op_to_sfbr(m, LSI_CTEST2, ALU_OR, 0);
	op_load(m, LSI_SCRATCHA, 4, MAILBOX);
	op_to_sfbr(m, LSI_SCRATCHA + 2, ALU_OR, 0);
	op_jump_byte(m, true, 0, IDLE);
	op_load(m, LSI_DSA, 4, MAILBOX);
	emit(m, 0x43000000 | JOB_SELECT, RESELECTED);
	op_load(m, LSI_SCRATCHA, 4, ZERO);
	op_store(m, LSI_SCRATCHA, 4, MAILBOX);
	op_move_table(m, LSI_MESSAGE_OUT, JOB_MESSAGE);
	op_jump_phase(m, false, WAIT, LSI_COMMAND, DISPATCH);
	op_move_table(m, LSI_COMMAND, JOB_COMMAND);
	op_jump(m, DISPATCH);

	m->pc = IDLE;
	op_wait_reselect(m, SCHEDULER);
	op_jump(m, RESELECTED);
}

static void phases(struct machine *m)
{
	m->pc = DISPATCH;
	op_jump_phase(m, true, WAIT, LSI_MESSAGE_IN, GET_MESSAGE);
	op_jump_phase(m, true, NO_WAIT, LSI_DATA_IN, DATA_IN);
	op_jump_phase(m, true, NO_WAIT, LSI_DATA_OUT, DATA_OUT);
	op_jump_phase(m, true, NO_WAIT, LSI_STATUS, GET_STATUS);
	op_int(m, BAD_PHASE);

	m->pc = DATA_IN;
	op_move_table(m, LSI_DATA_IN, JOB_DATA);
	op_jump(m, DISPATCH);

	m->pc = DATA_OUT;
	op_move_table(m, LSI_DATA_OUT, JOB_DATA);
	op_jump(m, DISPATCH);

	m->pc = GET_STATUS;
	op_move_table(m, LSI_STATUS, JOB_STATUS);
	op_jump(m, DISPATCH);

	m->pc = MISMATCH;
	emit(m, 0xf0000004 | LSI_RBC << 16, JOB_RBC);
	emit(m, 0xf0000004 | LSI_UA << 16, JOB_UA);
	op_jump(m, DISPATCH);
}

static void leave_bus(struct machine *m)
{
	op_reg(m, LSI_SCNTL2, ALU_AND, 0x7f);
	op_clear_ack(m);
	op_wait_disconnect(m);
}

static void messages(struct machine *m)
{
	m->pc = GET_MESSAGE;
	op_move(m, LSI_MESSAGE_IN, 1, MESSAGE_BYTES);
	op_jump_byte(m, true, MSG_COMMAND_COMPLETE, COMPLETE);
	op_jump_byte(m, true, MSG_SAVE_DATA_POINTER, SAVE_POINTERS);
	op_jump_byte(m, true, MSG_DISCONNECT, DISCONNECTED);
	op_int(m, BAD_MESSAGE);

	m->pc = COMPLETE;
	leave_bus(m);
	op_reg(m, LSI_SCRATCHB, ALU_MOVE, 1);
	emit(m, 0xf0000001 | LSI_SCRATCHB << 16, JOB_DONE);
	op_int_fly(m);
	op_jump(m, SCHEDULER);

	m->pc = SAVE_POINTERS;
	op_clear_ack(m);
	op_jump(m, DISPATCH);

	m->pc = DISCONNECTED;
	leave_bus(m);
	op_jump(m, SCHEDULER);
}

static void reselection(struct machine *m)
{
	m->pc = RESELECTED;
	op_move(m, LSI_MESSAGE_IN, 1, MESSAGE_BYTES);
	op_clear_ack(m);
	op_move(m, LSI_MESSAGE_IN, 2, MESSAGE_BYTES);
	op_to_sfbr(m, LSI_SIDL, ALU_OR, 0);
	op_from_sfbr(m, LSI_DSA + 1, ALU_OR, 0);
	op_reg(m, LSI_DSA, ALU_MOVE, 0);
	op_reg(m, LSI_DSA + 2, ALU_MOVE, JOBS >> 16);
	op_clear_ack(m);
	op_jump(m, DISPATCH);
}

void driver_load(struct machine *m)
{
	wr8(m, LSI_SCID, 0x47);
	wr8(m, LSI_CCNTL0, LSI_CCNTL0_ENPMJ);
	wr8(m, LSI_DCNTL, LSI_DCNTL_COM);
	wr32(m, LSI_PMJAD1, MISMATCH);
	wr32(m, LSI_PMJAD2, MISMATCH);
	wr16(m, LSI_SIEN0, 0x158f);
	wr8(m, LSI_DIEN, 0x6d);
	scheduler(m);
	phases(m);
	messages(m);
	reselection(m);
}

void driver_start(struct machine *m)
{
	driver_load(m);
	start(m, SCHEDULER);
	expect_blocked(m);
}

static void table_entry(struct machine *m, uint32_t at_addr, uint32_t count, uint32_t addr)
{
	put32(m, at_addr, count);
	put32(m, at_addr + 4, addr);
}

static size_t message_bytes(const struct job *job, uint8_t *out)
{
	size_t n = 0;

	out[n++] = 0xc0 | job->lun;
	if (!job->untagged) {
		out[n++] = MSG_SIMPLE;
		out[n++] = job->tag;
	}
	if (job->message_len)
		memcpy(out + n, job->message, job->message_len);
	return n + job->message_len;
}

void driver_post(struct machine *m, const struct job *job)
{
	uint32_t base = job_at(job->tag);
	size_t n;

	memset(at(m, base), 0, 256);
	put32(m, base + JOB_SELECT, job->id << 16);
	n = message_bytes(job, at(m, base + JOB_MESSAGE_BYTES));
	table_entry(m, base + JOB_MESSAGE, n, base + JOB_MESSAGE_BYTES);
	if (job->cdb_len)
		memcpy(at(m, base + JOB_CDB_BYTES), job->cdb, job->cdb_len);
	table_entry(m, base + JOB_COMMAND, job->cdb_len, base + JOB_CDB_BYTES);
	table_entry(m, base + JOB_DATA, job->length, job->buffer);
	table_entry(m, base + JOB_STATUS, 1, base + JOB_STATUS_BYTE);
	*at(m, base + JOB_STATUS_BYTE) = 0xee;
	put32(m, MAILBOX, base);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SIGP);
}

void driver_submit(struct machine *m, const struct job *job)
{
	driver_post(m, job);
	go(m);
}

void driver_rw_post(struct machine *m, bool write, unsigned id, unsigned tag, uint32_t lba,
		    uint32_t blocks, uint32_t buffer)
{
	const uint8_t cdb[10] = {write ? 0x2a : 0x28, 0,     lba >> 24, lba >> 16, lba >> 8, lba, 0,
				 blocks >> 8,	      blocks};

	driver_post(m, &(struct job){.id = id,
				     .tag = tag,
				     .cdb = cdb,
				     .cdb_len = sizeof(cdb),
				     .buffer = buffer,
				     .length = blocks * BLOCK});
}

void driver_rw(struct machine *m, bool write, unsigned id, unsigned tag, uint32_t lba,
	       uint32_t blocks, uint32_t buffer)
{
	driver_rw_post(m, write, id, tag, lba, blocks, buffer);
	go(m);
}

bool job_done(struct machine *m, unsigned tag)
{
	return *at(m, job_at(tag) + JOB_DONE) == 1;
}

uint8_t job_status(struct machine *m, unsigned tag)
{
	return *at(m, job_at(tag) + JOB_STATUS_BYTE);
}

uint32_t job_residue(struct machine *m, unsigned tag)
{
	return get32(m, job_at(tag) + JOB_RBC) & 0xffffff;
}

uint32_t job_residue_address(struct machine *m, unsigned tag)
{
	return get32(m, job_at(tag) + JOB_UA);
}
