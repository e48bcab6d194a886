/* SPDX-License-Identifier: MIT */
/*
 * QEMU's options, and what each means for devices and disks in remote processes. An option for all
 * disks of the machine must hold for remote disks as well, or be refused. docs/qemu-options.md has
 * the same table, which a test compares.
 */
#ifndef MPR_ORCHESTRATOR_OPTIONS_QEMU_OPTIONS_H
#define MPR_ORCHESTRATOR_OPTIONS_QEMU_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum mpr_option_scope {
	MPR_QEMU_ONLY, /* remote processes have nothing to do with it */
	MPR_BOTH,      /* holds for them as well */
	MPR_REFUSED,   /* would hold for QEMU only; with `key`: if its value has that key */
};

struct mpr_qemu_option {
	const char *name; /* without dashes */
	bool argument;	  /* the next word belongs to it */
	enum mpr_option_scope scope;
	const char *why;
	const char *key;
};

/* Ended by an option without a name. */
extern const struct mpr_qemu_option mpr_qemu_options[];

/* The word without its dashes, of which QEMU takes one or two; NULL: it has none. */
const char *mpr_option_name(const char *word);

/* Whether the word is that option; whether it is -rdevice, -rdrive or -rplugin. */
bool mpr_is_option(const char *word, const char *name);
bool mpr_is_remote_option(const char *word);

/* The entry of the table for a word, or NULL: it is no option of QEMU 7.2. */
const struct mpr_qemu_option *mpr_qemu_option(const char *word);

/* How many words the option at argv[0] takes: 2 with a value, else 1. */
size_t mpr_option_words(char *const *argv);

#endif
