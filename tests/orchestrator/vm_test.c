/* SPDX-License-Identifier: MIT */
/*
 * Proves what the five commands ask QEMU and the remotes for, and what is left when one
 * of them says no or leaves. The test plays QEMU and the remote of rid 0; new remotes are
 * fake_remote, whose path is the argument.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "orchestrator/commands/commands.h"
#include "orchestrator/family/family.h"
#include "orchestrator/family/launch.h"
#include "orchestrator/vm/vm.h"
#include "orchestrator/vm/vm_state.h"

/* Longer than anything may take on a busy machine; the tests do not wait for it. */
#define PATIENCE_S 60

#define GREETING "{\"QMP\": {}}\r\n"
#define OK "{\"return\": {}}\r\n"
#define NO "{\"error\": {\"class\": \"GenericError\", \"desc\": \"that is refused\"}}\r\n"
#define IO_ERROR_SAID(device, action)                                                        \
	"{\"event\": \"BLOCK_IO_ERROR\", \"timestamp\": 0, \"data\": {\"device\": \"" device \
	"\", \"node-name\": \"#block0\", \"operation\": \"write\", \"action\": \"" action    \
	"\", \"nospace\": true, \"reason\": \"\\u001b[2JNo space\", \"extra\": 1}}\r\n"
#define IO_ERROR_TOLD(device, action)                                     \
	"{\"event\":\"BLOCK_IO_ERROR\",\"data\":{\"device\":\"" device    \
	"\",\"node-name\":\"#block-" device "\",\"operation\":\"write\"," \
	"\"action\":\"" action "\",\"nospace\":true,\"reason\":\"?[2JNo space\"}}"
#define DELETED(id)                                                      \
	"{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"" id "\"," \
	"\"path\":\"/machine/peripheral/" id "\"}}"
#define GONE(id) "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"" id "\"}}\r\n"

static const char *remote_program;
static struct mpr_plan *plan;
static struct mpr_family *family;
static struct mpr_vm *vm;
static struct mpr_commands commands; /* of it */
static struct mpr_member *member;    /* of rid 0 */
static int qemu, remote;	     /* the other sides of their monitors */
static char outcome[4096];	     /* of the command: "", or what came of it */
static char table[4096];	     /* of remote_proc_list */
static char events[1024];	     /* told to users */
static unsigned events_told;

/* ---- The peers ---------------------------------------------------------- */

/* A signal that nobody takes, like a child's end, keeps a source ready: this is enough
 * for everything else. */
static void run_loop(void)
{
	for (int i = 0; i < 50; i++)
		g_main_context_iteration(NULL, FALSE);
}

static void keep_on(bool (*done)(void))
{
	time_t end = time(NULL) + PATIENCE_S;

	for (run_loop(); !done(); run_loop()) {
		poll(NULL, 0, 1);
		if (time(NULL) > end)
			fail_msg("waited in vain; outcome '%s', events '%s'", outcome, events);
	}
}

/* A line that was sent to a peer, and the descriptor that came along, or -1. */
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

static void say(int peer, const char *text)
{
	assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	run_loop();
}

#define COMMAND(name, arguments) "{\"execute\":\"" name "\",\"arguments\":{" arguments "}}"

static void expect(int peer, const char *command, const char *answer)
{
	int fd;

	assert_string_equal(hear(peer, &fd), command);
	assert_int_equal(fd, -1);
	say(peer, answer);
}

static int expect_fd(int peer, const char *command, const char *answer)
{
	int fd;

	assert_string_equal(hear(peer, &fd), command);
	assert_true(fd >= 0);
	say(peer, answer);
	return fd;
}

static void expect_nothing(int peer)
{
	int fd;

	assert_string_equal(hear(peer, &fd), "");
}

static bool hung_up(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLRDHUP};

	return poll(&pfd, 1, 0) > 0 && pfd.revents & (POLLHUP | POLLRDHUP);
}

static void greet(int peer)
{
	say(peer, GREETING);
	expect(peer, "{\"execute\":\"qmp_capabilities\"}", OK);
}

/* ---- Commands ----------------------------------------------------------- */

static void on_outcome(void *opaque, const struct mpr_outcome *what)
{
	assert_ptr_equal(opaque, &vm);
	assert_string_equal(outcome, ""); /* it is told once */
	if (what->error)
		snprintf(outcome, sizeof(outcome), "error: %s", what->error);
	else if (what->text)
		snprintf(outcome, sizeof(outcome), "%s", what->text);
	else
		strcpy(outcome, "done");
}

