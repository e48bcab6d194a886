/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/hmp_relay.h"

#include <glib.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/json.h"
#include "orchestrator/commands/commands.h"

/* Allocated apart from the monitor: QEMU's answer may come after the monitor is gone. */
struct call {
	struct mpr_hmp_relay *hmp; /* NULL: it is gone */
	char *line;
	mpr_hmp_relay_fn done;
	void *opaque;
};

struct mpr_hmp_relay {
	const struct mpr_commands *commands;
	int cpu; /* -1: QEMU's default */
	struct call *call;
};

/* ---- Calls -------------------------------------------------------------- */

static struct call *begin(struct mpr_hmp_relay *hmp, const char *line, mpr_hmp_relay_fn done,
			  void *opaque)
{
	struct call *call = g_new0(struct call, 1);

	call->hmp = hmp;
	call->line = g_strdup(line);
	call->done = done;
	call->opaque = opaque;
	hmp->call = call;
	return call;
}

static void finish(struct call *call, const char *text)
{
	if (call->hmp) {
		call->hmp->call = NULL;
		call->done(call->opaque, text);
	}
	g_free(call->line);
	g_free(call);
}

/* ---- Words -------------------------------------------------------------- */

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* The next word (g_free() it); *rest: what follows it. */
static char *next_word(const char *text, const char **rest)
{
	const char *word = skip_blanks(text);
	size_t len = strcspn(word, " \t");

	*rest = skip_blanks(word + len);
	return g_strndup(word, len);
}

/* ---- Help --------------------------------------------------------------- */

static void print_help(GString *out, const struct mpr_own_command *command)
{
	g_string_append_printf(out, "%s %s -- %s\r\n", command->hmp, command->params,
			       command->help);
}

static void print_all_help(GString *out, const struct mpr_own_command *own)
{
	for (; own->hmp; own++)
		print_help(out, own);
}

/* The topic of a help command ("" for all; g_free() it); NULL: the line is none. */
static char *help_topic(const char *line)
{
	const char *rest;
	char *word = next_word(line, &rest);
	bool is_help = !strcmp(word, "help") || !strcmp(word, "?");

	g_free(word);
	return is_help ? next_word(rest, &rest) : NULL;
}

static bool asks_for_all(const char *line)
{
	char *topic = help_topic(line);
	bool all = topic && !*topic;

	g_free(topic);
	return all;
}

/* ---- Commands of mpring's ----------------------------------------------- */

/* Appends text with line ends as QEMU's, "\r\n"; the last line has one, too. */
static void print_lines(GString *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n' && (out->len == 0 || out->str[out->len - 1] != '\r'))
			g_string_append_c(out, '\r');
		g_string_append_c(out, *text);
	}
	if (out->len && out->str[out->len - 1] != '\n')
		g_string_append(out, "\r\n");
}

static void ask_qemu(struct call *call);

static void command_done(void *opaque, const struct mpr_outcome *outcome)
{
	GString *out = g_string_new(NULL);
	struct call *call = opaque;

	if (outcome->qemus && call->hmp) {
		ask_qemu(call);
	} else {
		if (outcome->error)
			g_string_printf(out, "Error: %s\r\n", outcome->error);
		else if (outcome->text)
			print_lines(out, outcome->text);
		finish(call, out->str);
	}
	g_string_free(out, TRUE);
}

/* The command that a line asks help for, or NULL. */
static const struct mpr_own_command *helped_command(const struct mpr_hmp_relay *hmp,
						    const char *line)
{
	const struct mpr_own_command *own = hmp->commands->own;
	char *topic = help_topic(line);

	while (own->hmp && (!topic || strcmp(own->hmp, topic)))
		own++;
	g_free(topic);
	return own->hmp ? own : NULL;
}

static void give_help(struct call *call, const struct mpr_own_command *command)
{
	GString *out = g_string_new(NULL);

	print_help(out, command);
	finish(call, out->str);
	g_string_free(out, TRUE);
}

/* ---- QEMU's ------------------------------------------------------------- */

/* "cpu N" prints nothing when it succeeds. */
static void note_cpu(struct mpr_hmp_relay *hmp, const char *line)
{
	const char *rest;
	char *word = next_word(line, &rest);
	char *end;
	long cpu = strtol(rest, &end, 0);

	if (!strcmp(word, "cpu") && end != rest && cpu >= 0 && cpu <= G_MAXINT)
		hmp->cpu = (int)cpu;
	g_free(word);
}

