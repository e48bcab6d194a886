/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/qmp_client.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/json.h"
#include "orchestrator/base/alloc.h"
#include "ring/discard.h"
#include "ring/fds.h"

/* Whoever nests deeper, or says more in a message, is not believed to speak QMP. A value
 * may be two bytes, and takes some hundreds in memory. */
#define DEPTH_MAX 128
#define VALUES_MAX (1u << 18)

struct command {
	char *text;
	size_t length;
	int fd; /* -1: none; a copy */
	mpr_qmp_reply_fn reply;
	void *opaque;
};

struct mpr_qmp {
	int sock; /* -1: lost */
	mpr_qmp_event_fn event;
	void *opaque;
	struct json_tokener *tokener;
	size_t message_max;
	size_t received; /* bytes of the message so far */
	size_t values;	 /* in it, at most */
	bool in_string, escaped;
	size_t events; /* bytes of events in the second that began then */
	int64_t events_since;
	GQueue *commands; /* the first is under way, once greeted */
	size_t sent;	  /* bytes of the first command */
	bool greeted;
	bool loss_told;
	guint input, output, loss, pause; /* sources of the main loop, 0: none */
	unsigned users;			  /* functions that are about to look at it again */
	bool destroyed;
};

/* ---- Life --------------------------------------------------------------- */

static void free_command(struct command *command)
{
	if (command->fd >= 0)
		close(command->fd);
	free(command->text);
	free(command);
}

static void remove_source(guint *source)
{
	if (*source)
		g_source_remove(*source);
	*source = 0;
}

static void close_socket(struct mpr_qmp *qmp)
{
	remove_source(&qmp->input);
	remove_source(&qmp->output);
	remove_source(&qmp->pause);
	mpr_discard_socket(qmp->sock);
	qmp->sock = -1;
}

static void leave(struct mpr_qmp *qmp)
{
	if (--qmp->users)
		return;
	g_queue_free_full(qmp->commands, (GDestroyNotify)free_command);
	json_tokener_free(qmp->tokener);
	free(qmp);
}

void mpr_qmp_destroy(struct mpr_qmp *qmp)
{
	if (!qmp)
		return;
	close_socket(qmp);
	remove_source(&qmp->loss);
	qmp->destroyed = true;
	leave(qmp);
}

/* ---- Loss --------------------------------------------------------------- */

static void answer(struct mpr_qmp *qmp, struct json_object *reply)
{
	struct command *command = g_queue_pop_head(qmp->commands);

	qmp->sent = 0;
	if (command->reply)
		command->reply(command->opaque, reply);
	free_command(command);
}

static gboolean tell_loss(void *opaque)
{
	struct mpr_qmp *qmp = opaque;

	qmp->loss = 0;
	qmp->users++;
	while (!qmp->destroyed && !g_queue_is_empty(qmp->commands))
		answer(qmp, NULL);
	if (!qmp->destroyed && !qmp->loss_told) {
		qmp->loss_told = true;
		qmp->event(qmp->opaque, NULL);
	}
	leave(qmp);
	return G_SOURCE_REMOVE;
}

/* Tells it later: the caller may be in the middle of something. */
static void lose(struct mpr_qmp *qmp)
{
	close_socket(qmp);
	if (!qmp->loss)
		qmp->loss = g_idle_add_full(G_PRIORITY_DEFAULT, tell_loss, qmp, NULL);
}

void mpr_qmp_hang_up(struct mpr_qmp *qmp)
{
	lose(qmp);
}

/* ---- Output ------------------------------------------------------------- */

/* The descriptor goes with the first byte. */
static ssize_t send_part(const struct mpr_qmp *qmp, const struct command *command)
{
	struct iovec part = {command->text + qmp->sent, command->length - qmp->sent};

	return mpr_fds_send(qmp->sock, &part, 1, &command->fd, command->fd >= 0 && qmp->sent == 0);
}

static gboolean on_writable(int fd, GIOCondition condition, void *opaque);

