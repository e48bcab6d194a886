/* SPDX-License-Identifier: MIT */
/* Proves how mpring speaks QMP: the order of commands, passing descriptors, and what happens when a
 * peer breaks the rules or hangs up. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/vm/qmp_client.h"
#include "tests/common/unit.h"
#include "tests/ring/lingering.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define OK "{\"return\": {}}\r\n"
#define CAPABILITIES "{\"execute\":\"qmp_capabilities\"}\n"

/* The most that one read can exceed the limit by. */
#define READ_MAX 16384

#define MESSAGE_MAX ((size_t)8 << 20)

/* A client, and the other end of its socket, which must not block. */
struct talk {
	struct mpr_qmp *qmp;
	int peer;
	char log[4096]; /* what the client's functions were told */
	bool destroy;	/* destroy the client in its next function */
	bool counts;	/* count events, do not log them */
	size_t events;
};

static struct talk talk;

static void run_loop(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void note(const char *text)
{
	strncat(talk.log, text, sizeof(talk.log) - strlen(talk.log) - 2);
	strcat(talk.log, " ");
	if (talk.destroy)
		mpr_qmp_destroy(talk.qmp);
}

static void on_event(void *opaque, struct json_object *event)
{
	struct json_object *name = NULL;

	assert_ptr_equal(opaque, &talk);
	if (talk.counts) {
		talk.events++;
		return;
	}
	json_object_object_get_ex(event, "event", &name);
	note(event ? json_object_get_string(name) : "lost");
}

static void on_reply(void *opaque, struct json_object *reply)
{
	char text[256];

	snprintf(text, sizeof(text), "%s:%.200s", (const char *)opaque,
		 reply ? json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN) : "none");
	note(text);
}

