/* SPDX-License-Identifier: MIT */
/* Proves which system calls -sandbox lets through, in every thread, and that a process
 * that makes another one is killed. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "remote/sandbox.h"

/* Calls that would do nothing, or fail, if they were made. */
static void ask_for_name(void)
{
	syscall(SYS_getpid);
}

static void set_host_name(void)
{
	syscall(SYS_sethostname, NULL, -1);
}

static void set_no_user(void)
{
	syscall(SYS_setresuid, -1, -1, -1);
}

static void run_nothing(void)
{
	syscall(SYS_execve, NULL, NULL, NULL);
}

static void make_process(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void *nothing(void *opaque)
{
	return opaque;
}

static void make_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		_exit(2);
}

static void set_priority(void)
{
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0));
}

#ifdef SYS_sysfs
static void list_file_systems(void)
{
	syscall(SYS_sysfs, 3);
}
#endif

/* A thread that was there before makes the call. */
static pthread_barrier_t entered;

static void *call_later(void *opaque)
{
	void (*const *call)(void) = opaque;

	pthread_barrier_wait(&entered);
	(*call)();
	return NULL;
}

static _Noreturn void child(const char *options, void (*call)(void))
{
	struct mpr_sandbox sandbox = {0};
	pthread_t thread;
	char *error;

	pthread_barrier_init(&entered, NULL, 2);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (mpr_sandbox_parse(&sandbox, options, &error) ||
	    pthread_create(&thread, NULL, call_later, &call) || mpr_sandbox_enter(&sandbox))
		_exit(1);
	pthread_barrier_wait(&entered);
	pthread_join(thread, NULL);
	_exit(0);
}

static void calls(void **state)
{
	static const struct {
		const char *options;
		void (*call)(void);
		bool killed;
	} cases[] = {
		{"off", set_host_name, false},
		{"on", ask_for_name, false},
		{"on", set_host_name, true},
		{"on", set_no_user, false},
		{"on,elevateprivileges=children", set_no_user, false},
		{"on,elevateprivileges=deny", set_no_user, true},
		{"on", run_nothing, false},
		{"on", make_process, false},
		{"on,spawn=deny", run_nothing, true},
		{"on,spawn=deny", make_process, true},
		{"on,spawn=deny", make_thread, false},
		{"on,spawn=allow,elevateprivileges=allow", make_process, false},
		{"on", set_priority, false},
		{"on,resourcecontrol=deny", set_priority, true},
#ifdef SYS_sysfs
		{"on", list_file_systems, true},
		{"on,obsolete=allow", list_file_systems, false},
#endif
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			child(cases[i].options, cases[i].call);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (cases[i].killed != (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) ||
		    (!cases[i].killed && status))
			fail_msg("case %zu (%s): status %#x", i, cases[i].options,
				 (unsigned)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(calls)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
