/* SPDX-License-Identifier: MIT */
/* cmocka, with the headers that it wants to find before itself. */
#ifndef MPR_TESTS_COMMON_UNIT_H
#define MPR_TESTS_COMMON_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
