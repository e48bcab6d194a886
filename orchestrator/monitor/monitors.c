/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/monitors.h"

#include <errno.h>
#include <glib-unix.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/base/say.h"
#include "orchestrator/monitor/lines.h"
#include "orchestrator/monitor/places.h"
#include "orchestrator/monitor/relay.h"
#include "orchestrator/monitor/sides.h"
#include "orchestrator/monitor/terminal.h"
#include "orchestrator/monitor/user_monitors.h"

/* Clients of one socket at a time; further ones wait in the backlog. Each QMP client needs a
 * monitor of its own in QEMU, and these are made when QEMU starts. */
#define QMP_CLIENTS 4
#define HMP_CLIENTS 16

/* After accept() failed for want of descriptors or memory: no event says when there are any
 * again. */
#define ACCEPT_PAUSE_MS 100

struct place {
	struct mpr_monitors *monitors;
	const struct mpr_user_monitor *wanted;
	int fd;		 /* -1: none */
	guint accepting; /* source: of the socket, or of a pause */
	unsigned visitors;
	size_t first_side, sides; /* of QMP: one for each client */
	size_t gate;		  /* wait=on: the side on which QEMU waits for a connection */
};

/* A client. One of relay, lines and terminal is set. */
struct visitor {
	struct place *place;
	size_t side;
	struct mpr_relay *relay;
	struct mpr_lines *lines;
	struct mpr_terminal *terminal;
	guint leaving;
};

struct mpr_monitors {
	struct mpr_user_monitors *wanted;
	struct place *places;
	struct mpr_sides *sides;
	size_t side_count;
	bool *busy; /* a side has a client */
	char **argv;
	const struct mpr_commands *commands;
	GPtrArray *visitors;
};

static bool is_qmp(const struct place *place)
{
	return place->wanted->mode != MPR_MONITOR_HMP;
}

/* ---- QEMU's command line ------------------------------------------------ */

static void number_sides(struct mpr_monitors *monitors)
{
	for (size_t i = 0; i < monitors->wanted->count; i++) {
		struct place *place = &monitors->places[i];

		place->monitors = monitors;
		place->wanted = &monitors->wanted->list[i];
		place->fd = -1;
		place->first_side = monitors->side_count;
		if (is_qmp(place))
			place->sides = place->wanted->chardev.server ? QMP_CLIENTS : 1;
		place->gate = place->first_side + place->sides;
		monitors->side_count = place->gate + place->wanted->chardev.wait;
	}
}

static char **add_side(char **next, const struct place *place, size_t side, int fd)
{
	bool gate = side == place->gate;

	*next++ = mpr_need_text("-chardev");
	*next++ = mpr_need_text("socket,id=mpring-monitor-%zu,fd=%d,server=on,wait=%s", side, fd,
				gate ? "on" : "off");
	if (gate)
		return next;
	/* Not -mon, for which QEMU would leave out its default monitor. */
	*next++ = mpr_need_text("-qmp%s",
				place->wanted->mode == MPR_MONITOR_QMP_PRETTY ? "-pretty" : "");
	*next++ = mpr_need_text("chardev:mpring-monitor-%zu", side);
	return next;
}

/* The monitors for clients come first on QEMU's command line. */
static void build_argv(struct mpr_monitors *monitors)
{
	char **given = monitors->wanted->argv, **next;
	const int *fds = mpr_sides_fds(monitors->sides);
	size_t argc = 0;

	while (given[argc])
		argc++;
	next = monitors->argv = mpr_need_array(argc + 4 * monitors->side_count + 1, sizeof(*next));
	*next++ = mpr_need_text("%s", *given++);
	for (size_t i = 0; i < monitors->wanted->count; i++) {
		const struct place *place = &monitors->places[i];
		size_t end = place->gate + place->wanted->chardev.wait;

		for (size_t side = place->first_side; side < end; side++)
			next = add_side(next, place, side, fds[side]);
	}
	while (*given)
		*next++ = mpr_need_text("%s", *given++);
}

