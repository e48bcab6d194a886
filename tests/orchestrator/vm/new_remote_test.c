/* SPDX-License-Identifier: MIT */
/*
 * Proves that an adapter with a new rid starts a process, which ends with its last adapter.
 * The process is fake_remote, whose path is the argument.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/common/unit.h"
#include "tests/orchestrator/vm/peers.h"

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

/* Serves the main loop until the process has ended as it was told to. */
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

with_vm(an_adapter_with_a_new_rid_starts_a_process)
{
	pid_t pid = add_new_adapter(OK);

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
	assert_string_equal(events, ""); /* QEMU sends that event itself */
	run_loop();
	hmp("rdrive_add 5 d5 file=x");
	assert_error("no remote process of rid 5 (there is: 0)");
}

with_vm(a_process_that_was_started_in_vain_ends)
{
	pid_t pid = add_new_adapter(NO);

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

/* Redirects standard error to a file, to read the messages for the operator. */
static char *begin_messages(int *saved)
{
	static char path[] = "/tmp/new_remote_test-XXXXXX";
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

/* It gets signals, and the operator one message. */
with_vm(a_process_that_does_not_quit_is_ended)
{
	char text[4096], message[256];
	pid_t pids[2];
	int saved, statuses[2];
	char *path = begin_messages(&saved);

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

with_vm(a_program_that_does_not_start_is_named)
{
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

int main(int argc, char **argv)
{
	if (argc != 2)
		return 1;
	remote_program = realpath(argv[1], NULL);
	return remote_program ? unit_run(NULL, NULL) : 1;
}
