/* SPDX-License-Identifier: MIT */
/* Proves what a user of HMP sees, what QEMU is asked, and what completion offers. */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/line.h"
#include "orchestrator/monitor/hmp_relay.h"
#include "orchestrator/monitor/lines.h"
#include "orchestrator/monitor/words.h"
#include "tests/common/unit.h"
#include "tests/orchestrator/fake_vm.h"

struct fixture {
	struct mpr_lines *lines;
	int user;
	bool finished;
	GString *shown;
};

static void on_finished(void *opaque)
{
	struct fixture *f = opaque;

	assert_false(f->finished);
	f->finished = true;
}

static void settle(struct fixture *f)
{
	bool worked = true;

	while (worked) {
		char buf[4096];
		ssize_t n;

		worked = g_main_context_iteration(NULL, FALSE);
		n = read(f->user, buf, sizeof(buf));
		if (n > 0)
			g_string_append_len(f->shown, buf, n);
		worked |= n > 0;
	}
}

static void assert_shown(struct fixture *f, const char *expected)
{
	settle(f);
	assert_string_equal(f->shown->str, expected);
	g_string_truncate(f->shown, 0);
}

static void type(struct fixture *f, const char *text)
{
	assert_int_equal(write(f->user, text, strlen(text)), strlen(text));
	settle(f);
}

static void answer(struct fixture *f, const char *reply)
{
	fake_vm_answer(reply);
	settle(f);
}

static void assert_asked(const char *expected)
{
	assert_string_equal(fake_vm_asked(), expected);
}

static int set_up(void **state)
{
	struct fixture *f = g_new0(struct fixture, 1);
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	f->user = fds[0];
	f->shown = g_string_new(NULL);
	f->lines = mpr_lines_create(&fake_vm, fds[1], fds[1], on_finished, f);
	settle(f);
	assert_asked("query-version {}\n");
	answer(f, "{\"return\": {\"qemu\": {\"major\": 7, \"minor\": 2, \"micro\": 22}}}");
	assert_shown(f, "QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) ");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->lines)
		mpr_lines_destroy(f->lines);
	fake_vm_reset();
	close(f->user);
	g_string_free(f->shown, TRUE);
	g_free(f);
	return 0;
}

#define with_lines(name) UNIT_TEST_WITH(name, set_up, tear_down)

with_lines(lines_go_to_qemu)
{
	struct fixture *f = *state;

	type(f, "info \"x\"\r\ninfo status\n");
	assert_asked("human-monitor-command {\"command-line\":\"info \\\"x\\\"\"}\n");
	answer(f, "{\"return\": \"one\\r\\ntwo\\r\\n\"}");
	assert_shown(f, "one\r\ntwo\r\n(qemu) ");
	assert_asked("human-monitor-command {\"command-line\":\"info status\"}\n");
	answer(f, "{\"return\": \"\"}");
	assert_shown(f, "(qemu) ");
}

with_lines(empty_lines_get_a_prompt)
{
	struct fixture *f = *state;

	type(f, "\n  \n");
	assert_shown(f, "(qemu) (qemu) ");
	assert_asked("");
}

with_lines(own_commands_are_run_here)
{
	struct fixture *f = *state;

	type(f, " rdevice_add  1 lsi53c895a\ta \n");
	assert_asked("rdevice_add 1 lsi53c895a\ta \n");
	fake_vm_end(NULL, NULL, "one\ntwo");
	assert_shown(f, "one\r\ntwo\r\n(qemu) ");
	type(f, "remote_proc_list\n");
	fake_vm_end("no", NULL, NULL);
	assert_shown(f, "Error: no\r\n(qemu) ");
}

with_lines(help_knows_them_all)
{
	struct fixture *f = *state;

	type(f, "help\n");
	answer(f, "{\"return\": \"quit -- quit\\r\\n\"}");
	assert_shown(f, "quit -- quit\r\n"
			"rdevice_add rid driver id -- add a remote device\r\n"
			"remote_proc_list  -- list remote processes\r\n(qemu) ");
	type(f, "? rdevice_add\n");
	assert_asked("");
	assert_shown(f, "rdevice_add rid driver id -- add a remote device\r\n(qemu) ");
	type(f, "help quit\n");
	answer(f, "{\"return\": \"quit -- quit\\r\\n\"}");
	assert_shown(f, "quit -- quit\r\n(qemu) ");
}

