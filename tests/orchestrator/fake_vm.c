/* SPDX-License-Identifier: MIT */
#include "tests/orchestrator/fake_vm.h"

#include <glib.h>
#include <string.h>

static const struct mpr_own_command own_commands[] = {
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

/* By a name in QMP, or by an HMP line; *words: what follows the name there. */
static const struct mpr_own_command *find_own(const char *name, const char **words)
{
	const struct mpr_own_command *own = own_commands;
	size_t len;

	name += strspn(name, " ");
	len = strcspn(name, " ");
	*words = name + len + strspn(name + len, " ");
	while (own->hmp && strcmp(own->qmp, name) &&
	       (strlen(own->hmp) != len || strncmp(own->hmp, name, len)))
		own++;
	return own->hmp ? own : NULL;
}

/* Commands called "routed", or with an argument "remote...", concern remotes. */
static bool has_qmp(const struct mpr_commands *commands, const char *name,
		    struct json_object *arguments)
{
	const char *words;

	(void)commands;
	return find_own(name, &words) || strstr(name, "routed") ||
	       strstr(text_of(arguments), "\"remote");
}

static bool has_hmp(const struct mpr_commands *commands, const char *line)
{
	const char *words;

	(void)commands;
	return find_own(line, &words) || strstr(line, "routed") || strstr(line, " remote");
}

static void run_qmp(const struct mpr_commands *commands, const char *name,
		    struct json_object *arguments, mpr_outcome_fn done, void *opaque)
{
	const struct question question = {.done = done, .opaque = opaque};

	(void)commands;
	note(&own, &question, name, text_of(arguments));
}

static void run_hmp(const struct mpr_commands *commands, const char *line, mpr_outcome_fn done,
		    void *opaque)
{
	const struct question question = {.done = done, .opaque = opaque};
	const char *words;
	const struct mpr_own_command *command = find_own(line, &words);

	(void)commands;
	note(&own, &question, command ? command->hmp : "line", command ? words : line);
}

static void ask_qemu(const struct mpr_commands *commands, const char *name,
		     struct json_object *arguments, mpr_qmp_reply_fn reply, void *opaque)
{
	const struct question question = {.reply = reply, .opaque = opaque};

	(void)commands;
	note(&to_qemu, &question, name, text_of(arguments));
}

const struct mpr_commands fake_vm = {
	.own = own_commands,
	.has_qmp = has_qmp,
	.has_hmp = has_hmp,
	.run_qmp = run_qmp,
	.run_hmp = run_hmp,
	.ask_qemu = ask_qemu,
};

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