static void on_json(void *opaque, const struct mpr_outcome *what)
{
	(void)opaque;
	assert_null(what->error);
	snprintf(outcome, sizeof(outcome), "%s",
		 json_object_to_json_string_ext(what->result, JSON_C_TO_STRING_PLAIN));
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

/* "rdrive_del 0 d0" */
static void hmp(const char *line)
{
	outcome[0] = '\0';
	assert_true(commands.has_hmp(&commands, line));
	commands.run_hmp(&commands, line, on_outcome, &vm);
}

static void qmp(const char *name, const char *arguments)
{
	struct json_object *object = arguments ? json_tokener_parse(arguments) : NULL;

	outcome[0] = '\0';
	assert_true(commands.has_qmp(&commands, name, object));
	commands.run_qmp(&commands, name, object, on_outcome, &vm);
	json_object_put(object);
}

static void assert_outcome(const char *text)
{
	run_loop();
	assert_string_equal(outcome, text);
}

static void assert_error(const char *part)
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

/* What remote_proc_list lists, "ID ID ...". */
static const char *listed(void)
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

static int connect_monitor(int *peer)
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

static int set_up(void **state)
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

static int tear_down(void **state)
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

/* ---- Drives and disks --------------------------------------------------- */

static void the_sequence_of_the_manual(void **state)
{
	char expected[512];

	(void)state;
	hmp("rdrive_add 0 drive1 file=/root/cirros-0.4.0-x86_64-disk.img");
	expect(remote,
	       COMMAND("x-drive-add",
		       "\"id\":\"drive1\",\"file\":\"/root/cirros-0.4.0-x86_64-disk.img\""),
	       OK);
	assert_outcome("done");
	hmp("rdevice_add 0 scsi-hd disk1 drive1 scsi0.0");
	expect(remote,
	       COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"disk1\","
				     "\"drive\":\"drive1\",\"bus\":\"scsi0.0\""),
	       OK);
	assert_outcome("done");
	hmp("remote_proc_list");
	snprintf(expected, sizeof(expected),
		 "     PID\t             RID\t         QEMU ID\t    PROCESS NAME\n\n"
		 "%08d\t               0\t          drive0\t     fake_remote\n"
		 "%08d\t               0\t          drive1\t     fake_remote\n"
		 "%08d\t               0\t           scsi0\t     fake_remote\n"
		 "%08d\t               0\t           disk0\t     fake_remote\n"
		 "%08d\t               0\t           disk1\t     fake_remote\n"
		 "%08d\t               0\t               0\t     fake_remote\n",
		 member->pid, member->pid, member->pid, member->pid, member->pid, member->pid);
	assert_outcome(expected);
}

static void option_strings(void **state)
{
	(void)state;
	hmp("rdrive_add id=d1,file=\"/a b,,c\",format=raw,rid=0");
	expect(remote,
	       COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"/a b,c\",\"format\":\"raw\""), OK);
	assert_outcome("done");
	hmp("rdevice_add scsi-hd,rid=0,id=disk1,drive=d1,bus=scsi0.0,scsi-id=1");
	expect(remote,
	       COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"disk1\",\"drive\":\"d1\","
				     "\"bus\":\"scsi0.0\",\"scsi-id\":\"1\""),
	       OK);
	assert_outcome("done");
}

static void global_properties_are_for_what_comes_later_too(void **state)
{
	(void)state;
	hmp("rdevice_add scsi-cd,rid=0,id=cd,bus=scsi0.0");
	expect(remote,
	       COMMAND("device_add", "\"driver\":\"scsi-cd\",\"id\":\"cd\","
				     "\"bus\":\"scsi0.0\",\"product\":\"P\""),
	       OK);
	assert_outcome("done");
}

#define BOOT_ORDER(order)                                            \
	COMMAND("qom-set", "\"path\":\"/machine/peripheral/scsi0\"," \
			   "\"property\":\"boot-order\",\"value\":\"" order "\"")
#define DISK(id, index, scsi_id)                                                 \
	COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"" id "\","        \
			      "\"bootindex\":\"" index "\",\"bus\":\"scsi0.0\"," \
			      "\"scsi-id\":\"" scsi_id "\"")

static void disks_join_and_leave_the_boot_order(void **state)
{
	(void)state;
	hmp("rdevice_add scsi-hd,rid=0,id=k1,bootindex=4");
	expect(qemu, BOOT_ORDER("4:/channel@0/disk@1,0"), OK);
	expect(remote, DISK("k1", "4", "1"), OK);
	assert_outcome("done");
	hmp("rdevice_add scsi-hd,rid=0,id=k2,bootindex=4");
	assert_error("bootindex=4 is taken by rdevice_add scsi-hd,rid=0,id=k1,bootindex=4");
	outcome[0] = '\0';
	hmp("rdevice_add scsi-hd,rid=0,id=k2,bootindex=5");
	expect(qemu, BOOT_ORDER("4:/channel@0/disk@1,0+5:/channel@0/disk@2,0"), NO);
	assert_outcome("error: that is refused");
	hmp("rdevice_add scsi-hd,rid=0,id=k2,bootindex=5");
	expect(qemu, BOOT_ORDER("4:/channel@0/disk@1,0+5:/channel@0/disk@2,0"), OK);
	expect(remote, DISK("k2", "5", "2"), NO);
	assert_outcome("error: that is refused");
	expect(qemu, BOOT_ORDER("4:/channel@0/disk@1,0"), OK);
	hmp("rdevice_del k1");
	expect(remote, COMMAND("device_del", "\"id\":\"k1\""), OK GONE("k1"));
	assert_outcome("done");
	expect(qemu, BOOT_ORDER(""), OK);
}

