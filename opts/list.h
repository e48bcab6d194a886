/* SPDX-License-Identifier: MIT */
/* All options of one kind (every -device, say), in the order in which they were given on
 * the command line and added by monitors. */
#ifndef MPR_OPTS_LIST_H
#define MPR_OPTS_LIST_H

#include "opts/opts.h"

/* All zeros is an empty list. */
struct mpr_option_list {
	struct mpr_opts **opts;
	size_t count;
};

/* Appends an option, which the list then owns. Returns 0, or -ENOMEM: the caller keeps it. */
int mpr_option_add(struct mpr_option_list *list, struct mpr_opts *opts);
/* Takes out an option, which must be in the list. The caller owns it again. */
void mpr_option_remove(struct mpr_option_list *list, const struct mpr_opts *opts);
/* The first option with that id, or NULL. */
struct mpr_opts *mpr_option_find(const struct mpr_option_list *list, const char *id);
/* Checks an option that is in the list or is to be added: its id, if it has one, must not
 * be that of an earlier one. Returns 0, or -EEXIST with *error set to a message (free()
 * it). */
int mpr_option_check_id(const struct mpr_option_list *list, const struct mpr_opts *opts,
			char **error);
/* Frees the list and its options. */
void mpr_option_list_free(struct mpr_option_list *list);

#endif