int mpr_monitors_create(char *const *argv, struct mpr_monitors **result, char **error)
{
	struct mpr_user_monitors *wanted;
	struct mpr_monitors *monitors;
	int err = mpr_user_monitors_create(argv, &wanted, error);

	if (err)
		return err;
	monitors = mpr_need_array(1, sizeof(*monitors));
	monitors->wanted = wanted;
	monitors->places = mpr_need_array(wanted->count, sizeof(*monitors->places));
	monitors->visitors = g_ptr_array_new();
	number_sides(monitors);
	monitors->busy = mpr_need_array(monitors->side_count, sizeof(*monitors->busy));
	err = mpr_sides_create(monitors->side_count, &monitors->sides, error);
	if (err) {
		mpr_monitors_destroy(monitors);
		return err;
	}
	build_argv(monitors);
	*result = monitors;
	return 0;
}

bool mpr_monitors_exist(const struct mpr_monitors *monitors)
{
	return monitors->wanted->count > 0;
}

char *const *mpr_monitors_argv(const struct mpr_monitors *monitors)
{
	return monitors->argv;
}

const int *mpr_monitors_fds(const struct mpr_monitors *monitors, size_t *count)
{
	*count = monitors->side_count;
	return mpr_sides_fds(monitors->sides);
}

bool mpr_monitors_take_stdin(const struct mpr_monitors *monitors)
{
	return monitors->wanted->takes_stdio;
}

/* ---- Opening ------------------------------------------------------------ */

int mpr_monitors_open(struct mpr_monitors *monitors, char **error)
{
	int err = mpr_sides_open(monitors->sides, error);

	if (monitors->wanted->qemus_own)
		mpr_say("%s: this monitor is QEMU's own, without rdevice_add, rdevice_del, "
			"rdrive_add, rdrive_del and remote_proc_list (-monitor stdio and -monitor "
			"unix:PATH,server,nowait have them)",
			monitors->wanted->qemus_own);
	for (size_t i = 0; i < monitors->wanted->count && !err; i++) {
		struct place *place = &monitors->places[i];

		if (place->wanted->chardev.kind == MPR_CHARDEV_STDIO)
			continue;
		place->fd = mpr_place_open(place->wanted, error);
		err = place->fd < 0 ? -EINVAL : 0;
	}
	return err;
}

/* ---- Visitors ----------------------------------------------------------- */

static void accept_more(struct place *place);

static void remove_visitor(struct visitor *visitor)
{
	struct place *place = visitor->place;

	if (visitor->relay)
		mpr_relay_destroy(visitor->relay);
	if (visitor->lines)
		mpr_lines_destroy(visitor->lines);
	if (visitor->terminal)
		mpr_terminal_destroy(visitor->terminal);
	if (visitor->leaving)
		g_source_remove(visitor->leaving);
	if (is_qmp(place))
		place->monitors->busy[visitor->side] = false;
	place->visitors--;
	g_ptr_array_remove_fast(place->monitors->visitors, visitor);
	g_free(visitor);
}

static gboolean leave(gpointer opaque)
{
	struct visitor *visitor = opaque;
	struct place *place = visitor->place;

	visitor->leaving = 0;
	remove_visitor(visitor);
	accept_more(place);
	return G_SOURCE_REMOVE;
}

/* The caller is the object that leave() destroys, so that has to wait. */
static void finished(void *opaque)
{
	struct visitor *visitor = opaque;

	visitor->leaving = g_idle_add(leave, visitor);
}

static struct visitor *add_visitor(struct place *place)
{
	struct visitor *visitor = g_new0(struct visitor, 1);

	visitor->place = place;
	place->visitors++;
	g_ptr_array_add(place->monitors->visitors, visitor);
	return visitor;
}

static size_t free_side(const struct place *place)
{
	size_t side = place->first_side;

	while (place->monitors->busy[side])
		side++;
	return side;
}

/* False: QEMU has gone. */
static bool admit_qmp(struct place *place, int in, int out)
{
	struct mpr_monitors *monitors = place->monitors;
	size_t side = free_side(place);
	int qemu = mpr_sides_connect(monitors->sides, side);
	struct visitor *visitor;

	if (qemu < 0)
		return false;
	monitors->busy[side] = true;
	visitor = add_visitor(place);
	visitor->side = side;
	visitor->relay =
		mpr_relay_create(monitors->commands, in, out, qemu,
				 place->wanted->mode == MPR_MONITOR_QMP_PRETTY, finished, visitor);
	return true;
}

static void admit(struct place *place, int in, int out)
{
	if (!is_qmp(place)) {
		struct visitor *visitor = add_visitor(place);

		visitor->lines =
			mpr_lines_create(place->monitors->commands, in, out, finished, visitor);
	} else if (!admit_qmp(place, in, out) && in > STDERR_FILENO) {
		close(in);
	}
}

