/* SPDX-License-Identifier: MIT */
/*
 * Finds where one JSON text ends and the next begins in a stream of bytes, by the
 * rules of QEMU's QMP (which also allow strings in single quotes). What is WHOLE here
 * is one message to QEMU, too, and leaves nothing of it open; whether it means
 * anything is for a parser to say.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_SCAN_H
#define MPR_ORCHESTRATOR_MONITOR_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* Braces and brackets that may be open. */
#define MPR_SCAN_DEPTH 1024

enum mpr_scanned {
	MPR_SCAN_MORE,	/* all bytes belong to a text that has not ended */
	MPR_SCAN_WHOLE, /* a text ends with the bytes taken */
	MPR_SCAN_BAD,	/* the byte after those taken cannot be there, or is too deep */
};

/* All zeros: between texts. */
struct mpr_scan {
	unsigned char state;
	char quote;
	bool begun; /* false: only blanks have come */
	int braces, brackets;
};

/* Reads on. *taken: how many bytes. After WHOLE and BAD it is between texts again. */
enum mpr_scanned mpr_scan(struct mpr_scan *scan, const char *data, size_t len, size_t *taken);

#endif
