/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/user_monitors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "opts/opts.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/options/qemu_options.h"

/* Properties of sockets and stdio that are supported here ... */
static const char *const taken_keys[] = {"backend", "id",    "path",   "host", "port",
					 "fd",	    "mux",   "server", "wait", "nowait",
					 "nodelay", "delay", "signal", NULL};
/* ... and those that QEMU knows. */
static const char *const qemu_keys[] = {
	"backend",   "id",	 "path",      "host",	 "port",      "fd",	   "mux",
	"server",    "wait",	 "nowait",    "nodelay", "delay",     "signal",	   "ipv4",
	"ipv6",	     "to",	 "reconnect", "telnet",	 "tn3270",    "websocket", "tls-creds",
	"tls-authz", "abstract", "tight",     "logfile", "logappend", NULL};

enum fate { TAKEN, LEFT, REFUSED };

struct taker {
	char *const *argv;
	int argc;
	char **result; /* argv as QEMU gets it; NULL: the word is dropped */
	struct mpr_user_monitors *monitors;
	char **error;
};

static bool has_option(const struct taker *taker, const char *name)
{
	for (int i = 1; i < taker->argc; i++)
		if (mpr_is_option(taker->argv[i], name))
			return true;
	return false;
}

/* ---- Who else uses it --------------------------------------------------- */

/* "stdio" or "mon:stdio", alone or before properties. */
static bool is_stdio(const char *arg)
{
	if (!strncmp(arg, "mon:", 4))
		arg += 4;
	return !strncmp(arg, "stdio", 5) && (!arg[5] || arg[5] == ',');
}

/* "-serial mon:stdio": a monitor multiplexed with another device. */
static const char *shared_monitor(const struct taker *taker)
{
	for (int i = 1; i < taker->argc; i++)
		if (!strncmp(taker->argv[i], "mon:", 4) &&
		    !mpr_is_option(taker->argv[i - 1], "monitor"))
			return taker->argv[i];
	return NULL;
}

/* -nographic puts the serial port and the monitor on stdio unless the command line says
 * otherwise. */
static bool nographic_wants_stdio(const struct taker *taker)
{
	bool serial = !has_option(taker, "serial");
	bool monitor = !has_option(taker, "monitor") && !has_option(taker, "mon") &&
		       !shared_monitor(taker);

	for (int i = 1; i < taker->argc; i++)
		serial = serial && strncmp(taker->argv[i], "isa-serial", 10);
	return has_option(taker, "nographic") && !has_option(taker, "nodefaults") &&
	       (serial || monitor);
}

/* If stdio has two users, it is left to QEMU to refuse that. */
static bool stdio_is_free(const struct taker *taker)
{
	int users = nographic_wants_stdio(taker);

	for (int i = 1; i < taker->argc; i++)
		users += is_stdio(taker->argv[i]);
	return users == 1;
}

/* Whether the text is the id, alone or before properties. */
static bool begins_with_id(const char *text, const char *id)
{
	size_t len = strlen(id);

	return !strncmp(text, id, len) && (!text[len] || text[len] == ',');
}

static bool uses_chardev(const char *arg, const char *id)
{
	while ((arg = strstr(arg, "chardev"))) {
		arg += 7;
		if ((*arg == ':' || *arg == '=') && begins_with_id(arg + 1, id))
			return true;
	}
	return false;
}

/* Whether an option other than the one at `position` uses a character device. */
static bool is_shared(const struct taker *taker, const char *id, int position)
{
	for (int i = 1; i < taker->argc; i++) {
		const char *arg = taker->argv[i];

		if (i != position + 1 &&
		    (uses_chardev(arg, id) ||
		     (mpr_is_option(taker->argv[i - 1], "mon") && begins_with_id(arg, id))))
			return true;
	}
	return false;
}

/* ---- One monitor ------------------------------------------------------- */

static enum fate check_keys(const struct taker *taker, const struct mpr_opts *opts)
{
	char *unused = NULL;

	if (mpr_opts_check(opts, taken_keys, &unused) == 0)
		return TAKEN;
	free(unused);
	return mpr_opts_check(opts, qemu_keys, taker->error) == 0 ? LEFT : REFUSED;
}

