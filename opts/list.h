/* SPDX-License-Identifier: MIT */
/* The options of one kind, in the order in which they came: a command line's, and
 * those that a monitor adds. */
#ifndef MPR_OPTS_LIST_H
#define MPR_OPTS_LIST_H

#include "opts/opts.h"

/* Zeroed: empty. */
struct mpr_option_list {
	struct mpr_opts **opts;
	size_t count;
};

/* Appends an option to a list, which then owns it. 0 or -ENOMEM. */
int mpr_option_add(struct mpr_option_list *list, struct mpr_opts *opts);
/* Takes an option out of a list; the caller frees it. */
void mpr_option_remove(struct mpr_option_list *list, const struct mpr_opts *opts);
/* The first option of that id in a list, or NULL. */
struct mpr_opts *mpr_option_find(const struct mpr_option_list *list, const char *id);
/* An option, of the list or to be added, must not have the id of one before it. 0, or
 * -EEXIST with *error set to a message (free() it). */
int mpr_option_check_id(const struct mpr_option_list *list, const struct mpr_opts *opts,
			char **error);
/* Frees the options, too. */
void mpr_option_list_free(struct mpr_option_list *list);

#endif
