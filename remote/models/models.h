/* SPDX-License-Identifier: MIT */
/* The models that -device may name (a list ended by NULL), and their properties as
 * options give them. */
#ifndef MPR_REMOTE_MODELS_MODELS_H
#define MPR_REMOTE_MODELS_MODELS_H

#include "dev/host.h"
#include "opts/opts.h"

/* The model of that driver, or NULL. */
const struct mpr_model *mpr_model_find(const struct mpr_model *const *models, const char *driver);

/* Finds the model that a -device names. -EINVAL with *error set to a message that names
 * the nearest driver (free() it). */
int mpr_model_of(const struct mpr_model *const *models, const struct mpr_opts *opts,
		 const struct mpr_model **model, char **error);

/* Property number `i` of the model, from 0: first those that every device has, or every
 * disk; then its own. NULL: there are not so many. */
const struct mpr_property *mpr_model_property(const struct mpr_model *model, size_t i);
/* That of a name, or NULL. */
const struct mpr_property *mpr_model_property_named(const struct mpr_model *model,
						    const char *name);
/* "uint32". */
const char *mpr_property_type_name(const struct mpr_property *property);

/* Refuses an option that names a property which the model does not have. 0, or -EINVAL
 * with *error set to a message that names the nearest one (free() it). */
int mpr_model_check(const struct mpr_model *model, const struct mpr_opts *opts, char **error);

/* The values of the model's own properties, checked (free() them). Texts are owned by
 * the option. 0; -EINVAL or -ENOMEM with *error set to a message (free() it). */
int mpr_model_settings(const struct mpr_model *model, const struct mpr_opts *opts,
		       struct mpr_setting **settings, char **error);

#endif
