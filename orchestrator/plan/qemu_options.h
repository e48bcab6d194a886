/* SPDX-License-Identifier: MIT */
/*
 * QEMU's options, and what each means for the devices and disks of a virtual machine
 * that live in remote processes. A remote disk is a disk of the machine, so an option
 * for all disks either holds for it, too, or is refused. docs/qemu-options.md has the
 * same table.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_QEMU_OPTIONS_H
#define MPR_ORCHESTRATOR_PLAN_QEMU_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum mpr_option_scope {
	MPR_QEMU_ONLY, /* of no concern to remote processes */
	MPR_BOTH,      /* holds for them as well */
	MPR_REFUSED,   /* would hold for one half only; with `key`, if its value has that */
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

/* An option's name, without its dashes, of which QEMU takes one or two; NULL: the word is none. */
const char *mpr_option_name(const char *word);

/* Whether the word is the option of that name, or is -rdevice, -rdrive or -rplugin. */
bool mpr_is_option(const char *word, const char *name);
bool mpr_is_remote_option(const char *word);

/* The option that a word is, or NULL: it is none, or unknown, or one of these. */
const struct mpr_qemu_option *mpr_qemu_option(const char *word);

/* How many words the option or operand at argv[0] has: 1 or 2. */
size_t mpr_option_words(char *const *argv);

#endif
