/* SPDX-License-Identifier: MIT */
#include "orchestrator/options/config_file.h"

#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "opts/opts.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/options/qemu_options.h"

/* Sections whose names differ from those of their options. */
static const struct {
	const char *section, *option;
} names[] = {
	{"boot-opts", "boot"},
	{"memory", "m"},
	{"smp-opts", "smp"},
};

static const char *option_of(const char *section)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (!strcmp(names[i].section, section))
			return names[i].option;
	return section;
}

/* ---- Lines -------------------------------------------------------------- */

/* The text between the next two double quotes (g_free() it), or NULL. */
static char *quoted(const char *text)
{
	const char *begin = strchr(text, '"');
	const char *end = begin ? strchr(begin + 1, '"') : NULL;

	return end ? g_strndup(begin + 1, (gsize)(end - begin - 1)) : NULL;
}

struct section {
	char *name; /* NULL: none has begun */
	struct mpr_opts *opts;
};

/* Adds it as an option, if QEMU has one of that name. */
static void end_section(struct section *section, GPtrArray *words)
{
	if (section->name) {
		char *option = g_strconcat("-", option_of(section->name), NULL);

		if (mpr_qemu_option(option)) {
			g_ptr_array_add(words, option);
			g_ptr_array_add(words, mpr_need(mpr_opts_format(section->opts, NULL)));
		} else {
			g_free(option);
		}
	}
	g_free(section->name);
	mpr_opts_free(section->opts);
	*section = (struct section){0};
}

/* [name] or [name "id"] */
static void begin_section(struct section *section, const char *line)
{
	g_autofree char *id = quoted(line);

	section->name = g_strndup(line + 1, strcspn(line + 1, " \t]"));
	section->opts = mpr_need(mpr_opts_build("", NULL, "id", id, NULL));
}

/* key = "value" */
static void take_line(struct section *section, const char *line)
{
	g_autofree char *key = g_strndup(line, strcspn(line, " \t="));
	g_autofree char *value = quoted(line);

	if (mpr_opts_is_key(key) && value && section->name)
		mpr_need_ok(mpr_opts_set(section->opts, key, value));
}

static void take_file(const char *text, GPtrArray *words)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	struct section section = {0};

	for (char **line = lines; *line; line++) {
		g_strstrip(*line);
		if (**line == '[') {
			end_section(&section, words);
			begin_section(&section, *line);
		} else if (**line != '#') {
			take_line(&section, *line);
		}
	}
	end_section(&section, words);
}

/* ---- Command lines ------------------------------------------------------ */

static bool add_file(const char *path, GPtrArray *words, char **error)
{
	g_autofree char *text = NULL;
	GError *why = NULL;

	if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		*error = mpr_need_text("-readconfig %s: it must be a file, as it is read twice: by "
				       "mpring and by QEMU",
				       path);
		return false;
	}
	if (!g_file_get_contents(path, &text, NULL, &why)) {
		*error = mpr_need_text("-readconfig %s: %s", path, why->message);
		g_error_free(why);
		return false;
	}
	take_file(text, words);
	return true;
}

char **mpr_config_expand(char *const *argv, char **error)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
	size_t count;

	*error = NULL;
	g_ptr_array_add(words, g_strdup(argv[0]));
	for (argv++; *argv && !*error; argv += count) {
		count = mpr_option_words(argv);
		if (mpr_is_option(argv[0], "readconfig") && argv[1] &&
		    !add_file(argv[1], words, error))
			break;
		for (size_t i = 0; i < count; i++)
			g_ptr_array_add(words, g_strdup(argv[i]));
	}
	if (*error) {
		g_ptr_array_unref(words);
		return NULL;
	}
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, FALSE);
}
