/* SPDX-License-Identifier: MIT */
/*
 * A PCI device for tests of the process around it: registers that show what
 * each service of dev/device.h does. BAR 0 is memory, 4 KiB, with the
 * registers below; BAR 1 is I/O space, 16 bytes, and reads 0x5a; BAR 3 is plain
 * memory, 8 KiB.
 */
#ifndef MPR_TESTS_REMOTE_TEST_DEVICE_H
#define MPR_TESTS_REMOTE_TEST_DEVICE_H

#include "dev/device.h"

enum test_device_register {
	TEST_SCRATCH = 0x00,	 /* 64 bytes that keep what is written */
	TEST_SHADOWED = 0x20,	 /* those from here on are in the shadow */
	TEST_COPY_FROM = 0x40,	 /* 64 bits: guest address */
	TEST_COPY_TO = 0x48,	 /* 64 bits: guest address */
	TEST_COPY_LENGTH = 0x50, /* write: copies; read: 0 or an errno */
	TEST_INTX = 0x58,	 /* the line's level; in the shadow, too */
	TEST_MAP = 0x60,     /* write: holds the page at this guest address; read: 0 or an errno */
	TEST_RELEASE = 0x68, /* write: after so many ns, writes TEST_MARKER there and lets go */
	TEST_ALARM = 0x70,   /* write: raises INTx after so many ns */
	TEST_WORK = 0x78, /* write: run() is to be called so many times; read: how many are left */
	TEST_RESETS = 0x80,  /* read: times that the device was reset */
	TEST_LOG = 0x88,     /* write: logs the value */
	TEST_RAM = 0x90,     /* the first 8 bytes of BAR 3 */
	TEST_MAP_TO = 0x98,  /* write: as TEST_MAP, for reading only; read it with TEST_MAP */
	TEST_RECLAIM = 0xa8, /* write: clears TEST_SCRATCH; as TEST_RELEASE, settling until then */
	TEST_FILL = 0xa0,    /* write: writes so many bytes, to TEST_FILL_PAGES pages in turn */
};

#define TEST_RAM_SIZE 8192u
#define TEST_MARKER 0x646f6e65u
#define TEST_FILL_PAGES 10u

/* "test-device". While a page is held, the end of bus mastering makes the device settle; a
 * reset releases the page after TEST_RELEASE's time. */
extern const struct mpr_device_ops test_device_ops;

/* The table of models with test-device and scsi-hd. */
extern const struct mpr_model *const test_models[];

#endif
