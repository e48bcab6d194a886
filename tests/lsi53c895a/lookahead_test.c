/* SPDX-License-Identifier: MIT */
/* Data arrive in place when the look-ahead predicts the script, and the guest gets the
 * same bytes when it cannot, or when the script changes meanwhile. */
#include <string.h>

#include "tests/lsi53c895a/driver.h"
#include "tests/lsi53c895a/targets.h"

enum { LBA = 40, IDENTIFY = DATA - 0x100, CDB = DATA - 0xf0, END = DATA - 0xe0 };
enum { TABLE = DATA - 0x1000, MOVES = PROGRAM + 32 };

static const uint8_t *medium(struct machine *m, size_t offset)
{
	return targets_of(m->dev->bus)->medium + LBA * BLOCK + offset;
}

/* The start of a READ, up to the data phase. */
static void begin(struct machine *m, uint8_t blocks)
{
	const uint8_t cdb[10] = {0x28, 0, 0, 0, 0, LBA, 0, 0, blocks};

	m->pc = PROGRAM;
	*at(m, IDENTIFY) = 0x80;
	memcpy(at(m, CDB), cdb, sizeof(cdb));
	op_select(m, 0, 0);
	op_move(m, LSI_MESSAGE_OUT, 1, IDENTIFY);
	op_move(m, LSI_COMMAND, 10, CDB);
	op_jump_phase(m, false, WAIT, LSI_DATA_IN, 0);
}

static void end(struct machine *m)
{
	op_move(m, LSI_STATUS, 1, END);
	op_move(m, LSI_MESSAGE_IN, 1, END + 1);
	op_int(m, 0);
}

static void answer(struct machine *m)
{
	targets_finish(m);
	expect_int(m, 0);
}

static void start_later(struct machine *m)
{
	targets_of(m->dev->bus)->later = true;
	start(m, PROGRAM);
	expect_blocked(m);
}

static void expect_in_place(struct machine *m)
{
	assert_int_equal(targets_of(m->dev->bus)->in_place, 1);
	assert_int_equal(m->chip->stats.bounced_bytes, 0);
}

static void expect_not_foreseen(struct machine *m)
{
	assert_int_equal(targets_of(m->dev->bus)->in_place, 0);
}

CHIP_TEST(straight_moves)
{
	struct machine *m = *state;

	begin(m, 4);
	op_move(m, LSI_DATA_IN, 3 * BLOCK, DATA);
	op_move(m, LSI_DATA_IN, BLOCK, DATA + 0x4000);
	end(m);
	start(m, PROGRAM);
	expect_int(m, 0);
	expect_in_place(m);
	assert_memory_equal(at(m, DATA), medium(m, 0), 3 * BLOCK);
	assert_memory_equal(at(m, DATA + 0x4000), medium(m, 3 * BLOCK), BLOCK);
	assert_int_equal(rd32(m, LSI_CSBC), 4 * BLOCK);
	assert_int_equal(m->mapped, 0);
}

CHIP_TEST(table_of_61_elements)
{
	struct machine *m = *state;
	unsigned i;

	begin(m, 61);
	wr32(m, LSI_DSA, TABLE);
	for (i = 0; i < 61; i++) {
		put32(m, TABLE + 8 * i, BLOCK);
		put32(m, TABLE + 8 * i + 4, DATA + (60 - i) * 0x1000);
		op_move_table(m, LSI_DATA_IN, 8 * i);
	}
	end(m);
	start(m, PROGRAM);
	expect_int(m, 0);
	expect_in_place(m);
	for (i = 0; i < 61; i++)
		assert_memory_equal(at(m, DATA + (60 - i) * 0x1000), medium(m, i * BLOCK), BLOCK);
}

CHIP_TEST(mappings_may_be_short)
{
	struct machine *m = *state;

	m->map_limit = 700;
	begin(m, 8);
	op_move(m, LSI_DATA_IN, 8 * BLOCK, DATA);
	end(m);
	start(m, PROGRAM);
	expect_int(m, 0);
	expect_in_place(m);
	assert_memory_equal(at(m, DATA), medium(m, 0), 8 * BLOCK);
}

CHIP_TEST(addresses_of_40_bits)
{
	struct machine *m = *state;

	begin(m, 2);
	wr32(m, LSI_DSA, TABLE);
	wr8(m, LSI_CCNTL1, LSI_CCNTL1_EN64TIBMV | LSI_CCNTL1_64TIMOD);
	put32(m, TABLE, 0x01000000 | 2 * BLOCK);
	put32(m, TABLE + 4, 0x3000);
	op_move_table(m, LSI_DATA_IN, 0);
	end(m);
	start(m, PROGRAM);
	expect_int(m, 0);
	expect_in_place(m);
	assert_memory_equal(m->high + 0x3000, medium(m, 0), 2 * BLOCK);
}

