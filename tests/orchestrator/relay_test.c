/* SPDX-License-Identifier: MIT */
/* Proves which answers a user of QMP gets from QEMU and which from mpring, in which order, and that
 * no user can stall mpring or exhaust its memory. The test plays the user and QEMU. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/stream.h"
#include "orchestrator/monitor/relay.h"
#include "orchestrator/monitor/scan.h"
#include "tests/common/unit.h"
#include "tests/orchestrator/fake_vm.h"

struct fixture {
	struct mpr_relay *relay;
	int user, qemu;
	bool finished;
	GString *to_user, *to_qemu;
};

static void on_finished(void *opaque)
{
	struct fixture *f = opaque;

	assert_false(f->finished);
	f->finished = true;
}

static int make_pair(int *theirs)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	*theirs = fds[1];
	return fds[0];
}

static int set_up(void **state)
{
	struct fixture *f = g_new0(struct fixture, 1);
	int user, qemu;

	f->user = make_pair(&user);
	f->qemu = make_pair(&qemu);
	f->to_user = g_string_new(NULL);
	f->to_qemu = g_string_new(NULL);
	f->relay = mpr_relay_create(&fake_vm, user, user, qemu, false, on_finished, f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->relay)
		mpr_relay_destroy(f->relay);
	fake_vm_reset();
	close(f->user);
	if (f->qemu >= 0)
		close(f->qemu);
	g_string_free(f->to_user, TRUE);
	g_string_free(f->to_qemu, TRUE);
	g_free(f);
	return 0;
}

#define with_relay(name) UNIT_TEST_WITH(name, set_up, tear_down)

static bool collect(int fd, GString *into)
{
	char buf[65536];
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

	if (n > 0)
		g_string_append_len(into, buf, n);
	return n > 0;
}

/* Serves the main loop until it is idle. */
static void settle(struct fixture *f)
{
	bool worked = true;

	while (worked) {
		worked = g_main_context_iteration(NULL, FALSE);
		worked |= collect(f->user, f->to_user);
		worked |= collect(f->qemu, f->to_qemu);
	}
}

static void say(struct fixture *f, int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = write(fd, text, len);

		settle(f);
		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			continue;
		}
		text += n;
		len -= (size_t)n;
	}
	settle(f);
}

static void assert_got(GString *text, const char *expected)
{
	assert_string_equal(text->str, expected);
	g_string_truncate(text, 0);
}

/* Answers mpring's question, the last that QEMU got. `before`: all that QEMU got before it. */
static void answer_question(struct fixture *f, const char *before, const char *answer)
{
	char *at = strstr(f->to_qemu->str, "{\"execute\": \"query-version\", \"id\": \"mpring-");
	char id[64], *reply;

	assert_non_null(at);
	assert_int_equal(sscanf(strstr(at, "\"mpring-"), "\"%63[^\"]", id), 1);
	*at = '\0';
	assert_string_equal(f->to_qemu->str, before);
	g_string_truncate(f->to_qemu, 0);
	reply = g_strdup_printf("{%s, \"id\": \"%s\"}\r\n", answer, id);
	say(f, f->qemu, reply);
	g_free(reply);
}

#define ACCEPTED "\"return\": {}"
#define REFUSED "\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}"

static void negotiate(struct fixture *f)
{
	say(f, f->qemu, "{\"QMP\": {}}\r\n{\"event\": \"STOP\"}\r\n");
	say(f, f->user, "[]{\"execute\":\"qmp_capabilities\"}\n");
	say(f, f->qemu, "{\"error\": {}}\r\n{\"return\": {}}\r\n");
	g_string_truncate(f->to_user, 0);
}

/* ---- What is QEMU's ----------------------------------------------------- */

with_relay(qemus_bytes_come_unchanged)
{
	static const char text[] =
		"{\"QMP\": {\"version\":  1.50, \"x\": \"\\u00e4\xc3\xa4\"}}\r\n"
		"{\"event\": \"STOP\"}\r\n{\r\n    \"return\": {\r\n    }\r\n}\r\n";
	struct fixture *f = *state;

	say(f, f->qemu, text);
	assert_got(f->to_user, text);
	for (const char *at = text; *at; at++)
		say(f, f->qemu, (char[]){*at, 0});
	assert_got(f->to_user, text);
}

