/* SPDX-License-Identifier: MIT */
/*
 * The chip's state, and what its files do for each other.
 *
 * registers.c   the register file as the host and SCRIPTS see it
 * interrupt.c   conditions, their two levels, the INTA# line
 * engine.c      the SCRIPTS engine: start, stop, wake
 * scripts.c     what it does in a slice
 * fetch.c       an instruction from memory
 * decode.c      what an instruction's first word says
 * operands.c    what instructions work on and compute, without side effects
 * move.c        block moves        io.c        SELECT, WAIT, SET, CLEAR, ALU
 * transfer.c    jumps              memory_move.c  memory moves, loads, stores
 * memory.c      the chip as PCI master
 * bus.c         the target's side of the SCSI bus
 * message_in.c  messages to the initiator    message_out.c  and from it
 * task.c        commands in flight  segments.c  memory lent to a command
 * lookahead.c   where data will go
 * timers.c      the clock, and what is measured with it
 *
 * Nothing here is recursive: register accesses and the target's callbacks
 * only change state; the engine runs from ops->run() alone.
 */
#ifndef MPR_DEV_LSI53C895A_STATE_H
#define MPR_DEV_LSI53C895A_STATE_H

#include <string.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "dev/device.h"
#include "dev/lsi53c895a/regs.h"
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
	LSI_SKIP, /* a zero word, which is skipped alone */
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
	LSI_AGAIN,    /* a part of it; execute it again */
	LSI_BLOCKED   /* it waits */
};

/* Conditions that raise an interrupt. */
struct lsi_conditions {
	uint8_t dstat, sist0, sist1;
};

/* Guest memory, or copies of SCRIPTS RAM, in the order of a transfer. */
struct lsi_piece {
	struct mpr_dma_map map;
	uint64_t address; /* on the bus */
	bool owned;	  /* allocated here, not mapped */
};

struct lsi_segments {
	struct iovec *iov;
	struct lsi_piece *piece; /* one for each iov */
	unsigned count, capacity;
	size_t room;   /* bytes that the last, owned piece may still grow */
	unsigned at;   /* the piece that is consumed next, */
	size_t offset; /* and where in it */
};

enum lsi_task_state {
	LSI_TASK_BUSY, /* the target is at work */
	LSI_TASK_DATA, /* `chunk` bytes can be moved */
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
	size_t pos;	   /* bytes of the chunk that were moved */
	/* Data out: what was collected. Data in: where the data were foreseen. */
	struct lsi_segments segments;
	/* Data in that were foreseen elsewhere: the rest of the chunk, from
	 * position copied_at on. */
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
	LSI_STAGE_LEAVE,    /* lets go of the bus */
	LSI_STAGE_ABORT	    /* the same, when the cancelled tasks have ended */
};

struct lsi_bus {
	enum lsi_bus_state state;
	enum lsi_stage stage;
	bool ack;	 /* the initiator holds ACK on a message byte */
	bool atn;	 /* the initiator wants to send a message */
	bool reselected; /* by the target */
	bool announced;	 /* bus free will be no surprise */
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
	uint64_t left;		/* thirds of a period, */
	uint64_t since;		/* at this time, */
	struct lsi_clock clock; /* with this clock */
};

struct lsi_stats {
	uint64_t instructions;
	uint64_t foreseen_instructions; /* run dry to look ahead */
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
	/* Words decoded before, by their addresses. Good for an instruction
	 * whose first word, fetched now, is the same. */
	struct lsi_code decoded[LSI_DECODED];

