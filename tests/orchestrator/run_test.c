/* SPDX-License-Identifier: MIT */
/* Proves how mpring starts, connects, supervises and ends its processes, with a fake in place of
 * QEMU and of the remote program. Arguments: the paths of mpring, the fake, and an object to be
 * preloaded. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/common/unit.h"

/* Longer than anything takes on a busy machine; a test that passes does not wait for it. */
#define PATIENCE_S 60

#define MEMORY "-M", "q35,memory-backend=m", "-object", "memory-backend-memfd,id=m,size=1M"
#define ADAPTERS "-rdevice", "lsi53c895a,id=a,rid=0", "-rdevice", "lsi53c895a,id=b,rid=1", MEMORY

static char *mpring_path, *fake_path, *object_path;
static char dir[] = "/tmp/mpring-run-XXXXXX";

static char *file_in_dir(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* The text of a file in the folder; "" when it is not there. */
static const char *text_of(const char *name)
{
	static char text[65536];
	int fd = open(file_in_dir(name), O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void pause_shortly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static void wait_for_text(const char *name, const char *text)
{
	for (time_t end = time(NULL) + PATIENCE_S; !strstr(text_of(name), text); pause_shortly()) {
		if (time(NULL) > end)
			fail_msg("%s lacks '%s': %s", name, text, text_of(name));
	}
}

/* The value of a line "key value" in a report. */
static const char *value_in(const char *report, const char *key)
{
	static char value[4096];
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), "\n%s ", key);
	snprintf(value, sizeof(value), "\n%s", text_of(report));
	at = strstr(value, line);
	if (!at)
		fail_msg("report %s lacks %s: %s", report, key, value);
	at += strlen(line);
	memmove(value, at, strlen(at) + 1);
	value[strcspn(value, "\n")] = '\0';
	return value;
}

static pid_t pid_in(const char *report)
{
	return atoi(value_in(report, "pid"));
}

static bool is_gone(pid_t pid)
{
	char name[32], state = 'Z';
	FILE *stat;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	stat = fopen(name, "re");
	if (!stat)
		return true;
	if (fscanf(stat, "%*d %*s %c", &state) != 1)
		state = 'Z';
	fclose(stat);
	return state == 'Z'; /* orphans wait for a reaper that may be slow */
}

static void wait_until_gone(pid_t pid)
{
	for (time_t end = time(NULL) + PATIENCE_S; !is_gone(pid); pause_shortly()) {
		if (time(NULL) > end)
			fail_msg("process %d is still there", (int)pid);
	}
}

static void redirect(const char *name, int fd)
{
	int file = open(file_in_dir(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(98);
}

/* Where mpring's messages go; -1: to a file. */
static int errors_fd = -1;

/* Starts mpring in a process group of its own, with no descriptors open but the first three and
 * 50. */
static pid_t start_program(const char *program, char **argv)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	redirect("output", STDOUT_FILENO);
	if (errors_fd < 0)
		redirect("errors", STDERR_FILENO);
	else
		dup2(errors_fd, STDERR_FILENO);
	close_range(3, ~0U, 0);
	dup2(STDIN_FILENO, 50);
	execv(program, argv);
	_exit(98);
}

static pid_t start_argv(char **argv)
{
	return start_program(mpring_path, argv);
}

#define start(...) start_argv((char *[]){"mpring", __VA_ARGS__, NULL})
#define start_fakes(...) start("run", "--", fake_path, ADAPTERS, __VA_ARGS__)

static int finish(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void wait_for_reports(void)
{
	wait_for_text("a", "args");
	wait_for_text("b", "args");
	wait_for_text("qemu", "peer b");
}

static void assert_all_gone(void)
{
	wait_until_gone(pid_in("a"));
	wait_until_gone(pid_in("b"));
	wait_until_gone(pid_in("qemu"));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

/* Before each test. */
static int set_up(void **state)
{
	(void)state;
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	setenv("FAKE_DIR", dir, 1);
	setenv("MPRING_REMOTE", fake_path, 1);
	setenv("MPRING_QEMU_SO", object_path, 1);
	unsetenv("FAKE_REMOTE");
	unsetenv("LD_PRELOAD");
	/* AddressSanitizer refuses to run after preloaded objects. */
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	return 0;
}

#define in_clean_dir(name) UNIT_TEST_WITH(name, set_up, NULL)

in_clean_dir(returns_the_exit_status_of_qemu)
{
	assert_int_equal(finish(start_fakes("exit=0")), 0);
	assert_int_equal(finish(start_fakes("exit=7")), 7);
	assert_string_equal(text_of("errors"), "");
	assert_all_gone();
}

static void assert_qemu_was_killed(const char *by)
{
	char message[256];

	snprintf(message, sizeof(message), "mpring: QEMU (pid %d) was killed by signal %s\n",
		 (int)pid_in("qemu"), by);
	assert_string_equal(text_of("errors"), message);
}

in_clean_dir(returns_128_and_the_signal_that_killed_qemu)
{
	assert_int_equal(finish(start_fakes("raise=9")), 128 + 9);
	assert_qemu_was_killed("9 (Killed)");
	assert_int_equal(finish(start_fakes("raise=11")), 128 + 11);
	assert_qemu_was_killed("11 (Segmentation fault)");
	assert_int_equal(finish(start_fakes("raise=7")), 128 + 7);
	assert_qemu_was_killed("7 (Bus error): is there room left for the guest's memory (df, and "
			       "HugePages_Free in /proc/meminfo)?");
	assert_all_gone();
	assert_int_equal(finish(start("run", fake_path, "raise=15")), 128 + 15);
	assert_qemu_was_killed("15 (Terminated)");
}

in_clean_dir(runs_qemu_alone_without_remote_devices)
{
	assert_int_equal(finish(start("run", fake_path, "-m", "1G", "exit=3")), 3);
	assert_string_equal(value_in("qemu", "args"), "-m 1G exit=3");
	/* QEMU is preloaded even without remotes: it may get a proxy for a process of somebody
	 * else. */
	assert_string_equal(value_in("qemu", "preload"), object_path);
}

in_clean_dir(joins_each_adapter_with_its_remote)
{
	pid_t pid = start_fakes("wait");
	char peer[32];

	wait_for_reports();
	snprintf(peer, sizeof(peer), "a %d", (int)pid_in("a"));
	assert_string_equal(value_in("qemu", "peer"), peer);
	snprintf(peer, sizeof(peer), "peer b %d\n", (int)pid_in("b"));
	assert_non_null(strstr(text_of("qemu"), peer));
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 42);
	assert_all_gone();
}

in_clean_dir(everybody_has_the_right_files)
{
	char fds[64], args[512];
	const char *remotes[] = {"a", "b"};
	int qemu_fds[2];

	assert_int_equal(finish(start_fakes("exit=0")), 0);
	for (size_t i = 0; i < 2; i++) {
		snprintf(fds, sizeof(fds), "0 1 2 %d", atoi(value_in(remotes[i], "args")));
		assert_string_equal(value_in(remotes[i], "fds"), fds);
		assert_string_equal(value_in(remotes[i], "input"), "/dev/null");
	}
	snprintf(args, sizeof(args), "%s", value_in("qemu", "args"));
	assert_int_equal(sscanf(args,
				"-device pci-proxy-dev,id=a,socket=%d "
				"-device pci-proxy-dev,id=b,socket=%d",
				&qemu_fds[0], &qemu_fds[1]),
			 2);
	snprintf(fds, sizeof(fds), "0 1 2 %d %d 50", qemu_fds[0], qemu_fds[1]);
	assert_string_equal(value_in("qemu", "fds"), fds);
}

in_clean_dir(only_qemu_preloads_the_object)
{
	char preload[2 * PATH_MAX];

	assert_int_equal(finish(start_fakes("exit=0")), 0);
	snprintf(preload, sizeof(preload), "%s", value_in("qemu", "preload"));
	assert_string_equal(preload, object_path);
	assert_string_equal(value_in("a", "preload"), "none");
}

/* Ctrl-C at the terminal must reach QEMU, and not the remotes. */
in_clean_dir(remotes_are_not_in_the_group_of_the_terminal)
{
	pid_t pid = start_fakes("wait");

	wait_for_reports();
	assert_int_equal(atoi(value_in("qemu", "group")), pid);
	assert_int_equal(atoi(value_in("a", "group")), pid_in("a"));
	assert_int_equal(atoi(value_in("b", "group")), pid_in("b"));
	kill(pid, SIGTERM);
	finish(pid);
}

in_clean_dir(passes_signals_on_to_qemu)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		pid_t pid;

		unlink(file_in_dir("qemu"));
		pid = start_fakes("wait");
		wait_for_text("qemu", "peer b");
		kill(pid, signals[i]);
		assert_int_equal(finish(pid), 42);
		assert_int_equal(atoi(value_in("signal", "signal")), signals[i]);
	}
	assert_all_gone();
}

in_clean_dir(a_qemu_that_tarries_is_reminded)
{
	pid_t pid = start_fakes("tarry");

	wait_for_reports();
	kill(pid, SIGHUP);
	assert_int_equal(finish(pid), 42);
	assert_int_equal(atoi(value_in("signal", "signal")), SIGTERM);
	assert_all_gone();
}

in_clean_dir(a_remote_that_dies_is_reported_and_qemu_goes_on)
{
	pid_t pid = start_fakes("wait");
	char message[128];

	wait_for_reports();
	kill(pid_in("b"), SIGKILL);
	snprintf(message, sizeof(message),
		 "mpring: remote process of rid 1 (pid %d) was killed by signal 9 (Killed); "
		 "its devices no longer answer\n",
		 (int)pid_in("b"));
	wait_for_text("errors", message);
	assert_false(is_gone(pid_in("qemu")));
	assert_false(is_gone(pid_in("a")));
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 42);
	assert_string_equal(text_of("errors"), message);
	assert_all_gone();
}

