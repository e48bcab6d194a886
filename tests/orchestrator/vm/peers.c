/* SPDX-License-Identifier: MIT */
#include "tests/orchestrator/vm/peers.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "orchestrator/family/launch.h"
#include "tests/common/unit.h"

/* Longer than anything takes on a busy machine; a test that passes does not wait for it. */
#define PATIENCE_S 60

const char *remote_program = "fake_remote";
struct mpr_plan *plan;
struct mpr_family *family;
struct mpr_vm *vm;
struct mpr_commands commands;
struct mpr_member *member;
int qemu, remote;
char outcome[4096];
char table[4096];
char events[1024];
unsigned events_told;

/* ---- The peers ---------------------------------------------------------- */

/* Not until idle: an unread signal, such as SIGCHLD, keeps its source ready for ever. */
void run_loop(void)
{
	for (int i = 0; i < 50; i++)
		g_main_context_iteration(NULL, FALSE);
}

void keep_on(bool (*done)(void))
{
	time_t end = time(NULL) + PATIENCE_S;

	for (run_loop(); !done(); run_loop()) {
		poll(NULL, 0, 1);
		if (time(NULL) > end)
			fail_msg("waited in vain; outcome '%s', events '%s'", outcome, events);
	}
}

/* The next line that was sent to a peer, and the descriptor that came with it, or -1. */
static const char *hear(int peer, int *fd)
{
	static char line[4096];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = {0};
	size_t len = 0;

	*fd = -1;
	run_loop();
	while (len < sizeof(line) - 1 && (!len || line[len - 1] != '\n')) {
		struct iovec part = {line + len, 1};
		struct msghdr message = {.msg_iov = &part,
					 .msg_iovlen = 1,
					 .msg_control = control.bytes,
					 .msg_controllen = sizeof(control.bytes)};

		if (recvmsg(peer, &message, MSG_CMSG_CLOEXEC) != 1)
			break;
		if (CMSG_FIRSTHDR(&message))
			memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
		len++;
	}
	line[len ? len - 1 : 0] = '\0';
	return line;
}

void say(int peer, const char *text)
{
	assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	run_loop();
}

void expect(int peer, const char *command, const char *answer)
{
	int fd;

	assert_string_equal(hear(peer, &fd), command);
	assert_int_equal(fd, -1);
	say(peer, answer);
}

int expect_fd(int peer, const char *command, const char *answer)
{
	int fd;

	assert_string_equal(hear(peer, &fd), command);
	assert_true(fd >= 0);
	say(peer, answer);
	return fd;
}

void expect_nothing(int peer)
{
	int fd;

	assert_string_equal(hear(peer, &fd), "");
}

bool hung_up(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLRDHUP};

	return poll(&pfd, 1, 0) > 0 && pfd.revents & (POLLHUP | POLLRDHUP);
}

void greet(int peer)
{
	say(peer, GREETING);
	expect(peer, "{\"execute\":\"qmp_capabilities\"}", OK);
}

/* ---- Commands ----------------------------------------------------------- */

static void on_outcome(void *opaque, const struct mpr_outcome *what)
{
	assert_ptr_equal(opaque, &vm);
	assert_string_equal(outcome, ""); /* one outcome a command */
	if (what->error)
		snprintf(outcome, sizeof(outcome), "error: %s", what->error);
	else if (what->text)
		snprintf(outcome, sizeof(outcome), "%s", what->text);
	else
		strcpy(outcome, "done");
}

static void on_event(void *opaque, struct json_object *event)
{
	struct json_object *stamp = NULL;

	(void)opaque;
	events_told++;
	assert_true(json_object_object_get_ex(event, "timestamp", &stamp));
	assert_true(json_object_object_get_ex(stamp, "microseconds", NULL));
	json_object_object_del(event, "timestamp");
	if (strlen(events) < sizeof(events) / 2)
		strcat(events,
		       json_object_to_json_string_ext(
			       event, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

void hmp(const char *line)
{
	outcome[0] = '\0';
	assert_true(commands.has_hmp(&commands, line));
	commands.run_hmp(&commands, line, on_outcome, &vm);
}

void qmp(const char *name, const char *arguments)
{
	struct json_object *object = arguments ? json_tokener_parse(arguments) : NULL;

	outcome[0] = '\0';
	assert_true(commands.has_qmp(&commands, name, object));
	commands.run_qmp(&commands, name, object, on_outcome, &vm);
	json_object_put(object);
}

void assert_outcome(const char *text)
{
	run_loop();
	assert_string_equal(outcome, text);
}

void assert_error(const char *part)
{
	run_loop();
	if (strncmp(outcome, "error: ", 7) || !strstr(outcome, part))
		fail_msg("'%s' is no error with '%s'", outcome, part);
}

static void on_table(void *opaque, const struct mpr_outcome *what)
{
	(void)opaque;
	snprintf(table, sizeof(table), "%s", what->text);
}

const char *listed(void)
{
	static char ids[1024];
	char id[64];

	commands.run_hmp(&commands, "remote_proc_list", on_table, NULL);
	ids[0] = '\0';
	for (char *line = strstr(table, "\n\n") + 1; line; line = strchr(line + 1, '\n')) {
		if (sscanf(line, "%*d %*d %63s", id) == 1)
			sprintf(ids + strlen(ids), "%s ", id);
	}
	return ids;
}

/* ---- The machine -------------------------------------------------------- */

int connect_monitor(int *peer)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	*peer = fds[1];
	return fds[0];
}

/* A process that does nothing. */
static char **idle_argv(void)
{
	char **argv = calloc(3, sizeof(*argv));

	argv[0] = strdup("sleep");
	argv[1] = strdup("1000");
	return argv;
}

static char *arguments[] = {
	"qemu",
	"-rdevice",
	"lsi53c895a,id=scsi0,rid=0",
	"-rdrive",
	"id=drive0,file=x,rid=0",
	"-rdevice",
	"scsi-hd,id=disk0,drive=drive0,bus=scsi0.0,rid=0",
	"-global",
	"scsi-cd.product=P",
	NULL,
};

int set_up(void **state)
{
	char *error;
	int none = -1;

	(void)state;
	outcome[0] = events[0] = '\0';
	events_told = 0;
	unsetenv("FAKE_REFUSES");
	unsetenv("FAKE_STAYS");
	assert_int_equal(mpr_plan_create(arguments, &plan, &error), 0);
	family = mpr_family_create();
	vm = mpr_vm_create(family, plan, remote_program);
	commands = mpr_commands_of(vm);
	member = mpr_launch_remote(family, 0, idle_argv(), &none, 0, false, &error);
	mpr_vm_add_remote(vm, member, connect_monitor(&remote));
	mpr_vm_set_qemu(vm, connect_monitor(&qemu));
	mpr_vm_listen(vm, on_event, NULL);
	greet(remote);
	greet(qemu);
	return 0;
}

int tear_down(void **state)
{
	sigset_t set;

	(void)state;
	kill(member->pid, SIGKILL);
	close(qemu);
	close(remote);
	mpr_vm_destroy(vm);
	mpr_family_destroy(family);
	mpr_plan_free(plan);
	while (waitpid(-1, NULL, 0) > 0)
		;
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return 0;
}
