/* SPDX-License-Identifier: MIT */
/* Messages of what went wrong, for whoever prints or sends them. */
#ifndef MPR_OPTS_ERROR_H
#define MPR_OPTS_ERROR_H

/* A message, to be freed with free(); NULL only when memory is short. */
char *mpr_errorf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
