/* SPDX-License-Identifier: MIT */
#include "orchestrator/args.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "opts/opts.h"
#include "orchestrator/memory.h"

/* In the order in which a remote is told of them. */
enum kind { DRIVE, ADAPTER, OTHER_DEVICE, KINDS };

/* One -rdevice or -rdrive. */
struct remote_option {
	enum kind kind;
	struct mpr_opts *opts; /* without rid */
	const char *text;      /* as given */
	uint64_t rid;
	int position; /* in the given command line */
};

struct mpr_plan {
	char *const *argv;
	int argc;
	struct remote_option *options;
	size_t count;
	uint64_t *rids;
	size_t remotes;
};

static bool is_device(const struct remote_option *option)
{
	return option->kind != DRIVE;
}

static const char *get(const struct remote_option *option, const char *key)
{
	return mpr_opts_get(option->opts, key);
}

static int fail(const struct remote_option *option, const char *why, char **error)
{
	*error = mpr_need_text("%s: %s", mpr_opts_text(option->opts), why);
	return -EINVAL;
}

/* Whether the argument is option `name`, which QEMU takes with one dash or two. */
static bool is_option(const char *arg, const char *name)
{
	return *arg == '-' && !strcmp(arg + 1 + (arg[1] == '-'), name);
}

static size_t remote_of(const struct mpr_plan *plan, uint64_t rid)
{
	size_t i = 0;

	while (i < plan->remotes && plan->rids[i] != rid)
		i++;
	return i;
}

static int take_option(struct mpr_plan *plan, int position, bool device, char **error)
{
	struct remote_option *option = &plan->options[plan->count];
	const char *name = plan->argv[position], *text = plan->argv[position + 1];
	size_t remote;
	int err;

	if (!text) {
		*error = mpr_need_text("%s: its value is missing", name);
		return -EINVAL;
	}
	err = mpr_opts_parse(name, text, device ? "driver" : NULL, &option->opts, error);
	if (err)
		return err;
	plan->count++;
	option->kind = device ? OTHER_DEVICE : DRIVE;
	option->position = position;
	option->text = text;
	if (!get(option, "rid"))
		return fail(option, "rid= is missing: it numbers the remote process", error);
	err = mpr_opts_get_uint(option->opts, "rid", 0, UINT32_MAX, &option->rid, error);
	if (err)
		return err;
	mpr_opts_remove(option->opts, "rid");
	remote = remote_of(plan, option->rid);
	plan->rids[remote] = option->rid;
	if (remote == plan->remotes)
		plan->remotes++;
	return 0;
}

static int take_options(struct mpr_plan *plan, char **error)
{
	for (int i = 1; i < plan->argc; i++) {
		bool device = is_option(plan->argv[i], "rdevice");
		int err;

		if (!device && !is_option(plan->argv[i], "rdrive"))
			continue;
		err = take_option(plan, i, device, error);
		if (err)
			return err;
		i++;
	}
	return 0;
}

/* Whether bus ("lsi0.0") belongs to a device of the same remote. */
static bool bus_is_remote(const struct mpr_plan *plan, const char *bus, uint64_t rid)
{
	const char *dot = strrchr(bus, '.');
	size_t len = dot ? (size_t)(dot - bus) : 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct remote_option *option = &plan->options[i];
		const char *id = get(option, "id");

		if (is_device(option) && option->rid == rid && id && len && strlen(id) == len &&
		    !strncmp(id, bus, len))
			return true;
	}
	return false;
}

static bool is_adapter(const struct mpr_plan *plan, const struct remote_option *option)
{
	const char *driver = get(option, "driver");
	const char *bus = get(option, "bus");

	if (!is_device(option) || (driver && !strncmp(driver, "scsi-", 5)))
		return false;
	return !bus || !bus_is_remote(plan, bus, option->rid);
}

/* QEMU's rule for ids, which also keeps commas out. */
static bool is_name(const char *text)
{
	if (!isalpha((unsigned char)*text))
		return false;
	while (isalnum((unsigned char)*text) || (*text && strchr("-._", *text)))
		text++;
	return !*text;
}

/* An adapter's driver and id are written into other options. */
static int check_adapter(const struct remote_option *option, char **error)
{
	const char *driver = get(option, "driver"), *id = get(option, "id");

	if (!driver || !*driver)
		return fail(option, "the driver's name is missing", error);
	if (strspn(driver, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "0123456789-._") != strlen(driver))
		return fail(option, "this is not a driver's name", error);
	if (!id)
		return fail(option, "id= is missing: it ties the device to its proxy", error);
	if (!is_name(id))
		return fail(option,
			    "the id must begin with a letter and hold only letters, digits, "
			    "'-', '.' and '_'",
			    error);
	return 0;
}

/* Devices have one space of names, drives another. */
static int check_id(const struct mpr_plan *plan, const struct remote_option *option, char **error)
{
	const char *id = get(option, "id");

	if (!id)
		return option->kind == DRIVE
			       ? fail(option, "id= is missing: devices name the drive by it", error)
			       : 0;
	for (const struct remote_option *o = plan->options; o < option; o++) {
		const char *other = get(o, "id");

		if (is_device(o) == is_device(option) && other && !strcmp(id, other))
			return fail(option, "the id is taken by another option", error);
	}
	return 0;
}

