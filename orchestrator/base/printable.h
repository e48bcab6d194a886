/* SPDX-License-Identifier: MIT */
#ifndef MPR_ORCHESTRATOR_BASE_PRINTABLE_H
#define MPR_ORCHESTRATOR_BASE_PRINTABLE_H

/* A copy of untrusted text (free() it) that is safe on a terminal and in a log: valid UTF-8, one
 * line, no control characters, cut off after 512 characters. */
char *mpr_printable(const char *text);

/* The same, but with its line breaks and at full length. */
char *mpr_printable_lines(const char *text);

#endif
