/* SPDX-License-Identifier: MIT */
/* Proves that a driver sees the same adapter in mpring-remote as in stock QEMU's
 * remote process, but for the differences that are explained here. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dev/lsi53c895a/chip/regs.h"
#include "tests/interop/pair.h"

#define PROGRAM 0x10000u
#define DATA 0x100000u

static struct pair pair;

/* ---- Configuration space ------------------------------------------------ */

static const struct difference config_differences[] = {
	{"*written: config 0x0c/?", 0xff00,
	 "the latency timer: fixed at 0xff there, a register here"},
	{"all ones written: config 0x04/4", 0x40, "parity error response may be enabled here"},
	{"all ones written: config 0x[4-9a-f]?/4", 0xffffffff,
	 "bytes that mean nothing keep what is written there; here they read 0"},
	{.where = NULL}};

static void read_config(const char *when)
{
	for (uint32_t offset = 0; offset <= 252; offset += 4)
		(void)config_read(&pair, offset, 4, when);
}

UNIT_TEST(configuration_space)
{
	if (!pair_start(&pair, config_differences))
		skip();
	read_config("fresh");
	for (uint32_t offset = 0; offset <= 252; offset += 4)
		config_write(&pair, offset, 4, UINT32_MAX);
	read_config("all ones written");
	for (uint32_t offset = 0; offset <= 252; offset += 4)
		config_write(&pair, offset, 4, 0);
	read_config("zeroes written");
	for (uint32_t offset = 0x10; offset < 0x40; offset++)
		config_write(&pair, offset, 1, 0xa5);
	for (uint32_t offset = 0x10; offset < 0x40; offset += 2)
		(void)config_read(&pair, offset, 2, "bytes written");
	pair_finish(&pair);
}

/* ---- Registers ---------------------------------------------------------- */

static const struct difference reset_differences[] = {
	{"*: BAR1 0x07/1", 0x1f,
	 "GPREG0: pins that are outputs read what was written here, always 1 there"},
	{"*: BAR1 0x44/1", 0xff, "SLPAR: not there"},
	{"*: BAR1 0x45/1", 0xff, "SWIDE: not there"},
	{"*: BAR1 0x49/1", 0xff, "STIME1 is not read there"},
	{"*: BAR1 0x4c/1", 0xff, "STEST0: not there"},
	{"*: BAR1 0x51/1", 0xff, "SIDL's upper byte: not there"},
	{"*: BAR1 0x53/1", 0xff, "reserved: 0 here"},
	{"*: BAR1 0x5[45]/1", 0xff, "SODL: not there"},
	{"*: BAR1 0x5[ab]/1", 0xff, "reserved: 0 here"},
	{"*: BAR1 0xb[c-f]/1", 0xff, "DNAD64's upper half: not there"},
	{"*: BAR1 0xd[0-3]/1", 0xff, "ESA: not there"},
	{.where = NULL}};

static void read_registers(const char *when)
{
	for (uint32_t offset = 0; offset < LSI_REGISTERS; offset++)
		(void)bar_read(&pair, 1, offset, 1, when);
}

static void soft_reset(void)
{
	bar_write(&pair, 1, LSI_ISTAT0, 1, LSI_ISTAT0_SRST);
	bar_write(&pair, 1, LSI_ISTAT0, 1, 0);
}

UNIT_TEST(registers_after_reset)
{
	if (!pair_start(&pair, reset_differences))
		skip();
	enable(&pair);
	read_registers("fresh");
	soft_reset();
	read_registers("soft reset");
	pair_finish(&pair);
}

