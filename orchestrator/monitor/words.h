/* SPDX-License-Identifier: MIT */
/*
 * What may be completed on a monitor's line: names of commands, of what "info" shows,
 * of devices and of drives. It is asked for ahead, so that a key need not wait.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_WORDS_H
#define MPR_ORCHESTRATOR_MONITOR_WORDS_H

#include <glib.h>

struct mpr_commands;
struct mpr_words;

struct mpr_words *mpr_words_create(const struct mpr_commands *commands);
/* No answer is waited for any more. */
void mpr_words_destroy(struct mpr_words *words);

/* Asks again for what may have changed: devices and drives. */
void mpr_words_refresh(struct mpr_words *words);

/* The words that may follow `before`, the line up to the word that is completed, which
 * begins with `prefix` (g_strfreev() them). */
char **mpr_words_find(const struct mpr_words *words, const char *before, const char *prefix);

#endif
