/* SPDX-License-Identifier: MIT */
/* Allocation that never fails: without memory the mpring command cannot go on, and exits. */
#ifndef MPR_ORCHESTRATOR_BASE_ALLOC_H
#define MPR_ORCHESTRATOR_BASE_ALLOC_H

#include <stddef.h>

/* Returns `memory`; exits if it is NULL. */
void *mpr_need(void *memory);
/* An array of zeros. */
void *mpr_need_array(size_t count, size_t size);
/* Exits unless `err` is 0: for functions whose only failure is a lack of memory. */
void mpr_need_ok(int err);
char *mpr_need_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
