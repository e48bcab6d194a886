/* SPDX-License-Identifier: MIT */
#ifndef MPR_ORCHESTRATOR_BASE_PRINTABLE_H
#define MPR_ORCHESTRATOR_BASE_PRINTABLE_H

/* A copy (free() it) of words from someone who is not trusted, for a terminal or a log: on one
 * line, in UTF-8, without control characters, and not longer than a person reads (512 characters).
 */
char *mpr_printable(const char *text);

/* Whole, and with its lines. */
char *mpr_printable_lines(const char *text);

#endif