/* TCP clients, and all kinds that are not known, stay QEMU's. */
static bool can_take(const struct taker *taker, const struct mpr_chardev *chardev)
{
	switch (chardev->kind) {
	case MPR_CHARDEV_STDIO:
		return stdio_is_free(taker);
	case MPR_CHARDEV_TCP:
		return chardev->server;
	case MPR_CHARDEV_UNIX:
	case MPR_CHARDEV_FD:
		return true;
	default:
		return false;
	}
}

/* From monitor->opts, in -chardev's form. */
static enum fate take_place(const struct taker *taker, struct mpr_user_monitor *monitor)
{
	if (mpr_chardev_parse(monitor->opts, &monitor->chardev, taker->error))
		return REFUSED;
	return can_take(taker, &monitor->chardev) ? check_keys(taker, monitor->opts) : LEFT;
}

/* ---- -chardev ----------------------------------------------------------- */

static bool names_id(const char *text, const char *id)
{
	struct mpr_opts *opts;
	const char *own;
	char *error;
	bool same;

	if (mpr_opts_parse("-chardev", text, "backend", &opts, &error)) {
		free(error);
		return false;
	}
	own = mpr_opts_get(opts, "id");
	same = own && !strcmp(own, id);
	mpr_opts_free(opts);
	return same;
}

/* The position of the option that defines a character device, or 0. */
static int find_chardev(const struct taker *taker, const char *id)
{
	for (int i = 1; i + 1 < taker->argc; i++)
		if (mpr_is_option(taker->argv[i], "chardev") && names_id(taker->argv[i + 1], id))
			return i;
	return 0;
}

/* The -chardev of the option at position `user`, unless something else uses it, too. */
static enum fate take_chardev(const struct taker *taker, int user, const char *id,
			      struct mpr_user_monitor *monitor)
{
	int position = find_chardev(taker, id);
	bool mux = false;
	enum fate fate;

	if (!position || is_shared(taker, id, user))
		return LEFT;
	if (mpr_opts_parse("-chardev", taker->argv[position + 1], "backend", &monitor->opts,
			   taker->error) ||
	    mpr_opts_get_bool(monitor->opts, "mux", &mux, taker->error))
		return REFUSED;
	fate = mux ? LEFT : take_place(taker, monitor);
	if (fate == TAKEN)
		taker->result[position] = taker->result[position + 1] = NULL;
	return fate;
}

/* ---- -monitor, -qmp and -mon -------------------------------------------- */

/* With --preconfig, QEMU does not allow human-monitor-command until it is configured. */
static bool can_serve(const struct taker *taker, const struct mpr_user_monitor *monitor)
{
	return monitor->mode != MPR_MONITOR_HMP || !has_option(taker, "preconfig");
}

static enum fate take_short(const struct taker *taker, int position,
			    struct mpr_user_monitor *monitor)
{
	const char *option = taker->argv[position], *text = taker->argv[position + 1];

	if (!can_serve(taker, monitor))
		return LEFT;
	if (!strncmp(text, "chardev:", 8))
		return take_chardev(taker, position, text + 8, monitor);
	if (mpr_opts_parse(option, text, "backend", &monitor->opts, taker->error))
		return REFUSED;
	mpr_need_ok(mpr_chardev_expand(monitor->opts));
	return take_place(taker, monitor);
}

static enum fate get_mon(const struct taker *taker, int position, const struct mpr_opts *opts,
			 struct mpr_user_monitor *monitor)
{
	const char *chardev;

	if (mpr_mon_parse(opts, &chardev, &monitor->mode, taker->error))
		return REFUSED;
	return chardev && can_serve(taker, monitor)
		       ? take_chardev(taker, position, chardev, monitor)
		       : LEFT;
}

static enum fate take_mon(const struct taker *taker, int position, struct mpr_user_monitor *monitor)
{
	const char *option = taker->argv[position], *text = taker->argv[position + 1];
	struct mpr_opts *opts;
	enum fate fate;

	if (mpr_opts_parse(option, text, "chardev", &opts, taker->error))
		return REFUSED;
	fate = get_mon(taker, position, opts, monitor);
	mpr_opts_free(opts);
	return fate;
}

/* ---- The command line --------------------------------------------------- */

static void keep_monitor(struct mpr_user_monitors *monitors, const struct mpr_user_monitor *monitor)
{
	monitors->takes_stdio |= monitor->chardev.kind == MPR_CHARDEV_STDIO;
	monitors->list[monitors->count++] = *monitor;
}

