/* SPDX-License-Identifier: MIT */
#include "remote/models/plugins.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/plugin.h"
#include "remote/models/models.h"

#define SYMBOL "mpr_device_plugin"
#define DRIVER_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

/* Of struct mpr_device_ops, when MPR_DEVICE_ABI was new. */
#define FIRST_OPS_SIZE (offsetof(struct mpr_device_ops, counters) + sizeof(void *))

/* ---- The list ----------------------------------------------------------- */

static int add(struct mpr_models *models, const struct mpr_model *model)
{
	const struct mpr_model **list =
		reallocarray(models->list, models->count + 2, sizeof(struct mpr_model *));

	if (!list)
		return -ENOMEM;
	models->list = list;
	list[models->count++] = model;
	list[models->count] = NULL;
	return 0;
}

int mpr_models_init(struct mpr_models *models, const struct mpr_model *const *built_in)
{
	int ret = 0;

	*models = (struct mpr_models){.list = calloc(1, sizeof(struct mpr_model *))};
	if (!models->list)
		return -ENOMEM;
	for (; ret == 0 && *built_in; built_in++)
		ret = add(models, *built_in);
	models->built_in = models->count;
	return ret;
}

void mpr_models_free(struct mpr_models *models)
{
	for (size_t i = models->built_in; i < models->count; i++)
		free((void *)models->list[i]);
	free(models->list);
}

/* ---- What is wrong ------------------------------------------------------ */