with_relay(users_messages_come_unchanged)
{
	struct fixture *f = *state;

	say(f, f->user, "  {'execute': \"stop\",\n \"id\": 1e400}{}\r\n[7]  ");
	assert_got(f->to_qemu, "  {'execute': \"stop\",\n \"id\": 1e400}\n{}\n\r\n[7]\n");
}

with_relay(descriptors_go_along)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, buf[4096];
	char text[] = "{\"execute\":\"getfd\"}";
	struct fixture *f = *state;
	struct iovec iov = {text, sizeof(text) - 1}, back = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	assert_int_equal(sendmsg(f->user, &msg, 0), sizeof(text) - 1);
	close(fd);
	while (g_main_context_iteration(NULL, FALSE))
		;
	memset(control, 0, sizeof(control));
	msg.msg_iov = &back;
	assert_true(recvmsg(f->qemu, &msg, 0) > 0);
	c = CMSG_FIRSTHDR(&msg);
	assert_non_null(c);
	assert_int_equal(c->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	assert_int_equal(close(fd), 0);
}

with_relay(the_users_end_waits_for_qemus_answers)
{
	struct fixture *f = *state;

	say(f, f->user, "{\"execute\":\"stop\"}");
	shutdown(f->user, SHUT_WR);
	settle(f);
	assert_false(f->finished);
	say(f, f->qemu, "{\"event\": \"STOP\"}\r\n");
	assert_false(f->finished);
	say(f, f->qemu, "{\"return\": {}}\r\n");
	assert_true(f->finished);
	assert_got(f->to_user, "{\"event\": \"STOP\"}\r\n{\"return\": {}}\r\n");
	/* QEMU 7.2 may hang if it gets a command while it ends. */
	assert_got(f->to_qemu, "{\"execute\":\"stop\"}\n");
}

with_relay(the_users_end_waits_for_mprings_answers)
{
	struct fixture *f = *state;

	say(f, f->user, "{\"execute\":\"x-rdevice-add\"}");
	shutdown(f->user, SHUT_WR);
	answer_question(f, "", ACCEPTED);
	assert_false(f->finished);
	fake_vm_end(NULL, NULL, NULL);
	settle(f);
	assert_true(f->finished);
}

with_relay(a_user_who_asked_nothing_may_leave)
{
	struct fixture *f = *state;

	shutdown(f->user, SHUT_WR);
	settle(f);
	assert_true(f->finished);
	assert_got(f->to_qemu, "");
}

with_relay(qemus_end_is_the_users)
{
	struct fixture *f = *state;

	assert_true(write(f->qemu, "{\"event\": \"SHUTDOWN\"}\r\n", 23) == 23);
	close(f->qemu);
	f->qemu = -1;
	settle(f);
	assert_true(f->finished);
	assert_got(f->to_user, "{\"event\": \"SHUTDOWN\"}\r\n");
}

/* QEMU may have hung up before its last message is read. */
with_relay(the_last_words_are_handed_on)
{
	struct fixture *f = *state;

	settle(f);
	assert_true(write(f->qemu, "{\"event\": \"SHUTDOWN\"}\r\n", 23) == 23);
	mpr_relay_destroy(f->relay);
	f->relay = NULL;
	settle(f);
	assert_got(f->to_user, "{\"event\": \"SHUTDOWN\"}\r\n");
}

/* ---- What is mpring's --------------------------------------------------- */

with_relay(own_commands_wait_for_their_turn)
{
	struct fixture *f = *state;

	say(f, f->user,
	    "{\"execute\":\"stop\"}{\"execute\":\"x-rdevice-add\",\"arguments\":{\"a\":1},"
	    "\"id\":[2]}{\"execute\":\"cont\"}");
	assert_string_equal(fake_vm_asked(), "");
	say(f, f->qemu, "{\"return\": {}}\r\n");
	assert_string_equal(fake_vm_asked(), "");
	answer_question(f, "{\"execute\":\"stop\"}\n", ACCEPTED);
	assert_string_equal(fake_vm_asked(), "x-rdevice-add {\"a\":1}\n");
	/* Meanwhile events pass, but the next command waits. */
	say(f, f->qemu, "{\"event\": \"STOP\"}\r\n");
	assert_got(f->to_qemu, "");
	fake_vm_end(NULL, NULL, NULL);
	settle(f);
	assert_got(f->to_user, "{\"return\": {}}\r\n{\"event\": \"STOP\"}\r\n"
			       "{\"return\": {}, \"id\": [2]}\r\n");
	assert_got(f->to_qemu, "{\"execute\":\"cont\"}\n");
}