static void free_monitor(struct mpr_user_monitor *monitor)
{
	mpr_opts_free(monitor->opts);
	free(monitor->text);
}

static void note_qemus_own(struct mpr_user_monitors *monitors, const char *what)
{
	char *before = monitors->qemus_own;

	monitors->qemus_own =
		mpr_need_text("%s%s%s", before ? before : "", before ? ", " : "", what);
	free(before);
}

/* QEMU makes a monitor of its own unless the command line has one of these. */
static void leave_none(struct taker *taker, int position)
{
	taker->result[position] = "-monitor";
	taker->result[position + 1] = "none";
}

/* "none" and "null": no monitor, or one that nobody sees. */
static bool is_nothing(const char *text)
{
	return !strncmp(text, "none", 4) || !strcmp(text, "null");
}

static int take_option(struct taker *taker, int position, enum mpr_monitor_mode mode, bool mon)
{
	const char *option = taker->argv[position], *text = taker->argv[position + 1];
	struct mpr_user_monitor monitor = {.mode = mode};
	enum fate fate;

	if (!text || is_nothing(text))
		return 0;
	monitor.text = mpr_need_text("%s %s", option, text);
	fate = mon ? take_mon(taker, position, &monitor) : take_short(taker, position, &monitor);
	if (fate == TAKEN) {
		taker->result[position] = taker->result[position + 1] = NULL;
		if (mon || mode == MPR_MONITOR_HMP)
			leave_none(taker, position);
		keep_monitor(taker->monitors, &monitor);
		return 0;
	}
	if (fate == LEFT)
		note_qemus_own(taker->monitors, monitor.text);
	free_monitor(&monitor);
	return fate == REFUSED ? -EINVAL : 0;
}

static int take_options(struct taker *taker)
{
	static const struct {
		const char *name;
		enum mpr_monitor_mode mode;
		bool mon;
	} options[] = {
		{"monitor", MPR_MONITOR_HMP, false},
		{"qmp", MPR_MONITOR_QMP, false},
		{"qmp-pretty", MPR_MONITOR_QMP_PRETTY, false},
		{"mon", MPR_MONITOR_HMP, true},
	};
	int err = 0;

	for (int i = 1; i < taker->argc && !err; i++) {
		for (size_t o = 0; o < sizeof(options) / sizeof(options[0]) && !err; o++)
			if (mpr_is_option(taker->argv[i], options[o].name))
				err = take_option(taker, i, options[o].mode, options[o].mon);
	}
	return err;
}

static void copy_result(const struct taker *taker)
{
	char **next = taker->monitors->argv;

	for (int i = 0; i < taker->argc; i++)
		if (taker->result[i])
			*next++ = mpr_need_text("%s", taker->result[i]);
}

int mpr_user_monitors_create(char *const *argv, struct mpr_user_monitors **result, char **error)
{
	struct mpr_user_monitors *monitors = mpr_need_array(1, sizeof(*monitors));
	struct taker taker = {.argv = argv, .monitors = monitors, .error = error};
	int err;

	while (argv[taker.argc])
		taker.argc++;
	taker.result = mpr_need_array((size_t)taker.argc + 1, sizeof(char *));
	memcpy(taker.result, argv, (size_t)taker.argc * sizeof(char *));
	monitors->list = mpr_need_array((size_t)taker.argc, sizeof(*monitors->list));
	monitors->argv = mpr_need_array((size_t)taker.argc + 1, sizeof(char *));
	err = take_options(&taker);
	if (shared_monitor(&taker))
		note_qemus_own(monitors, shared_monitor(&taker));
	if (nographic_wants_stdio(&taker) && !has_option(&taker, "monitor") &&
	    !has_option(&taker, "mon"))
		note_qemus_own(monitors, "-nographic");
	copy_result(&taker);
	free(taker.result);
	if (err) {
		mpr_user_monitors_free(monitors);
		return err;
	}
	*result = monitors;
	return 0;
}

void mpr_user_monitors_free(struct mpr_user_monitors *monitors)
{
	for (size_t i = 0; i < monitors->count; i++)
		free_monitor(&monitors->list[i]);
	for (char **arg = monitors->argv; *arg; arg++)
		free(*arg);
	free(monitors->list);
	free(monitors->argv);
	free(monitors->qemus_own);
	free(monitors);
}
