/* SPDX-License-Identifier: MIT */
#include "remote/monitor/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/envelope.h"
#include "remote/monitor/client.h"
#include "remote/monitor/events.h"
#include "remote/monitor/hmp.h"
#include "remote/monitor/qmp.h"
#include "remote/monitor/wanted.h"
#include "remote/process/log.h"
#include "remote/vmm/listener.h"

/* Connections beyond these are closed. */
#define MAX_CLIENTS 64

/* A socket at which clients connect. */
struct place {
	struct mpr_monitors *monitors;
	enum mpr_monitor_mode mode;
	struct mpr_listener *listener;
};

struct mpr_monitors {
	struct mpr_machine *machine;
	struct mpr_events events;
	struct place *places;
	size_t place_count;
	struct mpr_monitor_client *clients;
	size_t client_count;
	bool stopped; /* the state that clients were last told */
};

/* ---- Clients ------------------------------------------------------------ */

static int add_client(struct mpr_monitors *monitors, enum mpr_monitor_mode mode, int in, int out)
{
	struct mpr_monitor_client *client;
	int ret = -EMFILE;

	if (monitors->client_count < MAX_CLIENTS)
		ret = mpr_client_create(monitors->machine,
					mode == MPR_MONITOR_HMP ? &mpr_hmp_protocol
								: &mpr_qmp_protocol,
					mode == MPR_MONITOR_QMP_PRETTY, in, out, &client);
	if (ret < 0)
		return ret;
	client->next = monitors->clients;
	monitors->clients = client;
	monitors->client_count++;
	return 0;
}

static bool remove_clients(struct mpr_monitors *monitors)
{
	struct mpr_monitor_client **link = &monitors->clients;
	bool removed = false;

	while (*link) {
		struct mpr_monitor_client *client = *link;

		if (!mpr_client_ended(client)) {
			link = &client->next;
			continue;
		}
		*link = client->next;
		mpr_client_destroy(client);
		monitors->client_count--;
		removed = true;
	}
	return removed;
}

static void on_accept(int fd, void *opaque)
{
	const struct place *place = opaque;
	int ret = add_client(place->monitors, place->mode, fd, fd);

	if (ret == 0)
		return;
	mpr_log(NULL, "monitor: connection refused: %s", strerror(-ret));
	close(fd);
}

/* ---- Opening ------------------------------------------------------------ */

static int open_listener(struct mpr_monitors *monitors, const struct mpr_wanted_monitor *wanted)
{
	struct place *place = &monitors->places[monitors->place_count];
	int ret;

	*place = (struct place){.monitors = monitors, .mode = wanted->mode};
	ret = mpr_listener_create(wanted->chardev.path, monitors->machine->watcher, on_accept,
				  place, &place->listener);
	if (ret == 0)
		monitors->place_count++;
	return ret;
}

static int open_connection(struct mpr_monitors *monitors, const struct mpr_wanted_monitor *wanted)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret;

	if (sock < 0)
		return -errno;
	strncpy(address.sun_path, wanted->chardev.path, sizeof(address.sun_path) - 1);
	ret = connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	if (ret == 0)
		ret = add_client(monitors, wanted->mode, sock, sock);
	if (ret < 0)
		close(sock);
	return ret;
}

/* Opens the file anew where it can be, so that O_NONBLOCK is this process's alone. With a
 * shared file description, another reader could take the input between a stream's poll() and
 * its read(), which would then block. */
static int open_standard(int fd, int flags)
{
	char path[32];
	int own;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (own < 0)
		own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return own < 0 ? -errno : own;
}

static int open_stdio(struct mpr_monitors *monitors, const struct mpr_wanted_monitor *wanted)
{
	int in = open_standard(STDIN_FILENO, O_RDONLY);
	int out = in < 0 ? in : open_standard(STDOUT_FILENO, O_WRONLY);
	int ret = out < 0 ? out : add_client(monitors, wanted->mode, in, out);

	if (ret < 0 && in >= 0)
		close(in);
	if (ret < 0 && out >= 0)
		close(out);
	return ret;
}

static int open_inherited(struct mpr_monitors *monitors, const struct mpr_wanted_monitor *wanted,
			  char **error)
{
	int fd = wanted->chardev.fd;
	int ret;

	/* Descriptors that this process uses already are close-on-exec. */
	if (fcntl(fd, F_GETFD) & FD_CLOEXEC) {
		*error = mpr_errorf("%s: file descriptor %d has another use",
				    mpr_opts_text(wanted->opts), fd);
		return -EBUSY;
	}
	ret = add_client(monitors, wanted->mode, fd, fd);
	if (ret < 0)
		return ret;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	monitors->clients->inherited = true;
	return 0;
}

