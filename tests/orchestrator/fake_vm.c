/* SPDX-License-Identifier: MIT */
#include "tests/orchestrator/fake_vm.h"

#include <glib.h>
#include <string.h>

#include "orchestrator/commands/routing.h"

const struct mpr_vm_command mpr_vm_commands[] = {
	{"rdevice_add", "x-rdevice-add", "rid driver id", "add a remote device"},
	{"remote_proc_list", "x-remote-proc-list", "", "list remote processes"},
	{0},
};

struct question {
	mpr_qmp_reply_fn reply;
	mpr_outcome_fn done;
	void *opaque;
};

static GString *asked;
static GQueue to_qemu = G_QUEUE_INIT, own = G_QUEUE_INIT;

static void note(GQueue *queue, const struct question *question, const char *name,
		 const char *words)
{
	if (!asked)
		asked = g_string_new(NULL);
	g_string_append_printf(asked, "%s %s\n", name, words);
	g_queue_push_tail(queue, g_memdup2(question, sizeof(*question)));
}

static const char *text_of(struct json_object *arguments)
{
	return arguments ? json_object_to_json_string_ext(arguments, JSON_C_TO_STRING_PLAIN) : "{}";
}

struct mpr_qmp *mpr_vm_qemu(struct mpr_vm *vm)
{
	(void)vm;
	return NULL;
}

void mpr_vm_listen(struct mpr_vm *vm, mpr_vm_event_fn event, void *opaque)
{
	(void)vm;
	(void)event;
	(void)opaque;
}

void mpr_qmp_execute(struct mpr_qmp *qmp, const char *command, struct json_object *arguments,
		     int fd, mpr_qmp_reply_fn reply, void *opaque)
{
	const struct question question = {.reply = reply, .opaque = opaque};

	(void)qmp;
	(void)fd;
	note(&to_qemu, &question, command, text_of(arguments));
	json_object_put(arguments);
}

static const struct mpr_vm_command *find(const char *name, bool qmp)
{
	for (const struct mpr_vm_command *c = mpr_vm_commands; c->hmp; c++)
		if (!strcmp(name, qmp ? c->qmp : c->hmp))
			return c;
	return NULL;
}

const struct mpr_vm_command *mpr_vm_find_hmp(const char *name)
{
	return find(name, false);
}

const struct mpr_vm_command *mpr_vm_find_qmp(const char *name)
{
	return find(name, true);
}

void mpr_vm_run_hmp(struct mpr_vm *vm, const struct mpr_vm_command *command, const char *words,
		    mpr_outcome_fn done, void *opaque)
{
	const struct question question = {.done = done, .opaque = opaque};

	(void)vm;
	note(&own, &question, command->hmp, words);
}

void mpr_vm_run_qmp(struct mpr_vm *vm, const struct mpr_vm_command *command,
		    struct json_object *arguments, mpr_outcome_fn done, void *opaque)
{
	const struct question question = {.done = done, .opaque = opaque};

	(void)vm;
	note(&own, &question, command->qmp, text_of(arguments));
}

/* What is called "routed", or said of "remote...", is not QEMU's alone. */
bool mpr_vm_routes_qmp(struct mpr_vm *vm, const char *name, struct json_object *arguments)
{
	(void)vm;
	return strstr(name, "routed") || strstr(text_of(arguments), "\"remote");
}

bool mpr_vm_routes_hmp(struct mpr_vm *vm, const char *line)
{
	(void)vm;
	return strstr(line, "routed") || strstr(line, " remote");
}

void mpr_vm_route_qmp(struct mpr_vm *vm, const char *name, struct json_object *arguments,
		      mpr_outcome_fn done, void *opaque)
{
	const struct question question = {.done = done, .opaque = opaque};

	(void)vm;
	note(&own, &question, name, text_of(arguments));
}

void mpr_vm_route_hmp(struct mpr_vm *vm, const char *line, mpr_outcome_fn done, void *opaque)
{
	const struct question question = {.done = done, .opaque = opaque};

	(void)vm;
	note(&own, &question, "line", line);
}

const char *fake_vm_asked(void)
{
	return asked ? asked->str : "";
}

static struct question *next(GQueue *queue)
{
	struct question *question = g_queue_pop_head(queue);

	g_assert_nonnull(question);
	g_string_truncate(asked, 0);
	return question;
}

void fake_vm_answer(const char *reply)
{
	struct question *question = next(&to_qemu);
	struct json_object *object = reply ? json_tokener_parse(reply) : NULL;

	question->reply(question->opaque, object);
	json_object_put(object);
	g_free(question);
}

void fake_vm_end_as(const struct mpr_outcome *outcome)
{
	struct question *question = next(&own);

	question->done(question->opaque, outcome);
	g_free(question);
}

void fake_vm_end(const char *error, const char *result, const char *text)
{
	struct mpr_outcome outcome = {
		.error = error,
		.result = result ? json_tokener_parse(result) : NULL,
		.text = text,
	};

	fake_vm_end_as(&outcome);
	json_object_put(outcome.result);
}

bool fake_vm_answer_all(const char *reply)
{
	bool any = false;

	for (; !g_queue_is_empty(&to_qemu); any = true)
		fake_vm_answer(reply);
	for (; !g_queue_is_empty(&own); any = true)
		fake_vm_end(NULL, NULL, "done");
	return any;
}

void fake_vm_reset(void)
{
	g_assert_true(g_queue_is_empty(&to_qemu) && g_queue_is_empty(&own));
	if (asked)
		g_string_free(asked, TRUE);
	asked = NULL;
}