/* QEMU does not start the guest before somebody has connected here. */
static void open_gate(struct place *place)
{
	int fd = place->wanted->chardev.wait
			 ? mpr_sides_connect(place->monitors->sides, place->gate)
			 : -1;

	if (fd >= 0)
		close(fd);
}

static unsigned room(const struct place *place)
{
	return is_qmp(place) ? (unsigned)place->sides : HMP_CLIENTS;
}

/* After a failure of accept(). */
static bool may_accept_now(void)
{
	return errno == EAGAIN || errno == ECONNABORTED || errno == EINTR;
}

static gboolean on_pause_over(gpointer opaque)
{
	struct place *place = opaque;

	place->accepting = 0;
	accept_more(place);
	return G_SOURCE_REMOVE;
}

/* The socket stays readable, so watching it on would be a busy loop. */
static gboolean pause_accepting(struct place *place)
{
	place->accepting = g_timeout_add(ACCEPT_PAUSE_MS, on_pause_over, place);
	return G_SOURCE_REMOVE;
}

static gboolean on_connect(gint fd, GIOCondition condition, gpointer opaque)
{
	struct place *place = opaque;
	int client;

	(void)condition;
	if (place->visitors == room(place)) {
		place->accepting = 0;
		return G_SOURCE_REMOVE;
	}
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client < 0)
		return may_accept_now() ? G_SOURCE_CONTINUE : pause_accepting(place);
	open_gate(place);
	admit(place, client, client);
	return G_SOURCE_CONTINUE;
}

static void accept_more(struct place *place)
{
	if (place->wanted->chardev.server && !place->accepting)
		place->accepting = g_unix_fd_add(place->fd, G_IO_IN, on_connect, place);
}

static void start_stdio(struct place *place)
{
	if (!is_qmp(place) && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		add_visitor(place)->terminal = mpr_terminal_create(place->monitors->commands,
								   place->wanted->chardev.signals);
	else
		admit(place, STDIN_FILENO, STDOUT_FILENO);
}

static void start_place(struct place *place)
{
	if (place->wanted->chardev.kind == MPR_CHARDEV_STDIO) {
		start_stdio(place);
	} else if (place->wanted->chardev.server) {
		accept_more(place);
	} else {
		admit(place, place->fd, place->fd);
		place->fd = -1;
	}
}

/* ---- The machine -------------------------------------------------------- */

void mpr_monitors_tell(void *opaque, struct json_object *event)
{
	struct mpr_monitors *monitors = opaque;

	for (guint i = 0; i < monitors->visitors->len; i++) {
		struct visitor *visitor = g_ptr_array_index(monitors->visitors, i);

		if (visitor->relay)
			mpr_relay_tell(visitor->relay, event);
	}
}

/* A reader that has gone is noticed by EPIPE. */
static void block_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

void mpr_monitors_start(struct mpr_monitors *monitors, const struct mpr_commands *commands)
{
	if (!mpr_monitors_exist(monitors))
		return;
	monitors->commands = commands;
	block_sigpipe();
	mpr_sides_hand_over(monitors->sides);
	for (size_t i = 0; i < monitors->wanted->count; i++)
		start_place(&monitors->places[i]);
}

static void close_places(struct mpr_monitors *monitors)
{
	for (size_t i = 0; i < monitors->wanted->count; i++) {
		struct place *place = &monitors->places[i];

		if (place->accepting)
			g_source_remove(place->accepting);
		if (place->fd < 0)
			continue;
		close(place->fd);
		mpr_place_remove(place->wanted);
	}
}

void mpr_monitors_destroy(struct mpr_monitors *monitors)
{
	if (!monitors)
		return;
	while (monitors->visitors->len)
		remove_visitor(g_ptr_array_index(monitors->visitors, 0));
	g_ptr_array_free(monitors->visitors, TRUE);
	close_places(monitors);
	if (monitors->sides)
		mpr_sides_destroy(monitors->sides);
	for (char **arg = monitors->argv; arg && *arg; arg++)
		free(*arg);
	free(monitors->argv);
	free(monitors->busy);
	free(monitors->places);
	mpr_user_monitors_free(monitors->wanted);
	free(monitors);
}
