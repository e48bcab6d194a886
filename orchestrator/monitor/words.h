/* SPDX-License-Identifier: MIT */
/*
 * Completion on a monitor's line: names of commands, of "info" topics, of devices and of
 * drives. They are fetched ahead, so that no key waits for QEMU.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_WORDS_H
#define MPR_ORCHESTRATOR_MONITOR_WORDS_H

#include <glib.h>

struct mpr_commands;
struct mpr_words;

struct mpr_words *mpr_words_create(const struct mpr_commands *commands);
/* Answers that come later are ignored. */
void mpr_words_destroy(struct mpr_words *words);

/* Fetches what may have changed: devices and drives. */
void mpr_words_refresh(struct mpr_words *words);

/* The words that may follow `before`, the line up to the word that is completed, which
 * begins with `prefix` (g_strfreev() them). */
char **mpr_words_find(const struct mpr_words *words, const char *before, const char *prefix);

#endif
