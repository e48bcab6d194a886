/* SPDX-License-Identifier: MIT */
#include "opts/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mpr_option_add(struct mpr_option_list *list, struct mpr_opts *opts)
{
	struct mpr_opts **grown =
		reallocarray(list->opts, list->count + 1, sizeof(struct mpr_opts *));

	if (!grown)
		return -ENOMEM;
	list->opts = grown;
	list->opts[list->count++] = opts;
	return 0;
}

void mpr_option_remove(struct mpr_option_list *list, const struct mpr_opts *opts)
{
	size_t i = 0;

	while (list->opts[i] != opts)
		i++;
	list->count--;
	memmove(&list->opts[i], &list->opts[i + 1], (list->count - i) * sizeof(*list->opts));
}

struct mpr_opts *mpr_option_find(const struct mpr_option_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *other = mpr_opts_get(list->opts[i], "id");

		if (other && !strcmp(other, id))
			return list->opts[i];
	}
	return NULL;
}

int mpr_option_check_id(const struct mpr_option_list *list, const struct mpr_opts *opts,
			char **error)
{
	const char *id = mpr_opts_get(opts, "id");
	const struct mpr_opts *other = id ? mpr_option_find(list, id) : NULL;

	if (!other || other == opts)
		return 0;
	*error = mpr_errorf("%s: id \"%s\" is taken by %s", mpr_opts_text(opts), id,
			    mpr_opts_text(other));
	return -EEXIST;
}

void mpr_option_list_free(struct mpr_option_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		mpr_opts_free(list->opts[i]);
	free(list->opts);
	*list = (struct mpr_option_list){0};
}
