/* SPDX-License-Identifier: MIT */
/* Command lines as a shell reads them. */
#ifndef MPR_ORCHESTRATOR_BASE_QUOTE_H
#define MPR_ORCHESTRATOR_BASE_QUOTE_H

#include <stdio.h>

/* Prints one word, in quotes if it needs them. */
void mpr_print_word(FILE *out, const char *word);
/* Prints a line with all words of argv. */
void mpr_print_command(FILE *out, char *const *argv);

#endif
