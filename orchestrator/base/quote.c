/* SPDX-License-Identifier: MIT */
#include "orchestrator/base/quote.h"

#include <string.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-_./,:=+@%";

void mpr_print_word(FILE *out, const char *word)
{
	if (*word && strspn(word, plain) == strlen(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

void mpr_print_command(FILE *out, char *const *argv)
{
	for (; *argv; argv++) {
		mpr_print_word(out, *argv);
		fputc(argv[1] ? ' ' : '\n', out);
	}
}
