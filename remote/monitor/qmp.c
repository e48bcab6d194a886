/* SPDX-License-Identifier: MIT */
/* QMP as a protocol: greeting, capability negotiation, requests, answers and
 * events. */
#include "remote/monitor/qmp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/json.h"
#include "opts/json_opts.h"
#include "remote/monitor/qmp_commands.h"
#include "remote/monitor/query.h"

/* Bytes of a request. */
#define MAX_REQUEST (1u << 20)

struct qmp {
	struct json_tokener *tokener;
	size_t length;		     /* bytes of the incomplete request */
	bool skipping;		     /* after a syntax error, to the end of the line */
	bool negotiated;	     /* capabilities negotiation is done */
	struct json_object *id;	     /* of the request whose answer waits */
	struct json_object *request; /* to be retried */
	struct json_object *answer;
};

/* ---- Output ------------------------------------------------------------- */

static void send_object(struct mpr_monitor_client *client, struct json_object *object)
{
	mpr_envelope_send(client->stream, object, client->pretty);
}

/* `object` is taken over; so is `id`, which may be NULL. */
static void answer(struct mpr_monitor_client *client, struct json_object *object,
		   struct json_object *id)
{
	if (id)
		json_object_object_add(object, "id", id);
	send_object(client, object);
	json_object_put(object);
}

static void refuse(struct mpr_monitor_client *client, const char *class, const char *desc,
		   struct json_object *id)
{
	answer(client, mpr_envelope_error(class, desc), id);
}

static int greet(struct mpr_monitor_client *client)
{
	struct json_object *greeting = json_object_new_object();
	struct json_object *qmp = json_object_new_object();

	json_object_object_add(qmp, "version", mpr_query_version());
	json_object_object_add(qmp, "capabilities", json_object_new_array());
	json_object_object_add(greeting, "QMP", qmp);
	send_object(client, greeting);
	json_object_put(greeting);
	return 0;
}

/* ---- Requests ----------------------------------------------------------- */

/* NULL when the request is well-formed, else what is wrong. */
static const char *check_members(struct json_object *request)
{
	json_object_object_foreach(request, key, value)
	{
		if (!strcmp(key, "execute")) {
			if (!json_object_is_type(value, json_type_string))
				return "'execute' must be a string";
		} else if (!strcmp(key, "arguments")) {
			if (!json_object_is_type(value, json_type_object))
				return "'arguments' must be an object";
		} else if (!strcmp(key, "exec-oob")) {
			return "commands out of band are not supported";
		} else if (strcmp(key, "id")) {
			return "a request has the members execute, arguments and id only";
		}
	}
	return mpr_json_get(request, "execute") ? NULL : "a request needs the member 'execute'";
}

static void negotiate(struct mpr_monitor_client *client, struct qmp *qmp,
		      struct json_object *arguments, struct json_object *id)
{
	struct json_object *enable = mpr_json_get(arguments, "enable");

	if (enable &&
	    (!json_object_is_type(enable, json_type_array) || json_object_array_length(enable))) {
		refuse(client, MPR_QMP_GENERIC, "no capability is offered that could be enabled",
		       id);
		return;
	}
	if (arguments && json_object_object_length(arguments) > (enable ? 1 : 0)) {
		refuse(client, MPR_QMP_GENERIC, "the only parameter is 'enable'", id);
		return;
	}
	qmp->negotiated = true;
	answer(client, mpr_envelope_return(NULL), id);
}

static struct json_object *answer_of(struct mpr_qmp_call *call)
{
	struct json_object *object;

	if (call->class) {
		object = mpr_envelope_error(call->class, call->desc ? call->desc : "out of memory");
		json_object_put(call->result);
	} else {
		object = mpr_envelope_return(call->result);
	}
	free(call->desc);
	return object;
}

static void execute(struct mpr_monitor_client *client, struct qmp *qmp, const char *name,
		    struct json_object *arguments, struct json_object *id)
{
	struct mpr_qmp_call call = {
		.client = client,
		.machine = client->machine,
		.arguments = arguments,
	};

	mpr_qmp_execute(&call, name);
	if (client->again) {
		json_object_put(answer_of(&call));
		json_object_put(id);
		return;
	}
	if (call.settled && !call.class) {
		client->settled = call.settled;
		qmp->answer = answer_of(&call);
		qmp->id = id;
		return;
	}
	answer(client, answer_of(&call), id);
}