static int open_monitor(struct mpr_monitors *monitors, const struct mpr_wanted_monitor *wanted,
			char **error)
{
	int ret = 0;

	switch (wanted->chardev.kind) {
	case MPR_CHARDEV_STDIO:
		ret = open_stdio(monitors, wanted);
		break;
	case MPR_CHARDEV_UNIX:
		ret = wanted->chardev.server ? open_listener(monitors, wanted)
					     : open_connection(monitors, wanted);
		break;
	case MPR_CHARDEV_FD:
		ret = open_inherited(monitors, wanted, error);
		break;
	default: /* MPR_CHARDEV_NONE: the others were refused */
		break;
	}
	if (ret == -EADDRINUSE)
		*error = mpr_errorf("%s: another process listens there, or it is not a socket",
				    mpr_opts_text(wanted->opts));
	else if (ret < 0 && !*error)
		*error = mpr_errorf("%s: %s", mpr_opts_text(wanted->opts), strerror(-ret));
	return ret;
}

static int open_all(struct mpr_monitors *monitors, char **error)
{
	struct mpr_wanted_monitor *wanted;
	size_t count;
	int ret = mpr_wanted_monitors_parse(monitors->machine->cmdline, &wanted, &count, error);

	monitors->places = calloc(count + 1, sizeof(*monitors->places));
	if (!monitors->places)
		ret = -ENOMEM;
	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = open_monitor(monitors, &wanted[i], error);
	free(wanted);
	return ret;
}

/* ---- Events ------------------------------------------------------------- */

static void tell(struct mpr_monitors *monitors, struct json_object *event)
{
	struct mpr_monitor_client *client;

	for (client = monitors->clients; event && client; client = client->next)
		if (client->protocol->event)
			client->protocol->event(client, event);
	json_object_put(event);
}

static void device_deleted(void *opaque, const char *id)
{
	tell(opaque, mpr_envelope_device_deleted(id));
}

static void io_error(void *opaque, const struct mpr_drive *drive)
{
	tell(opaque, mpr_event_io_error(drive));
}

static bool tell_stopped(struct mpr_monitors *monitors)
{
	bool stopped = monitors->machine->stopped;

	if (stopped == monitors->stopped)
		return false;
	monitors->stopped = stopped;
	tell(monitors, mpr_envelope_event(stopped ? "STOP" : "RESUME", NULL));
	return true;
}

/* ---- Life --------------------------------------------------------------- */

int mpr_monitors_create(struct mpr_machine *machine, struct mpr_monitors **result, char **error)
{
	struct mpr_monitors *monitors = calloc(1, sizeof(*monitors));
	int ret;

	if (!monitors)
		return -ENOMEM;
	monitors->machine = machine;
	monitors->events = (struct mpr_events){device_deleted, io_error, monitors};
	machine->events = &monitors->events;
	*result = monitors;
	ret = open_all(monitors, error);
	if (ret == -ENOMEM && !*error)
		*error = mpr_errorf("out of memory");
	return ret;
}

bool mpr_monitors_step(struct mpr_monitors *monitors)
{
	struct mpr_monitor_client *client;
	bool worked = false;

	if (!monitors)
		return false;
	for (client = monitors->clients; client; client = client->next)
		worked |= mpr_client_step(client);
	worked |= tell_stopped(monitors);
	worked |= remove_clients(monitors);
	return worked;
}

bool mpr_monitors_held(const struct mpr_monitors *monitors)
{
	const struct mpr_monitor_client *client;

	for (client = monitors->clients; client; client = client->next)
		if (client->inherited)
			return true;
	return false;
}

bool mpr_monitors_open(const struct mpr_monitors *monitors)
{
	return monitors->clients || monitors->place_count;
}

static bool somebody_quit(const struct mpr_monitors *monitors)
{
	const struct mpr_monitor_client *client;

	for (client = monitors->clients; client; client = client->next)
		if (client->quit)
			return true;
	return false;
}

void mpr_monitors_shut_down(struct mpr_monitors *monitors, bool by_signal)
{
	struct mpr_monitor_client *client;

	if (!monitors)
		return;
	tell(monitors, mpr_event_shutdown(by_signal		    ? "host-signal"
					  : somebody_quit(monitors) ? "host-qmp-quit"
								    : "none"));
	for (size_t i = 0; i < monitors->place_count; i++)
		mpr_listener_destroy(monitors->places[i].listener);
	monitors->place_count = 0;
	while ((client = monitors->clients)) {
		monitors->clients = client->next;
		mpr_client_destroy(client);
	}
}

void mpr_monitors_destroy(struct mpr_monitors *monitors)
{
	if (!monitors)
		return;
	monitors->machine->events = NULL;
	free(monitors->places);
	free(monitors);
}