static const struct difference write_differences[] = {
	{"*: BAR1 0x02/1", 0x04, "SCNTL2: a reserved bit"},
	{"*: BAR1 0x06/1", 0xf0, "SDID: reserved bits are kept here"},
	{"*: BAR1 0x07/1", 0x1f,
	 "GPREG0: pins that are outputs read what was written here, always 1 there"},
	{"*: BAR1 0x09/1", 0xff, "SOCL is read-only there"},
	{"*: BAR1 0x1b/1", 0x0c, "CTEST3: FLF and CLF clear themselves here"},
	{"*: BAR1 0x20/1", 0xff, "DFIFO is read-only there"},
	{"*: BAR1 0x22/1", 0xc0, "CTEST5: ADCK and BBCK clear themselves here"},
	{"*: BAR1 0x23/1", 0xff, "CTEST6 is not there"},
	{"*: BAR1 0x27/1", 0xff, "DCMD is read-only there"},
	{"*: BAR1 0x44/1", 0xff, "SLPAR: not there"},
	{"*: BAR1 0x45/1", 0xff, "SWIDE: not there"},
	{"*: BAR1 0x46/1", 0x0f, "MACNTL is fixed there"},
	{"*: BAR1 0x47/1", 0xff, "GPCNTL0 is fixed there"},
	{"*: BAR1 0x49/1", 0xff, "STIME1 is not read there"},
	{"*: BAR1 0x4c/1", 0xff, "STEST0: not there"},
	{"*: BAR1 0x4e/1", 0x40, "STEST2: ROF clears itself here"},
	{"*: BAR1 0x4f/1", 0x02, "STEST3: CSF clears itself here"},
	{"*: BAR1 0x51/1", 0xff, "SIDL's upper byte: not there"},
	{"*: BAR1 0x53/1", 0xff, "reserved: 0 here"},
	{"*: BAR1 0x5[45]/1", 0xff, "SODL: not there"},
	{"*: BAR1 0x5[ab]/1", 0xff, "reserved: 0 here"},
	{"*: BAR1 0xb[c-f]/1", 0xff, "DNAD64's upper half: not there"},
	{"*: BAR1 0xd[0-3]/1", 0xff, "ESA: not there"},
	{"*: BAR1 0xd[89ab]/1", 0xff, "SBC is read-only here"},
	{.where = NULL}};

/* Writing these starts something; tests below do. */
static bool acts(uint32_t offset)
{
	switch (offset) {
	case LSI_SCNTL0:
	case LSI_SCNTL1:
	case LSI_ISTAT0:
	case LSI_ISTAT1:
	case LSI_DSP:
	case LSI_DSP + 1:
	case LSI_DSP + 2:
	case LSI_DSP + 3:
	case LSI_DMODE:
	case LSI_DCNTL:
	case LSI_STIME1:
		return true;
	default:
		return false;
	}
}

UNIT_TEST(registers_keep_what_is_written)
{
	static const struct {
		uint8_t value;
		const char *when;
	} patterns[] = {{0xff, "0xff"}, {0x00, "0x00"}, {0xa5, "0xa5"}, {0x5a, "0x5a"}};

	if (!pair_start(&pair, write_differences))
		skip();
	enable(&pair);
	for (unsigned i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		for (uint32_t offset = 0; offset < LSI_REGISTERS; offset++)
			if (!acts(offset))
				bar_write(&pair, 1, offset, 1, patterns[i].value);
		read_registers(patterns[i].when);
		soft_reset();
	}
	pair_finish(&pair);
}

static const struct difference width_differences[] = {{.where = NULL}};

/* Scratch registers and SCRIPTS RAM by every width, at every offset in a dword,
 * through every BAR. */
UNIT_TEST(accesses_of_every_width)
{
	static const uint32_t places[][2] = {{0, LSI_SCRATCHA},
					     {1, LSI_SCRATCHA},
					     {1, LSI_SCRATCHC + 8},
					     {1, 0x100 + LSI_SCRATCHA},
					     {2, 0},
					     {2, 0x1ff0}};

	if (!pair_start(&pair, width_differences))
		skip();
	enable(&pair);
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		unsigned bar = places[i][0];
		uint32_t offset = places[i][1];

		for (unsigned size = 1; size <= 4; size *= 2) {
			for (unsigned at = 0; at + size <= 4; at++) {
				bar_write(&pair, bar, offset + at, size,
					  0x87654321u >> 8 * at ^ size);
				(void)bar_read(&pair, bar, offset, 4, "as a dword");
				(void)bar_read(&pair, bar, offset + at, size, "as written");
			}
		}
	}
	pair_finish(&pair);
}

/* ---- SCRIPTS ------------------------------------------------------------ */

