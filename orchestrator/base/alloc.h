/* SPDX-License-Identifier: MIT */
/* Allocation for the mpring command, which cannot go on without memory: these
 * never return NULL but end the program. */
#ifndef MPR_ORCHESTRATOR_BASE_ALLOC_H
#define MPR_ORCHESTRATOR_BASE_ALLOC_H

#include <stddef.h>

/* The pointer itself, which must not be NULL. */
void *mpr_need(void *memory);
/* Zeroed. */
void *mpr_need_array(size_t count, size_t size);
/* Ends the program unless `err` is 0: of a function that fails only for want of memory. */
void mpr_need_ok(int err);
char *mpr_need_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