static void the_form_of_qmp(void **state)
{
	(void)state;
	qmp("x-rdrive-add", "{\"rid\": 0, \"id\": \"d1\", \"file\": \"a,b\", \"readonly\": true}");
	expect(remote, COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"a,b\",\"readonly\":\"on\""),
	       OK);
	assert_outcome("done");
	qmp("x-rdevice-add", "{\"rid\": 0, \"id\": \"k\", \"driver\": \"scsi-hd\", \"lun\": 1}");
	expect(remote, COMMAND("device_add", "\"id\":\"k\",\"driver\":\"scsi-hd\",\"lun\":\"1\""),
	       OK);
	assert_outcome("done");
	qmp("x-rdevice-del", "{\"rid\": 0, \"id\": \"k\"}");
	expect(remote, COMMAND("device_del", "\"id\":\"k\""), OK GONE("k"));
	assert_outcome("done");
	qmp("x-rdrive-del", "{\"id\": \"d1\"}");
	expect(remote, COMMAND("x-drive-del", "\"id\":\"d1\""), OK);
	assert_outcome("done");
}

static void the_list_in_qmp(void **state)
{
	char expected[512];

	(void)state;
	commands.run_qmp(&commands, "x-remote-proc-list", NULL, on_json, NULL);
	snprintf(expected, sizeof(expected),
		 "[{\"pid\":%1$d,\"rid\":0,\"id\":\"drive0\",\"name\":\"fake_remote\"},"
		 "{\"pid\":%1$d,\"rid\":0,\"id\":\"scsi0\",\"name\":\"fake_remote\"},"
		 "{\"pid\":%1$d,\"rid\":0,\"id\":\"disk0\",\"name\":\"fake_remote\"},"
		 "{\"pid\":%1$d,\"rid\":0,\"id\":\"0\",\"name\":\"fake_remote\"}]",
		 member->pid);
	assert_string_equal(outcome, expected);
}

static void what_the_remote_refuses_is_not_there(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		hmp("rdrive_add 0 d1 file=x");
		expect(remote, COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"x\""), NO);
		assert_outcome("error: that is refused");
		hmp("rdevice_add 0 scsi-hd k");
		expect(remote, COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"k\""), NO);
		assert_outcome("error: that is refused");
	}
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

static void a_disk_is_deleted_when_it_is_gone(void **state)
{
	(void)state;
	hmp("rdevice_del 0 disk0");
	expect(remote, COMMAND("device_del", "\"id\":\"disk0\""), OK);
	assert_outcome("");
	hmp("rdevice_del disk0");
	assert_error("\"disk0\" is being removed");
	outcome[0] = '\0';
	say(remote, GONE("disk0"));
	assert_outcome("done");
	assert_string_equal(events, DELETED("disk0"));
	assert_string_equal(listed(), "scsi0 0 "); /* its drive went, too */
	hmp("rdrive_add 0 drive0 file=x");
	expect(remote, COMMAND("x-drive-add", "\"id\":\"drive0\",\"file\":\"x\""), OK);
	assert_outcome("done");
}

static void a_disk_that_cannot_go_stays(void **state)
{
	(void)state;
	hmp("rdevice_del disk0");
	expect(remote, COMMAND("device_del", "\"id\":\"disk0\""), NO);
	assert_outcome("error: that is refused");
	hmp("rdrive_del drive0");
	expect(remote, COMMAND("x-drive-del", "\"id\":\"drive0\""), NO);
	assert_outcome("error: that is refused");
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
	hmp("rdrive_del 0 drive0");
	expect(remote, COMMAND("x-drive-del", "\"id\":\"drive0\""), OK);
	assert_outcome("done");
	assert_string_equal(listed(), "scsi0 disk0 0 ");
}

static void what_is_being_added_is_not_removed(void **state)
{
	(void)state;
	hmp("rdrive_add 0 d1 file=x");
	assert_string_equal(outcome, "");
	hmp("rdrive_del d1");
	assert_error("\"d1\" is being added");
	hmp("rdrive_add 0 d1 file=x");
	assert_error("the id is taken");
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
	outcome[0] = '\0';
	expect(remote, COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"x\""), OK);
	assert_outcome("done");
}

/* Of what the remote says users hear what can be. */
static void io_errors_are_told_to_users(void **state)
{
	(void)state;
	say(remote, IO_ERROR_SAID("drive0", "report"));
	assert_string_equal(events, IO_ERROR_TOLD("drive0", "report"));
}

/* QEMU's drives, other devices, stops of a drive that does not stop, and no words. */
static void io_errors_are_those_of_its_own_drives(void **state)
{
	(void)state;
	say(remote, IO_ERROR_SAID("ide0-hd0", "report") IO_ERROR_SAID("disk0", "report"));
	say(remote, IO_ERROR_SAID("drive0", "stop") IO_ERROR_SAID("drive0", "panic"));
	say(remote, "{\"event\": \"BLOCK_IO_ERROR\"}{\"event\": \"BLOCK_IO_ERROR\", \"data\": "
		    "{\"device\": \"drive0\", \"operation\": \"read\"}}\r\n");
	assert_string_equal(events, "");
}

static void io_errors_are_told_in_bounded_numbers(void **state)
{
	int64_t begin = g_get_monotonic_time();

	(void)state;
	for (int i = 0; i < 1000; i++)
		say(remote, IO_ERROR_SAID("drive0", "report"));
	assert_in_range(events_told, 16,
			16 * ((g_get_monotonic_time() - begin) / G_USEC_PER_SEC + 2));
}