in_clean_dir(a_remote_that_ends_early_is_reported)
{
	pid_t pid;

	setenv("FAKE_REMOTE", "brief", 1);
	pid = start_fakes("wait");
	wait_for_text("errors", "rid 0");
	wait_for_text("errors", "rid 1");
	assert_non_null(strstr(text_of("errors"), "ended with status 1; its devices no longer"));
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 42);
}

/* A pipe that has no room. */
static void make_full_pipe(int *fds)
{
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(fds[1], "x", 1) == 1)
		;
	assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0);
}

/* Standard error that nobody reads must not block mpring. */
in_clean_dir(nobody_need_read_its_messages)
{
	int fds[2];
	pid_t pid;

	make_full_pipe(fds);
	errors_fd = fds[1];
	pid = start_fakes("wait");
	errors_fd = -1;
	wait_for_reports();
	kill(pid_in("b"), SIGKILL);
	wait_until_gone(pid_in("b"));
	kill(pid, SIGTERM);
	alarm(PATIENCE_S);
	assert_int_equal(finish(pid), 42);
	alarm(0);
	assert_all_gone();
	close(fds[0]);
	close(fds[1]);
}

/* The remote reports it, and QEMU is not started, so that it cannot report it again. */
in_clean_dir(what_a_remote_refuses_is_told_once)
{
	setenv("FAKE_REMOTE", "choosy", 1);
	assert_int_equal(finish(start_fakes("exit=0")), 1);
	assert_string_equal(text_of("errors"), "fake: -device lsi53c895a,id=b: refused\n");
	assert_string_equal(text_of("qemu"), "");
}