static const char *text_of(struct json_object *reply)
{
	const char *text = mpr_json_get_string(reply, "return");

	return text ? text : "";
}

/* The message if QEMU refused human-monitor-command itself; NULL: it did not. */
static char *error_of(struct json_object *reply)
{
	struct json_object *error = mpr_json_get(reply, "error");
	const char *desc = mpr_json_get_string(error, "desc");

	if (!error)
		return NULL;
	return g_strdup_printf("Error: %s\r\n", desc ? desc : "no reason was given");
}

static void answered(void *opaque, struct json_object *reply)
{
	struct call *call = opaque;
	struct mpr_hmp_relay *hmp = call->hmp;
	char *error;
	GString *out;

	if (!reply) {
		finish(call, NULL);
		return;
	}
	error = error_of(reply);
	if (error && hmp && hmp->cpu >= 0) { /* perhaps that CPU was unplugged */
		hmp->cpu = -1;
		g_free(error);
		ask_qemu(call);
		return;
	}
	out = g_string_new(error ? error : text_of(reply));
	if (hmp && !out->len)
		note_cpu(hmp, call->line);
	if (!error && hmp && asks_for_all(call->line))
		print_all_help(out, hmp->commands->own);
	finish(call, out->str);
	g_string_free(out, TRUE);
	g_free(error);
}

static void ask_qemu(struct call *call)
{
	struct json_object *arguments = json_object_new_object();

	json_object_object_add(arguments, "command-line", json_object_new_string(call->line));
	if (call->hmp->cpu >= 0)
		json_object_object_add(arguments, "cpu-index", json_object_new_int(call->hmp->cpu));
	call->hmp->commands->ask_qemu(call->hmp->commands, "human-monitor-command", arguments,
				      answered, call);
	json_object_put(arguments);
}

/* ---- Greeting ----------------------------------------------------------- */

static int version_part(struct json_object *reply, const char *key)
{
	struct json_object *version = mpr_json_get(mpr_json_get(reply, "return"), "qemu");

	return (int)mpr_json_get_int(version, key, 0, INT_MAX, 0);
}

static void version_known(void *opaque, struct json_object *reply)
{
	char *text = NULL;

	if (reply)
		text = g_strdup_printf(
			"QEMU %d.%d.%d monitor - type 'help' for more information\r\n",
			version_part(reply, "major"), version_part(reply, "minor"),
			version_part(reply, "micro"));
	finish(opaque, text);
	g_free(text);
}

/* ---- The monitor -------------------------------------------------------- */

struct mpr_hmp_relay *mpr_hmp_relay_create(const struct mpr_commands *commands)
{
	struct mpr_hmp_relay *hmp = g_new0(struct mpr_hmp_relay, 1);

	hmp->commands = commands;
	hmp->cpu = -1;
	return hmp;
}

void mpr_hmp_relay_destroy(struct mpr_hmp_relay *hmp)
{
	if (hmp->call)
		hmp->call->hmp = NULL;
	g_free(hmp);
}

bool mpr_hmp_relay_is_own(const struct mpr_hmp_relay *hmp, const char *line)
{
	return helped_command(hmp, line) || asks_for_all(line) ||
	       hmp->commands->has_hmp(hmp->commands, line);
}

void mpr_hmp_relay_run(struct mpr_hmp_relay *hmp, const char *line, mpr_hmp_relay_fn done,
		       void *opaque)
{
	struct call *call = begin(hmp, line, done, opaque);
	const struct mpr_own_command *helped = helped_command(hmp, line);

	if (helped)
		give_help(call, helped);
	else if (hmp->commands->has_hmp(hmp->commands, line))
		hmp->commands->run_hmp(hmp->commands, line, command_done, call);
	else if (*skip_blanks(line))
		ask_qemu(call);
	else
		finish(call, "");
}

void mpr_hmp_relay_greet(struct mpr_hmp_relay *hmp, mpr_hmp_relay_fn done, void *opaque)
{
	hmp->commands->ask_qemu(hmp->commands, "query-version", NULL, version_known,
				begin(hmp, "", done, opaque));
}
