/* SPDX-License-Identifier: MIT */
/* Proves which system calls -sandbox denies, in every thread, that they fail or kill the
 * process as in QEMU, and that a later option takes no denial back. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "remote/process/sandbox.h"
#include "tests/common/unit.h"

/* Calls that do nothing, or fail, if they are let through. Where the error is the same for
 * all users it is returned. */
static int ask_for_number(void)
{
	syscall(SYS_getpid);
	return 0;
}

static int set_host_name(void)
{
	syscall(SYS_sethostname, NULL, -1);
	return 0;
}

static int open_no_handle(void)
{
	syscall(SYS_open_by_handle_at, -1, NULL, 0);
	return 0;
}

static int set_no_user(void)
{
	syscall(SYS_setresuid, -1, -1, -1);
	return 0;
}

static int run_nothing(void)
{
	syscall(SYS_execve, NULL, NULL, NULL);
	return 0;
}

static int make_process(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return 0;
}

static void *nothing(void *opaque)
{
	return opaque;
}

static int make_thread(void)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, nothing, NULL);

	return err ? err : pthread_join(thread, NULL);
}

/* The kernel refuses a thread with a user namespace of its own. */
static int make_thread_elsewhere(void)
{
	syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER, 0, 0, 0, 0);
	return 0;
}

static int set_priority(void)
{
	return setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0)) ? errno : 0;
}

static int set_place(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) ||
			       sched_setaffinity(0, sizeof(cpus), &cpus)
		       ? errno
		       : 0;
}

static int set_scheduler(void)
{
	return sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0}) ? errno : 0;
}

#ifdef __x86_64__
static int list_file_systems(void)
{
	syscall(SYS_sysfs, 3);
	return 0;
}

static int call_no_call(void)
{
	syscall(SYS_afs_syscall);
	return 0;
}

#define X32 0x40000000L
static int call_by_another_abi(void)
{
	syscall(X32 | SYS_getpid);
	return 0;
}
#endif

/* A thread that was started before the filter makes the call. */
struct caller {
	pthread_barrier_t entered;
	int (*call)(void);
	int error;
};

static void *call_later(void *opaque)
{
	struct caller *caller = opaque;

	pthread_barrier_wait(&caller->entered);
	caller->error = caller->call();
	return NULL;
}

struct test {
	const char *options[2];
	int (*call)(void);
	int expected; /* 0, an error, or KILLED */
};
#define KILLED (-1)

static int parse(struct mpr_sandbox *sandbox, const char *text, char **error)
{
	struct mpr_opts *opts;
	int ret = mpr_opts_parse("-sandbox", text, "enable", &opts, error);

	if (ret < 0)
		return ret;
	ret = mpr_sandbox_parse(opts, sandbox, error);
	mpr_opts_free(opts);
	return ret;
}

static _Noreturn void child(const struct test *test)
{
	struct caller caller = {.call = test->call};
	struct mpr_sandbox sandbox = {0};
	pthread_t thread;
	char *error;

	pthread_barrier_init(&caller.entered, NULL, 2);
	for (size_t i = 0; i < 2 && test->options[i]; i++)
		if (parse(&sandbox, test->options[i], &error))
			_exit(255);
	if (pthread_create(&thread, NULL, call_later, &caller) || mpr_sandbox_enter(&sandbox))
		_exit(254);
	pthread_barrier_wait(&caller.entered);
	pthread_join(thread, NULL);
	_exit(caller.error);
}

static const struct test tests[] = {
	{{"off"}, set_host_name, 0},
	{{"off,elevateprivileges=deny"}, set_no_user, 0},
	{{"obsolete=deny"}, set_host_name, 0},
	{{"on"}, ask_for_number, 0},
	{{"on"}, set_host_name, KILLED},
	{{"on"}, open_no_handle, KILLED},
	{{"on"}, set_no_user, 0},
	{{"on,elevateprivileges=deny"}, set_no_user, KILLED},
	{{"on,elevateprivileges=children"}, set_no_user, KILLED},
	{{"on"}, run_nothing, 0},
	{{"on"}, make_process, 0},
	{{"on,spawn=deny"}, run_nothing, KILLED},
	{{"on,spawn=deny"}, make_process, KILLED},
	{{"on,spawn=deny"}, make_thread, 0},
	{{"on,spawn=allow"}, make_thread_elsewhere, 0},
	{{"on,spawn=deny"}, make_thread_elsewhere, KILLED},
	{{"on,spawn=allow,elevateprivileges=allow"}, make_process, 0},
	{{"on"}, set_priority, 0},
	{{"on"}, set_place, 0},
	{{"on,resourcecontrol=allow"}, set_scheduler, 0},
	{{"on,resourcecontrol=deny"}, set_priority, EPERM},
	{{"on,resourcecontrol=deny"}, set_place, EPERM},
	{{"on,resourcecontrol=deny"}, set_scheduler, EPERM},
	{{"on,spawn=deny", "on,resourcecontrol=deny"}, run_nothing, KILLED},
	{{"on,spawn=deny", "on,resourcecontrol=deny"}, set_priority, EPERM},
	{{"on,elevateprivileges=deny", "on,elevateprivileges=allow"}, set_no_user, KILLED},
	{{"on", "off"}, set_host_name, KILLED},
#ifdef __x86_64__
	{{"on"}, list_file_systems, KILLED},
	{{"on,obsolete=allow"}, list_file_systems, 0},
	{{"on", "on,obsolete=allow"}, list_file_systems, KILLED},
	{{"on,obsolete=allow"}, call_no_call, KILLED},
	{{"on,obsolete=allow"}, call_by_another_abi, KILLED},
#endif
};

static bool is_expected(const struct test *test, int status)
{
	if (test->expected == KILLED)
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	return WIFEXITED(status) && WEXITSTATUS(status) == test->expected;
}

static void calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			child(&tests[i]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!is_expected(&tests[i], status))
			fail_msg("test %zu (%s): status %#x", i, tests[i].options[0],
				 (unsigned)status);
	}
}

/* The errors of QEMU, which looks at no other key when it is off. */
static void words(void **state)
{
	static const struct {
		const char *options, *error;
	} wrongs[] = {
		{"maybe", "-sandbox maybe: enable=maybe is neither on nor off"},
		{"on,obsolete=no", "-sandbox on,obsolete=no: obsolete=no is not deny or allow"},
		{"on,elevateprivileges=x", "-sandbox on,elevateprivileges=x: elevateprivileges=x "
					   "is not allow, deny or children"},
		{"on,spawn=children",
		 "-sandbox on,spawn=children: spawn=children is not allow or deny"},
		{"on,resourcecontrol=on",
		 "-sandbox on,resourcecontrol=on: resourcecontrol=on is not allow or deny"},
		{"on,bogus=1", "-sandbox on,bogus=1: "},
		{"off,bogus=1", "-sandbox off,bogus=1: "},
	};
	struct mpr_sandbox sandbox = {0};
	char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		assert_int_equal(parse(&sandbox, wrongs[i].options, &error), -EINVAL);
		if (strncmp(error, wrongs[i].error, strlen(wrongs[i].error)))
			fail_msg("%s", error);
		free(error);
	}
	sandbox = (struct mpr_sandbox){0};
	assert_int_equal(parse(&sandbox, "off,obsolete=no", &error), 0);
	assert_int_equal(parse(&sandbox, "", &error), 0);
	assert_false(sandbox.on);
}

int main(void)
{
	const struct CMUnitTest all[] = {cmocka_unit_test(calls), cmocka_unit_test(words)};

	return cmocka_run_group_tests(all, NULL, NULL);
}
