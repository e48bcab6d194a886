/* SPDX-License-Identifier: MIT */
/*
 * A machine for tests of the chip: guest memory, a clock, an interrupt line,
 * and an assembler that writes SCRIPTS into that memory. The targets on its bus
 * are those of targets.h or of disks.h.
 */
#ifndef MPR_TESTS_LSI53C895A_MACHINE_H
#define MPR_TESTS_LSI53C895A_MACHINE_H

#include "dev/host.h"
#include "dev/lsi53c895a/chip/state.h"
#include "dev/lsi53c895a/lsi53c895a.h"
#include "tests/common/unit.h"

#define MEMORY_SIZE 0x400000u		/* at guest address 0 */
#define HIGH_BASE UINT64_C(0x100000000) /* 64 KiB more, beyond 32 bits */
#define HIGH_SIZE 0x10000u

#define IO_BASE 0xc000u
#define REGS_BASE 0xfebf0000u
#define RAM_BASE 0xfebf2000u

#define BLOCK 512 /* of the media */

#define PROGRAM 0x10000u /* where assembling starts */
#define DATA 0x100000u	 /* for data */

struct machine {
	struct mpr_host host; /* first */
	struct mpr_device *dev;
	struct lsi_chip *chip;
	uint8_t *memory, *high;
	bool scheduled, irq;
	bool irq_acknowledged;		/* what the service of that name says */
	unsigned irq_edges;		/* rising */
	uint8_t risen[MPR_SHADOW_SIZE]; /* the shadow when it last rose */
	unsigned slices;		/* calls of ops->run() in the last go() */
	unsigned mapped;		/* DMA mappings that are held */
	size_t map_limit;		/* longest mapping given, 0: any */
	uint64_t clock;
	struct mpr_timer *timers;
	uint32_t pc; /* of the assembler */
};

/* cmocka's setup and teardown: a machine with the chip configured. */
int machine_setup(void **state);
int machine_teardown(void **state);
/* The same without cmocka; ends the process when the chip leaks mappings. */
struct machine *machine_new(void);
void machine_free(struct machine *m);

/* Ends what the targets have under way; whoever plays them supplies it. */
void targets_drain(struct mpr_bus *bus);

/* Runs the chip until it has nothing to do, or for `slices`. */
void go(struct machine *m);
void go_slices(struct machine *m, unsigned slices);
/* Lets time pass; timers that are due fire. */
void pass(struct machine *m, uint64_t ns);
void set_command(struct machine *m, uint16_t command);

/* Register accesses through BAR 1 (BAR 0 for io_*). */
uint32_t rd8(struct machine *m, unsigned reg);
uint32_t rd16(struct machine *m, unsigned reg);
uint32_t rd32(struct machine *m, unsigned reg);
void wr8(struct machine *m, unsigned reg, uint32_t value);
void wr16(struct machine *m, unsigned reg, uint32_t value);
void wr32(struct machine *m, unsigned reg, uint32_t value);

/* Guest memory and SCRIPTS RAM by bus address. */
uint8_t *at(struct machine *m, uint64_t addr);
void put32(struct machine *m, uint64_t addr, uint32_t value);
uint32_t get32(struct machine *m, uint64_t addr);

/* Starts SCRIPTS at addr with one write, and runs. */
void start(struct machine *m, uint32_t addr);

/* ---- Assembler: each writes one instruction at m->pc. ---- */

enum { NO_WAIT, WAIT };

void emit(struct machine *m, uint32_t word0, uint32_t word1);
static inline void op_select(struct machine *m, unsigned id, uint32_t alternate)
{
	emit(m, 0x40000000 | id << 16, alternate);
}
static inline void op_select_atn(struct machine *m, unsigned id, uint32_t alternate)
{
	emit(m, 0x41000000 | id << 16, alternate);
}
static inline void op_wait_disconnect(struct machine *m)
{
	emit(m, 0x48000000, 0);
}
static inline void op_wait_reselect(struct machine *m, uint32_t alternate)
{
	emit(m, 0x50000000, alternate);
}
static inline void op_set_atn(struct machine *m)
{
	emit(m, 0x58000008, 0);
}
static inline void op_clear_ack(struct machine *m)
{
	emit(m, 0x60000040, 0);
}
static inline void op_move(struct machine *m, enum lsi_phase phase, uint32_t n, uint32_t addr)
{
	emit(m, 0x08000000 | (uint32_t)phase << 24 | n, addr);
}
static inline void op_move_table(struct machine *m, enum lsi_phase phase, uint32_t offset)
{
	emit(m, 0x10000000 | (uint32_t)phase << 24, offset);
}
static inline void op_int(struct machine *m, uint32_t code)
{
	emit(m, 0x98080000, code);
}
static inline void op_int_fly(struct machine *m)
{
	emit(m, 0x98180000, 0);
}
static inline void op_jump(struct machine *m, uint32_t target)
{
	emit(m, 0x80080000, target);
}
static inline void op_call(struct machine *m, uint32_t target)
{
	emit(m, 0x88080000, target);
}
static inline void op_return(struct machine *m)
{
	emit(m, 0x90080000, 0);
}
/* JUMP if the phase is (not) the given one, waiting for it or not. */
static inline void op_jump_phase(struct machine *m, bool equal, int wait, enum lsi_phase phase,
				 uint32_t target)
{
	emit(m, 0x80020000 | (uint32_t)equal << 19 | (uint32_t)wait << 16 | (uint32_t)phase << 24,
	     target);
}
/* JUMP if SFBR is (not) the given byte. */
static inline void op_jump_byte(struct machine *m, bool equal, uint8_t byte, uint32_t target)
{
	emit(m, 0x80040000 | (uint32_t)equal << 19 | byte, target);
}
/* Register = operand; register = register op operand; moves with SFBR. */
static inline void op_reg(struct machine *m, unsigned reg, unsigned op, uint8_t operand)
{
	emit(m, 0x78000000 | op << 24 | (reg & 0x7f) << 16 | (uint32_t)operand << 8 | (reg & 0x80),
	     0);
}
static inline void op_to_sfbr(struct machine *m, unsigned reg, unsigned op, uint8_t operand)
{
	emit(m, 0x70000000 | op << 24 | (reg & 0x7f) << 16 | (uint32_t)operand << 8 | (reg & 0x80),
	     0);
}
static inline void op_from_sfbr(struct machine *m, unsigned reg, unsigned op, uint8_t operand)
{
	emit(m, 0x68000000 | op << 24 | (reg & 0x7f) << 16 | (uint32_t)operand << 8 | (reg & 0x80),
	     0);
}
static inline void op_load(struct machine *m, unsigned reg, unsigned n, uint32_t addr)
{
	emit(m, 0xe1000000 | reg << 16 | n, addr);
}
static inline void op_store(struct machine *m, unsigned reg, unsigned n, uint32_t addr)
{
	emit(m, 0xe0000000 | reg << 16 | n, addr);
}
static inline void op_memory_move(struct machine *m, uint32_t n, uint32_t from, uint32_t to)
{
	emit(m, 0xc0000000 | n, from);
	put32(m, m->pc, to);
	m->pc += 4;
}

/* ---- Expectations ---- */

#define CHIP_TEST(name) UNIT_TEST_WITH(name, machine_setup, machine_teardown)

/* SCRIPTS ended with INT and this code; nothing else is pending. */
void expect_int(struct machine *m, uint32_t code);
/* They ended with these conditions; reads them away. */
void expect_stop(struct machine *m, uint8_t dstat, uint8_t sist0, uint8_t sist1);
/* They are waiting, without a condition. */
void expect_blocked(struct machine *m);

#endif