	/* Interrupts: what the host sees, and what is stacked behind. */
	struct lsi_conditions visible, stacked;
	bool intf;
	bool intf_again;   /* raised when the host had taken the last one back already */
	bool acknowledged; /* the line was lowered, and may have to rise again */
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
	bool surprised; /* by a script that did not do what was foreseen */
	bool resetting; /* SIST0.RST waits for the ends of cancelled tasks */
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

static inline uint32_t lsi_get32(const struct lsi_registers *r, unsigned reg)
{
	uint32_t value;

	memcpy(&value, r->byte + reg, sizeof(value));
	return value;
}

static inline void lsi_put32(struct lsi_registers *r, unsigned reg, uint32_t value)
{
	memcpy(r->byte + reg, &value, sizeof(value));
}

static inline uint32_t lsi_get24(const struct lsi_registers *r, unsigned reg)
{
	return lsi_get32(r, reg) & 0xffffff;
}

static inline void lsi_put24(struct lsi_registers *r, unsigned reg, uint32_t value)
{
	r->byte[reg] = value;
	r->byte[reg + 1] = value >> 8;
	r->byte[reg + 2] = value >> 16;
}

/* The low 24 bits as a signed offset. */
static inline uint32_t lsi_sign24(uint32_t value)
{
	return (value & 0xffffff) | (value & 0x800000 ? 0xff000000 : 0);
}

/* ---- operands.c ---- */

/* Registers that are nothing but storage for SCRIPTS. */
extern const bool lsi_register_plain[LSI_REGISTERS];
/* Reads the operands of a block move: 0, -EFAULT, or -EINVAL (illegal). */
int lsi_move_decode(struct lsi_chip *chip, const struct lsi_registers *r,
		    const struct lsi_instruction *insn, struct lsi_move *move);
/* The operands of load and store. False: illegal. */
bool lsi_load_store_decode(const struct lsi_chip *chip, const struct lsi_registers *r,
			   const struct lsi_instruction *insn, uint64_t *addr, unsigned *reg,
			   unsigned *count);
/* The ALU: operation `op` (bits 26:24) on a register's value and an operand. */
uint8_t lsi_alu(unsigned op, uint8_t value, uint8_t operand, bool *carry);
static inline void lsi_jump(struct lsi_registers *r, uint32_t to)
{
	lsi_put32(r, LSI_DSP, to);
	lsi_put32(r, LSI_ADDER, to);
}
/* True when the branch is taken; `phase` is the bus's. */
bool lsi_transfer_taken(const struct lsi_registers *r, uint32_t word, int phase);
/* JUMP, CALL and RETURN change DSP and TEMP. False: it is INT or INTFLY. */
bool lsi_transfer_jump(struct lsi_registers *r, const struct lsi_instruction *insn);

/* ---- registers.c ---- */

void lsi_registers_reset(struct lsi_registers *r);
/* One byte, with all side effects. SCRIPTS may also write SFBR. */
uint8_t lsi_register_read(struct lsi_chip *chip, uint8_t reg);
void lsi_register_write(struct lsi_chip *chip, uint8_t reg, uint8_t value);
/* What the host may read without asking, for struct mpr_device_ops. */
extern const struct mpr_shadow_map lsi_shadow;
void lsi_peek(const struct mpr_device *dev, uint8_t image[MPR_SHADOW_SIZE]);
/* The same for SCRIPTS, which mostly use registers that are storage. */
static inline uint8_t lsi_get(struct lsi_chip *chip, uint8_t reg)
{
	return lsi_register_plain[reg] ? chip->regs.byte[reg] : lsi_register_read(chip, reg);
}
static inline void lsi_set(struct lsi_chip *chip, uint8_t reg, uint8_t value)
{
	if (lsi_register_plain[reg])
		chip->regs.byte[reg] = value;
	else
		lsi_register_write(chip, reg, value);
}
/* ISTAT0.SRST, and a part of RST#. */
void lsi_soft_reset(struct lsi_chip *chip);

/* ---- interrupt.c ---- */

void lsi_raise_dma(struct lsi_chip *chip, uint8_t dstat);
/* The same by an instruction, which ends: illegal, or its memory is out of reach. */
enum lsi_result lsi_illegal(struct lsi_chip *chip);
enum lsi_result lsi_bus_fault(struct lsi_chip *chip);
void lsi_raise_scsi(struct lsi_chip *chip, uint8_t sist0, uint8_t sist1);
void lsi_raise_on_the_fly(struct lsi_chip *chip);
/* The host takes the interrupt on the fly back. The line falls, and rises again, if
 * it must, by the second call, which run() makes. */
void lsi_acknowledge(struct lsi_chip *chip);
void lsi_after_acknowledge(struct lsi_chip *chip);
/* What ISTAT0.SIP and DIP say. */
bool lsi_scsi_pending(const struct lsi_chip *chip);
bool lsi_dma_pending(const struct lsi_chip *chip);
/* Reads and clears one byte of the visible conditions. */
uint8_t lsi_take_condition(struct lsi_chip *chip, uint8_t *condition);
void lsi_interrupt_reset(struct lsi_chip *chip);
/* Drives INTA# as the registers say. */
void lsi_irq_update(struct lsi_chip *chip);

/* ---- engine.c ---- */

/* Starts at DSP, or where the engine waits, starts anew. */
void lsi_scripts_start(struct lsi_chip *chip);
/* Stops; a block move under way leaves its residue in the registers. */
void lsi_scripts_stop(struct lsi_chip *chip);
/* Something has happened that the engine may be waiting for. */
void lsi_wake(struct lsi_chip *chip);
/* Leaves the counters of the move in the registers. */
void lsi_move_finish(struct lsi_chip *chip);

/* ---- scripts.c ---- */

/* A slice. True: there is more to do at once. */
bool lsi_scripts_run(struct lsi_chip *chip);

/* ---- fetch.c ---- */

/* The instruction at DSP in `r`, without side effects. 0 or -EFAULT. */
int lsi_fetch(struct lsi_chip *chip, const struct lsi_registers *r, struct lsi_instruction *insn);

/* ---- decode.c ---- */

struct lsi_code lsi_decode(uint32_t word);

/* ---- move.c ---- */

enum lsi_result lsi_block_move(struct lsi_chip *chip);

/* ---- io.c ---- */

enum lsi_result lsi_io(struct lsi_chip *chip);
enum lsi_result lsi_read_write(struct lsi_chip *chip);

/* ---- transfer.c ---- */

enum lsi_result lsi_transfer_control(struct lsi_chip *chip);

/* ---- memory.c ---- */

/* As the chip's PCI master: guest memory or the chip's own SCRIPTS RAM. 0 or
 * -EFAULT, also for the chip's own registers. */
int lsi_memory_read(struct lsi_chip *chip, uint64_t addr, void *buf, size_t len);
int lsi_memory_write(struct lsi_chip *chip, uint64_t addr, const void *buf, size_t len);
/* True when no byte of the range is the chip's own. */
bool lsi_memory_mappable(const struct lsi_chip *chip, uint64_t addr, uint64_t len);
/* Copies between SCRIPTS RAM and buf; the range lies in it. The guest may have
 * it mapped: of what is aligned, each word is read, or written, once. */
void lsi_ram_read(const struct lsi_chip *chip, uint32_t offset, void *buf, size_t len);
void lsi_ram_write(struct lsi_chip *chip, uint32_t offset, const void *buf, size_t len);
/* True when the range is in SCRIPTS RAM and can be reached, and where it is. */
static inline bool lsi_own_ram(const struct lsi_chip *chip, uint64_t addr, size_t len,
			       uint32_t *offset)
{
	uint64_t at = addr - chip->ram_base;

	*offset = at;
	return at < chip->ram_reach && len <= chip->ram_reach - at;
}
/* True when a byte of the range is one of the chip's operating registers. */
bool lsi_own_registers(const struct lsi_chip *chip, uint64_t addr, uint64_t len);
/* A word of SCRIPTS RAM, read once if it is aligned: what is checked is what is
 * used. Relaxed as in lsi_ram_read(). */
static inline uint32_t lsi_ram_word(const struct lsi_chip *chip, uint32_t offset)
{
	uint32_t word;

	if (offset % 4 == 0)
		return __atomic_load_n(
			(const uint32_t *)(const void *)(chip->dev.bar_ram[LSI_BAR_RAM] + offset),
			__ATOMIC_RELAXED);
	lsi_ram_read(chip, offset, &word, sizeof(word));
	return word;
}
static inline int lsi_memory_read32(struct lsi_chip *chip, uint64_t addr, uint32_t *value)
{
	uint32_t offset;

	if (!lsi_own_ram(chip, addr, sizeof(*value), &offset))
		return lsi_memory_read(chip, addr, value, sizeof(*value));
	*value = lsi_ram_word(chip, offset);
	return 0;
}
/* An address whose upper half is in register `upper`. */
static inline uint64_t lsi_address(const struct lsi_registers *r, unsigned upper, uint32_t low)
{
	if (r->byte[LSI_CCNTL1] & LSI_CCNTL1_DDAC)
		return low;
	return (uint64_t)lsi_get32(r, upper) << 32 | low;
}
void lsi_find_bars(struct lsi_chip *chip);

/* ---- memory_move.c ---- */

enum lsi_result lsi_memory_move(struct lsi_chip *chip);
enum lsi_result lsi_load_store(struct lsi_chip *chip);

/* ---- bus.c ---- */

/* The phase that the target drives, latched when there is one. */
int lsi_bus_phase(struct lsi_chip *chip);
/* SELECT won the arbitration; the target answers, or nobody. */
void lsi_bus_select(struct lsi_chip *chip, unsigned target, bool atn);
/* The end of an unanswered selection: now, and when its timer has expired. */
void lsi_bus_selection_timeout(struct lsi_chip *chip);
void lsi_bus_selection_expired(void *chip);
/* A waiting target reselects, when the bus is free. True: one did. */
bool lsi_bus_reselect(struct lsi_chip *chip);
void lsi_bus_release_ack(struct lsi_chip *chip);
void lsi_bus_set_atn(struct lsi_chip *chip);
/* The target goes on when nothing holds it; called after any change. */
void lsi_bus_advance(struct lsi_chip *chip);
/* The target gives up the nexus; aborts the task. */
void lsi_bus_abandon(struct lsi_chip *chip);
/* All tasks are cancelled, and everything forgets what it was doing; the guest
 * sees that when they have ended. */
void lsi_bus_reset(struct lsi_chip *chip);
/* The target received the CDB's next bytes; `len` is what the move offers. */
void lsi_bus_command_bytes(struct lsi_chip *chip, const uint8_t *bytes, unsigned len);
/* How many bytes of CDB the target still takes. */
unsigned lsi_bus_command_room(const struct lsi_chip *chip);
/* The status byte; the nexus ends. */
uint8_t lsi_bus_status_byte(struct lsi_chip *chip);
/* Disconnects when the target has nothing to do on the bus. */
void lsi_bus_idle(struct lsi_chip *chip);

/* ---- message_out.c ---- */

/* A MESSAGE OUT phase has ended: all its bytes. */
void lsi_message_out(struct lsi_chip *chip, const uint8_t *msg, size_t len);

/* ---- message_in.c ---- */

/* Queues bytes for MESSAGE IN. False: there is no room. */
bool lsi_message_queue(struct lsi_bus *bus, const uint8_t *msg, size_t len);
static inline unsigned lsi_messages_pending(const struct lsi_bus *bus)
{
	return bus->message_len - bus->message_pos;
}
/* The next byte for the initiator; there is one. */
uint8_t lsi_message_take(struct lsi_bus *bus);

/* ---- task.c ---- */

extern const struct mpr_scsi_hba_ops lsi_hba_ops;
/* Starts the command of the connected nexus. NULL: refused, `status` says why. */
struct lsi_task *lsi_task_start(struct lsi_chip *chip, uint8_t *status);
/* Ends a task early; its object lives until the target lets go of it. */
void lsi_task_cancel(struct lsi_chip *chip, struct lsi_task *task);
/* Cancels the tasks of a target; lun and tag: -1 means any. */
void lsi_task_cancel_matching(struct lsi_chip *chip, int target, int lun, int tag);
/* Frees a task that is done. */
void lsi_task_free(struct lsi_chip *chip, struct lsi_task *task);
/* Frees the tasks whose cancellation has ended. */
void lsi_task_reap(struct lsi_chip *chip);
/* True while a cancelled task of the target (-1: of any) may still do something. */
bool lsi_task_dying(const struct lsi_chip *chip, int target);
/* The guest has taken back what cancelled tasks use: it learns nothing more before
 * they have ended (struct mpr_device, settling). */
void lsi_task_settle(struct lsi_chip *chip);
/* The nexus is to be used anew: a task that is still in flight on it ends
 * unanswered. True: now; false: not yet. */
bool lsi_task_displace(struct lsi_chip *chip);
/* `n` bytes of the chunk have been moved. */
void lsi_task_moved(struct lsi_chip *chip, struct lsi_task *task, size_t n);
/* The task has left the bus; it reselects when it is ready. */
void lsi_task_disconnect(struct lsi_chip *chip, struct lsi_task *task);
/* Frees all, for destroy. */
void lsi_task_fini(struct lsi_chip *chip);

/* ---- lookahead.c ---- */

/* Collects in task->segments the memory that a data-in command's data will be
 * moved to. False: that cannot be foreseen. */
bool lsi_look_ahead(struct lsi_chip *chip, struct lsi_task *task);

/* ---- timers.c ---- */

/* With what is to be called, with the chip, when nobody has answered a selection. */
void lsi_timers_init(struct lsi_chip *chip, void (*selection_expired)(void *chip));
/* A selection that nobody answers has begun; the bus is free. */
void lsi_timers_selecting(struct lsi_chip *chip);
void lsi_timers_bus_free(struct lsi_chip *chip);
/* STIME0 or STIME1 has been written. */
void lsi_timers_written(struct lsi_chip *chip, uint8_t reg);
void lsi_timers_stop(struct lsi_chip *chip);
/* A handshake took place, from which the next one is awaited. */
void lsi_timers_measure_handshake(struct lsi_chip *chip);
static inline void lsi_timers_handshake(struct lsi_chip *chip)
{
	if (chip->regs.byte[LSI_STIME0] & 0xf0)
		lsi_timers_measure_handshake(chip);
}
/* The clock may have changed. */
void lsi_timers_changed(struct lsi_chip *chip);
static inline void lsi_timers_follow(struct lsi_chip *chip)
{
	if (chip->timers_running)
		lsi_timers_changed(chip);
}

/* ---- segments.c ---- */

/* Appends mapped guest memory at addr: bytes taken (1 to len) or -errno. */
ssize_t lsi_segments_map(struct lsi_chip *chip, struct lsi_segments *s, uint64_t addr, size_t len,
			 enum mpr_dma_dir dir);
/* Appends a copy of memory. The last possible piece takes all that follows,
 * up to `rest` bytes. Bytes taken or -errno. */
ssize_t lsi_segments_copy(struct lsi_chip *chip, struct lsi_segments *s, uint64_t addr, size_t len,
			  size_t rest);
/* True when only one more piece fits. */
bool lsi_segments_nearly_full(const struct lsi_segments *s);
/* The next bytes in order, at *p and at *addr on the bus; how many are together
 * there, up to len; 0: none are left. */
size_t lsi_segments_peek(const struct lsi_segments *s, size_t len, uint8_t **p, uint64_t *addr);
/* Goes on by n bytes, or to the end. */
void lsi_segments_consume(struct lsi_segments *s, size_t n);
/* Gives the memory back. */
void lsi_segments_release(struct lsi_chip *chip, struct lsi_segments *s);
void lsi_segments_fini(struct lsi_segments *s);

#endif