static void handle(struct mpr_monitor_client *client, struct qmp *qmp, struct json_object *request)
{
	struct json_object *id, *arguments;
	const char *wrong, *name;

	if (!json_object_is_type(request, json_type_object)) {
		refuse(client, MPR_QMP_GENERIC, "a request must be a JSON object", NULL);
		return;
	}
	id = json_object_get(mpr_json_get(request, "id"));
	wrong = check_members(request);
	if (wrong) {
		refuse(client, MPR_QMP_GENERIC, wrong, id);
		return;
	}
	name = json_object_get_string(mpr_json_get(request, "execute"));
	arguments = mpr_json_get(request, "arguments");
	if (!qmp->negotiated && strcmp(name, "qmp_capabilities"))
		refuse(client, MPR_QMP_NO_COMMAND,
		       "capabilities must be negotiated first: execute 'qmp_capabilities'", id);
	else if (qmp->negotiated && !strcmp(name, "qmp_capabilities"))
		refuse(client, MPR_QMP_NO_COMMAND, "capabilities were negotiated already", id);
	else if (!qmp->negotiated)
		negotiate(client, qmp, arguments, id);
	else
		execute(client, qmp, name, arguments, id);
	if (client->again)
		qmp->request = json_object_get(request);
}

/* ---- Input -------------------------------------------------------------- */

/* Reports a syntax error; parsing resumes at the next line. */
static void reject(struct mpr_monitor_client *client, struct qmp *qmp, const char *why)
{
	char *desc = mpr_errorf("this is not JSON: %s", why);

	refuse(client, MPR_QMP_GENERIC, desc ? desc : why, NULL);
	free(desc);
	json_tokener_reset(qmp->tokener);
	qmp->length = 0;
	qmp->skipping = true;
}

/* The number of bytes up to and with the end of the line. */
static size_t skip(struct qmp *qmp, const char *data, size_t len)
{
	const char *newline = memchr(data, '\n', len);

	if (!newline)
		return len;
	qmp->skipping = false;
	return (size_t)(newline - data) + 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t take_blanks(const char *data, size_t len)
{
	size_t n = 0;

	while (n < len && is_blank(data[n]))
		n++;
	return n;
}

/* Feeds the parser up to a zero byte, which JSON cannot contain. */
static size_t parse(struct mpr_monitor_client *client, struct qmp *qmp, const char *data,
		    size_t len)
{
	size_t usable = strnlen(data, len);
	struct json_object *request = json_tokener_parse_ex(qmp->tokener, data, (int)usable);
	enum json_tokener_error error = json_tokener_get_error(qmp->tokener);
	size_t taken = json_tokener_get_parse_end(qmp->tokener);

	if (error == json_tokener_success) {
		qmp->length = 0;
		handle(client, qmp, request);
		json_object_put(request);
		return taken ? taken : 1;
	}
	if (error != json_tokener_continue)
		reject(client, qmp, json_tokener_error_desc(error));
	else if (usable < len)
		reject(client, qmp, "a zero byte");
	else if (qmp->length + len > MAX_REQUEST)
		reject(client, qmp, "the request is too long");
	else
		qmp->length += len;
	return qmp->skipping ? 1 : len;
}

static size_t qmp_take(struct mpr_monitor_client *client, const char *data, size_t len)
{
	struct qmp *qmp = client->state;
	size_t blanks;

	if (qmp->skipping)
		return skip(qmp, data, len);
	blanks = qmp->length ? 0 : take_blanks(data, len);
	return blanks ? blanks : parse(client, qmp, data, len);
}

static void qmp_settled(struct mpr_monitor_client *client)
{
	struct qmp *qmp = client->state;

	answer(client, qmp->answer, qmp->id);
	qmp->answer = qmp->id = NULL;
}

static void qmp_again(struct mpr_monitor_client *client)
{
	struct qmp *qmp = client->state;
	struct json_object *request = qmp->request;

	qmp->request = NULL;
	handle(client, qmp, request);
	json_object_put(request);
}

static void qmp_event(struct mpr_monitor_client *client, struct json_object *event)
{
	const struct qmp *qmp = client->state;

	if (qmp->negotiated)
		send_object(client, event);
}

/* ---- Life --------------------------------------------------------------- */

static int qmp_open(struct mpr_monitor_client *client)
{
	struct qmp *qmp = calloc(1, sizeof(*qmp));

	client->state = qmp;
	if (!qmp)
		return -ENOMEM;
	qmp->tokener = json_tokener_new_ex(MPR_JSON_DEPTH);
	if (!qmp->tokener)
		return -ENOMEM;
	json_tokener_set_flags(qmp->tokener, JSON_TOKENER_STRICT |
						     JSON_TOKENER_ALLOW_TRAILING_CHARS |
						     JSON_TOKENER_VALIDATE_UTF8);
	return greet(client);
}

static void qmp_close(struct mpr_monitor_client *client)
{
	struct qmp *qmp = client->state;

	if (!qmp)
		return;
	if (qmp->tokener)
		json_tokener_free(qmp->tokener);
	json_object_put(qmp->answer);
	json_object_put(qmp->id);
	json_object_put(qmp->request);
	free(qmp);
}

const struct mpr_monitor_protocol mpr_qmp_protocol = {
	.open = qmp_open,
	.close = qmp_close,
	.take = qmp_take,
	.settled = qmp_settled,
	.again = qmp_again,
	.event = qmp_event,
};
