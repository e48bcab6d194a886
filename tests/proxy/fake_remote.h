/* SPDX-License-Identifier: MIT */
/*
 * A small remote for tests: serves devices with scratch registers on one end
 * of a socket. Devices are those whose id begins with "fake"; each has the
 * same registers in BAR 0 (I/O, 256 bytes) and BAR 1 (memory, 4 KiB); BAR 2 is
 * plain memory, 8 KiB. "fake-blocking" makes the eventfds of its interrupt blocking,
 * "fake-once" refuses to have its interrupt connected anew.
 */
#ifndef MPR_TESTS_PROXY_FAKE_REMOTE_H
#define MPR_TESTS_PROXY_FAKE_REMOTE_H

#include <stdatomic.h>
#include <stdint.h>

#define FAKE_SCRATCH 0x00     /* to 0x7f: bytes that keep what is written */
#define FAKE_LINE 0x80	      /* write: the interrupt line; read: lowers it, tells what it was */
#define FAKE_WRITES 0x84      /* read: how many BAR writes were received */
#define FAKE_DMA_ADDRESS 0x88 /* write: guest address of FAKE_DMA_DATA */
/* read, write: 4 bytes of guest memory; all ones when there is none. If asked
 * for, writes are reported. */
#define FAKE_DMA_DATA 0x8c
#define FAKE_MEMORY 0x90  /* read: how many memory tables were received */
#define FAKE_CONFIG 0x94  /* read: the last write to configuration space, offset << 16 | value */
#define FAKE_RESETS 0x98  /* read: how many resets were received */
#define FAKE_HANG 0x9c	  /* read: never answered */
#define FAKE_EVENT 0xa0	  /* write: sends an I/O error event */
#define FAKE_DIE 0xa4	  /* write: ends the remote at once */
#define FAKE_SIZE 0xa8	  /* read: the size of this access */
#define FAKE_REFUSED 0xac /* read: answered with an error status */
#define FAKE_RAM 0xb0	  /* read, write: the first 4 bytes of BAR 2 */
/* read: FAKE_HELD, when `released` has been counted; nothing is executed before. Says
 * "# held" on standard output. FAKE_SETTLE: and says that DMA has to end first. */
#define FAKE_HOLD 0xb4
#define FAKE_SETTLE 0xb8
#define FAKE_HELD 0x4e1d
#define FAKE_TRUNCATE 0xbc /* read: truncates the first file of memory; errno */

#define FAKE_VENDOR 0x1af4
#define FAKE_DEVICE 0x10f0

/* Counters that a test in the same process may read (relaxed). */
struct fake_counters {
	_Atomic unsigned hellos, devices, reporting, memories, memory_fds, intx, resamples, closes;
	_Atomic unsigned released; /* by the test, for FAKE_HOLD */
};

/* Serves until the peer hangs up; closes the socket. */
void fake_remote_serve(int sock, struct fake_counters *counters);

#endif
