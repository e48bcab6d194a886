/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/words.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

#include "monitor/json.h"
#include "orchestrator/commands/commands.h"

enum kind { COMMANDS, TOPICS, DEVICES, DRIVES, REMOTE, KINDS };

struct mpr_words {
	const struct mpr_commands *commands;
	GPtrArray *lists[KINDS];
	GPtrArray *asking; /* struct question, unanswered */
};

typedef void (*learn_fn)(GPtrArray *list, struct json_object *value);

/* May outlive the words. */
struct question {
	struct mpr_words *words;
	enum kind kind;
	learn_fn learn;
};

/* Commands with names of devices or drives as arguments. */
static const struct {
	const char *command;
	enum kind kind;
} arguments[] = {
	{"help", COMMANDS},
	{"?", COMMANDS},
	{"info", TOPICS},
	{"device_del", DEVICES},
	{"rdevice_del", REMOTE},
	{"rdrive_del", REMOTE},
	{"block_job_cancel", DRIVES},
	{"block_job_complete", DRIVES},
	{"block_job_pause", DRIVES},
	{"block_job_resume", DRIVES},
	{"block_job_set_speed", DRIVES},
	{"block_resize", DRIVES},
	{"block_set_io_throttle", DRIVES},
	{"block_stream", DRIVES},
	{"change", DRIVES},
	{"commit", DRIVES},
	{"drive_backup", DRIVES},
	{"drive_del", DRIVES},
	{"drive_mirror", DRIVES},
	{"eject", DRIVES},
};

static void add(GPtrArray *list, const char *word, size_t len)
{
	g_ptr_array_add(list, g_strndup(word, len));
}

/* ---- Learning ----------------------------------------------------------- */

static bool is_name(const char *word, size_t len)
{
	return len && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_-|?") >= len;
}

/* "quit|q": each of them. */
static void add_aliases(GPtrArray *list, const char *word, size_t len)
{
	while (len) {
		size_t part = 0;

		while (part < len && word[part] != '|')
			part++;
		if (part)
			add(list, word, part);
		part += part < len;
		word += part;
		len -= part;
	}
}

/* A line of help begins with the names of a command, after `skip` words; continued
 * lines begin with blanks or signs. */
static void learn_help(GPtrArray *list, struct json_object *value, unsigned skip)
{
	const char *at = mpr_json_string(value);

	for (const char *end; at && *at; at = *end ? end + 1 : end) {
		const char *word = at;
		size_t len = strcspn(word, " \r\n");

		end = at + strcspn(at, "\n");
		for (unsigned i = 0; i < skip && word[len] == ' '; i++) {
			word += len + 1;
			len = strcspn(word, " \r\n");
		}
		if (is_name(word, len))
			add_aliases(list, word, len);
	}
}

static void add_own(GPtrArray *list, const struct mpr_own_command *own)
{
	for (; own->hmp; own++)
		add(list, own->hmp, strlen(own->hmp));
}

static void learn_commands(GPtrArray *list, struct json_object *value)
{
	learn_help(list, value, 0);
}

static void learn_topics(GPtrArray *list, struct json_object *value)
{
	learn_help(list, value, 1);
}

/* All strings that have one of these keys, at any depth. */
static void learn_keys(GPtrArray *list, struct json_object *value, const char *const *keys)
{
	for (size_t i = 0; i < mpr_json_length(value); i++)
		learn_keys(list, json_object_array_get_idx(value, i), keys);
	for (; *keys; keys++) {
		const char *name = mpr_json_get_string(value, *keys);

		if (name && *name)
			add(list, name, strlen(name));
	}
}

/* "type" is a property of the container itself, not a device. */
static void learn_devices(GPtrArray *list, struct json_object *value)
{
	for (size_t i = 0; i < mpr_json_length(value); i++) {
		struct json_object *entry = json_object_array_get_idx(value, i);
		const char *name = mpr_json_get_string(entry, "name");
		const char *type = mpr_json_get_string(entry, "type");

		if (name && type && g_str_has_prefix(type, "child<"))
			add(list, name, strlen(name));
	}
}

static void learn_drives(GPtrArray *list, struct json_object *value)
{
	learn_keys(list, value, (const char *const[]){"device", NULL});
}