/* The machine is to be in the state io-error, not paused. */
#define IO_ERROR                                                                                 \
	COMMAND("qom-set", "\"path\":\"/machine/peripheral/scsi0\",\"property\":\"x-io-error\"," \
			   "\"value\":true")

/* rdrive_add of a drive that is to stop. */
static void add_stopping_drive(void)
{
	hmp("rdrive_add 0 drive1 file=x,werror=stop");
	expect(remote,
	       COMMAND("x-drive-add", "\"id\":\"drive1\",\"file\":\"x\",\"werror\":\"stop\""), OK);
	assert_outcome("done");
}

/* werror=stop: a drive's error stops the machine, and the user's cont resumes it. */
static void a_remote_that_stops_stops_qemu(void **state)
{
	(void)state;
	add_stopping_drive();
	say(qemu, "{\"event\": \"RESUME\"}");
	expect_nothing(remote);
	say(remote, IO_ERROR_SAID("drive1", "stop") "{\"event\": \"STOP\"}");
	expect(qemu, IO_ERROR, OK "{\"event\": \"STOP\"}");
	expect_nothing(remote);
	say(qemu, "{\"event\": \"RESUME\"}");
	expect(remote, "{\"execute\":\"cont\"}", OK "{\"event\": \"RESUME\"}");
	say(qemu, "{\"event\": \"RESUME\"}");
	expect_nothing(remote);
	assert_string_equal(events, IO_ERROR_TOLD("drive1", "stop")); /* QEMU tells the rest */
}

/* A remote none of whose drives is to stop has no reason to. */
static void a_remote_that_may_not_stop_does_not_stop_qemu(void **state)
{
	(void)state;
	say(remote, "{\"event\": \"STOP\"}");
	expect_nothing(qemu);
	say(qemu, "{\"event\": \"RESUME\"}");
	expect_nothing(remote);
}

/* It stops once, and goes on when it is told to: no command is queued for each event, of
 * the remote's or of QEMU's. */
static void stops_do_not_add_up(void **state)
{
	(void)state;
	add_stopping_drive();
	for (int i = 0; i < 100; i++)
		say(remote, "{\"event\": \"STOP\"}{\"event\": \"RESUME\"}");
	expect(qemu, IO_ERROR, OK);
	expect_nothing(qemu);
	for (int i = 0; i < 100; i++)
		say(qemu, "{\"event\": \"STOP\"}{\"event\": \"RESUME\"}");
	expect(remote, "{\"execute\":\"cont\"}", OK);
	expect_nothing(remote);
	/* It has not gone on: it is told again. */
	say(qemu, "{\"event\": \"RESUME\"}");
	expect(remote, "{\"execute\":\"cont\"}", OK "{\"event\": \"RESUME\"}");
	say(remote, "{\"event\": \"STOP\"}");
	expect(qemu, IO_ERROR, OK);
}

/* Forged, of devices of QEMU's and of its own: they stay, and nobody hears of it. */
static void devices_are_gone_when_they_were_to_go(void **state)
{
	(void)state;
	say(remote, GONE("net0") GONE("scsi0") GONE("disk0") GONE("drive0"));
	assert_string_equal(events, "");
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
	expect_nothing(remote);
}

/* As one must that has no such state to offer. */
static void qemu_stops_in_any_case(void **state)
{
	(void)state;
	add_stopping_drive();
	say(remote, "{\"event\": \"STOP\"}");
	expect(qemu, IO_ERROR, NO);
	expect(qemu, "{\"execute\":\"stop\"}", OK);
	expect_nothing(qemu);
}

/* Members that are not of the type that they should be are not there. */
static void what_events_say_is_checked(void **state)
{
	static const char *const values[] = {
		"null", "true", "5", "1.5", "[]", "{}", "[\"disk0\"]", "\"disk0\\u0000\"",
	};
	static const char *const names[] = {"DEVICE_DELETED", "BLOCK_IO_ERROR", "SHUTDOWN"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			for (int peer = 0; peer < 2; peer++) {
				snprintf(text, sizeof(text),
					 "{\"event\": \"%1$s\", \"data\": %2$s}{\"event\": "
					 "\"%1$s\", \"data\": {\"device\": %2$s, "
					 "\"reason\": %2$s}}\r\n",
					 names[n], values[i]);
				say(peer ? qemu : remote, text);
			}
		}
	}
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

/* The others go on. */
static void a_peer_that_talks_nonsense_is_hung_up_on(void **state)
{
	(void)state;
	say(remote, "{\"event\": null}\r\n");
	assert_true(hung_up(remote));
	assert_false(hung_up(qemu));
	hmp("rdevice_del disk0");
	assert_error("no remote process has a device \"disk0\"");
}

/* ---- Bad commands ------------------------------------------------------- */

