/* SPDX-License-Identifier: MIT */
/*
 * Finds where JSON texts end in a stream of bytes, by the rules of QEMU's QMP lexer (which
 * also allows strings in single quotes). A text that is WHOLE here is exactly one message for
 * QEMU, too; whether it is valid is for a parser to say.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_SCAN_H
#define MPR_ORCHESTRATOR_MONITOR_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* Nesting depth. */
#define MPR_SCAN_DEPTH 1024

enum mpr_scanned {
	MPR_SCAN_MORE,	/* all bytes belong to a text that has not ended */
	MPR_SCAN_WHOLE, /* a text ends with the bytes taken */
	MPR_SCAN_BAD,	/* the byte after those taken is not allowed there, or nests too deep */
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