with_relay(own_commands_have_errors_and_results)
{
	struct fixture *f = *state;

	say(f, f->user, "{'execute':'x-remote-proc-list'}");
	answer_question(f, "", ACCEPTED);
	fake_vm_end(NULL, "[{\"pid\":7}]", NULL);
	settle(f);
	assert_got(f->to_user, "{\"return\": [{\"pid\": 7}]}\r\n");
	say(f, f->user, "{\"execute\":\"x-rdevice-add\",\"id\":null}");
	answer_question(f, "", ACCEPTED);
	fake_vm_end("no such rid", NULL, NULL);
	settle(f);
	assert_got(f->to_user,
		   "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such rid\"}, "
		   "\"id\": null}\r\n");
}

/* A management program may use HMP alone, by human-monitor-command. */
with_relay(own_commands_of_hmp_are_run)
{
	struct fixture *f = *state;

	say(f, f->user,
	    "{\"execute\":\"human-monitor-command\",\"id\":1,\"arguments\":"
	    "{\"command-line\":\"rdevice_add 1 x\"}}");
	answer_question(f, "", ACCEPTED);
	assert_string_equal(fake_vm_asked(), "rdevice_add 1 x\n");
	fake_vm_end("no", NULL, NULL);
	settle(f);
	assert_got(f->to_user, "{\"return\": \"Error: no\\r\\n\", \"id\": 1}\r\n");
	say(f, f->user,
	    "{\"execute\":\"human-monitor-command\",\"arguments\":"
	    "{\"command-line\":\"info x\"}}");
	assert_got(f->to_qemu, "{\"execute\":\"human-monitor-command\",\"arguments\":"
			       "{\"command-line\":\"info x\"}}\n");
	/* A user who has hung up gets no answer. */
	say(f, f->user,
	    "{\"execute\":\"human-monitor-command\",\"arguments\":"
	    "{\"command-line\":\"help\"}}");
	answer_question(f, "", ACCEPTED);
	mpr_relay_destroy(f->relay);
	f->relay = NULL;
	fake_vm_answer("{\"return\": \"quit\\r\\n\"}");
}

/* The errors of such a command keep their class. */
with_relay(commands_about_remote_drives_are_routed)
{
	struct fixture *f = *state;

	say(f, f->user,
	    "{\"execute\":\"stop\"}{\"execute\":\"block_resize\",\"id\":1,\"arguments\":"
	    "{\"device\":\"remote0\"}}{\"execute\":\"cont\"}");
	say(f, f->qemu, "{\"return\": {}}\r\n");
	answer_question(f, "{\"execute\":\"stop\"}\n", ACCEPTED);
	assert_string_equal(fake_vm_asked(), "block_resize {\"device\":\"remote0\"}\n");
	assert_got(f->to_qemu, "");
	fake_vm_end_as(&(struct mpr_outcome){.error = "\xc3\xa4", .class = "DeviceNotFound"});
	settle(f);
	assert_got(f->to_user, "{\"return\": {}}\r\n{\"error\": {\"class\": \"DeviceNotFound\", "
			       "\"desc\": \"\\u00E4\"}, \"id\": 1}\r\n");
	assert_got(f->to_qemu, "{\"execute\":\"cont\"}\n");
	say(f, f->user,
	    "{\"execute\":\"human-monitor-command\",\"arguments\":"
	    "{\"command-line\":\"eject remote0\"}}");
	answer_question(f, "", ACCEPTED);
	assert_string_equal(fake_vm_asked(), "line eject remote0\n");
	fake_vm_end("no", NULL, NULL);
	settle(f);
	assert_got(f->to_user, "{\"return\": \"Error: no\\r\\n\"}\r\n");
}