/* Sends what can be sent of the first command. */
static void send_command(struct mpr_qmp *qmp)
{
	const struct command *command = g_queue_peek_head(qmp->commands);

	while (command && qmp->greeted && qmp->sock >= 0 && qmp->sent < command->length) {
		ssize_t n = send_part(qmp, command);

		if (n > 0) {
			qmp->sent += (size_t)n;
		} else if (n == -EAGAIN) {
			if (!qmp->output)
				qmp->output = g_unix_fd_add(qmp->sock, G_IO_OUT, on_writable, qmp);
			return;
		} else {
			lose(qmp);
		}
	}
}

static gboolean on_writable(int fd, GIOCondition condition, void *opaque)
{
	struct mpr_qmp *qmp = opaque;

	(void)fd;
	(void)condition;
	qmp->output = 0; /* this source ends, and another may begin */
	send_command(qmp);
	return G_SOURCE_REMOVE;
}

static char *format_command(const char *name, struct json_object *arguments)
{
	struct json_object *request = json_object_new_object();
	const char *text;
	char *line;

	json_object_object_add(request, "execute", json_object_new_string(name));
	if (arguments)
		json_object_object_add(request, "arguments", arguments);
	text = json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE);
	line = mpr_need_text("%s\n", text);
	json_object_put(request);
	return line;
}

void mpr_qmp_execute(struct mpr_qmp *qmp, const char *name, struct json_object *arguments, int fd,
		     mpr_qmp_reply_fn reply, void *opaque)
{
	struct command *command = mpr_need_array(1, sizeof(*command));

	command->text = format_command(name, arguments);
	command->length = strlen(command->text);
	command->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	command->reply = reply;
	command->opaque = opaque;
	g_queue_push_tail(qmp->commands, command);
	if (qmp->sock < 0 || (fd >= 0 && command->fd < 0))
		lose(qmp);
	else
		send_command(qmp);
}

/* ---- Input -------------------------------------------------------------- */

/* Whether a command has been sent and waits for its reply. */
static bool awaits_reply(const struct mpr_qmp *qmp)
{
	const struct command *command = g_queue_peek_head(qmp->commands);

	return qmp->greeted && command && qmp->sent == command->length;
}

/* Members that are of the wrong type are not there: see mpr_qmp_event_fn. */
static bool is_reply(struct json_object *message)
{
	return mpr_json_get_typed(message, "error", json_type_object) ||
	       (json_object_object_get_ex(message, "return", NULL) &&
		!json_object_object_get_ex(message, "error", NULL));
}

static void take_message(struct mpr_qmp *qmp, struct json_object *message)
{
	if (mpr_json_get_string(message, "event"))
		qmp->event(qmp->opaque, message);
	else if (mpr_json_get_typed(message, "QMP", json_type_object) && !qmp->greeted)
		qmp->greeted = true;
	else if (is_reply(message) && awaits_reply(qmp))
		answer(qmp, message);
	else
		lose(qmp);
	if (!qmp->destroyed)
		send_command(qmp);
}

/* Counts what begins or divides values; a string is one value, whatever is in it. */
static void count_values(struct mpr_qmp *qmp, const char *data, size_t len)
{
	for (const char *end = data + len; data < end; data++) {
		if (qmp->escaped)
			qmp->escaped = false;
		else if (*data == '"')
			qmp->in_string = !qmp->in_string;
		else if (qmp->in_string)
			qmp->escaped = *data == '\\';
		else
			qmp->values += *data == '[' || *data == '{' || *data == ',';
	}
}

/* A peer that never stops to talk takes no more of the processor than this. */
static void count_event(struct mpr_qmp *qmp)
{
	int64_t now = g_get_monotonic_time();

	if (now - qmp->events_since >= G_USEC_PER_SEC) {
		qmp->events_since = now;
		qmp->events = 0;
	}
	qmp->events += qmp->received;
}

