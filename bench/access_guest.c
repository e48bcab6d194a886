/* SPDX-License-Identifier: MIT */
/*
 * A guest without an operating system that times its accesses to LSI53C895A
 * adapters: a multiboot kernel (qemu -kernel). For each kind of access it
 * prints, on the first serial port, how many there are in a round and what
 * each round took on the time stamp counter:
 *
 *   DEVICES <number of adapters>
 *   TICKS <of 50 ms by the interval timer>, three times
 *   ROUNDS <kind> <accesses> <ticks of each round...>
 *   DONE
 */
#include <stdbool.h>
#include <stdint.h>

/* The header that makes it a multiboot kernel, and the entry. */
__asm__(".section .text.start, \"ax\"\n"
	"	.balign 4\n"
	"	.long 0x1badb002, 0, -0x1badb002\n"
	"	.globl start\n"
	"start:\n"
	"	cli\n"
	"	mov $stack_top, %esp\n"
	"	call run\n"
	"1:	hlt\n"
	"	jmp 1b\n"
	".bss\n"
	"	.balign 16\n"
	"	.space 16384\n"
	"stack_top:\n"
	".text\n");

#define SERIAL 0x3f8
#define LSI_ID 0x00121000u /* device 12h of vendor 1000h */
#define MAX_DEVICES 16
#define ROUNDS 15
#define ACCESSES 256 /* in a round: fewer than a channel has slots */
#define STREAM 4096  /* in a round that measures throughput */
#define COLD_PAUSE 4 /* ms */

/* Registers. */
#define DSTAT 0x0c
#define ISTAT0 0x14
#define SCRATCHA 0x34

struct adapter {
	uint16_t io;
	volatile uint8_t *registers, *ram;
};

static struct adapter adapters[MAX_DEVICES];
static unsigned adapter_count;
static uint32_t ticks_per_ms;

/* ---- The processor ---------------------------------------------------- */

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/* The lower half of the time stamp counter: no round takes a second. */
static inline uint32_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return low;
}

/* ---- Output ----------------------------------------------------------- */

static void print(const char *text)
{
	for (; *text; text++)
		out8(SERIAL, (uint8_t)*text);
}

static void print_number(uint32_t number)
{
	char text[12], *at = text + sizeof(text);

	*--at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	print(" ");
	print(at);
}

/* ---- Set-up ----------------------------------------------------------- */

static uint32_t config_read(unsigned slot, unsigned offset)
{
	out32(0xcf8, 0x80000000u | slot << 11 | offset);
	return in32(0xcfc);
}

static void config_write(unsigned slot, unsigned offset, uint32_t value)
{
	out32(0xcf8, 0x80000000u | slot << 11 | offset);
	out32(0xcfc, value);
}

/* The firmware has placed the BARs. */
static void find_adapters(void)
{
	for (unsigned slot = 0; slot < 32 && adapter_count < MAX_DEVICES; slot++) {
		if (config_read(slot, 0) != LSI_ID)
			continue;
		config_write(slot, 4, 7); /* I/O, memory, bus master */
		adapters[adapter_count++] = (struct adapter){
			.io = (uint16_t)(config_read(slot, 0x10) & ~3u),
			.registers = (volatile uint8_t *)(config_read(slot, 0x14) & ~15u),
			.ram = (volatile uint8_t *)(config_read(slot, 0x18) & ~15u),
		};
	}
	print("DEVICES");
	print_number(adapter_count);
	print("\n");
}

/* Ticks of 50 ms: channel 2 of the interval timer counts down once. */
static uint32_t calibrate(void)
{
	const uint32_t count = 1193182 / 20;
	uint32_t start;

	out8(0x61, (uint8_t)((in8(0x61) & ~2) | 1));
	out8(0x43, 0xb0);
	out8(0x42, count & 0xff);
	out8(0x42, count >> 8);
	start = ticks();
	while (!(in8(0x61) & 0x20))
		;
	return ticks() - start;
}

static void calibrate_thrice(void)
{
	print("TICKS");
	for (int i = 0; i < 3; i++) {
		uint32_t now = calibrate();

		ticks_per_ms = now / 50;
		print_number(now);
	}
	print("\n");
}

/* ---- Accesses --------------------------------------------------------- */

static void pause_ms(uint32_t ms)
{
	uint32_t start = ticks();

	while (ticks() - start < ms * ticks_per_ms)
		;
}

