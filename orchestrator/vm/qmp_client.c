/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/qmp_client.h"

#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/json.h"
#include "monitor/stream.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/base/main_loop.h"

/* Whoever nests deeper, or says more in a message, is not believed to speak QMP. A value
 * may be two bytes, and takes some hundreds in memory. */
#define DEPTH_MAX 128
#define VALUES_MAX (1u << 18)

struct command {
	char *text;
	int fd; /* -1: none; a copy */
	mpr_qmp_reply_fn reply;
	void *opaque;
};

struct mpr_qmp {
	struct mpr_stream *stream;
	bool lost;
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
	bool sent;	  /* the first command was, or waits in the stream */
	bool greeted;
	bool loss_told;
	guint again, loss, pause; /* sources of the main loop, 0: none */
	unsigned users;		  /* functions that are about to look at it again */
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

/* The stream stays until nobody is about to look at it. */
static void close_stream(struct mpr_qmp *qmp)
{
	remove_source(&qmp->again);
	remove_source(&qmp->pause);
	qmp->lost = true;
}

static void leave(struct mpr_qmp *qmp)
{
	if (--qmp->users)
		return;
	mpr_stream_destroy(qmp->stream);
	g_queue_free_full(qmp->commands, (GDestroyNotify)free_command);
	json_tokener_free(qmp->tokener);
	free(qmp);
}

void mpr_qmp_destroy(struct mpr_qmp *qmp)
{
	if (!qmp)
		return;
	close_stream(qmp);
	remove_source(&qmp->loss);
	qmp->destroyed = true;
	leave(qmp);
}

/* ---- Loss --------------------------------------------------------------- */

static void answer(struct mpr_qmp *qmp, struct json_object *reply)
{
	struct command *command = g_queue_pop_head(qmp->commands);

	qmp->sent = false;
	if (command->reply)
		command->reply(command->opaque, reply);
	free_command(command);
}

static gboolean tell_loss(void *opaque)
{
	struct mpr_qmp *qmp = opaque;

	qmp->loss = 0;
	if (qmp->users == 1) { /* not while input is taken */
		mpr_stream_destroy(qmp->stream);
		qmp->stream = NULL;
	}
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
	close_stream(qmp);
	if (!qmp->loss)
		qmp->loss = g_idle_add_full(G_PRIORITY_DEFAULT, tell_loss, qmp, NULL);
}

void mpr_qmp_hang_up(struct mpr_qmp *qmp)
{
	lose(qmp);
}

/* ---- Output ------------------------------------------------------------- */

/* Sends the first command, if it was not. */
static void send_command(struct mpr_qmp *qmp)
{
	struct command *command = g_queue_peek_head(qmp->commands);

	if (!command || !qmp->greeted || qmp->lost || qmp->sent)
		return;
	qmp->sent = true;
	if (command->fd >= 0)
		mpr_stream_pass_fd(qmp->stream, command->fd);
	command->fd = -1;
	mpr_stream_puts(qmp->stream, command->text);
	if (mpr_stream_broken(qmp->stream))
		lose(qmp);
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
	command->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	command->reply = reply;
	command->opaque = opaque;
	g_queue_push_tail(qmp->commands, command);
	if (qmp->lost || (fd >= 0 && command->fd < 0))
		lose(qmp);
	else
		send_command(qmp);
}

/* ---- Input -------------------------------------------------------------- */

/* Whether a command has been sent and waits for its reply. */
static bool awaits_reply(const struct mpr_qmp *qmp)
{
	const struct command *command = g_queue_peek_head(qmp->commands);

	return qmp->greeted && command && qmp->sent && !mpr_stream_backlog(qmp->stream);
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
	while (len && !qmp->lost) {
		size_t taken = parse(qmp, data, len);

		if (!taken && !qmp->destroyed)
			lose(qmp);
		data += taken;
		len -= taken;
	}
}

static void pump(void *opaque);

static gboolean end_pause(void *opaque)
{
	struct mpr_qmp *qmp = opaque;

	qmp->pause = 0;
	pump(qmp);
	return G_SOURCE_REMOVE;
}

/* Until the second is over. */
static void pause_input(struct mpr_qmp *qmp)
{
	int64_t left = qmp->events_since + G_USEC_PER_SEC - g_get_monotonic_time();

	qmp->pause = g_timeout_add((guint)(MAX(left, 0) / 1000 + 1), end_pause, qmp);
}

static gboolean pump_again(void *opaque)
{
	struct mpr_qmp *qmp = opaque;

	qmp->again = 0;
	pump(qmp);
	return G_SOURCE_REMOVE;
}

static void schedule(struct mpr_qmp *qmp)
{
	if (!qmp->again)
		qmp->again = g_idle_add_full(G_PRIORITY_DEFAULT, pump_again, qmp, NULL);
}

static void receive(struct mpr_qmp *qmp)
{
	const char *data;
	ssize_t n = mpr_stream_peek(qmp->stream, &data);

	if (n < 0)
		lose(qmp);
	if (n <= 0)
		return;
	take(qmp, data, (size_t)n);
	mpr_stream_consume(qmp->stream, (size_t)n);
	if (!qmp->lost && qmp->events > MPR_QMP_EVENTS)
		pause_input(qmp);
	else if (!qmp->lost)
		schedule(qmp); /* others have their turn before the next read */
}

/* There may be input, or output is written, or lost. */
static void pump(void *opaque)
{
	struct mpr_qmp *qmp = opaque;

	qmp->users++;
	if (!qmp->lost && !qmp->pause)
		receive(qmp);
	if (!qmp->lost && mpr_stream_broken(qmp->stream))
		lose(qmp);
	leave(qmp);
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
	struct mpr_stream_limits limits = {.backlog = SIZE_MAX}; /* one command at a time */
	struct mpr_qmp *qmp = mpr_need_array(1, sizeof(*qmp));

	qmp->stream = mpr_need(mpr_stream_create(sock, sock, limits, &mpr_main_loop, pump, qmp));
	qmp->message_max = message_max;
	qmp->event = event;
	qmp->opaque = opaque;
	qmp->users = 1;
	qmp->commands = g_queue_new();
	qmp->tokener = mpr_need(json_tokener_new_ex(DEPTH_MAX));
	json_tokener_set_flags(qmp->tokener,
			       JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	schedule(qmp);
	mpr_qmp_execute(qmp, "qmp_capabilities", NULL, -1, NULL, NULL);
	return qmp;
}