static void bad_commands_are_refused(void **state)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{"rdrive_add 7 d1 file=x", "no remote process of rid 7 (there is: 0)"},
		{"rdrive_add 0 drive0 file=x", "the id is taken"},
		{"rdrive_add 0 d1", "usage: rdrive_add rid id file=path"},
		{"rdrive_add", "usage: rdrive_add"},
		{"rdrive_add file=x,rid=0", "id= is missing"},
		{"rdrive_add id=d1,file=x", "rdrive_add id=d1,file=x: rid= is missing"},
		{"rdrive_add zero d1 file=x", "rid=zero is not a number"},
		{"rdrive_add 0 d1 file=\"x", "a quote is not closed"},
		{"rdevice_add 0 scsi-hd disk0 d bus", "the id is taken"},
		{"rdevice_add 7 scsi-hd k d bus", "no remote process of rid 7"},
		{"rdevice_add lsi53c895a,rid=0", "id= is missing"},
		{"rdevice_add lsi53c895a,id=9,rid=0", "must begin with a letter"},
		{"rdevice_add lsi53c895a,id=a,rid=0,cpu=1", "cpu= must be said when the process"},
		{"rdevice_add a b", "usage: rdevice_add rid driver id"},
		{"rdevice_del", "usage: rdevice_del [rid] id"},
		{"rdevice_del a b c", "usage: rdevice_del [rid] id"},
		{"rdevice_del x disk0", "the rid is not a number"},
		{"rdevice_del disk", "no remote process has a device \"disk\" (did you mean "
				     "\"disk0\"?)"},
		{"rdevice_del drive0", "no remote process has a device \"drive0\""},
		{"rdevice_del 7 disk0", "no remote process of rid 7"},
		{"rdrive_del disk0", "no remote process has a drive \"disk0\""},
		{"remote_proc_list all", "usage: remote_proc_list"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hmp(cases[i].line);
		assert_error(cases[i].message);
	}
	expect_nothing(remote);
	expect_nothing(qemu);
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

static void bad_arguments_are_refused(void **state)
{
	static const struct {
		const char *command, *arguments, *message;
	} cases[] = {
		{"x-rdrive-add", "{\"id\": \"d1\", \"file\": {}, \"rid\": 0}", "'file'"},
		{"x-rdrive-add", "{\"id\": \"d1\", \"a,b\": 1, \"rid\": 0}", "'a,b'"},
		{"x-rdrive-add", "{\"id\": \"d1\", \"rid\": -1}", "rid"},
		{"x-rdrive-add", "{\"id\": \"d1\", \"file\": 1.5}", "neither a string"},
		{"x-rdrive-add", "{\"id\": \"d1\\u0000\"}", "a string has a zero byte"},
		{"x-rdrive-add", NULL, "rid= is missing"},
		{"x-rdevice-add", "{\"rid\": 0, \"id\": \"a\"}", "the driver's name is missing"},
		{"x-rdevice-add", "{\"rid\": 0, \"driver\": {}}", "'driver'"},
		{"x-rdevice-del", NULL, "Parameter 'id' is missing"},
		{"x-rdevice-del", "{\"id\": 7}", "Parameter 'id'"},
		{"x-rdevice-del", "{\"id\": \"disk0\", \"force\": true}", "Parameter 'force'"},
		{"x-rdevice-del", "{\"id\": \"disk0\", \"rid\": \"0\"}", "Parameter 'rid'"},
		{"x-remote-proc-list", "{\"rid\": 0}", "takes no parameters"},
		{"x-rdevice-del", "[]", "must be an object"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		qmp(cases[i].command, cases[i].arguments);
		assert_error(cases[i].message);
	}
	expect_nothing(remote);
}

/* ---- Adapters ----------------------------------------------------------- */

#define MODEL COMMAND("device_add", "\"driver\":\"lsi53c895a\",\"id\":\"scsi1\"")
#define GETFD COMMAND("getfd", "\"fdname\":\"mpring-0\"")
#define OBJECT                                                                            \
	COMMAND("object-add", "\"qom-type\":\"x-remote-object\",\"id\":\"mpring-scsi1\"," \
			      "\"devid\":\"scsi1\",\"fd\":\"mpring-0\"")
#define PROXY                                                                             \
	COMMAND("device_add", "\"driver\":\"pci-proxy-dev\",\"id\":\"scsi1\",\"socket\":" \
			      "\"mpring-0\",\"bus\":\"pci.0\",\"addr\":\"6\"")
#define CLOSEFD COMMAND("closefd", "\"fdname\":\"mpring-0\"")
#define UNMAKE COMMAND("device_del", "\"id\":\"scsi1\"")

static void an_adapter_of_a_process_that_is_there(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	hmp("rdevice_add lsi53c895a,id=scsi1,rid=0,bus=pci.0,addr=6");
	expect(remote, MODEL, OK);
	ends[0] = expect_fd(remote, GETFD, OK);
	expect(remote, OBJECT, OK);
	ends[1] = expect_fd(qemu, GETFD, OK);
	expect(qemu, PROXY, OK);
	assert_outcome("done");
	assert_int_equal(write(ends[0], "x", 1), 1);
	assert_int_equal(read(ends[1], &byte, 1), 1);
	close(ends[0]);
	assert_true(hung_up(ends[1])); /* nobody else has the other end */
	close(ends[1]);
	assert_string_equal(listed(), "drive0 scsi0 scsi1 disk0 0 ");
	hmp("rdevice_add 0 scsi-hd k drive1 scsi1.0"); /* its bus is there */
	expect(remote,
	       COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"k\",\"drive\":\"drive1\","
				     "\"bus\":\"scsi1.0\""),
	       OK);
	assert_outcome("done");
}