/* Waits for an interrupt condition; nobody's timing is compared. */
static void wait_for_interrupt(const struct side *side)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (unsigned i = 0; i < 10000; i++) {
		if (side_read(side, 1, LSI_ISTAT0, 1) & (LSI_ISTAT0_DIP | LSI_ISTAT0_SIP))
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("no interrupt condition");
}

static void start_scripts(uint32_t address, const char *what)
{
	bar_write(&pair, 1, LSI_DSP, 4, address);
	for (unsigned i = 0; i < SIDES; i++)
		wait_for_interrupt(&pair.side[i]);
	(void)bar_read(&pair, 1, LSI_ISTAT0, 1, what);
	(void)bar_read(&pair, 1, LSI_DSTAT, 1, what);
	(void)bar_read(&pair, 1, LSI_SIST0, 1, what);
	(void)bar_read(&pair, 1, LSI_SIST1, 1, what);
	(void)bar_read(&pair, 1, LSI_DSPS, 4, what);
	(void)bar_read(&pair, 1, LSI_DSP, 4, what);
	(void)bar_read(&pair, 1, LSI_ISTAT0, 1, what);
}

static uint32_t pc;

static void emit(uint32_t word0, uint32_t word1)
{
	put32(&pair, pc, word0);
	put32(&pair, pc + 4, word1);
	pc += 8;
}

static void emit_move(uint32_t count, uint32_t from, uint32_t to)
{
	emit(0xc0000000 | count, from);
	put32(&pair, pc, to);
	pc += 4;
}

static const struct difference snoop_differences[] = {{.where = NULL}};

static void emit_load(bool load, unsigned reg, unsigned count, uint32_t address)
{
	emit(0xe0000000 | (uint32_t)load << 24 | reg << 16 | count, address);
}

/* What Linux tries before it trusts the chip: registers to memory and back, and
 * moves into and out of SCRIPTS RAM. */
UNIT_TEST(loads_stores_and_moves)
{
	if (!pair_start(&pair, snoop_differences))
		skip();
	enable(&pair);
	soft_reset();
	bar_write(&pair, 1, LSI_SCRATCHA, 4, 1);
	bar_write(&pair, 1, LSI_TEMP, 4, 2);
	put32(&pair, DATA, 0x12345678);
	pc = PROGRAM;
	emit_load(false, LSI_SCRATCHA, 4, DATA + 4);
	emit_load(true, LSI_TEMP, 4, DATA);
	emit_load(false, LSI_TEMP, 4, DATA + 8);
	emit_load(true, LSI_SCRATCHC + 1, 1, DATA + 1);
	emit_move(32, DATA, RAM_BASE);
	emit_move(32, RAM_BASE, DATA + 64);
	emit_move(7, DATA + 1, DATA + 97);
	emit(0x98080000, 0x99);
	start_scripts(PROGRAM, "snoop");
	same_memory(&pair, DATA, 128, "snoop");
	(void)bar_read(&pair, 1, LSI_SCRATCHA, 4, "snoop");
	(void)bar_read(&pair, 1, LSI_SCRATCHC, 4, "snoop");
	(void)bar_read(&pair, 1, LSI_TEMP, 4, "snoop");
	(void)bar_read(&pair, 2, 0, 4, "snoop");
	pair_finish(&pair);
}

static const struct difference own_registers_differences[] = {
	{"move: BAR1 0x0c/1", LSI_DSTAT_BF | LSI_DSTAT_SIR,
	 "a move to the chip's own registers is a bus fault here: the manual forbids it, and it is how a chip is made to call itself"},
	{"move: BAR1 0x30/4", 0xffffffff, "so the script ends at the move"},
	{"move: BAR1 0x2c/4", 0xffffffff, "the same"},
	{"move: BAR1 0x34/4", 0xffffffff, "and nothing was moved"},
	{.where = NULL}};

UNIT_TEST(memory_move_to_own_registers)
{
	if (!pair_start(&pair, own_registers_differences))
		skip();
	enable(&pair);
	soft_reset();
	put32(&pair, DATA, 0x12345678);
	pc = PROGRAM;
	emit_move(4, DATA, REGS_BASE + LSI_SCRATCHA);
	emit(0x98080000, 0x99);
	start_scripts(PROGRAM, "move");
	(void)bar_read(&pair, 1, LSI_SCRATCHA, 4, "move");
	pair_finish(&pair);
}