static void announce(const char *kind, uint32_t accesses)
{
	print("ROUNDS ");
	print(kind);
	print_number(accesses);
}

#define BYTE(base, offset) (*(volatile uint8_t *)((base) + (offset)))
#define WORD(base, offset) (*(volatile uint32_t *)((base) + (offset)))

/* Rounds of `count` times `access`, which may use i; `after` is not measured. */
#define MEASURE(kind, count, access, after)                       \
	do {                                                      \
		uint32_t took_[ROUNDS];                           \
		for (int round_ = 0; round_ < ROUNDS; round_++) { \
			uint32_t start_ = ticks();                \
			for (uint32_t i = 0; i < (count); i++) {  \
				__asm__ volatile("" : : "r"(i));  \
				access;                           \
			}                                         \
			took_[round_] = ticks() - start_;         \
			after;                                    \
		}                                                 \
		announce(kind, count);                            \
		for (int round_ = 0; round_ < ROUNDS; round_++)   \
			print_number(took_[round_]);              \
		print("\n");                                      \
	} while (0)

/* One access at a time, after a pause in which the other side goes to sleep. */
#define MEASURE_COLD(kind, access)                                \
	do {                                                      \
		uint32_t took_[ROUNDS];                           \
		for (int round_ = 0; round_ < ROUNDS; round_++) { \
			uint32_t start_;                          \
			pause_ms(COLD_PAUSE);                     \
			start_ = ticks();                         \
			access;                                   \
			took_[round_] = ticks() - start_;         \
		}                                                 \
		announce(kind, 1);                                \
		for (int round_ = 0; round_ < ROUNDS; round_++)   \
			print_number(took_[round_]);              \
		print("\n");                                      \
	} while (0)

static void measure_adapter(const struct adapter *adapter)
{
	volatile uint8_t *regs = adapter->registers, *ram = adapter->ram;
	uint16_t io = adapter->io;

	MEASURE("loop", ACCESSES, , );
	MEASURE("mmio_read_istat0", ACCESSES, (void)BYTE(regs, ISTAT0), );
	MEASURE("mmio_read_dstat", ACCESSES, (void)BYTE(regs, DSTAT), );
	MEASURE("mmio_read_scratcha", ACCESSES, (void)WORD(regs, SCRATCHA), );
	MEASURE("mmio_write_scratcha", ACCESSES, WORD(regs, SCRATCHA) = i, (void)BYTE(regs, DSTAT));
	MEASURE("mmio_write_read", ACCESSES,
		(WORD(regs, SCRATCHA) = i, (void)WORD(regs, SCRATCHA)), );
	MEASURE("mmio_write_stream", STREAM, WORD(regs, SCRATCHA) = i, );
	MEASURE("pio_read_istat0", ACCESSES, (void)in8(io + ISTAT0), );
	MEASURE("pio_read_dstat", ACCESSES, (void)in8(io + DSTAT), );
	MEASURE("pio_write_scratcha", ACCESSES, out32(io + SCRATCHA, i), (void)in8(io + DSTAT));
	MEASURE("ram_read", ACCESSES, (void)WORD(ram, 4 * i), );
	MEASURE("ram_write", ACCESSES, WORD(ram, 4 * i) = i, (void)WORD(ram, 0));
	MEASURE_COLD("cold_read_istat0", (void)BYTE(regs, ISTAT0));
	MEASURE_COLD("cold_read_dstat", (void)BYTE(regs, DSTAT));
	MEASURE_COLD("cold_write_scratcha", WORD(regs, SCRATCHA) = 1);
}

/* One adapter after the other: what more of them do to the cost of one access. */
static void measure_all(void)
{
	uint32_t last = adapter_count - 1, at = 0;

	MEASURE("all_read_dstat", ACCESSES,
		((void)BYTE(adapters[at].registers, DSTAT), at = at == last ? 0 : at + 1), );
	MEASURE("all_write_scratcha", ACCESSES,
		(WORD(adapters[at].registers, SCRATCHA) = i, at = at == last ? 0 : at + 1),
		(void)BYTE(adapters[0].registers, DSTAT));
}

void run(void)
{
	find_adapters();
	calibrate_thrice();
	if (adapter_count) {
		measure_adapter(&adapters[0]);
		measure_all();
	}
	print("DONE\n");
}
