/* SPDX-License-Identifier: MIT */
/*
 * The chip's state. Who works on it, each file calling only files above it:
 *
 * regs.h opcodes.h words.h   registers, SCRIPTS instructions, as words
 * memory        the chip as PCI master
 * segments      memory lent to a command
 * decode fetch  an instruction from memory
 * operands      what instructions work on and compute, without side effects
 * lookahead     where data will go
 * engine        the SCRIPTS engine: start, stop, wake
 * interrupt     interrupt conditions and the INTA# line
 * timers        the clock, and what is measured with it
 * message_in    messages to the initiator
 * task          commands in flight
 * bus           the target's side of the SCSI bus
 * message_out   messages from the initiator
 * registers     the register file as the host and SCRIPTS see it
 * move io transfer memory_move   the instructions
 * scripts       the engine's slices
 * lsi53c895a    the device
 *
 * Nothing here is recursive: register accesses and the target's callbacks
 * only change state; the engine runs from ops->run() alone.
 */
#ifndef MPR_DEV_LSI53C895A_CHIP_STATE_H
#define MPR_DEV_LSI53C895A_CHIP_STATE_H

#include <sys/queue.h>
#include <sys/types.h>

#include "dev/device.h"
#include "dev/lsi53c895a/chip/regs.h"
#include "dev/scsi/scsi.h"

enum {
	LSI_REGISTER_BAR = 1024, /* bytes of BAR 1, the registers four times */
	LSI_BAR_RAM = 2,
	LSI_RAM_SIZE = 8192,
	LSI_MAX_TASKS = 512,	  /* more are answered with TASK SET FULL */
	LSI_MAX_MESSAGE_OUT = 64, /* bytes of one MESSAGE OUT phase */
	LSI_MAX_MESSAGE_IN = 80,  /* answers to those, and a disconnection */
	LSI_SLICE = 4096,	  /* instructions in one ops->run() */
	LSI_DECODED = 2048	  /* words that stay decoded */
};

/* What SCRIPTS compute with; copied to look ahead. */
struct lsi_registers {
	uint8_t byte[LSI_REGISTERS];
	bool carry;
};

enum lsi_kind {
	LSI_SKIP, /* a zero word: 4 bytes long, without effect */
	LSI_BLOCK_MOVE,
	LSI_IO, /* SELECT, WAIT, SET, CLEAR */
	LSI_READ_WRITE,
	LSI_JUMP, /* without condition, to an absolute address */
	LSI_TRANSFER_CONTROL,
	LSI_MEMORY_MOVE,
	LSI_LOAD_STORE,
	LSI_ILLEGAL
};

/* What a read/write instruction computes with. */
struct lsi_alu_operands {
	uint8_t source, destination; /* registers */
	bool operand_is_sfbr;	     /* and not the immediate byte */
	bool reads_sfbr;
};

/* The first word of an instruction, decoded. All zeroes: a zero word. */
struct lsi_code {
	uint32_t word;
	uint8_t kind;		     /* enum lsi_kind */
	struct lsi_alu_operands alu; /* LSI_READ_WRITE */
};

/* An instruction, fetched once: the guest may change memory meanwhile. */
struct lsi_instruction {
	uint32_t address;
	uint32_t length; /* bytes: 4, 8 or 12 */
	uint32_t word[3];
	struct lsi_code code; /* of word[0] */
};

/* A block move as decoded, and how far it is. */
struct lsi_move {
	enum lsi_phase phase;
	uint64_t address;
	uint32_t count, done;
	uint32_t entry; /* address of the table entry, or of the instruction */
	uint8_t top;	/* RBC's fourth byte */
};

/* What became of an instruction. */
enum lsi_result {
	LSI_FINISHED, /* the instruction has been executed, or was refused */
	LSI_AGAIN,    /* executed in part: call again */
	LSI_BLOCKED   /* waits for the bus, a target or SIGP */
};

/* Conditions that raise an interrupt. */
struct lsi_conditions {
	uint8_t dstat, sist0, sist1;
};

/* A scatter/gather list: guest memory that is mapped, and copies of what cannot be. */
struct lsi_piece {
	struct mpr_dma_map map;
	uint64_t address; /* on the bus */
	bool owned;	  /* allocated here, not mapped */
};

struct lsi_segments {
	struct iovec *iov;
	struct lsi_piece *piece; /* one for each iov */
	unsigned count, capacity;
	size_t room;   /* free bytes in the last piece, if that is owned */
	unsigned at;   /* consumed up to this piece, */
	size_t offset; /* and this byte of it */
};

enum lsi_task_state {
	LSI_TASK_BUSY, /* the target is at work */
	LSI_TASK_DATA, /* scsi->chunk bytes can be moved */
	LSI_TASK_DONE, /* the status is known */
	LSI_TASK_GONE  /* cancelled, to be freed */
};

