/* SPDX-License-Identifier: MIT */
/* Command lines quoted for a shell. */
#ifndef MPR_ORCHESTRATOR_BASE_QUOTE_H
#define MPR_ORCHESTRATOR_BASE_QUOTE_H

#include <stdio.h>

/* Prints one word, in quotes if it needs them. */
void mpr_print_word(FILE *out, const char *word);
/* Prints argv (ended by NULL) as one line. */
void mpr_print_command(FILE *out, char *const *argv);

#endif