/* Jumps on the phase, CALL, RETURN through a loaded TEMP, arithmetic. */
CHIP_TEST(winding_script)
{
	struct machine *m = *state;

	put32(m, TABLE, PROGRAM + 0x200);
	begin(m, 2);
	wr32(m, LSI_SCRATCHA, 0x55);
	op_jump_phase(m, true, WAIT, LSI_STATUS, PROGRAM + 0x700);
	op_load(m, LSI_TEMP, 4, TABLE);
	op_reg(m, LSI_SCRATCHA, 6, 1);
	op_to_sfbr(m, LSI_SCRATCHA, 2, 0);
	op_jump_byte(m, false, 0x56, PROGRAM + 0x700);
	op_jump_phase(m, true, NO_WAIT, LSI_DATA_IN, PROGRAM + 0x100);
	m->pc = PROGRAM + 0x100;
	op_return(m);
	m->pc = PROGRAM + 0x200;
	op_move(m, LSI_DATA_IN, 100, DATA);
	op_call(m, PROGRAM + 0x300);
	m->pc = PROGRAM + 0x300;
	op_move(m, LSI_DATA_IN, 2 * BLOCK - 100, DATA + 100);
	end(m);
	m->pc = PROGRAM + 0x700;
	op_int(m, 0xbad);
	start(m, PROGRAM);
	expect_int(m, 0);
	expect_in_place(m);
	assert_memory_equal(at(m, DATA), medium(m, 0), 2 * BLOCK);
	assert_int_equal(rd8(m, LSI_SCRATCHA), 0x56);
}

CHIP_TEST(disconnected_commands)
{
	struct machine *m = *state;
	unsigned i;

	targets_of(m->dev->bus)->later = true;
	driver_start(m);
	for (i = 0; i < 20; i++)
		driver_rw(m, false, i % 3, i, 30 * i, 16, DATA + i * 0x4000);
	targets_finish(m);
	for (i = 0; i < 20; i++) {
		assert_true(job_done(m, i));
		assert_memory_equal(at(m, DATA + i * 0x4000),
				    targets_of(m->dev->bus)->medium + 30 * i * BLOCK, 16 * BLOCK);
	}
	assert_int_equal(targets_of(m->dev->bus)->in_place, 20);
	assert_int_equal(m->chip->stats.bounced_bytes, 0);
}

CHIP_TEST(table_that_changes_is_followed)
{
	struct machine *m = *state;

	begin(m, 4);
	wr32(m, LSI_DSA, TABLE);
	put32(m, TABLE, 4 * BLOCK);
	put32(m, TABLE + 4, DATA);
	op_move_table(m, LSI_DATA_IN, 0);
	end(m);
	start_later(m);
	put32(m, TABLE + 4, DATA + 0x8000);
	answer(m);
	assert_memory_equal(at(m, DATA + 0x8000), medium(m, 0), 4 * BLOCK);
	assert_int_equal(m->chip->stats.bounced_bytes, 4 * BLOCK);
}

/* A guest that changes a running script sees memory written that no move names any more,
 * but only once until the chip is reset. */
CHIP_TEST(only_the_first_surprise_is_seen)
{
	struct machine *m = *state;
	unsigned i;

	for (i = 0; i < 3; i++) {
		memset(at(m, DATA), 0xa5, BLOCK);
		begin(m, 1);
		op_move(m, LSI_DATA_IN, BLOCK, DATA);
		end(m);
		start_later(m);
		put32(m, MOVES + 4, DATA + 0x8000);
		answer(m);
		assert_memory_equal(at(m, DATA + 0x8000), medium(m, 0), BLOCK);
		assert_int_equal(*at(m, DATA) == 0xa5, i > 0);
	}
	assert_int_equal(targets_of(m->dev->bus)->in_place, 1);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	begin(m, 1);
	op_move(m, LSI_DATA_IN, BLOCK, DATA);
	end(m);
	start_later(m);
	answer(m);
	assert_int_equal(targets_of(m->dev->bus)->in_place, 2);
}

/* The new places are the old ones in another order. */
CHIP_TEST(swapped_places)
{
	struct machine *m = *state;
	unsigned i;

	begin(m, 4);
	for (i = 0; i < 4; i++)
		op_move(m, LSI_DATA_IN, BLOCK, DATA + i * BLOCK);
	end(m);
	start_later(m);
	for (i = 0; i < 4; i++)
		put32(m, MOVES + 8 * i + 4, DATA + (3 - i) * BLOCK);
	answer(m);
	for (i = 0; i < 4; i++)
		assert_memory_equal(at(m, DATA + (3 - i) * BLOCK), medium(m, i * BLOCK), BLOCK);
}

/* The second half goes a little further on: source and destination overlap. */
CHIP_TEST(shifted_places)
{
	struct machine *m = *state;

	begin(m, 4);
	op_move(m, LSI_DATA_IN, 2 * BLOCK, DATA);
	op_move(m, LSI_DATA_IN, 2 * BLOCK, DATA + 2 * BLOCK);
	end(m);
	start_later(m);
	put32(m, MOVES + 12, DATA + 2 * BLOCK + 10);
	answer(m);
	assert_memory_equal(at(m, DATA), medium(m, 0), 2 * BLOCK);
	assert_memory_equal(at(m, DATA + 2 * BLOCK + 10), medium(m, 2 * BLOCK), 2 * BLOCK);
	assert_int_equal(m->chip->stats.bounced_bytes, 2 * BLOCK);
}

