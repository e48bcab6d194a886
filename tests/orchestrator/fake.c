/* SPDX-License-Identifier: MIT */
/*
 * Plays QEMU and the remote program for run_test. It reports its arguments, descriptors and the
 * like to $FAKE_DIR/PID, which it renames when complete: to $FAKE_DIR/qemu or, as a remote, to
 * $FAKE_DIR/ID with the id of its first adapter. QEMU asks on each socket who is there.
 *
 * As QEMU it then does what its last argument says: "exit=N"; "raise=N"; "wait" for a signal, write
 * its number to $FAKE_DIR/signal, and exit with 42; "tarry": the same at the second signal.
 *
 * As a remote it ends when its socket hangs up, unless $FAKE_REMOTE says otherwise: "deaf" ignores
 * hang-ups, "stubborn" SIGTERM as well; "brief" ends as soon as it is ready; "choosy", with the
 * adapter b, refuses it with a message; "faulty" is killed before it is ready, "slow" never becomes
 * ready, "silent" closes the pipe without a word. "-device help" lists one driver.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_LEN 64
#define SOCKETS_MAX 8

static FILE *begin_report(void)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%d", getenv("FAKE_DIR"), (int)getpid());
	out = fopen(path, "we");
	if (!out)
		exit(99);
	return out;
}

static void end_report(FILE *out, const char *name)
{
	char from[4096], to[4096];

	fclose(out);
	snprintf(from, sizeof(from), "%s/%d", getenv("FAKE_DIR"), (int)getpid());
	snprintf(to, sizeof(to), "%s/%s", getenv("FAKE_DIR"), name);
	rename(from, to);
}

/* Without the pipe of MPRING_READY, which only the start needs. */
static void report_fds(FILE *out, int report_fd)
{
	const char *ready = getenv("MPRING_READY") ? getenv("MPRING_READY") : "";

	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	fputs("fds", out);
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd != dirfd(dir) && fd != report_fd &&
		    strcmp(entry->d_name, ready))
			fprintf(out, " %d", fd);
	}
	fputc('\n', out);
	closedir(dir);
}

static void report_self(FILE *out, char **argv)
{
	const char *preload = getenv("LD_PRELOAD");
	char input[4096] = "";

	if (readlink("/proc/self/fd/0", input, sizeof(input) - 1) < 0)
		exit(99);
	fprintf(out, "pid %d\nparent %d\ngroup %d\ninput %s\npreload %s\n", (int)getpid(),
		(int)getppid(), (int)getpgrp(), input, preload ? preload : "none");
	report_fds(out, fileno(out));
	fputs("args", out);
	for (argv++; *argv; argv++)
		fprintf(out, " %s", *argv);
	fputc('\n', out);
}

/* The value of `key` in "driver,key=value,...". */
static const char *property(const char *text, const char *key)
{
	static char value[NAME_MAX_LEN];
	const char *at = strstr(text, key);

	value[0] = '\0';
	if (at)
		sscanf(at + strlen(key), "%63[^,]", value);
	return value;
}

/* With the default action: a sanitizer's handler would turn the signal into an exit. */
static void die_by(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Reports that it is ready, or fails in the manner that is asked for. */
static void get_ready(const char *manner, const char *id)
{
	int fd = atoi(getenv("MPRING_READY"));

	if (!strcmp(manner, "choosy") && !strcmp(id, "b")) {
		fputs("fake: -device lsi53c895a,id=b: refused\n", stderr);
		exit(1);
	}
	if (!strcmp(manner, "faulty"))
		die_by(SIGSEGV);
	if (!strcmp(manner, "slow"))
		return;
	if (strcmp(manner, "silent") && write(fd, "", 1) != 1)
		exit(99);
	close(fd);
}

static int act_remote(int argc, char **argv)
{
	const char *manner = getenv("FAKE_REMOTE") ? getenv("FAKE_REMOTE") : "";
	int fd = atoi(argv[1]);
	char id[NAME_MAX_LEN] = "", byte;
	FILE *out = begin_report();

	if (!strcmp(manner, "stubborn"))
		signal(SIGTERM, SIG_IGN);
	for (int i = 2; i < argc && !*id; i++) {
		if (!strncmp(argv[i], "lsi", 3))
			strcpy(id, property(argv[i], "id="));
	}
	report_self(out, argv);
	end_report(out, id);
	get_ready(manner, id);
	if (!strcmp(manner, "brief"))
		return 1;
	while (read(fd, &byte, 1) == 1) {
		pid_t pid = getpid();

		if (write(fd, &pid, sizeof(pid)) < 0)
			break;
	}
	while (*manner)
		pause();
	return 0;
}

static void report_peers(FILE *out, char **argv)
{
	for (argv++; *argv; argv++) {
		pid_t pid = 0;
		int fd;

		if (strncmp(*argv, "pci-proxy-dev", 13))
			continue;
		fd = atoi(property(*argv, "socket="));
		if (write(fd, "?", 1) != 1 || read(fd, &pid, sizeof(pid)) != sizeof(pid))
			pid = 0;
		fprintf(out, "peer %s %d\n", property(*argv, "id="), (int)pid);
	}
}

static int wait_for_signal(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	FILE *out;
	sigset_t set;
	int sig;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigwait(&set, &sig);
	out = begin_report();
	fprintf(out, "signal %d\n", sig);
	end_report(out, "signal");
	return 42;
}

static int act_qemu(int argc, char **argv)
{
	const char *action = argv[argc - 1];
	FILE *out = begin_report();
	sigset_t all;

	signal(SIGPIPE, SIG_IGN); /* as QEMU does */
	report_self(out, argv);
	report_peers(out, argv);
	if (!strcmp(action, "wait") || !strcmp(action, "tarry")) {
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
	}
	end_report(out, "qemu");
	if (!strcmp(action, "tarry"))
		wait_for_signal();
	if (!strcmp(action, "wait") || !strcmp(action, "tarry"))
		return wait_for_signal();
	if (!strncmp(action, "raise=", 6))
		die_by(atoi(action + 6));
	return atoi(action + 5);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "-device") && !strcmp(argv[2], "help"))
		return puts("PCI devices:\nname \"lsi53c895a\", bus PCI, desc \"fake\"") < 0;
	if (argc == 3 && !strcmp(argv[1], "-device") && !strcmp(argv[2], "lsi53c895a,help"))
		return puts("lsi53c895a options:\n  id=<str>  - name") < 0;
	if (argc > 1 && argv[1][0] >= '0' && argv[1][0] <= '9')
		return act_remote(argc, argv);
	return act_qemu(argc, argv);
}