static void say(const char *text)
{
	assert_int_equal(send(talk.peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	run_loop();
}

/* What the client has sent, and the descriptor that came along, or -1. */
static const char *hear_fd(int *fd)
{
	static char text[4096];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control;
	struct iovec part = {text, sizeof(text) - 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	run_loop();
	n = recvmsg(talk.peer, &message, MSG_CMSG_CLOEXEC);
	text[n > 0 ? n : 0] = '\0';
	*fd = -1;
	if (n > 0 && CMSG_FIRSTHDR(&message))
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return text;
}

static const char *hear(void)
{
	int fd;
	const char *text = hear_fd(&fd);

	assert_int_equal(fd, -1);
	return text;
}

static void execute(const char *name)
{
	mpr_qmp_execute(talk.qmp, name, NULL, -1, on_reply, (void *)name);
}

static int set_up(void **state)
{
	int fds[2];

	(void)state;
	memset(&talk, 0, sizeof(talk));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -1;
	talk.peer = fds[1];
	talk.qmp = mpr_qmp_create(fds[0], MESSAGE_MAX, on_event, &talk);
	return fcntl(talk.peer, F_SETFL, O_NONBLOCK);
}

static int tear_down(void **state)
{
	(void)state;
	if (!talk.destroy)
		mpr_qmp_destroy(talk.qmp);
	close(talk.peer);
	run_loop();
	return 0;
}

#define with_talk(name) UNIT_TEST_WITH(name, set_up, tear_down)

static void negotiate(void)
{
	say(GREETING);
	assert_string_equal(hear(), CAPABILITIES);
	say(OK);
}

with_talk(commands_wait_for_the_negotiation)
{
	execute("stop");
	assert_string_equal(hear(), "");
	say(GREETING);
	assert_string_equal(hear(), CAPABILITIES);
	assert_string_equal(hear(), "");
	say(OK);
	assert_string_equal(hear(), "{\"execute\":\"stop\"}\n");
	assert_string_equal(talk.log, "");
	say(OK);
	assert_string_equal(talk.log, "stop:{\"return\":{}} ");
}

with_talk(one_command_is_under_way_at_a_time)
{
	negotiate();
	execute("stop");
	execute("cont");
	assert_string_equal(hear(), "{\"execute\":\"stop\"}\n");
	assert_string_equal(hear(), "");
	say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n");
	assert_string_equal(hear(), "{\"execute\":\"cont\"}\n");
	say("{\"return\": 5}\r\n");
	assert_string_equal(talk.log,
			    "stop:{\"error\":{\"class\":\"GenericError\",\"desc\":\"no\"}} "
			    "cont:{\"return\":5} ");
}

with_talk(arguments_go_along)
{
	struct json_object *arguments = json_object_new_object();

	negotiate();
	json_object_object_add(arguments, "id", json_object_new_string("a/b"));
	mpr_qmp_execute(talk.qmp, "device_del", arguments, -1, NULL, NULL);
	assert_string_equal(hear(),
			    "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"a/b\"}}\n");
	say(OK);
	assert_string_equal(talk.log, "");
}

with_talk(events_come_between)
{
	negotiate();
	execute("stop");
	say("{\"event\": \"STOP\", \"timestamp\": {}}\r\n{\"return\": {}}\r\n{\"event\": \"X\"}");
	assert_string_equal(talk.log, "STOP stop:{\"return\":{}} X ");
}

with_talk(messages_may_come_in_pieces)
{
	const char *text = OK;

	negotiate();
	execute("stop");
	for (size_t i = 0; text[i]; i++) {
		const char piece[] = {text[i], '\0'};

		say(piece);
	}
	assert_string_equal(talk.log, "stop:{\"return\":{}} ");
}

with_talk(a_descriptor_goes_with_its_command)
{
	int pipe_fds[2], fd;
	char byte;

	negotiate();
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	execute("first");
	mpr_qmp_execute(talk.qmp, "getfd", NULL, pipe_fds[1], on_reply, "getfd");
	close(pipe_fds[1]); /* the client has a copy */
	assert_string_equal(hear(), "{\"execute\":\"first\"}\n");
	say(OK);
	assert_string_equal(hear_fd(&fd), "{\"execute\":\"getfd\"}\n");
	assert_true(fd >= 0);
	say(OK);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 0); /* the peer had the only copy */
	close(pipe_fds[0]);
}

with_talk(a_long_command_waits_until_the_peer_reads)
{
	size_t length = 4u << 20, got = 0;
	char *long_text = malloc(length + 1);
	struct json_object *arguments = json_object_new_object();
	const char *text;

	negotiate();
	memset(long_text, 'x', length);
	long_text[length] = '\0';
	json_object_object_add(arguments, "a", json_object_new_string(long_text));
	free(long_text);
	mpr_qmp_execute(talk.qmp, "long", arguments, -1, on_reply, "long");
	while (*(text = hear()))
		got += strlen(text);
	assert_int_equal(got,
			 length + strlen("{\"execute\":\"long\",\"arguments\":{\"a\":\"\"}}\n"));
	say(OK);
	assert_string_equal(talk.log, "long:{\"return\":{}} ");
}

with_talk(a_peer_that_leaves_is_told)
{
	negotiate();
	execute("stop");
	execute("cont");
	shutdown(talk.peer, SHUT_RDWR);
	run_loop();
	assert_string_equal(talk.log, "stop:none cont:none lost ");
	execute("more");
	assert_string_equal(talk.log, "stop:none cont:none lost ");
	run_loop();
	assert_string_equal(talk.log, "stop:none cont:none lost more:none ");
}

/* Breaking the rules ends the connection, and nothing else. */
with_talk(bad_peers_are_hung_up_on)
{
	static const char *const bad[] = {
		"garbage",
		"{\"a\":\x01",
		"5\r\n",
		"null\r\n",
		"[\"event\"]\r\n",
		"{\"return\": {}}\r\n",
		"{\"event\": null}\r\n",
		"{\"event\": 5}\r\n",
		"{\"event\": {\"event\": \"STOP\"}}\r\n",
		"{\"event\": \"STOP\\u0000\"}\r\n",
		GREETING,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (i)
			set_up(state);
		negotiate();
		say(bad[i]);
		assert_string_equal(talk.log, "lost ");
		if (i + 1 < sizeof(bad) / sizeof(bad[0]))
			tear_down(state);
	}
}

/* Messages that are no replies answer no command. */
with_talk(bad_replies_are_none)
{
	static const char *const bad[] = {
		"{}\r\n",
		"{\"error\": null}\r\n",
		"{\"error\": \"no\"}\r\n",
		"{\"error\": null, \"return\": {}}\r\n",
		"{\"event\": null, \"returns\": {}}\r\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (i)
			set_up(state);
		negotiate();
		execute("stop");
		say(bad[i]);
		assert_string_equal(talk.log, "stop:none lost ");
		if (i + 1 < sizeof(bad) / sizeof(bad[0]))
			tear_down(state);
	}
}

with_talk(a_bad_greeting_is_none)
{
	say("{\"QMP\": null}\r\n");
	assert_string_equal(talk.log, "lost ");
}

with_talk(a_reply_before_the_greeting_is_bad)
{
	say(OK);
	assert_string_equal(talk.log, "lost ");
}

with_talk(deep_nesting_is_bad)
{
	char text[2000];

	memset(text, '[', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	negotiate();
	execute("stop");
	say(text);
	assert_string_equal(talk.log, "stop:none lost ");
}

/* The buffer for a message is bounded. */
with_talk(an_endless_message_is_bad)
{
	static char text[65536];
	size_t sent = 0;

	memset(text, 'x', sizeof(text));
	text[0] = '"';
	negotiate();
	while (sent < (64u << 20) && !*talk.log) {
		ssize_t n = send(talk.peer, text, sizeof(text), MSG_NOSIGNAL);

		text[0] = 'x';
		sent += n > 0 ? (size_t)n : 0;
		run_loop();
	}
	assert_string_equal(talk.log, "lost ");
}

/* The limit is exact: a message of one byte more is refused, even if it arrives whole. */
with_talk(a_message_has_its_limit)
{
	for (size_t more = 0; more < 2; more++) {
		size_t length = MESSAGE_MAX + more;
		char *text = malloc(length + 1), *at = text;

		if (more) {
			tear_down(state);
			set_up(state);
		}
		negotiate();
		execute("stop");
		memset(text, ' ', length);
		memcpy(text, "{\"return\":", 10);
		memcpy(text + length - 2, "1}", 3);
		while (*at) {
			ssize_t n = send(talk.peer, at, strlen(at), MSG_NOSIGNAL);

			at += n > 0 ? n : 0;
			run_loop();
		}
		assert_string_equal(talk.log, more ? "stop:none lost " : "stop:{\"return\":1} ");
		free(text);
	}
}

/* Sends "return": [ITEM,ITEM,...]; returns the log. */
static const char *reply_with(const char *item, size_t count)
{
	GString *text = g_string_new("{\"return\":[");

	negotiate();
	execute("stop");
	for (size_t i = 0; i < count; i++)
		g_string_append_printf(text, "%s%s", i ? "," : "", item);
	g_string_append(text, "]}\r\n");
	for (const char *at = text->str; *at;) {
		ssize_t n = send(talk.peer, at, strlen(at), MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			break; /* the client hung up */
		at += n > 0 ? n : 0;
		run_loop();
	}
	g_string_free(text, TRUE);
	run_loop();
	return talk.log;
}

/* Small values take a hundred times their size in memory, so that they are counted; a long string
 * is one value. */
with_talk(a_message_has_a_limit_of_values)
{
	assert_ptr_equal(strstr(reply_with("[]", 100000), "stop:{"), talk.log);
	tear_down(state);
	set_up(state);
	assert_ptr_equal(strstr(reply_with("\",[[\\\"{{,,,,,,,,\"", 100000), "stop:{"), talk.log);
	tear_down(state);
	set_up(state);
	assert_string_equal(reply_with("[]", 200000), "stop:none lost ");
}

/* A peer that never stops is read at the rate of events that it may send. */
with_talk(a_flood_of_events_waits)
{
	static const char event[] = "{\"event\": \"FLOOD\"}";
	int64_t begin = g_get_monotonic_time();
	size_t seconds;

	negotiate();
	talk.counts = true;
	for (int i = 0; i < 4000; i++) {
		for (int n = 0; n < 100; n++) {
			if (send(talk.peer, event, strlen(event), MSG_NOSIGNAL) < 0)
				break;
		}
		run_loop();
	}
	seconds = (size_t)((g_get_monotonic_time() - begin) / G_USEC_PER_SEC) + 2;
	assert_in_range(talk.events * strlen(event), MPR_QMP_EVENTS,
			seconds * (MPR_QMP_EVENTS + READ_MAX));
}

with_talk(it_may_be_destroyed_by_a_reply)
{
	negotiate();
	execute("stop");
	execute("cont");
	talk.destroy = true;
	say(OK OK);
	assert_string_equal(talk.log, "stop:{\"return\":{}} ");
}

with_talk(it_may_be_destroyed_by_an_event)
{
	negotiate();
	execute("stop");
	talk.destroy = true;
	say("{\"event\": \"STOP\"}" OK);
	assert_string_equal(talk.log, "STOP ");
}

with_talk(it_may_be_destroyed_by_the_loss)
{
	negotiate();
	execute("stop");
	execute("cont");
	talk.destroy = true;
	shutdown(talk.peer, SHUT_RDWR);
	run_loop();
	assert_string_equal(talk.log, "stop:none ");
}

with_talk(nobody_is_called_after_the_end)
{
	negotiate();
	execute("stop");
	mpr_qmp_destroy(talk.qmp);
	talk.destroy = true;
	run_loop();
	assert_string_equal(talk.log, "");
	mpr_qmp_destroy(NULL);
}

UNIT_TEST(errors_are_found_in_replies)
{
	struct json_object *good = json_tokener_parse("{\"return\": {}}");
	struct json_object *bad = json_tokener_parse("{\"error\": {\"desc\": \"no\"}}");
	struct json_object *worse = json_tokener_parse("{\"error\": {\"desc\": null}}");

	assert_string_equal(mpr_qmp_error(worse), "no reason was given");
	json_object_put(worse);
	assert_null(mpr_qmp_error(good));
	assert_string_equal(mpr_qmp_error(bad), "no");
	assert_non_null(mpr_qmp_error(NULL));
	json_object_put(good);
	json_object_put(bad);
}

/* However long close() takes: a client that waited would hang here until the test is killed. */
with_talk(descriptors_that_nobody_asked_for_are_not_waited_for)
{
	int other, sock = lingering_socket(&other);

	lingering_send(talk.peer, GREETING, strlen(GREETING), sock, 1, 0);
	run_loop();
	assert_string_equal(hear(), CAPABILITIES);
	close(other);
}