static void learn_remote(GPtrArray *list, struct json_object *value)
{
	learn_keys(list, value, (const char *const[]){"id", NULL});
}

static void learn(struct question *question, struct json_object *value)
{
	struct mpr_words *words = question->words;

	if (words) {
		g_ptr_array_remove_fast(words->asking, question);
		if (value) {
			g_ptr_array_set_size(words->lists[question->kind], 0);
			if (question->kind == COMMANDS)
				add_own(words->lists[COMMANDS], words->commands->own);
			question->learn(words->lists[question->kind], value);
		}
	}
	g_free(question);
}

static void answered(void *opaque, struct json_object *reply)
{
	learn(opaque, mpr_json_get(reply, "return"));
}

static void outcome_known(void *opaque, const struct mpr_outcome *outcome)
{
	learn(opaque, outcome->error ? NULL : outcome->result);
}

/* ---- Asking ------------------------------------------------------------- */

static struct question *add_question(struct mpr_words *words, enum kind kind, learn_fn learn)
{
	struct question *question = g_new0(struct question, 1);

	question->words = words;
	question->kind = kind;
	question->learn = learn;
	g_ptr_array_add(words->asking, question);
	return question;
}

static void ask(struct mpr_words *words, enum kind kind, learn_fn learn, const char *command,
		const char *key, const char *value)
{
	struct json_object *arguments = json_object_new_object();

	if (key)
		json_object_object_add(arguments, key, json_object_new_string(value));
	if (words->commands->has_qmp(words->commands, command, arguments))
		words->commands->run_qmp(words->commands, command, arguments, outcome_known,
					 add_question(words, kind, learn));
	else
		words->commands->ask_qemu(words->commands, command, arguments, answered,
					  add_question(words, kind, learn));
	json_object_put(arguments);
}

void mpr_words_refresh(struct mpr_words *words)
{
	if (words->asking->len)
		return; /* the last refresh is under way */
	ask(words, DEVICES, learn_devices, "qom-list", "path", "/machine/peripheral");
	ask(words, DRIVES, learn_drives, "query-block", NULL, NULL);
	ask(words, REMOTE, learn_remote, "x-remote-proc-list", NULL, NULL);
}

struct mpr_words *mpr_words_create(const struct mpr_commands *commands)
{
	struct mpr_words *words = g_new0(struct mpr_words, 1);

	words->commands = commands;
	words->asking = g_ptr_array_new();
	for (enum kind kind = 0; kind < KINDS; kind++)
		words->lists[kind] = g_ptr_array_new_with_free_func(g_free);
	mpr_words_refresh(words);
	ask(words, COMMANDS, learn_commands, "human-monitor-command", "command-line", "help");
	ask(words, TOPICS, learn_topics, "human-monitor-command", "command-line", "help info");
	return words;
}

void mpr_words_destroy(struct mpr_words *words)
{
	for (guint i = 0; i < words->asking->len; i++)
		((struct question *)g_ptr_array_index(words->asking, i))->words = NULL;
	g_ptr_array_free(words->asking, TRUE);
	for (enum kind kind = 0; kind < KINDS; kind++)
		g_ptr_array_free(words->lists[kind], TRUE);
	g_free(words);
}

/* ---- Finding ------------------------------------------------------------ */

static const GPtrArray *list_after(const struct mpr_words *words, const char *before)
{
	const char *word = before + strspn(before, " \t");
	size_t len = strcspn(word, " \t");

	if (!len)
		return words->lists[COMMANDS];
	for (size_t i = 0; i < G_N_ELEMENTS(arguments); i++)
		if (strlen(arguments[i].command) == len &&
		    !strncmp(arguments[i].command, word, len))
			return words->lists[arguments[i].kind];
	return NULL;
}

char **mpr_words_find(const struct mpr_words *words, const char *before, const char *prefix)
{
	const GPtrArray *list = list_after(words, before);
	GPtrArray *found = g_ptr_array_new();

	for (guint i = 0; list && i < list->len; i++) {
		const char *word = g_ptr_array_index(list, i);

		if (g_str_has_prefix(word, prefix))
			g_ptr_array_add(found, g_strdup(word));
	}
	g_ptr_array_add(found, NULL);
	return (char **)g_ptr_array_free(found, FALSE);
}