static int check_options(struct mpr_plan *plan, char **error)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct remote_option *option = &plan->options[i];
		int err = check_id(plan, option, error);

		if (!err && is_adapter(plan, option)) {
			option->kind = ADAPTER;
			err = check_adapter(option, error);
		}
		if (err)
			return err;
	}
	return 0;
}

/* A remote process is there for its adapters. */
static int check_remotes(const struct mpr_plan *plan, char **error)
{
	for (size_t r = 0; r < plan->remotes; r++) {
		size_t i = 0;

		while (i < plan->count &&
		       (plan->options[i].rid != plan->rids[r] || plan->options[i].kind != ADAPTER))
			i++;
		if (i < plan->count)
			continue;
		*error = mpr_need_text("rid %llu has no adapter: add one with -rdevice "
				       "lsi53c895a,id=ID,rid=%llu",
				       (unsigned long long)plan->rids[r],
				       (unsigned long long)plan->rids[r]);
		return -EINVAL;
	}
	return 0;
}

int mpr_plan_create(char *const *argv, struct mpr_plan **result, char **error)
{
	struct mpr_plan *plan = mpr_need_array(1, sizeof(*plan));
	int err;

	plan->argv = argv;
	while (argv[plan->argc])
		plan->argc++;
	plan->options = mpr_need_array(plan->argc, sizeof(*plan->options));
	plan->rids = mpr_need_array(plan->argc, sizeof(*plan->rids));
	err = take_options(plan, error);
	if (!err)
		err = check_options(plan, error);
	if (!err)
		err = check_remotes(plan, error);
	if (err) {
		mpr_plan_free(plan);
		return err;
	}
	*result = plan;
	return 0;
}

void mpr_plan_free(struct mpr_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		mpr_opts_free(plan->options[i].opts);
	free(plan->options);
	free(plan->rids);
	free(plan);
}

size_t mpr_plan_remotes(const struct mpr_plan *plan)
{
	return plan->remotes;
}

uint64_t mpr_plan_rid(const struct mpr_plan *plan, size_t remote)
{
	return plan->rids[remote];
}

static char *remote_value(const struct remote_option *option)
{
	if (option->kind == ADAPTER)
		return mpr_need_text("%s,id=%s", get(option, "driver"), get(option, "id"));
	return mpr_need(mpr_opts_format(option->opts, is_device(option) ? "driver" : NULL));
}

/* Locking guest memory is for QEMU and for the remotes. */
static char **add_overcommit(const struct mpr_plan *plan, char **next)
{
	for (int i = 1; i + 1 < plan->argc; i++) {
		if (!is_option(plan->argv[i], "overcommit"))
			continue;
		*next++ = mpr_need_text("-overcommit");
		*next++ = mpr_need_text("%s", plan->argv[++i]);
	}
	return next;
}

char **mpr_plan_remote_argv(const struct mpr_plan *plan, size_t remote, const char *program, int fd)
{
	char **argv = mpr_need_array(2 * plan->count + plan->argc + 3, sizeof(*argv));
	char **next = argv;

	*next++ = mpr_need_text("%s", program);
	*next++ = mpr_need_text("%d", fd);
	next = add_overcommit(plan, next);
	for (enum kind kind = 0; kind < KINDS; kind++) {
		for (size_t i = 0; i < plan->count; i++) {
			const struct remote_option *option = &plan->options[i];

			if (option->kind != kind || option->rid != plan->rids[remote])
				continue;
			*next++ = mpr_need_text(is_device(option) ? "-device" : "-drive");
			*next++ = remote_value(option);
		}
	}
	return argv;
}

/* What an adapter's option says beyond driver and id is for the PCI device
 * that QEMU sees: "bus=pci.0,addr=5". */
static char *proxy_properties(const struct remote_option *option)
{
	static const char *const ours[] = {"driver", "id", "rid"};
	struct mpr_opts *opts;
	char *error, *text;

	if (mpr_opts_parse("-rdevice", option->text, "driver", &opts, &error))
		return mpr_need(NULL); /* it was parsed before, so memory is short */
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		mpr_opts_remove(opts, ours[i]);
	text = mpr_need(mpr_opts_format(opts, NULL));
	mpr_opts_free(opts);
	return text;
}

static char *proxy_value(const struct remote_option *option, int fd)
{
	char *rest = proxy_properties(option);
	char *text = mpr_need_text("pci-proxy-dev,id=%s,socket=%d%s%s", get(option, "id"), fd,
				   *rest ? "," : "", rest);

	free(rest);
	return text;
}

char **mpr_plan_qemu_argv(const struct mpr_plan *plan, const int *fds)
{
	char **argv = mpr_need_array(plan->argc + 1, sizeof(*argv));
	char **next = argv;
	size_t o = 0;

	for (int i = 0; i < plan->argc; i++) {
		const struct remote_option *option = &plan->options[o];

		if (o == plan->count || option->position != i) {
			*next++ = mpr_need_text("%s", plan->argv[i]);
			continue;
		}
		if (option->kind == ADAPTER) {
			*next++ = mpr_need_text("-device");
			*next++ = proxy_value(option, fds[remote_of(plan, option->rid)]);
		}
		o++;
		i++;
	}
	return argv;
}

void mpr_argv_free(char **argv)
{
	for (char **arg = argv; *arg; arg++)
		free(*arg);
	free(argv);
}