struct lsi_task {
	TAILQ_ENTRY(lsi_task) link;	  /* in chip->tasks, or chip->pool */
	TAILQ_ENTRY(lsi_task) ready_link; /* in chip->ready, when `ready` */
	struct mpr_scsi_task *scsi;
	enum lsi_task_state state;
	uint8_t target, lun;
	uint16_t tag;
	bool disconnected; /* not on the bus */
	bool ready;	   /* wants to reselect */
	bool dying;	   /* cancelled by the adapter */
	size_t pos;	   /* bytes of the chunk moved so far */
	/* Data out: the memory that moves have named. Data in: what was predicted. */
	struct lsi_segments segments;
	/* Data in after a wrong prediction: the rest of the chunk, from copied_at on. */
	uint8_t *copy;
	size_t copied_at;
};

TAILQ_HEAD(lsi_task_list, lsi_task);

enum lsi_bus_state {
	LSI_BUS_FREE,
	LSI_BUS_SELECTING, /* nobody answers: it will time out */
	LSI_BUS_CONNECTED
};

/* What the target does next, when neither ATN nor a message is pending. */
enum lsi_stage {
	LSI_STAGE_SELECTED, /* wants the first message */
	LSI_STAGE_COMMAND,  /* wants the CDB */
	LSI_STAGE_WORK,	    /* data and status, as the task has them */
	LSI_STAGE_LEAVE,    /* releases the bus */
	LSI_STAGE_ABORT	    /* the same, once its cancelled tasks have ended */
};

struct lsi_bus {
	enum lsi_bus_state state;
	enum lsi_stage stage;
	bool ack;	 /* the initiator holds ACK on a message byte */
	bool atn;	 /* the initiator wants to send a message */
	bool reselected; /* by the target */
	bool announced;	 /* bus free is expected: no UDC */
	bool disc_priv;	 /* the target may disconnect */
	uint8_t target, lun;
	uint16_t tag;
	enum mpr_scsi_attr attr;
	uint8_t status;	       /* when there is no task */
	struct lsi_task *task; /* of this nexus, or NULL */
	uint8_t cdb[MPR_SCSI_MAX_CDB];
	unsigned cdb_len;
	uint8_t message[LSI_MAX_MESSAGE_IN]; /* to the initiator */
	unsigned message_len, message_pos;
};

enum lsi_timer_use { LSI_SELECTION_TIMER, LSI_GENERAL_TIMER, LSI_HANDSHAKE_TIMER, LSI_TIMERS };

/* What a timer counts; divisor: in halves. 0 kHz: it is halted. */
struct lsi_clock {
	uint32_t khz, divisor;
};

struct lsi_timer {
	struct mpr_timer host;
	bool running;
	uint64_t left; /* thirds of a clock period, at `since` */
	uint64_t since;
	struct lsi_clock clock; /* that it counts by */
};

struct lsi_stats {
	uint64_t instructions;
	uint64_t foreseen_instructions; /* executed by the look-ahead */
	uint64_t commands;
	uint64_t moved_bytes;	/* in data phases */
	uint64_t bounced_bytes; /* of them, copied by the CPU */
	uint64_t reselections;
	uint64_t interrupts; /* the line rose */
};

struct lsi_chip {
	struct mpr_device dev; /* first */
	struct lsi_registers regs;

	/* The engine. */
	bool running;	   /* SRUN */
	bool fetched;	   /* `insn` is not finished */
	bool blocked;	   /* it waits for something to happen */
	bool move_started; /* `move` is valid */
	int budget;	   /* of this slice */
	struct lsi_instruction insn;
	struct lsi_move move;
	/* Decode cache, indexed by address. An entry is valid if its word is the one
	 * that was fetched now, so the guest may rewrite scripts at any time. */
	struct lsi_code decoded[LSI_DECODED];

	/* Interrupts: what the host can read, and what is stacked behind it. */
	struct lsi_conditions visible, stacked;
	bool intf;
	bool intf_again;   /* raised while the host's write that clears it is under way */
	bool acknowledged; /* the line was lowered; run() raises it again if it must */
	bool irq;

	/* Configuration space, looked up when it changes: where the host placed
	 * the memory BARs, and how many bytes of SCRIPTS RAM the chip reaches as
	 * bus master (all or 0). */
	uint64_t ram_base, regs_base;
	bool ram_decoded, regs_decoded;
	uint32_t ram_reach;

	struct lsi_bus bus;
	struct lsi_task_list tasks; /* known to the target */
	struct lsi_task_list ready; /* wanting to reselect */
	struct lsi_task_list pool;  /* unused */
	unsigned ntasks;
	bool surprised; /* a prediction was wrong: no more of them until reset */
	bool resetting; /* SIST0.RST waits until the cancelled tasks have ended */
	struct lsi_timer timer[LSI_TIMERS];
	unsigned timers_running;
	struct lsi_stats stats;
};

/* Registers, tables and SCRIPTS are little-endian, and used as they are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian host");

static inline struct lsi_chip *lsi_chip(struct mpr_device *dev)
{
	return (struct lsi_chip *)dev;
}

#endif
