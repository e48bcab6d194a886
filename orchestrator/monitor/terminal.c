/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/terminal.h"

#include <editline/readline.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "monitor/line.h"
#include "orchestrator/monitor/hmp_relay.h"
#include "orchestrator/monitor/words.h"

#define HISTORY 500

struct mpr_terminal {
	struct mpr_hmp_relay *hmp;
	struct mpr_words *words;
	struct termios before;
	bool editing; /* a line; otherwise a command runs */
	bool begun;   /* keys were pressed for it */
	guint input, resized, continued;
	int continued_fd;
};

/* libedit's callbacks have no argument for the user's data. */
static struct mpr_terminal *the_terminal;

/* ---- The terminal's mode ------------------------------------------------ */

static void restore(void)
{
	if (the_terminal)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &the_terminal->before);
}

static void take_line(char *line);

static void stop_input(struct mpr_terminal *terminal)
{
	if (terminal->input)
		g_source_remove(terminal->input);
	terminal->input = 0;
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer opaque)
{
	struct mpr_terminal *terminal = opaque;

	(void)fd;
	/* Refreshed at the first key, not after the last command, which may have been "quit". */
	if (!terminal->begun)
		mpr_words_refresh(terminal->words);
	terminal->begun = true;
	rl_callback_read_char();
	if (condition & (G_IO_HUP | G_IO_ERR))
		stop_input(terminal); /* it has gone; the machine goes on */
	return G_SOURCE_CONTINUE;
}

/* Shows the prompt and reads a line. */
static void edit(struct mpr_terminal *terminal)
{
	fflush(stdout);
	rl_callback_handler_install(MPR_HMP_PROMPT, take_line);
	terminal->editing = true;
	terminal->begun = false;
	if (!terminal->input)
		terminal->input = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR,
						on_input, terminal);
}

/* Keys that are pressed meanwhile stay with the terminal. */
static void stop_editing(struct mpr_terminal *terminal)
{
	if (!terminal->editing)
		return;
	terminal->editing = false;
	rl_callback_handler_remove();
}

/* ---- Commands ----------------------------------------------------------- */

/* The terminal adds the carriage return. */
static void show(const char *text)
{
	for (; *text; text++)
		if (text[0] != '\r' || text[1] != '\n')
			putchar(*text);
}

static void answered(void *opaque, const char *text)
{
	struct mpr_terminal *terminal = opaque;

	if (!text)
		return; /* QEMU ends */
	show(text);
	edit(terminal);
}

static void remember(const char *line)
{
	const HIST_ENTRY *last = history_get(history_base + history_length - 1);

	if (*line && (!last || strcmp(last->line, line)))
		add_history(line);
}

/* NULL: end of input (Ctrl-D), which is ignored. */
static void take_line(char *line)
{
	struct mpr_terminal *terminal = the_terminal;

	stop_editing(terminal);
	if (!line) {
		fputs("\n", stdout);
		edit(terminal);
		return;
	}
	remember(line);
	stop_input(terminal);
	mpr_hmp_relay_run(terminal->hmp, line, answered, terminal);
	free(line);
}

/* ---- Completion --------------------------------------------------------- */

/* Returns one match at each call, as libedit wants it. */
static char *next_match(const char *prefix, int state)
{
	static char **matches;
	static size_t next;

	(void)prefix;
	if (state == 0) {
		char *before = g_strndup(rl_line_buffer, (gsize)rl_point - strlen(prefix));

		g_strfreev(matches);
		matches = mpr_words_find(the_terminal->words, before, prefix);
		next = 0;
		g_free(before);
	}
	if (matches[next])
		return strdup(matches[next++]);
	g_clear_pointer(&matches, g_strfreev);
	return NULL;
}

static char **complete(const char *prefix, int start, int end)
{
	(void)start;
	(void)end;
	rl_attempted_completion_over = 1; /* no names of files */
	return rl_completion_matches(prefix, next_match);
}

/* ---- What befalls a terminal -------------------------------------------- */

static gboolean on_resize(gpointer opaque)
{
	(void)opaque;
	rl_resize_terminal();
	return G_SOURCE_CONTINUE;
}

/* SIGCONT: a shell may have changed the terminal while this process was stopped. */
static gboolean on_continue(gint fd, GIOCondition condition, gpointer opaque)
{
	struct mpr_terminal *terminal = opaque;
	struct signalfd_siginfo info;

	(void)condition;
	if (read(fd, &info, sizeof(info)) == sizeof(info) && terminal->editing) {
		stop_editing(terminal);
		edit(terminal);
	}
	return G_SOURCE_CONTINUE;
}

static void watch_continue(struct mpr_terminal *terminal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	terminal->continued_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (terminal->continued_fd >= 0)
		terminal->continued =
			g_unix_fd_add(terminal->continued_fd, G_IO_IN, on_continue, terminal);
}

/* ---- Life --------------------------------------------------------------- */

/* Keys send no signals, while a command runs ... */
static void clear_signals(struct termios mode)
{
	mode.c_lflag &= ~(tcflag_t)ISIG;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

static void set_up_libedit(bool signals)
{
	setlocale(LC_CTYPE, ""); /* which bytes make a character */
	rl_readline_name = "mpring";
	rl_catch_signals = 0;
	rl_initialize();
	if (!signals)
		rl_parse_and_bind("setty -d -isig"); /* ... or a line is edited */
	rl_attempted_completion_function = complete;
	rl_basic_word_break_characters = " \t";
	rl_completer_word_break_characters = " \t";
	using_history();
	stifle_history(HISTORY);
}

struct mpr_terminal *mpr_terminal_create(const struct mpr_commands *commands, bool signals)
{
	struct mpr_terminal *terminal = g_new0(struct mpr_terminal, 1);

	tcgetattr(STDIN_FILENO, &terminal->before);
	the_terminal = terminal;
	atexit(restore);
	if (!signals)
		clear_signals(terminal->before);
	set_up_libedit(signals);
	terminal->hmp = mpr_hmp_relay_create(commands);
	terminal->words = mpr_words_create(commands);
	terminal->resized = g_unix_signal_add(SIGWINCH, on_resize, terminal);
	watch_continue(terminal);
	mpr_hmp_relay_greet(terminal->hmp, answered, terminal);
	return terminal;
}

void mpr_terminal_destroy(struct mpr_terminal *terminal)
{
	bool editing = terminal->editing;

	mpr_hmp_relay_destroy(terminal->hmp);
	stop_input(terminal);
	stop_editing(terminal);
	if (editing)
		fputs("\n", stdout);
	fflush(stdout);
	restore();
	the_terminal = NULL;
	g_source_remove(terminal->resized);
	if (terminal->continued_fd >= 0) {
		g_source_remove(terminal->continued);
		close(terminal->continued_fd);
	}
	mpr_words_destroy(terminal->words);
	g_free(terminal);
}