in_clean_dir(a_remote_that_is_killed_as_it_starts_is_reported)
{
	setenv("FAKE_REMOTE", "faulty", 1);
	assert_int_equal(finish(start_fakes("exit=0")), 1);
	assert_non_null(strstr(text_of("errors"), "mpring: remote process of rid "));
	assert_non_null(strstr(text_of("errors"), " was killed by signal 11 (Segmentation fault) "
						  "before it was ready\n"));
	assert_string_equal(strchr(text_of("errors"), '\n'), "\n"); /* one message */
	assert_string_equal(text_of("qemu"), "");
}

in_clean_dir(a_remote_that_will_not_be_ready_is_ended)
{
	setenv("FAKE_REMOTE", "silent", 1);
	assert_int_equal(finish(start_fakes("exit=0")), 1);
	assert_non_null(strstr(text_of("errors"), "will not say that it is ready\n"));
	assert_string_equal(strchr(text_of("errors"), '\n'), "\n");
	wait_until_gone(pid_in("a"));
	wait_until_gone(pid_in("b"));
	assert_string_equal(text_of("qemu"), "");
}

/* A signal cancels a start, and no process is blamed. */
in_clean_dir(a_signal_ends_a_start)
{
	pid_t pid;

	setenv("FAKE_REMOTE", "slow", 1);
	pid = start_fakes("exit=0");
	wait_for_text("a", "args");
	wait_for_text("b", "args");
	kill(pid, SIGTERM);
	assert_int_equal(finish(pid), 128 + SIGTERM);
	assert_string_equal(text_of("errors"), "");
	wait_until_gone(pid_in("a"));
	wait_until_gone(pid_in("b"));
	assert_string_equal(text_of("qemu"), "");
}

/* A second signal cuts the wait for hang-ups short; then no process is blamed for being late. */
in_clean_dir(a_deaf_remote_is_terminated)
{
	pid_t pid;

	setenv("FAKE_REMOTE", "deaf", 1);
	pid = start_fakes("exit=5");
	wait_for_reports();
	wait_until_gone(pid_in("qemu"));
	while (!is_gone(pid_in("a")) || !is_gone(pid_in("b"))) {
		kill(pid, SIGTERM);
		pause_shortly();
	}
	assert_int_equal(finish(pid), 5);
	assert_null(strstr(text_of("errors"), "does not end"));
	assert_all_gone();
}

