/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/user_monitors.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "opts/opts.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/plan/qemu_options.h"

/* What this side understands of a socket and of stdio ... */
static const char *const taken_keys[] = {"backend", "id",    "path",   "host", "port",
					 "fd",	    "mux",   "server", "wait", "nowait",
					 "nodelay", "delay", "signal", NULL};
/* ... and what QEMU understands beyond that. */
static const char *const qemu_keys[] = {
	"backend",   "id",	 "path",      "host",	 "port",      "fd",	   "mux",
	"server",    "wait",	 "nowait",    "nodelay", "delay",     "signal",	   "ipv4",
	"ipv6",	     "to",	 "reconnect", "telnet",	 "tn3270",    "websocket", "tls-creds",
	"tls-authz", "abstract", "tight",     "logfile", "logappend", NULL};
static const char *const mon_keys[] = {"chardev", "mode", "pretty", "id", NULL};

enum fate { TAKEN, LEFT, REFUSED };

struct taker {
	char *const *argv;
	int argc;
	char **result; /* what argv becomes; NULL: the word goes */
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

/* "-serial mon:stdio": a monitor in a device that is for something else. */
static const char *shared_monitor(const struct taker *taker)
{
	for (int i = 1; i < taker->argc; i++)
		if (!strncmp(taker->argv[i], "mon:", 4) &&
		    !mpr_is_option(taker->argv[i - 1], "monitor"))
			return taker->argv[i];
	return NULL;
}

/* With -nographic, QEMU puts there what the command line does not put elsewhere. */
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

/* Two users of stdio are QEMU's to refuse. */
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

static enum fate refuse(const struct taker *taker, const struct mpr_opts *opts, const char *why)
{
	*taker->error = mpr_need_text("%s: %s", mpr_opts_text(opts), why);
	return REFUSED;
}

static enum fate check_keys(const struct taker *taker, const struct mpr_opts *opts)
{
	char *unused = NULL;

	if (mpr_opts_check(opts, taken_keys, &unused) == 0)
		return TAKEN;
	free(unused);
	return mpr_opts_check(opts, qemu_keys, taker->error) == 0 ? LEFT : REFUSED;
}

static enum fate get_server(const struct taker *taker, const struct mpr_opts *opts,
			    struct mpr_user_monitor *monitor)
{
	bool wait = true, nowait = false;
	int err = mpr_opts_get_bool(opts, "server", &monitor->server, taker->error);

	if (!err)
		err = mpr_opts_get_bool(opts, "wait", &wait, taker->error);
	if (!err)
		err = mpr_opts_get_bool(opts, "nowait", &nowait, taker->error);
	monitor->wait = monitor->server && wait && !nowait;
	return err ? REFUSED : TAKEN;
}

static enum fate get_unix(const struct taker *taker, const struct mpr_opts *opts, const char *path,
			  struct mpr_user_monitor *monitor)
{
	struct sockaddr_un address;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return refuse(taker, opts, "the path must have 1 to 107 bytes");
	_Static_assert(sizeof(address.sun_path) == 108, "the message says so");
	monitor->place = MPR_PLACE_UNIX;
	monitor->address = mpr_need_text("%s", path);
	return get_server(taker, opts, monitor);
}

/* Clients of a TCP server stay QEMU's. */
static enum fate get_tcp(const struct taker *taker, const struct mpr_opts *opts, char *host,
			 const char *port, struct mpr_user_monitor *monitor)
{
	monitor->place = MPR_PLACE_TCP;
	monitor->address = host;
	monitor->port = mpr_need_text("%s", port);
	if (get_server(taker, opts, monitor) == REFUSED)
		return REFUSED;
	return monitor->server ? TAKEN : LEFT;
}

/* "HOST:PORT", "[HOST]:PORT" or ":PORT". */
static enum fate get_host_port(const struct taker *taker, const struct mpr_opts *opts,
			       const char *text, struct mpr_user_monitor *monitor)
{
	const char *colon = strrchr(text, ':');
	bool brackets = *text == '[' && colon && colon > text && colon[-1] == ']';
	char *host;

	if (!colon || !colon[1])
		return LEFT;
	host = mpr_need(strndup(text + brackets, (size_t)(colon - text) - 2 * brackets));
	return get_tcp(taker, opts, host, colon + 1, monitor);
}

static enum fate get_fd(const struct taker *taker, const struct mpr_opts *opts,
			struct mpr_user_monitor *monitor)
{
	uint64_t fd = 0;

	/* A name of a descriptor that a monitor was given, which there is none of yet. */
	if (mpr_opts_get_uint(opts, "fd", 0, INT_MAX, &fd, taker->error))
		return REFUSED;
	monitor->place = MPR_PLACE_FD;
	monitor->fd = (int)fd;
	return get_server(taker, opts, monitor);
}

static enum fate get_stdio(const struct taker *taker, const struct mpr_opts *opts,
			   struct mpr_user_monitor *monitor)
{
	monitor->place = MPR_PLACE_STDIO;
	monitor->signals = true;
	if (mpr_opts_get_bool(opts, "signal", &monitor->signals, taker->error))
		return REFUSED;
	return stdio_is_free(taker) ? TAKEN : LEFT;
}

static enum fate get_chardev(const struct taker *taker, const struct mpr_opts *opts,
			     struct mpr_user_monitor *monitor)
{
	const char *backend = mpr_opts_get(opts, "backend");
	const char *path = mpr_opts_get(opts, "path"), *port = mpr_opts_get(opts, "port");
	const char *host = mpr_opts_get(opts, "host");
	bool mux = false;

