/* SPDX-License-Identifier: MIT */
/*
 * A small driver for tests, of the kind that operating systems have: SCRIPTS in
 * the chip's RAM that take jobs from the host, let targets disconnect, find the
 * job of a target that reselects by its tag, and report by INTFLY.
 */
#ifndef MPR_TESTS_LSI53C895A_DRIVER_H
#define MPR_TESTS_LSI53C895A_DRIVER_H

#include "tests/lsi53c895a/machine.h"

#define JOBS 0x200000u /* 256 bytes for each tag */

/* INT codes for what the driver does not expect. */
enum { BAD_PHASE = 0xbad1, BAD_MESSAGE = 0xbad2 };

struct job {
	unsigned id, lun, tag;
	bool untagged;
	const uint8_t *cdb;
	size_t cdb_len;
	uint32_t buffer, length;
	const uint8_t *message; /* after IDENTIFY and tag */
	size_t message_len;
};

/* Sets the chip up and loads the SCRIPTS. */
void driver_load(struct machine *m);
/* Loads and starts them; they wait for a job. */
void driver_start(struct machine *m);
/* Where they start. */
#define DRIVER_SCHEDULER RAM_BASE

/* Posts a job; it is taken when the chip runs. */
void driver_post(struct machine *m, const struct job *job);
/* Posts a job and lets the chip take it. */
void driver_submit(struct machine *m, const struct job *job);
/* READ(10) or WRITE(10) with `tag`: posted, or posted and taken. */
void driver_rw_post(struct machine *m, bool write, unsigned id, unsigned tag, uint32_t lba,
		    uint32_t blocks, uint32_t buffer);
void driver_rw(struct machine *m, bool write, unsigned id, unsigned tag, uint32_t lba,
	       uint32_t blocks, uint32_t buffer);

bool job_done(struct machine *m, unsigned tag);
uint8_t job_status(struct machine *m, unsigned tag);
/* Bytes that were not moved, as the phase mismatch left them. */
uint32_t job_residue(struct machine *m, unsigned tag);
uint32_t job_residue_address(struct machine *m, unsigned tag);

#endif
