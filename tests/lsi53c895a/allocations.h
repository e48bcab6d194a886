/* SPDX-License-Identifier: MIT */
/* Counts the calls that allocate or free memory, in a program that is linked
 * with its linker options. */
#ifndef MPR_TESTS_LSI53C895A_ALLOCATIONS_H
#define MPR_TESTS_LSI53C895A_ALLOCATIONS_H

extern unsigned allocations;

#endif
