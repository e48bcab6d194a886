/* SPDX-License-Identifier: MIT */
/* What a fuzz target defines, and how it says that something is wrong. */
#ifndef MPR_TESTS_FUZZ_FUZZ_H
#define MPR_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Returns 0: any input is good. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool condition)
{
	if (!condition)
		abort();
}

#endif
