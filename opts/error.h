/* SPDX-License-Identifier: MIT */
/* Error messages, made by whoever knows what is wrong and printed by whoever asked. */
#ifndef MPR_OPTS_ERROR_H
#define MPR_OPTS_ERROR_H

/* Formats a message, which the caller frees with free(). NULL: out of memory; callers
 * pass that on, and a NULL message is shown as the errno. */
char *mpr_errorf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
