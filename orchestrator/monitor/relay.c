/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/relay.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "monitor/envelope.h"
#include "monitor/json.h"
#include "monitor/stream.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/base/main_loop.h"
#include "orchestrator/commands/commands.h"
#include "orchestrator/monitor/hmp_relay.h"
#include "orchestrator/monitor/scan.h"

/* Bytes of a message of QEMU's. */
#define QEMU_MESSAGE ((size_t)64 << 20)

/* Rounds in one turn of the main loop: more would delay the other sources. */
#define BATCH 16

/* Commands that the relay itself puts into the user's stream to QEMU; their answers are told by
 * the id. As few as possible: QEMU 7.2 may hang if one arrives while it exits. */
enum purpose {
	/* Sent before a command that runs here. QEMU answers in order: once this is
	 * answered, so are all the user's earlier commands. */
	QUESTION_TURN,
	QUERY_COMMANDS, /* the user's own, under another id */
};

struct question {
	enum purpose purpose;
	char id[64];
	bool has_id;
	struct json_object *user_id;
};

/* A command that runs here. It may outlive the relay. */
struct running {
	struct mpr_relay *relay;
	char *text;
	struct json_object *request; /* `text`, parsed */
	bool hmp;		     /* human-monitor-command: this one does not outlive it */
};

/* One direction. */
struct half {
	struct mpr_stream *from;
	struct mpr_scan scan;
	GString *message; /* as far as it has come */
};

struct mpr_relay {
	const struct mpr_commands *commands;
	struct mpr_hmp_relay *hmp; /* for human-monitor-command */
	bool pretty;
	mpr_relay_fn finished;
	void *opaque;
	struct half user, qemu;
	bool skipping; /* what follows bad input, to the end of the line */
	bool negotiated, ending, over, abandoned, told;
	/* The user's messages that went to QEMU, and QEMU's answers, one for each. */
	uint64_t forwarded, answered;
	uint64_t negotiation; /* the number of the last qmp_capabilities */
	GQueue questions;
	char *secret; /* of the questions' ids */
	unsigned number;
	char *held; /* a command of mpring's that waits for its turn */
	struct running *running;
	guint again; /* source: there is more to do */
};

static void schedule(struct mpr_relay *relay);

/* ---- To the user -------------------------------------------------------- */

static void send_raw(struct mpr_relay *relay, const char *text, size_t len)
{
	mpr_stream_write(relay->user.from, text, len);
	mpr_stream_write(relay->user.from, "\r\n", 2);
}

static void send_object(struct mpr_relay *relay, struct json_object *object)
{
	mpr_envelope_send(relay->user.from, object, relay->pretty);
}

static void refuse(struct mpr_relay *relay, const char *desc)
{
	struct json_object *object = mpr_envelope_error(NULL, desc);

	send_object(relay, object);
	json_object_put(object);
}

/* ---- To QEMU ------------------------------------------------------------ */

static void forward(struct mpr_relay *relay, const char *message)
{
	struct mpr_stream *qemu = relay->qemu.from;

	mpr_stream_pass_fds(relay->user.from, qemu);
	mpr_stream_puts(qemu, message);
	mpr_stream_write(qemu, "\n", 1);
	relay->forwarded++;
}

static struct question *add_question(struct mpr_relay *relay, enum purpose purpose)
{
	struct question *question = g_new0(struct question, 1);

	question->purpose = purpose;
	g_snprintf(question->id, sizeof(question->id), "mpring-%s-%u", relay->secret,
		   relay->number++);
	g_queue_push_tail(&relay->questions, question);
	return question;
}

static void free_question(gpointer opaque)
{
	struct question *question = opaque;

	json_object_put(question->user_id);
	g_free(question);
}

/* query-version is quick, changes nothing, and is allowed in every state. */
static void ask(struct mpr_relay *relay, enum purpose purpose)
{
	char *text = g_strdup_printf("{\"execute\": \"query-version\", \"id\": \"%s\"}\n",
				     add_question(relay, purpose)->id);

	mpr_stream_puts(relay->qemu.from, text);
	g_free(text);
}

static void ask_commands(struct mpr_relay *relay, struct json_object *request)
{
	struct question *question = add_question(relay, QUERY_COMMANDS);

	question->has_id = json_object_object_get_ex(request, "id", &question->user_id);
	json_object_get(question->user_id);
	json_object_object_add(request, "id", json_object_new_string(question->id));
	forward(relay, json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN));
}

/* ---- mpring's commands -------------------------------------------------- */