/* Whether the message, with these bytes of it, is within the limits. */
static bool is_bearable(struct mpr_qmp *qmp, const char *data, size_t len)
{
	qmp->received += len;
	count_values(qmp, data, len);
	return qmp->received <= qmp->message_max && qmp->values <= VALUES_MAX;
}

static void take_whole(struct mpr_qmp *qmp, struct json_object *message)
{
	if (mpr_json_get(message, "event"))
		count_event(qmp);
	qmp->received = qmp->values = 0;
	take_message(qmp, message);
}

/* Takes up to one message. Returns the bytes that it took, 0: this is not QMP. */
static size_t parse(struct mpr_qmp *qmp, const char *data, size_t len)
{
	struct json_object *message = json_tokener_parse_ex(qmp->tokener, data, (int)len);
	enum json_tokener_error error = json_tokener_get_error(qmp->tokener);
	size_t taken = json_tokener_get_parse_end(qmp->tokener);

	if (error == json_tokener_continue)
		taken = len;
	else if (error != json_tokener_success)
		return 0;
	if (!is_bearable(qmp, data, taken))
		taken = 0;
	else if (error == json_tokener_success)
		take_whole(qmp, message);
	json_object_put(message);
	return taken;
}

static void take(struct mpr_qmp *qmp, const char *data, size_t len)
{
	while (len && qmp->sock >= 0) {
		size_t taken = parse(qmp, data, len);

		if (!taken && !qmp->destroyed)
			lose(qmp);
		data += taken;
		len -= taken;
	}
}

static gboolean on_readable(int fd, GIOCondition condition, void *opaque);

static void listen_to(struct mpr_qmp *qmp)
{
	qmp->input = g_unix_fd_add(qmp->sock, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, qmp);
}

static gboolean end_pause(void *opaque)
{
	struct mpr_qmp *qmp = opaque;

	qmp->pause = 0;
	listen_to(qmp);
	return G_SOURCE_REMOVE;
}

/* Until the second is over. */
static void pause_input(struct mpr_qmp *qmp)
{
	int64_t left = qmp->events_since + G_USEC_PER_SEC - g_get_monotonic_time();

	remove_source(&qmp->input);
	qmp->pause = g_timeout_add((guint)(MAX(left, 0) / 1000 + 1), end_pause, qmp);
}

static gboolean on_readable(int fd, GIOCondition condition, void *opaque)
{
	struct mpr_qmp *qmp = opaque;
	char data[16384];
	ssize_t n = mpr_fds_receive(fd, data, sizeof(data), NULL, NULL);

	(void)condition;
	qmp->users++;
	if (n > 0)
		take(qmp, data, (size_t)n);
	else if (n != -EAGAIN)
		lose(qmp);
	/* Whoever hung up has removed the source. */
	if (qmp->input && qmp->events > MPR_QMP_EVENTS)
		pause_input(qmp);
	leave(qmp);
	return G_SOURCE_CONTINUE;
}

const char *mpr_qmp_error(struct json_object *reply)
{
	struct json_object *error;
	const char *desc;

	if (!reply)
		return "it has ended, or hung up";
	error = mpr_json_get(reply, "error");
	if (!error)
		return NULL;
	desc = mpr_json_get_string(error, "desc");
	return desc ? desc : "no reason was given";
}

struct mpr_qmp *mpr_qmp_create(int sock, size_t message_max, mpr_qmp_event_fn event, void *opaque)
{
	struct mpr_qmp *qmp = mpr_need_array(1, sizeof(*qmp));

	qmp->sock = sock;
	qmp->message_max = message_max;
	qmp->event = event;
	qmp->opaque = opaque;
	qmp->users = 1;
	qmp->commands = g_queue_new();
	qmp->tokener = mpr_need(json_tokener_new_ex(DEPTH_MAX));
	json_tokener_set_flags(qmp->tokener,
			       JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	mpr_discard_prepare(sock);
	listen_to(qmp);
	mpr_qmp_execute(qmp, "qmp_capabilities", NULL, -1, NULL, NULL);
	return qmp;
}
