/* SPDX-License-Identifier: MIT */
/*
 * The same adapter twice: in stock QEMU's `-machine x-remote` and in
 * mpring-remote, each with a disk of the same contents and with guest memory of
 * its own. What is done is done to both, and what is seen is compared.
 *
 * A difference must be explained in the test's table of differences; any other
 * fails the test, and so does an explanation of what no longer differs.
 */
#ifndef MPR_TESTS_INTEROP_PAIR_H
#define MPR_TESTS_INTEROP_PAIR_H

#include <sys/types.h>

#include "proxy/mpqemu.h"
#include "tests/common/unit.h"

#define MEMORY_SIZE 0x400000u /* at guest address 0 */
#define DISK_SIZE 0x100000u

#define IO_BASE 0xc000u
#define REGS_BASE 0xfebf0000u
#define RAM_BASE 0xfebf2000u

enum { STOCK, OURS, SIDES };

struct side {
	pid_t pid;
	struct mpr_mpqemu *device;
	uint8_t *memory;
	int memfd, raise, resample, monitor;
	char disk[64];
};

struct difference {
	const char *where; /* what was looked at; a pattern as the shell's */
	uint64_t bits;	   /* those that may differ */
	const char *why;
};

#define MAX_DIFFERENCES 64

struct pair {
	struct side side[SIDES];
	const struct difference *known; /* ended by where == NULL */
	bool seen[MAX_DIFFERENCES];
	unsigned unknown; /* differences that the table does not explain */
};

/* Where mpring-remote is. */
void pair_set_program(const char *path);

/* Starts both; false, after saying why, when QEMU is not there. */
bool pair_start(struct pair *pair, const struct difference *known);
/* Ends both, and fails if there were differences that must not be, or none where
 * the table says so. */
void pair_finish(struct pair *pair);

/* Compares what both sides gave. */
__attribute__((format(printf, 4, 5))) void same(struct pair *pair, uint64_t stock, uint64_t ours,
						const char *where, ...);

/* Accesses to both. Reads are compared; the value is stock QEMU's. */
uint32_t config_read(struct pair *pair, uint32_t offset, unsigned size, const char *when);
void config_write(struct pair *pair, uint32_t offset, unsigned size, uint32_t value);
uint64_t bar_read(struct pair *pair, unsigned bar, uint32_t offset, unsigned size,
		  const char *when);
void bar_write(struct pair *pair, unsigned bar, uint32_t offset, unsigned size, uint64_t value);
/* A read that is not compared. */
uint64_t side_read(const struct side *side, unsigned bar, uint32_t offset, unsigned size);

/* Gives the BARs their addresses and enables everything. */
void enable(struct pair *pair);

/* Guest memory of both. */
void put32(struct pair *pair, uint32_t address, uint32_t value);
void put_bytes(struct pair *pair, uint32_t address, const void *bytes, size_t size);
void same_memory(struct pair *pair, uint32_t address, size_t size, const char *what);

#endif