in_clean_dir(a_stubborn_remote_is_killed)
{
	pid_t pid;

	setenv("FAKE_REMOTE", "stubborn", 1);
	pid = start_fakes("exit=6");
	wait_for_reports();
	assert_int_equal(finish(pid), 6);
	assert_non_null(strstr(text_of("errors"), "sending signal 15"));
	assert_non_null(strstr(text_of("errors"), "sending signal 9"));
	assert_all_gone();
}

in_clean_dir(nothing_is_left_when_mpring_is_killed)
{
	pid_t pid;

	setenv("FAKE_REMOTE", "deaf", 1);
	pid = start_fakes("wait");
	wait_for_reports();
	kill(pid, SIGKILL);
	assert_int_equal(finish(pid), 256 + SIGKILL);
	assert_all_gone();
	assert_int_equal(atoi(value_in("signal", "signal")), SIGTERM);
}

in_clean_dir(print_shows_the_commands_and_runs_nothing)
{
	char expected[3 * PATH_MAX];

	assert_int_equal(finish(start("run", "--print", "--", "/no qemu", ADAPTERS, "-S")), 0);
	snprintf(expected, sizeof(expected),
		 "%s 4 -device lsi53c895a,id=a\n%s 6 -device lsi53c895a,id=b\n"
		 "LD_PRELOAD=%s '/no qemu' -device pci-proxy-dev,id=a,socket=3 "
		 "-device pci-proxy-dev,id=b,socket=5 -M q35,memory-backend=m "
		 "-object memory-backend-memfd,id=m,size=1M -S\n",
		 fake_path, fake_path, object_path);
	assert_string_equal(text_of("output"), expected);
	assert_string_equal(text_of("errors"), "");
	assert_string_equal(text_of("a"), "");
}

in_clean_dir(a_missing_qemu_leaves_nothing_behind)
{
	assert_int_equal(finish(start("run", "--", "/nonexistent/qemu", ADAPTERS)), 1);
	assert_string_equal(text_of("errors"), "mpring: /nonexistent/qemu cannot be run: "
					       "No such file or directory\n");
	wait_until_gone(pid_in("a"));
	wait_until_gone(pid_in("b"));
}

in_clean_dir(memory_without_room_is_refused)
{
	assert_int_equal(
		finish(start("run", "--", fake_path, ADAPTERS, "-object",
			     "memory-backend-file,id=n,mem-path=/dev/shm,size=1000T", "exit=0")),
		1);
	assert_non_null(strstr(text_of("errors"),
			       "mpring: -object memory-backend-file,id=n,mem-path=/dev/shm,size="
			       "1000T: 1048576000 MiB are needed in /dev/shm, which has "));
	assert_string_equal(text_of("a"), "");
	assert_string_equal(text_of("qemu"), "");
	assert_int_equal(finish(start("run", "--print", "--", "qemu", ADAPTERS, "-object",
				      "memory-backend-file,id=n,mem-path=/dev/shm,size=1000T")),
			 0);
}

in_clean_dir(a_qemu_that_would_leave_is_refused)
{
	assert_int_equal(finish(start("run", fake_path, "-daemonize")), 1);
	assert_string_equal(text_of("errors"),
			    "mpring: -daemonize: mpring stays with QEMU and its device processes: "
			    "let mpring itself run in the background, as \"mpring run ... &\" or a "
			    "service does\n");
	assert_string_equal(text_of("qemu"), "");
}

in_clean_dir(a_missing_program_is_named)
{
	setenv("MPRING_REMOTE", "/nonexistent/remote", 1);
	assert_int_equal(finish(start_fakes("exit=0")), 1);
	assert_string_equal(text_of("errors"),
			    "mpring: mpring-remote cannot be used: "
			    "MPRING_REMOTE=/nonexistent/remote: No such file or directory\n");
}

