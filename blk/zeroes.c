/* SPDX-License-Identifier: MIT */
#include "blk/zeroes.h"

#include <stdint.h>
#include <string.h>

#define STEP 64 /* bytes looked at between two decisions */

static bool step_is_zero(const uint8_t *p)
{
	uint64_t words[STEP / sizeof(uint64_t)], any = 0;

	memcpy(words, p, STEP);
	for (size_t i = 0; i < STEP / sizeof(uint64_t); i++)
		any |= words[i];
	return !any;
}

static bool element_is_zero(const uint8_t *p, size_t len)
{
	for (; len >= STEP; p += STEP, len -= STEP)
		if (!step_is_zero(p))
			return false;
	while (len)
		if (p[--len])
			return false;
	return true;
}

bool mpr_is_zero(const struct iovec *iov, unsigned niov)
{
	for (unsigned i = 0; i < niov; i++)
		if (!element_is_zero(iov[i].iov_base, iov[i].iov_len))
			return false;
	return true;
}
