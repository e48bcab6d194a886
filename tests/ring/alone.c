/* SPDX-License-Identifier: MIT */
/* Proves that the header which the compiler is told to include first compiles alone, as
 * C11 without extensions. */
typedef int nothing_else;