/* Each step may fail; those before it are taken back. */
static void an_adapter_fails_whole(void **state)
{
	(void)state;
	for (int step = 0; step < 5; step++) {
		int ends[] = {-1, -1};
		char line[] = "rdevice_add lsi53c895a,id=scsi1,rid=0,bus=pci.0,addr=6";

		if (step) { /* names are not used again */
			tear_down(state);
			set_up(state);
		}
		hmp(line);
		expect(remote, MODEL, step == 0 ? NO : OK);
		if (step >= 1)
			ends[0] = expect_fd(remote, GETFD, step == 1 ? NO : OK);
		if (step >= 2)
			expect(remote, OBJECT, step == 2 ? NO : OK);
		if (step >= 3)
			ends[1] = expect_fd(qemu, GETFD, step == 3 ? NO : OK);
		if (step >= 4)
			expect(qemu, PROXY, NO);
		if (step >= 2)
			expect(remote, CLOSEFD, step == 2 ? OK : NO);
		if (step >= 4)
			expect(qemu, CLOSEFD, OK);
		if (step >= 1) {
			expect(remote, UNMAKE, OK);
			assert_outcome("");
			say(remote, GONE("scsi1"));
		}
		assert_outcome("error: that is refused");
		assert_string_equal(events, "");
		expect_nothing(remote);
		expect_nothing(qemu);
		assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
		for (int i = 0; i < 2; i++) {
			if (ends[i] >= 0)
				close(ends[i]);
		}
	}
}

static bool has_outcome(void)
{
	return *outcome;
}

static pid_t pid_of(const char *rid)
{
	char *line, wanted[64];
	int pid = 0, row;

	listed();
	snprintf(wanted, sizeof(wanted), "\t%16s\t%16s\t", rid, rid);
	line = strstr(table, wanted);
	assert_non_null(line);
	row = sscanf(line - 8, "%8d", &pid);
	assert_int_equal(row, 1);
	return pid;
}

#define NEW_PROXY                                                                       \
	COMMAND("device_add", "\"driver\":\"pci-proxy-dev\",\"id\":\"new\",\"socket\":" \
			      "\"mpring-0\"")

static bool qemu_is_asked(void)
{
	struct pollfd pfd = {.fd = qemu, .events = POLLIN};

	return poll(&pfd, 1, 0) > 0;
}

static pid_t awaited;
static int awaited_status;

static bool has_ended(void)
{
	return waitpid(awaited, &awaited_status, WNOHANG) == awaited;
}

/* The process ends when it is told to, which is the loop's work. */
static void assert_ended(pid_t pid)
{
	awaited = pid;
	keep_on(has_ended);
	assert_true(WIFEXITED(awaited_status));
	assert_int_equal(WEXITSTATUS(awaited_status), 0);
}

static pid_t add_new_adapter(const char *answer)
{
	pid_t pid;

	hmp("rdevice_add 5 lsi53c895a new");
	pid = pid_of("5");
	keep_on(qemu_is_asked);
	close(expect_fd(qemu, GETFD, OK));
	expect(qemu, NEW_PROXY, answer);
	return pid;
}

static void an_adapter_with_a_new_rid_starts_a_process(void **state)
{
	pid_t pid = add_new_adapter(OK);

	(void)state;
	assert_outcome("done");
	assert_int_not_equal(pid, member->pid);
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 new 5 ");
	hmp("rdrive_add 5 d5 file=x");
	keep_on(has_outcome);
	assert_outcome("done");
	hmp("rdevice_add 5 scsi-hd k5 d5 new.0");
	keep_on(has_outcome);
	assert_outcome("done");
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 d5 new k5 5 ");
	hmp("rdevice_del k5");
	keep_on(has_outcome);
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 new 5 ");
	hmp("rdevice_del new");
	expect(qemu, COMMAND("device_del", "\"id\":\"new\""), OK);
	assert_outcome("done");
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 new 5 ");
	events[0] = '\0';
	say(qemu, GONE("new"));
	assert_ended(pid);
	assert_string_equal(events, ""); /* QEMU has told it */
	run_loop();
	hmp("rdrive_add 5 d5 file=x");
	assert_error("no remote process of rid 5 (there is: 0)");
}

static void a_process_that_was_started_in_vain_ends(void **state)
{
	pid_t pid = add_new_adapter(NO);

	(void)state;
	keep_on(qemu_is_asked);
	expect(qemu, CLOSEFD, OK);
	keep_on(has_outcome);
	assert_outcome("error: that is refused");
	assert_ended(pid);
	setenv("FAKE_REFUSES", "device_add", 1);
	hmp("rdevice_add 6 lsi53c895b new");
	pid = pid_of("6");
	keep_on(has_outcome);
	assert_outcome("error: refused");
	assert_ended(pid);
	expect_nothing(qemu);
}

/* What the operator is told meanwhile. */
static char *begin_messages(int *saved)
{
	static char path[] = "/tmp/vm_test-XXXXXX";
	int file;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	file = mkstemp(path);
	assert_true(file >= 0);
	*saved = dup(STDERR_FILENO);
	dup2(file, STDERR_FILENO);
	close(file);
	return path;
}

