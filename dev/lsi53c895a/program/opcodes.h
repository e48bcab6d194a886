/* SPDX-License-Identifier: MIT */
/* SCRIPTS instructions: the bits of their first word. */
#ifndef MPR_DEV_LSI53C895A_PROGRAM_OPCODES_H
#define MPR_DEV_LSI53C895A_PROGRAM_OPCODES_H

#include <stdint.h>

static inline unsigned lsi_opcode(uint32_t word)
{
	return word >> 27 & 7;
}

/* Block moves. */
enum { LSI_MOVE_NOT_CHAINED = 1 << 27, LSI_MOVE_TABLE = 1 << 28, LSI_MOVE_INDIRECT = 1 << 29 };

/* I/O. From LSI_OP_FROM_SFBR on, opcodes are those of read/write instructions. */
enum {
	LSI_OP_SELECT = 0,
	LSI_OP_WAIT_DISCONNECT = 1,
	LSI_OP_WAIT_RESELECT = 2,
	LSI_OP_SET = 3,
	LSI_OP_CLEAR = 4,
	LSI_OP_FROM_SFBR = 5,
	LSI_OP_TO_SFBR = 6
};
enum {
	LSI_IO_ATN = 1 << 3,
	LSI_IO_ACK = 1 << 6,
	LSI_IO_TARGET = 1 << 9,
	LSI_IO_CARRY = 1 << 10,
	LSI_IO_WITH_ATN = 1 << 24,
	LSI_IO_TABLE = 1 << 25,
	LSI_IO_RELATIVE = 1 << 26
};

/* Read/write: the ALU's operation, and where its operand is. */
static inline unsigned lsi_alu_op(uint32_t word)
{
	return word >> 24 & 7;
}
enum { LSI_RW_SFBR = 1 << 23 }; /* and not the immediate byte */

/* Transfer control. */
enum { LSI_OP_JUMP = 0, LSI_OP_CALL = 1, LSI_OP_RETURN = 2, LSI_OP_INT = 3 };
enum {
	LSI_TC_WAIT_PHASE = 1 << 16,
	LSI_TC_PHASE = 1 << 17,
	LSI_TC_DATA = 1 << 18,
	LSI_TC_IF_TRUE = 1 << 19,
	LSI_TC_ON_THE_FLY = 1 << 20,
	LSI_TC_CARRY = 1 << 21,
	LSI_TC_RESERVED = 1 << 22,
	LSI_TC_RELATIVE = 1 << 23
};

/* Memory moves, and loads and stores, which have LSI_LOAD_STORE_BIT. */
enum { LSI_MM_RESERVED = 0x1e000000 };
enum {
	LSI_LS_LOAD = 1 << 24,
	LSI_LS_RELATIVE = 1 << 28,
	LSI_LS_RESERVED = 0x0c000000,
	LSI_LOAD_STORE_BIT = 1 << 29
};

#endif