static const struct difference arithmetic_differences[] = {{.where = NULL}};

/* SFBR and SCRATCHA through every op, jumps, calls and table loads. */
UNIT_TEST(arithmetic_and_jumps)
{
	if (!pair_start(&pair, arithmetic_differences))
		skip();
	enable(&pair);
	soft_reset();
	bar_write(&pair, 1, LSI_SCRATCHA, 4, 0x80c33c01);
	bar_write(&pair, 1, LSI_DSA, 4, DATA);
	put32(&pair, DATA + 16, 0xcafef00d);
	pc = PROGRAM;
	for (uint32_t op = 0; op < 8; op++) /* on SCRATCHA's bytes */
		emit(0x78000000 | op << 24 | (LSI_SCRATCHA + op % 4) << 16 | 0x5500, 0);
	emit(0x72000000 | LSI_SCRATCHA << 16, 0);	   /* MOVE SCRATCHA0 TO SFBR */
	emit(0x6a000000 | LSI_SCRATCHA << 16 | 0x8000, 0); /* MOVE SFBR | 0x80 TO SCRATCHA0 */
	emit(0xe1000000 | 0x10000000 | (LSI_SCRATCHC) << 16 | 4, 16); /* LOAD DSA+16 */
	emit(0xe0000000 | 0x10000000 | (LSI_SCRATCHC) << 16 | 4, 32); /* STORE DSA+32 */
	emit(0x88880000, 8);					      /* CALL REL +8 */
	emit(0x98080000, 0x77); /* INT 0x77, after the return */
	emit(0x80880000, 8);	/* JUMP REL over the next */
	emit(0x98080000, 0x66);
	emit(0x90080000, 0); /* RETURN */
	start_scripts(PROGRAM, "arithmetic");
	(void)bar_read(&pair, 1, LSI_SCRATCHA, 4, "arithmetic");
	(void)bar_read(&pair, 1, LSI_SCRATCHC, 4, "arithmetic");
	same_memory(&pair, DATA, 64, "arithmetic");
	pair_finish(&pair);
}

static const struct difference illegal_differences[] = {
	{"reserved bit: BAR1 0x0c/1", LSI_DSTAT_IID | LSI_DSTAT_SIR,
	 "an instruction with a reserved bit is illegal here, and taken for an INT there"},
	{.where = NULL}};

UNIT_TEST(illegal_instruction)
{
	if (!pair_start(&pair, illegal_differences))
		skip();
	enable(&pair);
	soft_reset();
	pc = PROGRAM;
	emit(0x98480000, 0x1);
	emit(0x98080000, 0x55);
	start_scripts(PROGRAM, "reserved bit");
	pair_finish(&pair);
}

/* ---- Commands ----------------------------------------------------------- */

enum { IDENTIFY = DATA, CDB = DATA + 0x10, STATUS_BYTE = DATA + 0x20, MESSAGE = DATA + 0x30 };
enum { BUFFER = DATA + 0x1000 };
enum { PHASE_DATA_OUT = 0, PHASE_DATA_IN = 1 };

/* The script that boot firmware builds for a command. */
static void firmware_command(unsigned id, const uint8_t *cdb, unsigned phase, uint32_t length,
			     const char *what)
{
	static const uint8_t identify = 0x80, nothing[16] = {0xee, 0xee};

	put_bytes(&pair, IDENTIFY, &identify, 1);
	put_bytes(&pair, CDB, cdb, 16);
	put_bytes(&pair, STATUS_BYTE, nothing, 2);
	put_bytes(&pair, MESSAGE, nothing, 2);
	pc = PROGRAM;
	emit(0x40000000 | id << 16, 0);
	emit(0x06000001, IDENTIFY);
	emit(0x02000010, CDB);
	emit(0x87820000, 24); /* JUMP REL +24, if the phase is not MESSAGE IN */
	emit(0x07000002, MESSAGE);
	emit(0x50000000, 0); /* WAIT RESELECT */
	emit(0x07000002, MESSAGE);
	emit(length ? phase << 24 | length : 0, length ? BUFFER : 0);
	emit(0x03000001, STATUS_BYTE);
	emit(0x07000002, MESSAGE);
	emit(0x98080000, 0);
	start_scripts(PROGRAM, what);
	same_memory(&pair, STATUS_BYTE, 1, what);
}