/* The drive may be gone when it is the command's turn. */
with_relay(what_is_not_a_remotes_any_more_is_left_to_qemu)
{
	static const char text[] =
		"{\"execute\": \"eject\", \"arguments\":{\"device\": \"remote0\"}}";
	struct fixture *f = *state;

	say(f, f->user, text);
	answer_question(f, "", ACCEPTED);
	fake_vm_end_as(&(struct mpr_outcome){.qemus = true});
	settle(f);
	g_string_truncate(f->to_qemu, f->to_qemu->len - 1); /* the newline */
	assert_got(f->to_qemu, text);
	say(f, f->qemu, "{\"error\": {}}\r\n");
	assert_got(f->to_user, "{\"error\": {}}\r\n");
	say(f, f->user,
	    "{\"execute\":\"human-monitor-command\",\"arguments\":"
	    "{\"command-line\":\"eject remote0\"}}");
	answer_question(f, "", ACCEPTED);
	fake_vm_end_as(&(struct mpr_outcome){.qemus = true});
	assert_string_equal(fake_vm_asked(),
			    "human-monitor-command {\"command-line\":\"eject remote0\"}\n");
	fake_vm_answer("{\"return\": \"not found\\r\\n\"}");
	settle(f);
	assert_got(f->to_user, "{\"return\": \"not found\\r\\n\"}\r\n");
}

/* Before capabilities are negotiated, or with unknown members: QEMU's own error. */
with_relay(qemu_refuses_what_it_would)
{
	struct fixture *f = *state;

	say(f, f->user, "{\"execute\":\"x-rdevice-add\",\"id\":5}");
	answer_question(f, "", REFUSED);
	assert_got(f->to_qemu, "{\"execute\":\"x-rdevice-add\",\"id\":5}\n");
	say(f, f->user, "{\"execute\":\"x-rdevice-add\",\"arguments\":7}");
	assert_got(f->to_qemu, "{\"execute\":\"x-rdevice-add\",\"arguments\":7}\n");
	say(f, f->user, "{\"execute\":\"x-rdevice-add\",\"frob\":7}");
	assert_got(f->to_qemu, "{\"execute\":\"x-rdevice-add\",\"frob\":7}\n");
	assert_string_equal(fake_vm_asked(), "");
}

with_relay(all_commands_are_listed)
{
	struct fixture *f = *state;
	char id[64], *reply;

	say(f, f->user, "{\"execute\":\"query-commands\",\"id\":\"u\"}");
	assert_int_equal(
		sscanf(f->to_qemu->str, "{\"execute\":\"query-commands\",\"id\":\"%63[^\"]", id),
		1);
	reply = g_strdup_printf("{\"return\": [{\"name\": \"stop\"}], \"id\": \"%s\"}\r\n", id);
	say(f, f->qemu, reply);
	g_free(reply);
	assert_got(f->to_user, "{\"return\": [{\"name\": \"stop\"}, {\"name\": \"x-rdevice-add\"}, "
			       "{\"name\": \"x-remote-proc-list\"}], \"id\": \"u\"}\r\n");
	shutdown(f->user, SHUT_WR);
	settle(f);
	assert_true(f->finished);
}

/* Text of QEMU's may contain what looks like an answer. */
with_relay(only_an_answer_is_taken_for_one)
{
	struct fixture *f = *state;
	char *event, id[64];

	say(f, f->user, "{\"execute\":\"x-rdevice-add\"}");
	assert_int_equal(sscanf(strstr(f->to_qemu->str, "\"mpring-"), "\"%63[^\"]", id), 1);
	event = g_strdup_printf("{\"event\": \"X\", \"data\": {\"id\": \"%s\"}}\r\n", id);
	say(f, f->qemu, event);
	assert_got(f->to_user, event);
	g_free(event);
	assert_string_equal(fake_vm_asked(), "");
}

with_relay(events_of_mpring_are_told_once_negotiated)
{
	struct json_object *event = json_tokener_parse("{\"event\": \"DEVICE_DELETED\"}");
	struct fixture *f = *state;

	mpr_relay_tell(f->relay, event);
	settle(f);
	assert_got(f->to_user, "");
	negotiate(f);
	mpr_relay_tell(f->relay, event);
	settle(f);
	assert_got(f->to_user, "{\"event\": \"DEVICE_DELETED\"}\r\n");
	json_object_put(event);
}

with_relay(a_user_may_leave_while_his_command_runs)
{
	struct fixture *f = *state;

	say(f, f->user, "{\"execute\":\"x-rdevice-add\"}");
	answer_question(f, "", ACCEPTED);
	mpr_relay_destroy(f->relay);
	f->relay = NULL;
	fake_vm_end(NULL, NULL, NULL);
}