static void end_messages(const char *path, int saved, char *text, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(file, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	close(file);
	unlink(path);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static void start_in_vain(const char *rid, const char *stays)
{
	char line[64];

	setenv("FAKE_REFUSES", "device_add", 1);
	setenv("FAKE_STAYS", stays, 1);
	snprintf(line, sizeof(line), "rdevice_add %s lsi53c895b new", rid);
	hmp(line);
}

/* One that does not end as it is told is signalled, and the operator hears it once. */
static void a_process_that_does_not_quit_is_ended(void **state)
{
	char text[4096], message[256];
	pid_t pids[2];
	int saved, statuses[2];
	char *path = begin_messages(&saved);

	(void)state;
	start_in_vain("5", "SIGTERM");
	pids[0] = pid_of("5");
	keep_on(has_outcome);
	start_in_vain("6", "SIGKILL");
	pids[1] = pid_of("6");
	keep_on(has_outcome);
	for (int i = 0; i < 2; i++) {
		awaited = pids[i];
		keep_on(has_ended);
		statuses[i] = awaited_status;
	}
	end_messages(path, saved, text, sizeof(text));
	assert_true(WIFSIGNALED(statuses[0]) && WTERMSIG(statuses[0]) == SIGTERM);
	assert_true(WIFSIGNALED(statuses[1]) && WTERMSIG(statuses[1]) == SIGKILL);
	for (int i = 0; i < 2; i++) {
		const char *at;

		snprintf(message, sizeof(message),
			 "mpring: remote process of rid %d (pid %d) was told to end and does not; ",
			 5 + i, (int)pids[i]);
		at = strstr(text, message);
		assert_non_null(at);
		assert_null(strstr(at + 1, message));
	}
}

/* ---- QEMU's end --------------------------------------------------------- */

#define SHUTDOWN(reason) "{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"" reason "\"}}"
#define STOPPED "{\"event\": \"STOP\"}"

/* A QEMU whose guest has shut down is reminded as is one that was told to end, ... */
static void the_end_that_a_guest_brings_is_expected(void **state)
{
	(void)state;
	assert_false(family->reminder);
	say(qemu, SHUTDOWN("guest-shutdown"));
	assert_true(family->reminder);
}

/* ... but not one that was to pause then: whichever thread is held up, its STOP comes after. */
static void the_pause_that_a_guest_brings_is_no_end(void **state)
{
	(void)state;
	say(qemu, SHUTDOWN("guest-shutdown") STOPPED);
	assert_false(family->reminder);
	/* The same of one that paused when its guest panicked. */
	say(qemu, SHUTDOWN("guest-panic"));
	assert_false(family->reminder);
	say(qemu, "{\"event\": \"RESUME\"}" SHUTDOWN("guest-reset"));
	assert_true(family->reminder);
}

static void what_was_told_to_end_does_not_pause(void **state)
{
	(void)state;
	say(qemu, SHUTDOWN("guest-shutdown") SHUTDOWN("host-qmp-quit") STOPPED);
	assert_true(family->reminder);
}

static void a_program_that_does_not_start_is_named(void **state)
{
	(void)state;
	mpr_vm_destroy(vm);
	close(remote);
	close(qemu);
	vm = mpr_vm_create(family, plan, "/nonexistent/remote");
	commands = mpr_commands_of(vm);
	mpr_vm_set_qemu(vm, connect_monitor(&qemu));
	greet(qemu);
	hmp("rdevice_add 5 lsi53c895a new");
	assert_error("/nonexistent/remote cannot be run: No such file or directory");
}

/* A guest may let go when nobody has asked: QEMU's own device_del. */
static void an_adapter_leaves_with_its_disks(void **state)
{
	(void)state;
	say(qemu, GONE("scsi0"));
	expect(remote, COMMAND("device_del", "\"id\":\"scsi0\""), OK);
	hmp("rdevice_del scsi0");
	assert_error("\"scsi0\" is being removed");
	say(remote, GONE("disk0"));
	assert_string_equal(events, DELETED("disk0"));
	say(remote, GONE("scsi0"));
	expect(remote, "{\"execute\":\"quit\"}", OK);
	assert_string_equal(listed(), "0 "); /* until the process has ended */
	assert_true(member->told);	     /* nobody need be told of its end */
}

static void a_process_with_another_adapter_stays(void **state)
{
	(void)state;
	hmp("rdevice_add lsi53c895a,id=scsi1,rid=0,bus=pci.0,addr=6");
	expect(remote, MODEL, OK);
	close(expect_fd(remote, GETFD, OK));
	expect(remote, OBJECT, OK);
	close(expect_fd(qemu, GETFD, OK));
	expect(qemu, PROXY, OK);
	assert_outcome("done");
	say(qemu, GONE("scsi1"));
	expect(remote, UNMAKE, OK GONE("scsi1"));
	expect_nothing(remote);
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

static void what_qemu_refuses_to_unplug_stays(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		hmp("rdevice_del scsi0");
		expect(qemu, COMMAND("device_del", "\"id\":\"scsi0\""), NO);
		assert_outcome("error: that is refused");
	}
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

/* ---- Silence ------------------------------------------------------------ */

#define SILENT "error: the remote process of rid 0 has not done this after 0 seconds; it goes on"

/* Who gave the command is told that it goes on, and others how it ends. */
static void a_remote_that_does_not_answer_keeps_nobody(void **state)
{
	(void)state;
	vm->change_ms = 0;
	hmp("rdrive_add 0 d1 file=x");
	keep_on(has_outcome);
	assert_outcome(SILENT);
	hmp("rdrive_del d1");
	assert_error("\"d1\" is being added");
	expect(remote, COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"x\""), OK);
	assert_string_equal(listed(), "drive0 d1 scsi0 disk0 0 ");
	hmp("rdevice_del disk0");
	keep_on(has_outcome);
	assert_outcome(SILENT);
	expect(remote, COMMAND("device_del", "\"id\":\"disk0\""), OK);
	assert_string_equal(events, "");
	say(remote, GONE("disk0"));
	assert_string_equal(events, DELETED("disk0"));
	assert_string_equal(listed(), "d1 scsi0 0 ");
}

/* ---- Loss --------------------------------------------------------------- */

static void commands_to_a_remote_that_died(void **state)
{
	(void)state;
	hmp("rdevice_del disk0");
	expect(remote, COMMAND("device_del", "\"id\":\"disk0\""), OK);
	shutdown(remote, SHUT_RDWR);
	assert_outcome("done"); /* it is gone, indeed */
	hmp("rdrive_add 0 d1 file=x");
	assert_error("no remote process of rid 0 (there is none)");
	hmp("rdevice_del scsi0");
	assert_error("no remote process has a device \"scsi0\"");
	assert_string_equal(listed(), "0 "); /* until it has ended */
}

static void a_remote_that_dies_at_a_command(void **state)
{
	(void)state;
	hmp("rdrive_add 0 d1 file=x");
	run_loop();
	shutdown(remote, SHUT_RDWR);
	assert_outcome("error: the remote process of rid 0 has ended");
}

static void a_remote_that_dies_while_qemu_is_asked(void **state)
{
	(void)state;
	hmp("rdevice_add lsi53c895a,id=scsi1,rid=0,bus=pci.0,addr=6");
	expect(remote, MODEL, OK);
	close(expect_fd(remote, GETFD, OK));
	expect(remote, OBJECT, OK);
	close(expect_fd(qemu, GETFD, OK));
	shutdown(remote, SHUT_RDWR);
	run_loop();
	expect(qemu, PROXY, NO);
	expect(qemu, CLOSEFD, OK);
	assert_outcome("error: that is refused");
}

static void the_end_of_qemu_ends_all_commands(void **state)
{
	(void)state;
	hmp("rdrive_add 0 d1 file=x");
	run_loop();
	shutdown(qemu, SHUT_RDWR);
	run_loop();
	assert_error("the remote process of rid 0 has ended");
	assert_true(hung_up(remote)); /* so that the process can end */
}

#define with_vm(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		with_vm(the_sequence_of_the_manual),
		with_vm(option_strings),
		with_vm(global_properties_are_for_what_comes_later_too),
		with_vm(disks_join_and_leave_the_boot_order),
		with_vm(the_form_of_qmp),
		with_vm(the_list_in_qmp),
		with_vm(what_the_remote_refuses_is_not_there),
		with_vm(a_disk_is_deleted_when_it_is_gone),
		with_vm(a_disk_that_cannot_go_stays),
		with_vm(what_is_being_added_is_not_removed),
		with_vm(io_errors_are_told_to_users),
		with_vm(io_errors_are_those_of_its_own_drives),
		with_vm(io_errors_are_told_in_bounded_numbers),
		with_vm(a_remote_that_stops_stops_qemu),
		with_vm(a_remote_that_may_not_stop_does_not_stop_qemu),
		with_vm(stops_do_not_add_up),
		with_vm(devices_are_gone_when_they_were_to_go),
		with_vm(qemu_stops_in_any_case),
		with_vm(what_events_say_is_checked),
		with_vm(a_peer_that_talks_nonsense_is_hung_up_on),
		with_vm(bad_commands_are_refused),
		with_vm(bad_arguments_are_refused),
		with_vm(an_adapter_of_a_process_that_is_there),
		with_vm(an_adapter_fails_whole),
		with_vm(an_adapter_with_a_new_rid_starts_a_process),
		with_vm(a_process_that_was_started_in_vain_ends),
		with_vm(a_process_that_does_not_quit_is_ended),
		with_vm(the_end_that_a_guest_brings_is_expected),
		with_vm(the_pause_that_a_guest_brings_is_no_end),
		with_vm(what_was_told_to_end_does_not_pause),
		with_vm(a_program_that_does_not_start_is_named),
		with_vm(an_adapter_leaves_with_its_disks),
		with_vm(a_process_with_another_adapter_stays),
		with_vm(what_qemu_refuses_to_unplug_stays),
		with_vm(a_remote_that_does_not_answer_keeps_nobody),
		with_vm(commands_to_a_remote_that_died),
		with_vm(a_remote_that_dies_at_a_command),
		with_vm(a_remote_that_dies_while_qemu_is_asked),
		with_vm(the_end_of_qemu_ends_all_commands),
	};

	if (argc != 2)
		return 1;
	remote_program = realpath(argv[1], NULL);
	return remote_program ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
