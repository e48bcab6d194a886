/* SPDX-License-Identifier: MIT */
#include "remote/device/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mpr_hosted_list_add(struct mpr_hosted_list *list, struct mpr_hosted *hosted)
{
	struct mpr_hosted **grown =
		reallocarray(list->hosted, list->count + 1, sizeof(struct mpr_hosted *));

	if (!grown)
		return -ENOMEM;
	list->hosted = grown;
	list->hosted[list->count++] = hosted;
	return 0;
}

void mpr_hosted_list_remove(struct mpr_hosted_list *list, const struct mpr_hosted *hosted)
{
	size_t i = 0;

	while (list->hosted[i] != hosted)
		i++;
	list->count--;
	memmove(&list->hosted[i], &list->hosted[i + 1],
		(list->count - i) * sizeof(struct mpr_hosted *));
}

struct mpr_hosted *mpr_hosted_list_find(const struct mpr_hosted_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->hosted[i]->dev->id, id))
			return list->hosted[i];
	return NULL;
}