with_relay(what_waits_for_its_turn_is_not_run_for_one_who_left)
{
	struct fixture *f = *state;
	char id[64], *reply;

	say(f, f->user, "{\"execute\":\"x-rdevice-add\"}");
	assert_int_equal(sscanf(strstr(f->to_qemu->str, "\"mpring-"), "\"%63[^\"]", id), 1);
	reply = g_strdup_printf("{\"return\": {}, \"id\": \"%s\"}\r\n", id);
	assert_true(write(f->qemu, reply, strlen(reply)) > 0);
	g_free(reply);
	mpr_relay_destroy(f->relay);
	f->relay = NULL;
	assert_string_equal(fake_vm_asked(), "");
}

/* ---- Bad input ---------------------------------------------------------- */

#define ERROR "{\"error\": {\"class\": \"GenericError\", \"desc\": "

with_relay(garbage_is_refused_and_does_not_reach_qemu)
{
	struct fixture *f = *state;

	say(f, f->user, "GET / HTTP/1.1\r\n{\"execute\":\"stop\"}\n");
	assert_non_null(strstr(f->to_user->str, ERROR));
	assert_string_equal(strchr(f->to_user->str, '\n'), "\n");
	assert_got(f->to_qemu, "{\"execute\":\"stop\"}\n");
	/* QMP's byte for resetting the parser. */
	say(f, f->user, "{\"execute\": \xff{\"execute\":\"cont\"}");
	assert_got(f->to_qemu, "{\"execute\":\"cont\"}\n");
}

with_relay(a_megabyte_without_newline_is_refused)
{
	struct fixture *f = *state;
	char *text = g_malloc0(MPR_RELAY_MESSAGE + 8192);

	memset(text, 'x', MPR_RELAY_MESSAGE + 8191);
	text[0] = '"';
	say(f, f->user, text);
	g_free(text);
	assert_non_null(strstr(f->to_user->str, "too long"));
	say(f, f->user, "\n{\"execute\":\"stop\"}");
	assert_got(f->to_qemu, "{\"execute\":\"stop\"}\n");
}

with_relay(megabytes_of_blanks_are_nothing)
{
	struct fixture *f = *state;
	char *text = g_malloc0(2 * MPR_RELAY_MESSAGE);

	memset(text, ' ', 2 * MPR_RELAY_MESSAGE - 1);
	say(f, f->user, text);
	g_free(text);
	assert_got(f->to_user, "");
}

with_relay(deep_nesting_is_refused)
{
	struct fixture *f = *state;
	char text[MPR_SCAN_DEPTH + 2] = {0};

	memset(text, '[', sizeof(text) - 1);
	say(f, f->user, text);
	assert_non_null(strstr(f->to_user->str, "too deep"));
	assert_got(f->to_qemu, "");
}

/* Without reading what arrives at the test. */
static void run_loop(void)
{
	for (int i = 0; i < 10000 && g_main_context_iteration(NULL, FALSE); i++)
		;
}

with_relay(a_user_who_never_reads_gives_no_more_commands)
{
	static const char bad[] = "#\n#\n#\n#\n#\n#\n#\n#\n";
	struct fixture *f = *state;
	size_t sent = 0;
	ssize_t n;

	while ((n = write(f->user, bad, sizeof(bad) - 1)) > 0) {
		sent += (size_t)n;
		run_loop();
		assert_true(sent < 64 * MPR_STREAM_BACKLOG);
	}
	assert_int_equal(errno, EAGAIN);
	assert_false(f->finished);
}

/* Answers that are not read stay with QEMU ... */
with_relay(a_user_who_never_reads_fills_no_memory)
{
	char *event = g_strdup_printf("{\"event\": \"%01000d\"}\r\n", 0);
	struct fixture *f = *state;
	size_t sent = 0;
	ssize_t n;

	while ((n = write(f->qemu, event, strlen(event))) > 0) {
		sent += (size_t)n;
		run_loop();
		assert_true(sent < 64 * MPR_STREAM_BACKLOG);
	}
	assert_int_equal(errno, EAGAIN);
	assert_false(f->finished);
	settle(f);
	assert_int_equal(f->to_user->len, sent);
	g_free(event);
}

/* ... but events of mpring's own cannot, so the user is hung up on. */
with_relay(a_user_who_never_reads_events_is_hung_up_on)
{
	struct json_object *event = json_object_new_object();
	struct fixture *f = *state;

	json_object_object_add(event, "event", json_object_new_string_len("x", 1));
	negotiate(f);
	for (int i = 0; i < 1000000 && !f->finished; i++) {
		mpr_relay_tell(f->relay, event);
		run_loop();
	}
	assert_true(f->finished);
	json_object_put(event);
}
