/* SPDX-License-Identifier: MIT */
/*
 * The chip with real disks behind it, driven by an input of steps: register
 * accesses, SCRIPTS and memory that the input writes, a driver's commands,
 * completions of disk I/O, and passing time. No step may take unbounded time, and a
 * reset must leave nothing behind: machine_free() checks that. Once the guest has
 * taken its memory back and the device has settled, no disk may hold any of it.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lsi53c895a/disks.h"
#include "tests/lsi53c895a/driver.h"

enum { MAX_STEPS = 400, SLICES = 2, IMAGE = 1 << 18 };

struct input {
	const uint8_t *data;
	size_t size;
};

static uint32_t take(struct input *in, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes-- && in->size) {
		value = value << 8 | *in->data++;
		in->size--;
	}
	return value;
}

static void run(struct machine *m)
{
	go_slices(m, SLICES);
}

/* The input chooses BAR, offset and size, within the BAR. */
static void access_register(struct machine *m, struct input *in, bool write)
{
	static const uint64_t size[] = {256, 1024, LSI_RAM_SIZE};
	unsigned bar = take(in, 1) % 3, width = 1u << (take(in, 1) & 3);
	uint64_t offset = take(in, 2) % (size[bar] - width + 1);

	uint64_t value;

	if (!write) {
		m->dev->ops->read(m->dev, bar, offset, width);
		return;
	}
	value = take(in, 4);
	m->dev->ops->write(m->dev, bar, offset, width, value << 32 | ~value);
}

/* An address in one of the regions that SCRIPTS may use: the input gives the offset. */
static uint32_t some_address(struct input *in)
{
	static const uint32_t region[] = {PROGRAM, DATA, RAM_BASE, REGS_BASE, JOBS, 0};
	uint32_t base = region[take(in, 1) % 6], offset = take(in, 2);

	if (base == RAM_BASE)
		offset %= LSI_RAM_SIZE - 16;
	return base + (offset & ~3u);
}

static void write_memory(struct machine *m, struct input *in)
{
	uint32_t addr = some_address(in);
	unsigned n = take(in, 1) & 15;

	if (addr >= REGS_BASE && addr < RAM_BASE)
		return;
	for (; n; n--, addr += 4)
		if (addr < RAM_BASE + LSI_RAM_SIZE - 4)
			put32(m, addr, take(in, 4));
}

/* One instruction that is likely to be legal. */
static void assemble(struct machine *m, struct input *in)
{
	uint32_t word = take(in, 4), addr = some_address(in);

	switch (take(in, 1) % 8) {
	case 0:
		op_select_atn(m, word & 3, addr);
		break;
	case 1:
		op_move(m, word >> 24 & 7, (word & 0x3ff) + 1, addr);
		break;
	case 2:
		op_move_table(m, word >> 24 & 7, word & 0xff);
		break;
	case 3:
		op_jump_phase(m, word & 1, word >> 1 & 1, word >> 24 & 7, addr);
		break;
	case 4:
		op_wait_reselect(m, addr);
		break;
	case 5:
		op_load(m, word & 0xfc, 4, addr);
		break;
	case 6:
		op_store(m, word & 0xfc, 4, addr);
		break;
	default:
		emit(m, word, addr);
		break;
	}
	if (m->pc > PROGRAM + 0x4000)
		m->pc = PROGRAM;
}

/* Any command, with any message after IDENTIFY and tag. */
static void command(struct machine *m, struct input *in)
{
	uint8_t cdb[16], message[8];
	struct job job = {.cdb = cdb, .message = message};
	unsigned i;

	job.id = take(in, 1) % 3;
	job.lun = take(in, 1) % 3;
	job.tag = take(in, 1);
	job.buffer = some_address(in);
	job.length = take(in, 2);
	job.message_len = take(in, 1) % 9;
	for (i = 0; i < job.message_len; i++)
		message[i] = take(in, 1);
	job.cdb_len = take(in, 1) % 17;
	for (i = 0; i < job.cdb_len; i++)
		cdb[i] = take(in, 1);
	driver_post(m, &job);
}

/* READ or WRITE of a few blocks with the right length. */
static void good_command(struct machine *m, struct input *in)
{
	uint8_t choice = take(in, 1), blocks = take(in, 1) & 15;
	uint32_t lba = take(in, 1), buffer = some_address(in);

	driver_rw_post(m, choice & 1, choice >> 1 & 1, choice >> 2, lba, blocks, buffer);
}

static void time_passes(struct machine *m, struct input *in)
{
	struct mpr_timer *t;

	m->clock += (uint64_t)take(in, 1) << 20;
	for (t = m->timers; t && t->deadline > m->clock; t = t->next)
		;
	if (t) {
		m->host.ops->timer_cancel(&m->host, t);
		t->fn(t->opaque);
	}
}

/* The timers' registers, and those of the clock that they count. */
static void write_timer(struct machine *m, struct input *in)
{
	static const uint8_t reg[] = {LSI_STIME0, LSI_STIME1, LSI_SCNTL3, LSI_STEST1, LSI_STEST3};

	wr8(m, reg[take(in, 1) % sizeof(reg)], take(in, 1));
}

static void expect_memory_back(struct machine *m)
{
	if (!m->dev->settling && m->mapped)
		abort();
}

/* The guest takes its memory back, which the device must release once its disks are done. */
static void reclaim(struct machine *m, struct input *in)
{
	switch (take(in, 1) % 3) {
	case 0:
		wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
		break;
	case 1:
		wr8(m, LSI_SCNTL1, 0);
		wr8(m, LSI_SCNTL1, LSI_SCNTL1_RST);
		break;
	default:
		set_command(m, MPR_PCI_COMMAND_MEMORY);
		break;
	}
	expect_memory_back(m);
	if (take(in, 1) & 1)
		run(m);
	disks_poll();
	if (m->dev->settling)
		abort();
	expect_memory_back(m);
}

/* While a device settles, its host keeps accesses from it. */
static bool is_access(uint8_t kind)
{
	return kind != 3 && kind != 11 && kind != 14 && kind != 15;
}

static void step(struct machine *m, struct input *in)
{
	uint8_t kind = take(in, 1) % 18;

	if (m->dev->settling && is_access(kind))
		return;
	switch (kind) {
	case 0:
	case 1:
		access_register(m, in, true);
		break;
	case 2:
		access_register(m, in, false);
		break;
	case 3:
		write_memory(m, in);
		break;
	case 4:
	case 5:
		assemble(m, in);
		break;
	case 6:
		wr32(m, LSI_DSP, PROGRAM);
		break;
	case 7:
		driver_load(m);
		m->pc = PROGRAM;
		wr32(m, LSI_DSP, DRIVER_SCHEDULER);
		break;
	case 8:
		command(m, in);
		break;
	case 9:
	case 10:
		good_command(m, in);
		break;
	case 11:
		time_passes(m, in);
		break;
	case 12:
		wr8(m, LSI_ISTAT0, take(in, 1));
		break;
	case 13:
		set_command(m, take(in, 1));
		break;
	case 14:
		disks_poll();
		break;
	case 16:
		write_timer(m, in);
		break;
	case 17:
		reclaim(m, in);
		break;
	default:
		run(m);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct machine *m = machine_new();
	unsigned i;

	disks_attach(m, 0, 0, IMAGE);
	disks_attach(m, 1, 0, IMAGE);
	disks_attach(m, 1, 2, IMAGE);
	for (i = 0; in.size && i < MAX_STEPS; i++)
		step(m, &in);
	run(m);
	machine_free(m);
	disks_free();
	return 0;
}