/* A copy of mpring in an empty folder finds no programs, until they are put beside it. */
in_clean_dir(programs_are_looked_for_around_mpring)
{
	char *built = mpring_path, copy[PATH_MAX], command[3 * PATH_MAX];

	snprintf(command, sizeof(command), "mkdir -p %s/p/bin && cp %s %s/p/bin/mpring", dir, built,
		 dir);
	assert_int_equal(system(command), 0);
	snprintf(copy, sizeof(copy), "%s/p/bin/mpring", dir);
	mpring_path = copy;
	unsetenv("MPRING_REMOTE");
	unsetenv("MPRING_QEMU_SO");
	assert_int_equal(finish(start_fakes("exit=0")), 1);
	assert_non_null(strstr(text_of("errors"), "mpring: mpring-remote was not found; looked"));
	assert_non_null(strstr(text_of("errors"), "/p/bin/../libexec/mpring/mpring-remote"));
	assert_non_null(strstr(text_of("errors"), "Set MPRING_REMOTE to its path"));
	snprintf(command, sizeof(command),
		 "mkdir -p %s/p/libexec/mpring && cp %s %s/p/libexec/mpring/mpring-remote && "
		 "cp %s %s/p/bin/mpring-qemu.so",
		 dir, fake_path, dir, object_path, dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(finish(start_fakes("exit=9")), 9);
	snprintf(copy, sizeof(copy), "%s/p/bin/mpring-qemu.so", dir);
	assert_string_equal(value_in("qemu", "preload"), copy);
	mpring_path = built;
}

/* By its other name, mpring takes QEMU's command line as it is, and finds QEMU by PATH. */
in_clean_dir(another_name_is_qemu_with_more_options)
{
	char link[PATH_MAX], qemu[PATH_MAX], path[2 * PATH_MAX];
	char *argv[] = {link, ADAPTERS, "exit=4", NULL};
	const char *old = getenv("PATH");

	snprintf(link, sizeof(link), "%s", file_in_dir("qemu-system-x86_64-mp"));
	snprintf(qemu, sizeof(qemu), "%s", file_in_dir("qemu-system-x86_64"));
	assert_int_equal(symlink(mpring_path, link), 0);
	assert_int_equal(symlink(fake_path, qemu), 0);
	snprintf(path, sizeof(path), "%s:%s", dir, old);
	setenv("PATH", path, 1);
	assert_int_equal(finish(start_program(link, argv)), 4);
	snprintf(path, sizeof(path), "%s", strchr(getenv("PATH"), ':') + 1);
	setenv("PATH", path, 1);
	wait_for_reports();
	assert_string_equal(text_of("errors"), "");
}

in_clean_dir(bad_command_lines_are_refused)
{
	assert_int_equal(finish(start("run", "--", fake_path, "-rdevice", "lsi53c895a,id=a,rid=0")),
			 1);
	assert_non_null(strstr(text_of("errors"), "mpring: the guest's memory is not shared"));
	assert_string_equal(text_of("a"), "");
	assert_int_equal(finish(start("run", "--", "qemu", "-rdrive", "id=d,rid=0")), 1);
	assert_non_null(strstr(text_of("errors"), "mpring: rid 0 has no adapter"));
	assert_int_equal(finish(start("run")), 1);
	assert_non_null(strstr(text_of("errors"), "command line is missing"));
	assert_int_equal(finish(start("run", "--prnt", "qemu")), 1);
	assert_non_null(strstr(text_of("errors"), "unrecognized option '--prnt'"));
	assert_int_equal(finish(start("walk")), 1);
	assert_non_null(strstr(text_of("errors"), "no command 'walk'"));
}

in_clean_dir(unknown_drivers_are_told_before_anything_runs)
{
	assert_int_equal(finish(start("run", "--", fake_path, "-rdevice", "lsi53c895,id=a,rid=0",
				      MEMORY, "exit=0")),
			 1);
	assert_string_equal(text_of("errors"), "mpring: -rdevice lsi53c895,id=a,rid=0: no driver "
					       "\"lsi53c895\" (did you mean \"lsi53c895a\"?)\n");
	assert_string_equal(text_of("qemu"), "");
	setenv("MPRING_REMOTE", "/bin/false", 1);
	assert_int_equal(finish(start_fakes("exit=0")), 1);
	assert_non_null(strstr(text_of("errors"), "/bin/false -device help failed: is this the "
						  "remote program?\n"));
}

in_clean_dir(help_and_version)
{
	assert_int_equal(finish(start("--help")), 0);
	assert_non_null(strstr(text_of("output"), "mpring run"));
	assert_int_equal(finish(start("run", "--help")), 0);
	assert_non_null(strstr(text_of("output"), "-rdevice"));
	assert_int_equal(finish(start("--version")), 0);
	assert_memory_equal(text_of("output"), "mpring ", 7);
}

static int remove_dir(void **state)
{
	(void)state;
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return rmdir(dir);
}

int main(int argc, char **argv)
{
	if (argc != 4 || !mkdtemp(dir))
		return 1;
	mpring_path = realpath(argv[1], NULL);
	fake_path = realpath(argv[2], NULL);
	object_path = realpath(argv[3], NULL);
	if (!mpring_path || !fake_path || !object_path)
		return 1;
	return unit_run(NULL, remove_dir);
}
