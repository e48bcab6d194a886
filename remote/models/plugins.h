/* SPDX-License-Identifier: MIT */
/* The models that -device may name: those that the program was built with, and those of
 * plug-ins (dev/plugin.h). */
#ifndef MPR_REMOTE_MODELS_PLUGINS_H
#define MPR_REMOTE_MODELS_PLUGINS_H

#include "dev/model.h"

struct mpr_models {
	const struct mpr_model **list; /* ended by NULL */
	size_t count, built_in;	       /* those of plug-ins come last */
};

/* 0 or -ENOMEM. `built_in` is ended by NULL. */
int mpr_models_init(struct mpr_models *models, const struct mpr_model *const *built_in);
void mpr_models_free(struct mpr_models *models);

/*
 * Loads a shared object, which runs code of its, and adds its models. Its driver names
 * must be new. 0; -EINVAL or -ENOMEM with *error set to a message that names the file
 * (free() it).
 */
int mpr_plugin_load(struct mpr_models *models, const char *file, char **error);

#endif
