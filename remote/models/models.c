/* SPDX-License-Identifier: MIT */
#include "remote/models/models.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Drivers ------------------------------------------------------------ */

const struct mpr_model *mpr_model_find(const struct mpr_model *const *models, const char *driver)
{
	for (; *models; models++)
		if (!strcmp((*models)->driver, driver))
			return *models;
	return NULL;
}

static int unknown_driver(const struct mpr_model *const *models, const struct mpr_opts *opts,
			  const char *driver, char **error)
{
	const char **names, *nearest;
	size_t count = 0;

	while (models[count])
		count++;
	names = calloc(count + 1, sizeof(*names));
	for (size_t i = 0; names && i < count; i++)
		names[i] = models[i]->driver;
	nearest = names ? mpr_nearest(driver, names) : NULL;
	if (nearest)
		*error = mpr_errorf("%s: no driver \"%s\" (did you mean \"%s\"?)",
				    mpr_opts_text(opts), driver, nearest);
	else
		*error = mpr_errorf("%s: no driver \"%s\" (-device help lists them)",
				    mpr_opts_text(opts), driver);
	free(names);
	return -EINVAL;
}

int mpr_model_of(const struct mpr_model *const *models, const struct mpr_opts *opts,
		 const struct mpr_model **model, char **error)
{
	const char *driver = mpr_opts_get(opts, "driver");

	if (!driver) {
		*error = mpr_errorf("%s: the driver is missing (-device help lists them)",
				    mpr_opts_text(opts));
		return -EINVAL;
	}
	*model = mpr_model_find(models, driver);
	return *model ? 0 : unknown_driver(models, opts, driver, error);
}

/* ---- Properties --------------------------------------------------------- */

static const struct mpr_property of_all[] = {
	{"id", MPR_PROPERTY_STRING, .description = "name of the device"},
	{.name = NULL},
};

/* Those that are no PCI devices. */
static const struct mpr_property of_disks[] = {
	{"id", MPR_PROPERTY_STRING, .description = "name of the device"},
	{"drive", MPR_PROPERTY_STRING,
	 .description = "id of the -drive, or node of the -blockdev, with the disk's image"},
	{"bus", MPR_PROPERTY_STRING,
	 .description = "bus of the adapter, ID.0 (default: the first)"},
	{"share-rw", MPR_PROPERTY_BOOL,
	 .description = "others may write to the image that also say so", .value = "off"},
	{"rerror", MPR_PROPERTY_STRING, .type_name = "BlockdevOnError",
	 .description = "what a failed read does: report, ignore, stop, auto (as the drive)",
	 .value = "auto"},
	{"werror", MPR_PROPERTY_STRING, .type_name = "BlockdevOnError",
	 .description = "what a failed write does: report, ignore, stop, enospc, auto",
	 .value = "auto"},
	{"bootindex", MPR_PROPERTY_STRING, .type_name = "int32",
	 .description = "for the VMM: boot-order= of its pci-proxy-dev", .value = "-1"},
	{.name = NULL},
};

const struct mpr_property *mpr_model_property(const struct mpr_model *model, size_t i)
{
	const struct mpr_property *property = mpr_model_device(model) ? of_all : of_disks;

	for (; property->name; property++)
		if (i-- == 0)
			return property;
	for (property = model->properties; property && property->name; property++)
		if (i-- == 0)
			return property;
	return NULL;
}

const struct mpr_property *mpr_model_property_named(const struct mpr_model *model, const char *name)
{
	const struct mpr_property *property;

	for (size_t i = 0; (property = mpr_model_property(model, i)); i++)
		if (!strcmp(property->name, name))
			return property;
	return NULL;
}

const char *mpr_property_type_name(const struct mpr_property *property)
{
	static const char *const names[] = {
		[MPR_PROPERTY_BOOL] = "bool",	[MPR_PROPERTY_UINT] = "uint64",
		[MPR_PROPERTY_SIZE] = "size",	[MPR_PROPERTY_STRING] = "str",
		[MPR_PROPERTY_CHOICE] = "enum",
	};

	return property->type_name ? property->type_name : names[property->type];
}

int mpr_model_check(const struct mpr_model *model, const struct mpr_opts *opts, char **error)
{
	size_t count = 0;
	const char **names;
	int ret;

	while (mpr_model_property(model, count))
		count++;
	names = calloc(count + 2, sizeof(*names));
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		names[i] = mpr_model_property(model, i)->name;
	names[count] = "driver";
	ret = mpr_opts_check(opts, names, error);
	free(names);
	return ret;
}

/* ---- Values ------------------------------------------------------------- */

static int parse_choice(const struct mpr_property *property, const struct mpr_opts *opts,
			uint64_t *number, char **error)
{
	const char *const *choices = property->choices;
	unsigned choice = 0;
	int ret = mpr_opts_get_enum(opts, property->name, choices, &choice, error);

	*number = choice;
	if (ret == 0 || !property->why)
		return ret;
	free(*error);
	*error = mpr_errorf("%s: %s=%s is not supported, only %s is: %s", mpr_opts_text(opts),
			    property->name, mpr_opts_get(opts, property->name), choices[0],
			    property->why);
	return ret;
}

/* The option has the property. */
static int parse_value(const struct mpr_property *property, const struct mpr_opts *opts,
		       union mpr_value *value, char **error)
{
	uint64_t max = property->max ? property->max : UINT64_MAX;

	switch (property->type) {
	case MPR_PROPERTY_BOOL:
		return mpr_opts_get_bool(opts, property->name, &value->flag, error);
	case MPR_PROPERTY_UINT:
		return mpr_opts_get_uint(opts, property->name, property->min, max, &value->number,
					 error);
	case MPR_PROPERTY_SIZE:
		return mpr_opts_get_size(opts, property->name, property->min, max, &value->number,
					 error);
	case MPR_PROPERTY_CHOICE:
		return parse_choice(property, opts, &value->number, error);
	default:
		value->text = mpr_opts_get(opts, property->name);
		return 0;
	}
}

/* As if the user had said it. */
static int parse_default(const struct mpr_property *property, union mpr_value *value, char **error)
{
	struct mpr_opts *opts = mpr_opts_new("the default");
	int ret = opts ? mpr_opts_set(opts, property->name, property->value) : -ENOMEM;

	if (ret == 0)
		ret = parse_value(property, opts, value, error);
	mpr_opts_free(opts);
	if (property->type == MPR_PROPERTY_STRING)
		value->text = property->value;
	return ret;
}

static int parse(const struct mpr_property *property, const struct mpr_opts *opts,
		 struct mpr_setting *setting, char **error)
{
	const char *said = mpr_opts_get(opts, property->name);

	setting->set = said || property->value;
	if (said)
		return parse_value(property, opts, &setting->value, error);
	return setting->set ? parse_default(property, &setting->value, error) : 0;
}

int mpr_model_settings(const struct mpr_model *model, const struct mpr_opts *opts,
		       struct mpr_setting **result, char **error)
{
	const struct mpr_property *properties = model->properties;
	struct mpr_setting *settings;
	size_t count = 0;
	int ret = 0;

	while (properties && properties[count].name)
		count++;
	settings = calloc(count + 1, sizeof(*settings));
	if (!settings)
		return -ENOMEM;
	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = parse(&properties[i], opts, &settings[i], error);
	if (ret < 0)
		free(settings);
	else
		*result = settings;
	return ret;
}