CHIP_TEST(other_lengths)
{
	struct machine *m = *state;

	begin(m, 2);
	op_move(m, LSI_DATA_IN, 2 * BLOCK, DATA);
	op_move(m, LSI_DATA_IN, 500, DATA + 0x2000);
	end(m);
	start_later(m);
	put32(m, MOVES, 0x09000000 | (2 * BLOCK - 500));
	answer(m);
	assert_memory_equal(at(m, DATA), medium(m, 0), 2 * BLOCK - 500);
	assert_memory_equal(at(m, DATA + 0x2000), medium(m, 2 * BLOCK - 500), 500);
	assert_int_equal(m->chip->stats.bounced_bytes, 500);
}

/* Two moves to one place: only when they are executed is it clear which is last. */
CHIP_TEST(same_place_twice)
{
	struct machine *m = *state;

	begin(m, 3);
	op_move(m, LSI_DATA_IN, 2 * BLOCK, DATA);
	op_move(m, LSI_DATA_IN, BLOCK, DATA + 100);
	end(m);
	start(m, PROGRAM);
	expect_int(m, 0);
	expect_not_foreseen(m);
	assert_memory_equal(at(m, DATA), medium(m, 0), 100);
	assert_memory_equal(at(m, DATA + 100), medium(m, 2 * BLOCK), BLOCK);
}

CHIP_TEST(store_before_the_data)
{
	struct machine *m = *state;

	begin(m, 2);
	op_store(m, LSI_SCRATCHA, 4, TABLE);
	op_move(m, LSI_DATA_IN, 2 * BLOCK, DATA);
	end(m);
	start(m, PROGRAM);
	expect_int(m, 0);
	expect_not_foreseen(m);
	assert_memory_equal(at(m, DATA), medium(m, 0), 2 * BLOCK);
}

/* The path depends on a byte of the data. */
CHIP_TEST(branch_on_data)
{
	struct machine *m = *state;

	begin(m, 2);
	op_move(m, LSI_DATA_IN, BLOCK, DATA);
	op_jump_byte(m, true, medium(m, 0)[0], PROGRAM + 0x100);
	op_move(m, LSI_DATA_IN, BLOCK, DATA + 0x1000);
	m->pc = PROGRAM + 0x100;
	op_move(m, LSI_DATA_IN, BLOCK, DATA + 0x2000);
	end(m);
	start(m, PROGRAM);
	expect_int(m, 0);
	expect_not_foreseen(m);
	assert_memory_equal(at(m, DATA + 0x2000), medium(m, BLOCK), BLOCK);
}

CHIP_TEST(data_to_scripts_ram)
{
	struct machine *m = *state;

	begin(m, 2);
	op_move(m, LSI_DATA_IN, 2 * BLOCK, RAM_BASE + 0x1000);
	end(m);
	start(m, PROGRAM);
	expect_int(m, 0);
	expect_not_foreseen(m);
	assert_memory_equal(at(m, RAM_BASE + 0x1000), medium(m, 0), 2 * BLOCK);
}

CHIP_TEST(endless_script_is_not_followed)
{
	struct machine *m = *state;

	begin(m, 2);
	op_jump(m, MOVES);
	wr32(m, LSI_DSP, PROGRAM);
	go_slices(m, 2);
	expect_not_foreseen(m);
	assert_true(m->chip->stats.instructions <= 2 * LSI_SLICE);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
}

/* A target that ends early leaves the residue of the move it was in. */
CHIP_TEST(target_ends_early)
{
	struct machine *m = *state;

	targets_of(m->dev->bus)->end_at = 3 * BLOCK;
	begin(m, 4);
	op_move(m, LSI_DATA_IN, 2 * BLOCK, DATA);
	op_move(m, LSI_DATA_IN, 2 * BLOCK, DATA + 0x4000);
	end(m);
	start(m, PROGRAM);
	expect_stop(m, 0, LSI_SIST0_MA, 0);
	assert_int_equal(rd32(m, LSI_RBC) & 0xffffff, BLOCK);
	assert_int_equal(rd32(m, LSI_UA), DATA + 0x4000 + BLOCK);
	assert_memory_equal(at(m, DATA + 0x4000), medium(m, 2 * BLOCK), BLOCK);
	assert_int_equal(m->chip->stats.bounced_bytes, 0);
}

CHIP_TEST(memory_is_held_until_a_cancelled_read_ends)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);

	t->late_cancel = true;
	begin(m, 2);
	op_move(m, LSI_DATA_IN, 2 * BLOCK, DATA);
	end(m);
	start_later(m);
	assert_int_equal(m->mapped, 1);
	m->dev->ops->reset(m->dev);
	assert_int_equal(m->mapped, 1);
	targets_poll(m->dev->bus);
	assert_int_equal(m->mapped, 0);
	go(m);
	assert_int_equal(t->live, 0);
}