with_lines(the_cpu_is_remembered)
{
	struct fixture *f = *state;

	type(f, "cpu 9\n");
	answer(f, "{\"return\": \"invalid CPU index\\r\\n\"}");
	type(f, "cpu 1\n");
	assert_asked("human-monitor-command {\"command-line\":\"cpu 1\"}\n");
	answer(f, "{\"return\": \"\"}");
	type(f, "info cpus\n");
	assert_asked("human-monitor-command {\"command-line\":\"info cpus\",\"cpu-index\":1}\n");
	/* The CPU was unplugged: QEMU's first takes its place. */
	answer(f, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"cpu-index\"}}");
	assert_asked("human-monitor-command {\"command-line\":\"info cpus\"}\n");
	answer(f, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"bad\"}}");
	assert_shown(f, "invalid CPU index\r\n(qemu) (qemu) Error: bad\r\n(qemu) ");
}

with_lines(long_lines_and_zero_bytes_are_refused)
{
	struct fixture *f = *state;
	char line[MPR_LINE_MAX + 2] = {0};

	memset(line, 'x', MPR_LINE_MAX + 1);
	type(f, line);
	type(f, line);
	type(f, "\n");
	assert_shown(f, "Error: the line is too long\r\n(qemu) ");
	assert_int_equal(write(f->user, "a\0b\n", 4), 4);
	assert_shown(f, "Error: the line has a zero byte\r\n(qemu) ");
	assert_asked("");
	line[MPR_LINE_MAX] = '\0';
	type(f, line);
	type(f, "\n");
	answer(f, "{\"return\": \"\"}");
	assert_shown(f, "(qemu) ");
}

with_lines(the_last_commands_are_answered)
{
	struct fixture *f = *state;

	type(f, "stop\ncont\nlost");
	shutdown(f->user, SHUT_WR);
	settle(f);
	answer(f, "{\"return\": \"\"}");
	assert_false(f->finished);
	answer(f, "{\"return\": \"x\\r\\n\"}");
	assert_shown(f, "(qemu) x\r\n(qemu) ");
	assert_true(f->finished);
}

with_lines(qemus_end_is_the_users)
{
	struct fixture *f = *state;

	type(f, "quit\n");
	answer(f, NULL);
	assert_shown(f, "");
	assert_true(f->finished);
}

with_lines(a_user_may_leave_while_his_command_runs)
{
	struct fixture *f = *state;

	type(f, "info status\n");
	mpr_lines_destroy(f->lines);
	f->lines = NULL;
	answer(f, "{\"return\": \"x\"}");
}

/* ---- Completion --------------------------------------------------------- */

static void assert_words(const struct mpr_words *words, const char *before, const char *prefix,
			 const char *expected)
{
	char **found = mpr_words_find(words, before, prefix);
	char *text = g_strjoinv(" ", found);

	assert_string_equal(text, expected);
	g_free(text);
	g_strfreev(found);
}

UNIT_TEST(words_are_learned_from_qemu)
{
	struct mpr_words *words = mpr_words_create(&fake_vm);

	assert_words(words, "", "q", "");
	fake_vm_answer("{\"return\": [{\"name\": \"type\", \"type\": \"string\"}, "
		       "{\"name\": \"net0\", \"type\": \"child<e1000>\"}]}");
	fake_vm_answer("{\"return\": [{\"device\": \"ide0-hd0\"}, {\"device\": \"\"}]}");
	fake_vm_answer(
		"{\"return\": \"block_resize device size -- resize\\r\\n\\t\\t"
		"rest of it\\r\\ndrive_add [-n] x\\r\\n[file=file]\\r\\nquit|q  -- quit\\r\\n\"}");
	fake_vm_answer("{\"return\": \"info block [-n] -- show\\r\\ninfo cpus  -- show\\r\\n\"}");
	fake_vm_end(NULL, "[{\"id\": \"lsi0\"}]", NULL);
	assert_words(words, "", "q", "quit q");
	assert_words(words, "  ", "r", "rdevice_add remote_proc_list");
	assert_words(words, "", "file", "");
	assert_words(words, "info ", "c", "cpus");
	assert_words(words, "help ", "block_", "block_resize");
	assert_words(words, "device_del ", "", "net0");
	assert_words(words, "block_resize ", "i", "ide0-hd0");
	assert_words(words, "rdevice_del ", "", "lsi0");
	assert_words(words, "quit ", "", "");
	mpr_words_refresh(words);
	mpr_words_destroy(words);
	fake_vm_answer(NULL);
	fake_vm_answer("{\"return\": []}");
	fake_vm_end("no", NULL, NULL);
	fake_vm_reset();
}