/* NULL when it is not an object. As lenient as QEMU: in depth, and for single quotes. */
static struct json_object *parse(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(MPR_SCAN_DEPTH + 1);
	struct json_object *object = json_tokener_parse_ex(tokener, text, -1);

	json_tokener_free(tokener);
	if (json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

static const char *name_of(struct json_object *request)
{
	const char *name = mpr_json_get_string(request, "execute");

	return name ? name : "";
}

static bool is_well_formed(struct json_object *request)
{
	json_object_object_foreach(request, key, value)
	{
		if (strcmp(key, "execute") && strcmp(key, "id") &&
		    (strcmp(key, "arguments") || !json_object_is_type(value, json_type_object)))
			return false;
	}
	return true;
}

/* The line that human-monitor-command is to run if it is for mpring, or NULL. */
static const char *hmp_line(const struct mpr_relay *relay, struct json_object *request)
{
	const char *line;

	if (strcmp(name_of(request), "human-monitor-command") || !is_well_formed(request))
		return NULL;
	line = mpr_json_get_string(mpr_json_get(request, "arguments"), "command-line");
	return line && mpr_hmp_relay_is_own(relay->hmp, line) ? line : NULL;
}

static bool is_own(const struct mpr_relay *relay, struct json_object *request)
{
	const char *name = name_of(request);

	return hmp_line(relay, request) ||
	       (is_well_formed(request) &&
		relay->commands->has_qmp(relay->commands, name,
					 mpr_json_get(request, "arguments")));
}

static void free_running(struct running *running)
{
	json_object_put(running->request);
	g_free(running->text);
	g_free(running);
}

/* Takes over the answer. */
static void end_running(struct running *running, struct json_object *answer)
{
	struct mpr_relay *relay = running->relay;
	struct json_object *id;

	if (json_object_object_get_ex(running->request, "id", &id))
		json_object_object_add(answer, "id", json_object_get(id));
	send_object(relay, answer);
	json_object_put(answer);
	relay->running = NULL;
	schedule(relay);
	free_running(running);
}

/* QEMU is to run it after all. */
static void leave_to_qemu(struct running *running)
{
	struct mpr_relay *relay = running->relay;

	forward(relay, running->text);
	relay->running = NULL;
	schedule(relay);
	free_running(running);
}

static void qmp_done(void *opaque, const struct mpr_outcome *outcome)
{
	struct running *running = opaque;

	if (!running->relay)
		free_running(running);
	else if (outcome->qemus)
		leave_to_qemu(running);
	else if (outcome->error)
		end_running(running, mpr_envelope_error(outcome->class, outcome->error));
	else
		end_running(running, mpr_envelope_return(json_object_get(outcome->result)));
}

static void hmp_done(void *opaque, const char *text)
{
	end_running(opaque, mpr_envelope_return(json_object_new_string(text ? text : "")));
}

static void run_qmp(struct mpr_relay *relay, struct running *running)
{
	relay->commands->run_qmp(relay->commands, name_of(running->request),
				 mpr_json_get(running->request, "arguments"), qmp_done, running);
}

static void run_held(struct mpr_relay *relay)
{
	struct running *running = g_new0(struct running, 1);
	const char *line;

	running->relay = relay;
	running->text = g_steal_pointer(&relay->held);
	running->request = parse(running->text);
	line = hmp_line(relay, running->request);
	running->hmp = line != NULL;
	relay->running = running;
	if (line)
		mpr_hmp_relay_run(relay->hmp, line, hmp_done, running);
	else
		run_qmp(relay, running);
}

static void abandon_running(struct running *running)
{
	if (running->hmp)
		free_running(running);
	else
		running->relay = NULL;
}

/* ---- From the user ------------------------------------------------------ */

static void take_request(struct mpr_relay *relay, const char *text)
{
	struct json_object *request = parse(text);
	const char *name = request ? name_of(request) : "";

	if (request && is_own(relay, request)) {
		relay->held = g_strdup(text);
		ask(relay, QUESTION_TURN);
	} else if (!strcmp(name, "query-commands")) {
		ask_commands(relay, request);
	} else {
		forward(relay, text);
		if (!strcmp(name, "qmp_capabilities"))
			relay->negotiation = relay->forwarded;
	}
	json_object_put(request);
}

/* Resynchronizes at the next line, or at 0xfe or 0xff as QEMU does. */
static size_t skip(struct mpr_relay *relay, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\n' && data[i] != '\xff' && data[i] != '\xfe')
			continue;
		relay->skipping = false;
		return i + 1;
	}
	return len;
}

static void reject(struct mpr_relay *relay, const char *why)
{
	refuse(relay, why);
	g_string_truncate(relay->user.message, 0);
	relay->user.scan = (struct mpr_scan){0};
	relay->skipping = true;
}

/* Collects bytes of the message. Leading blanks are not kept. */
static enum mpr_scanned collect(struct half *half, const char *data, size_t len, size_t *taken)
{
	enum mpr_scanned scanned = mpr_scan(&half->scan, data, len, taken);

	if (scanned == MPR_SCAN_MORE && !half->scan.begun)
		return scanned;
	g_string_append_len(half->message, data, (gssize)*taken);
	return scanned;
}

static size_t take_from_user(struct mpr_relay *relay, const char *data, size_t len)
{
	struct half *user = &relay->user;
	size_t taken;

	if (relay->skipping)
		return skip(relay, data, len);
	switch (collect(user, data, len, &taken)) {
	case MPR_SCAN_WHOLE:
		take_request(relay, user->message->str);
		g_string_truncate(user->message, 0);
		break;
	case MPR_SCAN_BAD:
		reject(relay, "this is not JSON, or nested too deep");
		break;
	case MPR_SCAN_MORE:
		if (user->message->len > MPR_RELAY_MESSAGE)
			reject(relay, "the message is too long: it may have 1 MiB");
		break;
	}
	return taken;
}

/* No command is taken while the user has answers to read, while earlier ones are still queued for
 * QEMU, or while one that runs here is not answered. */
static bool may_take(const struct mpr_relay *relay)
{
	return !relay->over && !relay->held && !relay->running && !relay->ending &&
	       !mpr_stream_backlog(relay->user.from) && !mpr_stream_backlog(relay->qemu.from);
}

/* ---- From QEMU ---------------------------------------------------------- */

static void add_commands(struct json_object *list, const struct mpr_own_command *command)
{
	for (; command->hmp; command++) {
		struct json_object *entry = json_object_new_object();

		json_object_object_add(entry, "name", json_object_new_string(command->qmp));
		json_object_array_add(list, entry);
	}
}

static void answer_query(struct mpr_relay *relay, const struct question *question,
			 struct json_object *reply)
{
	struct json_object *list = mpr_json_get_typed(reply, "return", json_type_array);

	if (list)
		add_commands(list, relay->commands->own);
	json_object_object_del(reply, "id");
	if (question->has_id)
		json_object_object_add(reply, "id", json_object_get(question->user_id));
	send_object(relay, reply);
}

static void answered(struct mpr_relay *relay, const struct question *question,
		     struct json_object *reply)
{
	bool accepted = mpr_json_get(reply, "return");

	switch (question->purpose) {
	case QUESTION_TURN:
		if (!relay->held)
			break; /* the user is leaving */
		if (accepted) {
			run_held(relay);
		} else {
			forward(relay, relay->held); /* so that QEMU refuses it in its own words */
			g_clear_pointer(&relay->held, g_free);
		}
		break;
	case QUERY_COMMANDS:
		answer_query(relay, question, reply);
		break;
	}
}

static bool is_answer_to(const struct question *question, struct json_object *reply)
{
	const char *id = mpr_json_get_string(reply, "id");

	return id && !strcmp(id, question->id);
}

/* An answer, not a greeting or an event. */
static void note_answer(struct mpr_relay *relay, struct json_object *reply)
{
	bool accepted = mpr_json_get(reply, "return");

	if (!accepted && !mpr_json_get(reply, "error"))
		return;
	relay->answered++;
	if (relay->answered == relay->negotiation)
		relay->negotiated |= accepted;
}

static void take_message(struct mpr_relay *relay, const GString *message)
{
	struct question *question = g_queue_peek_head(&relay->questions);
	struct json_object *object = parse(message->str);

	if (question && is_answer_to(question, object)) {
		g_queue_pop_head(&relay->questions);
		if (question->purpose == QUERY_COMMANDS)
			note_answer(relay, object);
		answered(relay, question, object);
		free_question(question);
	} else {
		note_answer(relay, object);
		send_raw(relay, message->str, message->len);
	}
	json_object_put(object);
}

static size_t take_from_qemu(struct mpr_relay *relay, const char *data, size_t len)
{
	struct half *qemu = &relay->qemu;
	size_t taken, blanks;

	switch (collect(qemu, data, len, &taken)) {
	case MPR_SCAN_WHOLE:
		blanks = strspn(qemu->message->str, " \t\r\n");
		g_string_erase(qemu->message, 0, (gssize)blanks);
		take_message(relay, qemu->message);
		g_string_truncate(qemu->message, 0);
		break;
	case MPR_SCAN_BAD:
		relay->over = true;
		break;
	case MPR_SCAN_MORE:
		relay->over |= qemu->message->len > QEMU_MESSAGE;
		break;
	}
	return taken;
}

/* ---- Both --------------------------------------------------------------- */

static bool is_imposition(const struct mpr_relay *relay)
{
	return mpr_stream_backlog(relay->user.from) > MPR_STREAM_BACKLOG;
}

/* Stops reading from QEMU while the user does not read: QEMU then queues, as it would for a
 * client of its own. */
static bool pump_qemu(struct mpr_relay *relay)
{
	struct mpr_stream *from = relay->qemu.from;
	const char *data;
	ssize_t n;

	if (relay->over || is_imposition(relay))
		return false;
	n = mpr_stream_peek(from, &data);
	relay->over |= n < 0;
	if (n > 0)
		mpr_stream_consume(from, take_from_qemu(relay, data, (size_t)n));
	return n > 0;
}

static bool pump_user(struct mpr_relay *relay)
{
	struct mpr_stream *from = relay->user.from;
	const char *data;
	ssize_t n;

	if (!may_take(relay))
		return false;
	n = mpr_stream_peek(from, &data);
	relay->ending |= n < 0;
	if (n > 0)
		mpr_stream_consume(from, take_from_user(relay, data, (size_t)n));
	return n > 0;
}

/* QEMU has closed, or the user has and all his commands are answered. */
static bool is_over(const struct mpr_relay *relay)
{
	return relay->over || (relay->ending && relay->answered == relay->forwarded);
}

static bool is_finished(const struct mpr_relay *relay)
{
	return relay->abandoned || mpr_stream_broken(relay->user.from) ||
	       mpr_stream_broken(relay->qemu.from) ||
	       (is_over(relay) && !mpr_stream_backlog(relay->user.from));
}

static void pump(void *opaque)
{
	struct mpr_relay *relay = opaque;
	bool worked = true;

	for (int i = 0; i < BATCH && worked; i++) {
		worked = pump_qemu(relay);
		worked |= pump_user(relay);
	}
	if (worked)
		schedule(relay);
	if (is_finished(relay) && !relay->told) {
		relay->told = true;
		relay->finished(relay->opaque);
	}
}

static gboolean pump_again(gpointer opaque)
{
	struct mpr_relay *relay = opaque;

	relay->again = 0;
	pump(relay);
	return G_SOURCE_REMOVE;
}

static void schedule(struct mpr_relay *relay)
{
	if (!relay->again)
		relay->again = g_idle_add(pump_again, relay);
}

/* ---- Life --------------------------------------------------------------- */

static void open_half(struct mpr_relay *relay, struct half *half, int in, int out)
{
	/* No message is read from QEMU while more than MPR_STREAM_BACKLOG waits, and a message
	 * has a limit: that bounds it. */
	struct mpr_stream_limits limits = {.backlog = SIZE_MAX, .fds = MPR_STREAM_FDS};

	half->from = mpr_need(mpr_stream_create(in, out, limits, &mpr_main_loop, pump, relay));
	half->message = g_string_new(NULL);
}

static void close_half(struct half *half)
{
	mpr_stream_destroy(half->from);
	g_string_free(half->message, TRUE);
}

struct mpr_relay *mpr_relay_create(const struct mpr_commands *commands, int in, int out, int qemu,
				   bool pretty, mpr_relay_fn finished, void *opaque)
{
	struct mpr_relay *relay = g_new0(struct mpr_relay, 1);

	relay->commands = commands;
	relay->hmp = mpr_hmp_relay_create(commands);
	relay->pretty = pretty;
	relay->finished = finished;
	relay->opaque = opaque;
	relay->secret = g_uuid_string_random();
	g_queue_init(&relay->questions);
	open_half(relay, &relay->user, in, out);
	open_half(relay, &relay->qemu, qemu, qemu);
	schedule(relay);
	return relay;
}

void mpr_relay_destroy(struct mpr_relay *relay)
{
	g_clear_pointer(&relay->held, g_free); /* not to be run any more */
	mpr_stream_look_again(relay->qemu.from);
	while (pump_qemu(relay))
		;
	if (relay->again)
		g_source_remove(relay->again);
	mpr_hmp_relay_destroy(relay->hmp);
	if (relay->running)
		abandon_running(relay->running);
	close_half(&relay->user);
	close_half(&relay->qemu);
	g_queue_clear_full(&relay->questions, free_question);
	g_free(relay->secret);
	g_free(relay);
}

void mpr_relay_tell(struct mpr_relay *relay, struct json_object *event)
{
	if (!relay->negotiated)
		return;
	/* An event of ours has no other place to queue than here. */
	relay->abandoned |= is_imposition(relay);
	if (!relay->abandoned)
		send_object(relay, event);
	schedule(relay);
}