static const struct difference command_differences[] = {
	{"*: BAR1 0x14/1", LSI_ISTAT0_CON,
	 "CON says that the chip is connected; it is never set there"},
	{"sense after power-on: byte 13", 0x01,
	 "the reason is power-on (29/01) here, any of several (29/00) there"},
	{"INQUIRY data: byte 4", 0xff,
	 "the additional length is that of the data here, that of what was asked for there"},
	{"MODE SENSE data: byte 0", 0xff, "there are more mode pages here"},
	{"MODE SENSE data: byte 2", 0x10, "DPO and FUA are obeyed here"},
	{.where = NULL}};

UNIT_TEST(commands_of_boot_firmware)
{
	static const uint8_t ready[16] = {0x00};
	static const uint8_t sense[16] = {0x03, 0, 0, 0, 18};
	static const uint8_t inquiry[16] = {0x12, 0, 0, 0, 36};
	static const uint8_t capacity[16] = {0x25};
	static const uint8_t mode[16] = {0x1a, 0, 0x3f, 0, 4};
	static const uint8_t read[16] = {0x28, 0, 0, 0, 0, 5, 0, 0, 8};
	static const uint8_t write[16] = {0x2a, 0, 0, 0, 0, 6, 0, 0, 1};
	static const uint8_t beyond[16] = {0x28, 0, 0, 0xff, 0, 5, 0, 0, 1};
	static const uint8_t unknown[16] = {0x1f};
	const uint8_t zeroes[4096] = {0};

	if (!pair_start(&pair, command_differences))
		skip();
	enable(&pair);
	soft_reset();
	firmware_command(0, ready, PHASE_DATA_OUT, 0, "TEST UNIT READY after power-on");
	firmware_command(0, sense, PHASE_DATA_IN, 18, "REQUEST SENSE");
	same_memory(&pair, BUFFER, 18, "sense after power-on");
	firmware_command(0, ready, PHASE_DATA_OUT, 0, "TEST UNIT READY");
	firmware_command(0, inquiry, PHASE_DATA_IN, 36, "INQUIRY");
	same_memory(&pair, BUFFER, 36, "INQUIRY data");
	firmware_command(0, capacity, PHASE_DATA_IN, 8, "READ CAPACITY");
	same_memory(&pair, BUFFER, 8, "READ CAPACITY data");
	firmware_command(0, mode, PHASE_DATA_IN, 4, "MODE SENSE");
	same_memory(&pair, BUFFER, 4, "MODE SENSE data");
	firmware_command(0, read, PHASE_DATA_IN, 4096, "READ");
	same_memory(&pair, BUFFER, 4096, "READ data");
	put_bytes(&pair, BUFFER, "something else", 15);
	firmware_command(0, write, PHASE_DATA_OUT, 512, "WRITE");
	put_bytes(&pair, BUFFER, zeroes, sizeof(zeroes));
	firmware_command(0, read, PHASE_DATA_IN, 4096, "READ what was written");
	same_memory(&pair, BUFFER, 4096, "READ what was written: data");
	firmware_command(0, beyond, PHASE_DATA_OUT, 0, "READ beyond the end");
	firmware_command(0, sense, PHASE_DATA_IN, 18, "REQUEST SENSE");
	same_memory(&pair, BUFFER, 18, "sense after READ beyond the end");
	firmware_command(0, unknown, PHASE_DATA_OUT, 0, "an unknown command");
	firmware_command(0, sense, PHASE_DATA_IN, 18, "REQUEST SENSE");
	same_memory(&pair, BUFFER, 18, "sense after an unknown command");
	firmware_command(3, ready, PHASE_DATA_OUT, 0, "an absent target");
	pair_finish(&pair);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		print_message("usage: differential_test MPRING-REMOTE\n");
		return 1;
	}
	pair_set_program(argv[1]);
	return unit_run(NULL, NULL);
}
