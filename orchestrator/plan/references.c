/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/references.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/options/command_line.h"
#include "orchestrator/options/remote_option.h"

static const char *get(const struct mpr_remote_option *option, const char *key)
{
	return mpr_remote_option_get(option, key);
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

__attribute__((format(printf, 3, 4))) static int fail(const struct mpr_remote_option *option,
						      char **error, const char *fmt, ...)
{
	va_list ap;
	char *why;

	va_start(ap, fmt);
	why = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	*error = mpr_need_text("%s: %s", mpr_opts_text(option->opts), why);
	g_free(why);
	return -EINVAL;
}

static int check_device_id(char *const *argv, const struct mpr_remote_option *option, char **error)
{
	const char *id = get(option, "id");
	struct mpr_opts *opts;
	int at = 1, err = 0;

	while (id && !err && (opts = mpr_next_option(argv, &at, "device", "driver"))) {
		if (same(mpr_opts_get(opts, "id"), id))
			err = fail(option, error, "the id is taken by %s", mpr_opts_text(opts));
		mpr_opts_free(opts);
	}
	return err;
}

/* The text of QEMU's option that has a drive or a node of that name (free() it), or NULL. */
static char *drive_of_qemu(char *const *argv, const char *name)
{
	static const char *const qemus[] = {"drive", "blockdev"};
	struct mpr_opts *opts;
	char *text = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(qemus); i++) {
		int at = 1;

		while (!text && (opts = mpr_next_option(argv, &at, qemus[i], NULL))) {
			if (same(mpr_opts_get(opts, "id"), name) ||
			    same(mpr_opts_get(opts, "node-name"), name))
				text = mpr_need_text("%s", mpr_opts_text(opts));
			mpr_opts_free(opts);
		}
	}
	return text;
}

static int check_name(char *const *argv, const struct mpr_remote_option *option, const char *name,
		      char **error)
{
	char *owner = name ? drive_of_qemu(argv, name) : NULL;

	if (owner)
		fail(option, error, "the name \"%s\" is taken by %s", name, owner);
	free(owner);
	return owner ? -EINVAL : 0;
}

/* Monitor commands find drives by name alone, in QEMU and in all remotes. */
static int check_drive_names(char *const *argv, const struct mpr_remote_option *option,
			     char **error)
{
	int err = check_name(argv, option, get(option, "id"), error);

	return err ? err : check_name(argv, option, get(option, "node-name"), error);
}

/* The adapter whose bus has that name, "ID.0", or NULL. */
static const struct mpr_remote_option *adapter_of(const GPtrArray *options, const char *bus)
{
	for (guint i = 0; i < options->len; i++) {
		if (mpr_remote_option_has_bus(options->pdata[i], bus))
			return options->pdata[i];
	}
	return NULL;
}

/* The bus of an adapter is in QEMU; that of another device belongs to an adapter of its process. */
static int check_bus(const GPtrArray *options, const struct mpr_remote_option *option, char **error)
{
	const char *bus = get(option, "bus");
	const struct mpr_remote_option *adapter = bus ? adapter_of(options, bus) : NULL;

	if (adapter && adapter->rid != option->rid)
		return fail(option, error, "bus \"%s\" is in the process of rid %llu", bus,
			    (unsigned long long)adapter->rid);
	if (!bus || adapter || option->kind == MPR_REMOTE_ADAPTER)
		return 0;
	return fail(option, error, "there is no bus \"%s\": -rdevice lsi53c895a,id=ID makes ID.0",
		    bus);
}

static const struct mpr_remote_option *find_drive(const GPtrArray *options, const char *name,
						  uint64_t rid)
{
	const struct mpr_remote_option *elsewhere = NULL;

	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];

		if (option->kind != MPR_REMOTE_DRIVE ||
		    (!same(get(option, "id"), name) && !same(get(option, "node-name"), name)))
			continue;
		if (option->rid == rid)
			return option;
		elsewhere = option;
	}
	return elsewhere;
}

static int no_drive(char *const *argv, const struct mpr_remote_option *option, const char *name,
		    char **error)
{
	char *owner = drive_of_qemu(argv, name);

	if (owner)
		fail(option, error,
		     "drive \"%s\" is QEMU's own (%s): a remote disk needs an -rdrive", name,
		     owner);
	else
		fail(option, error,
		     "there is no drive \"%s\": add -rdrive id=%s,rid=%llu,file=FILE", name, name,
		     (unsigned long long)option->rid);
	free(owner);
	return -EINVAL;
}

static int check_drive(char *const *argv, const GPtrArray *options, guint index, char **error)
{
	const struct mpr_remote_option *option = options->pdata[index], *drive;
	const char *name = get(option, "drive");

	if (option->kind != MPR_REMOTE_DEVICE || !name)
		return 0;
	drive = find_drive(options, name, option->rid);
	if (!drive)
		return no_drive(argv, option, name, error);
	if (drive->rid != option->rid)
		return fail(option, error, "drive \"%s\" is in the process of rid %llu", name,
			    (unsigned long long)drive->rid);
	for (guint i = 0; i < index; i++) {
		const struct mpr_remote_option *other = options->pdata[i];

		if (other->kind == MPR_REMOTE_DEVICE && get(other, "drive") &&
		    find_drive(options, get(other, "drive"), other->rid) == drive)
			return fail(option, error, "drive \"%s\" is used by %s", name,
				    mpr_opts_text(other->opts));
	}
	return 0;
}

int mpr_check_references(char *const *argv, const GPtrArray *options, char **error)
{
	int err = 0;

	for (guint i = 0; i < options->len && !err; i++) {
		const struct mpr_remote_option *option = options->pdata[i];

		if (option->kind == MPR_REMOTE_DRIVE) {
			err = check_drive_names(argv, option, error);
			continue;
		}
		err = check_device_id(argv, option, error);
		if (!err)
			err = check_bus(options, option, error);
		if (!err)
			err = check_drive(argv, options, i, error);
	}
	return err;
}
