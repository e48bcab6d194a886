/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/plan/qemu_options.h"
#include "orchestrator/plan/remote_option.h"
#include "orchestrator/plan/room.h"

bool mpr_is_option(const char *arg, const char *name)
{
	return *arg == '-' && !strcmp(arg + 1 + (arg[1] == '-'), name);
}

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

/* ---- QEMU's own options ------------------------------------------------- */

struct mpr_opts *mpr_next_option(char *const *argv, int *at, const char *name, const char *implied)
{
	struct mpr_opts *opts;
	char *error;

	while (argv[*at]) {
		char *const *option = &argv[*at];

		*at += (int)mpr_option_words(option);
		if (!mpr_is_option(option[0], name) || !option[1])
			continue;
		if (mpr_opts_parse(option[0], option[1], implied, &opts, &error) == 0)
			return opts;
		free(error);
	}
	return NULL;
}

/* ---- References --------------------------------------------------------- */

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

/* The option of QEMU's that has that name for a drive or a node (free() it), or NULL. */
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

/* The monitor's commands name drives of QEMU and of remotes alike. */
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
		const struct mpr_remote_option *option = options->pdata[i];
		const char *id = get(option, "id");

		if (option->kind == MPR_REMOTE_ADAPTER && id && g_str_has_prefix(bus, id) &&
		    !strcmp(bus + strlen(id), ".0"))
			return option;
	}
	return NULL;
}

/* An adapter's bus is QEMU's, another device's an adapter's of the same process. */
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

/* ---- Memory ------------------------------------------------------------- */

#define REMEDY "-object memory-backend-memfd,id=mem,size=SIZE -machine memory-backend=mem"

static bool has_option(char *const *argv, const char *name)
{
	for (argv++; *argv; argv += mpr_option_words(argv))
		if (mpr_is_option(*argv, name))
			return true;
	return false;
}

/* NULL when device processes can map the backend's memory, else what is wrong. */
static char *wrong_backend(const struct mpr_opts *opts)
{
	const char *type = mpr_opts_get(opts, "qom-type");
	bool share = same(type, "memory-backend-memfd");
	char *error;

	if (same(type, "memory-backend-ram"))
		return mpr_need_text("%s: this memory cannot be shared with device processes: make "
				     "it a memory-backend-memfd",
				     mpr_opts_text(opts));
	if (!share && !same(type, "memory-backend-file"))
		return NULL;
	if (mpr_opts_get_bool(opts, "share", &share, &error) < 0)
		return error;
	return share ? NULL
		     : mpr_need_text("%s: the guest's memory must be shared with device "
				     "processes: say share=on",
				     mpr_opts_text(opts));
}

/* The backend of that id; one that is not in sight is QEMU's to complain of. */
static int check_backend(char *const *argv, const char *id, char **error)
{
	struct mpr_opts *opts;
	int at = 1;

	*error = NULL;
	while (!*error && (opts = mpr_next_option(argv, &at, "object", "qom-type"))) {
		if (same(mpr_opts_get(opts, "id"), id))
			*error = wrong_backend(opts);
		mpr_opts_free(opts);
	}
	return *error ? -EINVAL : 0;
}

/* Checks each backend that an option of that name uses by `key`, and counts them. */
static int check_users(char *const *argv, const char *name, const char *implied, const char *key,
		       unsigned *used, char **error)
{
	struct mpr_opts *opts;
	int at = 1, err = 0;

	while (!err && (opts = mpr_next_option(argv, &at, name, implied))) {
		const char *id = mpr_opts_get(opts, key);

		if (id)
			err = check_backend(argv, id, error);
		*used += id != NULL;
		mpr_opts_free(opts);
	}
	return err;
}

static int no_backend_is_used(char *const *argv, char **error)
{
	struct mpr_opts *opts;
	int at = 1;

	*error = NULL;
	while (!*error && (opts = mpr_next_option(argv, &at, "object", "qom-type"))) {
		const char *type = mpr_opts_get(opts, "qom-type"), *id = mpr_opts_get(opts, "id");

		if (type && id && g_str_has_prefix(type, "memory-backend-"))
			*error = mpr_need_text("%s: nothing uses this memory: add -machine "
					       "memory-backend=%s or -numa node,memdev=%s",
					       mpr_opts_text(opts), id, id);
		mpr_opts_free(opts);
	}
	if (!*error)
		*error = mpr_need_text("the guest's memory is not shared with device processes: "
				       "add " REMEDY);
	return -EINVAL;
}

int mpr_check_memory(char *const *argv, char **error)
{
	unsigned used = 0;
	int err = check_users(argv, "machine", "type", "memory-backend", &used, error);

	if (!err)
		err = check_users(argv, "M", "type", "memory-backend", &used, error);
	if (!err)
		err = check_users(argv, "numa", "type", "memdev", &used, error);
	return err || used ? err : no_backend_is_used(argv, error);
}

int mpr_check_room(char *const *argv, char **error)
{
	struct mpr_room *room = mpr_room_create();
	struct mpr_opts *opts;
	int at = 1, err = 0;

	while (!err && (opts = mpr_next_option(argv, &at, "object", "qom-type"))) {
		err = mpr_room_take(room, opts, error);
		mpr_opts_free(opts);
	}
	mpr_room_free(room);
	return err;
}

/* ---- Supervision -------------------------------------------------------- */

int mpr_check_supervision(char *const *argv, char **error)
{
	if (!has_option(argv, "daemonize"))
		return 0;
	*error = mpr_need_text("-daemonize: %s", mpr_qemu_option("-daemonize")->why);
	return -EINVAL;
}