static int fail(char **error, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(char **error, const char *file, const char *fmt, ...)
{
	char *what;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	*error = mpr_errorf("-plugin %s: %s", file, what ? what : "out of memory");
	free(what);
	return -EINVAL;
}

static int check_size(const char *file, const char *name, uint32_t size, size_t min, size_t max,
		      char **error)
{
	if (size >= min && size <= max)
		return 0;
	return fail(error, file,
		    "its struct %s has %u bytes, and that of this program %zu: compile it with "
		    "this program's headers",
		    name, (unsigned)size, max);
}

static int check_abi(const struct mpr_plugin *plugin, const char *file, char **error)
{
	int ret;

	if (plugin->abi != MPR_DEVICE_ABI)
		return fail(error, file,
			    "it was compiled for device ABI %u, and this program has %u: compile "
			    "it with this program's headers",
			    (unsigned)plugin->abi, MPR_DEVICE_ABI);
	ret = check_size(file, "mpr_device", plugin->device_size, sizeof(struct mpr_device),
			 sizeof(struct mpr_device), error);
	if (ret == 0)
		ret = check_size(file, "mpr_device_ops", plugin->ops_size, FIRST_OPS_SIZE,
				 sizeof(struct mpr_device_ops), error);
	if (ret == 0)
		ret = check_size(file, "mpr_host_ops", plugin->host_ops_size, 0,
				 sizeof(struct mpr_host_ops), error);
	return ret;
}

static bool is_bar(const struct mpr_bar_info *bar)
{
	static const uint32_t min[] = {
		[MPR_BAR_IO] = 4, [MPR_BAR_MEM32] = 16, [MPR_BAR_RAM32] = MPR_BAR_RAM_MIN};

	if (bar->kind == MPR_BAR_NONE)
		return true;
	if ((unsigned)bar->kind > MPR_BAR_RAM32 || bar->size < min[bar->kind])
		return false;
	return !(bar->size & (bar->size - 1)) &&
	       (bar->kind != MPR_BAR_RAM32 || bar->size <= MPR_BAR_RAM_MAX);
}

/* NULL: nothing is wrong with it. */
static const char *wrong_property(const struct mpr_property *property)
{
	/* The last ones are said of an -rdevice of mpring. */
	static const char *const taken[] = {"driver", "id",	 "bus", "addr",
					    "rid",    "poll-us", "cpu", "numa-node"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (!strcmp(property->name, taken[i]))
			return "every device has it, here, in QEMU or in mpring";
	if ((unsigned)property->type > MPR_PROPERTY_CHOICE)
		return "there is no such type";
	if (!property->description)
		return "the description is missing";
	if (property->type == MPR_PROPERTY_CHOICE && (!property->choices || !*property->choices))
		return "the choices are missing";
	return NULL;
}

static const char *wrong_ops(const struct mpr_device_ops *ops)
{
	if (!ops->model.desc)
		return "the description is missing";
	if (!ops->model.bus || strcmp(ops->model.bus, MPR_BUS_PCI))
		return "its bus must be " MPR_BUS_PCI;
	if (ops->model.size < sizeof(struct mpr_device))
		return "its size must be that of its state, which begins with a struct mpr_device";
	if (!ops->pci)
		return "pci is missing";
	if (!ops->read || !ops->write || !ops->reset)
		return "it must have read(), write() and reset()";
	if (!ops->shadow != !ops->peek)
		return "a shadow and peek() go together";
	if (ops->model.properties && ops->model.properties[0].name && !ops->model.set)
		return "it has properties, but no set()";
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++)
		if (!is_bar(&ops->pci->bar[i]))
			return "a BAR has a kind or a size that there is not";
	return NULL;
}

/* Defaults must be values. */
static int check_defaults(const struct mpr_model *model, const char *file, char **error)
{
	struct mpr_setting *settings;
	struct mpr_opts *opts = mpr_opts_new("");
	char *why = NULL;
	int ret = opts ? mpr_model_settings(model, opts, &settings, &why) : -ENOMEM;

	mpr_opts_free(opts);
	if (ret == 0)
		free(settings);
	else
		(void)fail(error, file, "driver \"%s\": %s", model->driver,
			   why ? why : "out of memory");
	free(why);
	return ret;
}

static int check_properties(const struct mpr_model *model, const char *file, char **error)
{
	for (const struct mpr_property *p = model->properties; p && p->name; p++) {
		const char *wrong = wrong_property(p);

		if (wrong)
			return fail(error, file, "driver \"%s\": property \"%s\": %s",
				    model->driver, p->name, wrong);
	}
	return check_defaults(model, file, error);
}

static int check_model(const struct mpr_models *models, const struct mpr_device_ops *ops,
		       const char *file, char **error)
{
	const char *driver = ops->model.driver, *wrong;

	if (!driver || !*driver || driver[strspn(driver, DRIVER_CHARACTERS)])
		return fail(error, file, "\"%s\" is no driver's name", driver ? driver : "");
	for (size_t i = 0; i < models->count; i++)
		if (!strcmp(models->list[i]->driver, driver))
			return fail(error, file, "there is a driver \"%s\" already: %s", driver,
				    i < models->built_in ? "it is built in"
							 : "another plug-in has it");
	wrong = wrong_ops(ops);
	if (wrong)
		return fail(error, file, "driver \"%s\": %s", driver, wrong);
	return check_properties(&ops->model, file, error);
}

/* ---- Loading ------------------------------------------------------------ */

/* As large as the program's, whatever the plug-in's is. */
static struct mpr_device_ops *copy(const struct mpr_device_ops *ops, size_t size)
{
	struct mpr_device_ops *full = calloc(1, sizeof(*full));

	return full ? memcpy(full, ops, size) : NULL;
}

static int add_models(struct mpr_models *models, const struct mpr_plugin *plugin, const char *file,
		      char **error)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && plugin->models[i]; i++) {
		struct mpr_device_ops *ops = copy(plugin->models[i], plugin->ops_size);

		ret = ops ? check_model(models, ops, file, error) : -ENOMEM;
		if (ret == 0)
			ret = add(models, &ops->model);
		if (ret < 0)
			free(ops);
	}
	return ret;
}

/* What the loader says, without the path that it begins with. */
static const char *loaders_words(const char *path)
{
	const char *words = dlerror();
	size_t len = strlen(path);

	return !strncmp(words, path, len) && !strncmp(words + len, ": ", 2) ? words + len + 2
									    : words;
}

static int open_object(const char *file, void **handle, char **error)
{
	/* A name without a slash would be looked for where libraries are. */
	char *path = realpath(file, NULL);
	int ret = 0;

	if (!path)
		return fail(error, file, "%s", strerror(errno));
	*handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!*handle)
		ret = fail(error, file, "%s", loaders_words(path));
	free(path);
	return ret;
}

/* What was loaded stays: its models are in use until the process ends. */
int mpr_plugin_load(struct mpr_models *models, const char *file, char **error)
{
	const struct mpr_plugin *plugin;
	void *handle;
	int ret = open_object(file, &handle, error);

	if (ret < 0)
		return ret;
	plugin = dlsym(handle, SYMBOL);
	if (!plugin)
		return fail(error, file,
			    "it has no symbol " SYMBOL ", which MPR_DEVICE_PLUGIN() of "
			    "dev/plugin.h makes");
	ret = check_abi(plugin, file, error);
	if (ret == 0 && !plugin->models)
		ret = fail(error, file, "it has no models");
	return ret == 0 ? add_models(models, plugin, file, error) : ret;
}