	if (mpr_opts_get_bool(opts, "mux", &mux, taker->error))
		return REFUSED;
	if (mux || !backend)
		return LEFT;
	if (!strcmp(backend, "stdio"))
		return get_stdio(taker, opts, monitor);
	if (strcmp(backend, "socket"))
		return LEFT;
	if (path)
		return get_unix(taker, opts, path, monitor);
	if (mpr_opts_get(opts, "fd"))
		return get_fd(taker, opts, monitor);
	if (port)
		return get_tcp(taker, opts, mpr_need_text("%s", host ? host : ""), port, monitor);
	return LEFT;
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

/* For the option at position `user`. Only a device that nobody else uses can be taken. */
static enum fate take_chardev(const struct taker *taker, int user, const char *id,
			      struct mpr_user_monitor *monitor)
{
	int position = find_chardev(taker, id);
	struct mpr_opts *opts;
	enum fate fate;

	if (!position || is_shared(taker, id, user))
		return LEFT;
	if (mpr_opts_parse("-chardev", taker->argv[position + 1], "backend", &opts, taker->error))
		return REFUSED;
	fate = get_chardev(taker, opts, monitor);
	if (fate == TAKEN)
		fate = check_keys(taker, opts);
	if (fate == TAKEN)
		taker->result[position] = taker->result[position + 1] = NULL;
	mpr_opts_free(opts);
	return fate;
}

/* ---- -monitor, -qmp and -mon -------------------------------------------- */

/* With --preconfig, QEMU takes no HMP from anybody else until it is configured. */
static bool can_serve(const struct taker *taker, const struct mpr_user_monitor *monitor)
{
	return monitor->protocol != MPR_HMP || !has_option(taker, "preconfig");
}

static enum fate get_short(const struct taker *taker, const struct mpr_opts *opts,
			   struct mpr_user_monitor *monitor)
{
	const char *backend = mpr_opts_get(opts, "backend");

	if (!backend)
		return LEFT;
	if (!strcmp(backend, "stdio"))
		return get_stdio(taker, opts, monitor);
	if (!strncmp(backend, "unix:", 5))
		return get_unix(taker, opts, backend + 5, monitor);
	if (!strncmp(backend, "tcp:", 4))
		return get_host_port(taker, opts, backend + 4, monitor);
	return LEFT;
}

static enum fate take_short(const struct taker *taker, int position,
			    struct mpr_user_monitor *monitor)
{
	const char *option = taker->argv[position], *text = taker->argv[position + 1];
	struct mpr_opts *opts;
	enum fate fate;

	if (!can_serve(taker, monitor))
		return LEFT;
	if (!strncmp(text, "chardev:", 8))
		return take_chardev(taker, position, text + 8, monitor);
	if (mpr_opts_parse(option, text, "backend", &opts, taker->error))
		return REFUSED;
	fate = get_short(taker, opts, monitor);
	if (fate == TAKEN)
		fate = check_keys(taker, opts);
	mpr_opts_free(opts);
	return fate;
}

static enum fate get_mon(const struct taker *taker, int position, const struct mpr_opts *opts,
			 struct mpr_user_monitor *monitor)
{
	static const char *const modes[] = {"readline", "control", NULL};
	const char *chardev = mpr_opts_get(opts, "chardev");
	unsigned mode = 0;
	bool pretty = false;

	if (mpr_opts_check(opts, mon_keys, taker->error) ||
	    mpr_opts_get_enum(opts, "mode", modes, &mode, taker->error) ||
	    mpr_opts_get_bool(opts, "pretty", &pretty, taker->error))
		return REFUSED;
	if (mode)
		monitor->protocol = pretty ? MPR_QMP_PRETTY : MPR_QMP;
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
	monitors->takes_stdio |= monitor->place == MPR_PLACE_STDIO;
	monitors->list[monitors->count++] = *monitor;
}

static void free_monitor(struct mpr_user_monitor *monitor)
{
	free(monitor->address);
	free(monitor->port);
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

/* No monitor, or one that nobody sees. */
static bool is_nothing(const char *text)
{
	return !strncmp(text, "none", 4) || !strcmp(text, "null");
}

static int take_option(struct taker *taker, int position, enum mpr_protocol protocol, bool mon)
{
	const char *option = taker->argv[position], *text = taker->argv[position + 1];
	struct mpr_user_monitor monitor = {.protocol = protocol, .fd = -1};
	enum fate fate;

	if (!text || is_nothing(text))
		return 0;
	monitor.text = mpr_need_text("%s %s", option, text);
	fate = mon ? take_mon(taker, position, &monitor) : take_short(taker, position, &monitor);
	if (fate == TAKEN) {
		taker->result[position] = taker->result[position + 1] = NULL;
		if (mon || protocol == MPR_HMP)
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
		enum mpr_protocol protocol;
		bool mon;
	} options[] = {
		{"monitor", MPR_HMP, false},
		{"qmp", MPR_QMP, false},
		{"qmp-pretty", MPR_QMP_PRETTY, false},
		{"mon", MPR_HMP, true},
	};
	int err = 0;

	for (int i = 1; i < taker->argc && !err; i++) {
		for (size_t o = 0; o < sizeof(options) / sizeof(options[0]) && !err; o++)
			if (mpr_is_option(taker->argv[i], options[o].name))
				err = take_option(taker, i, options[o].protocol, options[o].mon);
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
