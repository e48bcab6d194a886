/* SPDX-License-Identifier: MIT */
/*
 * Plays a remote process that has only a QMP monitor (-chardev socket,id=...,fd=N). Every command
 * succeeds but the one that $FAKE_REFUSES names. After device_del it sends DEVICE_DELETED. It ends
 * by quit, or when its monitor hangs up; with $FAKE_STAYS only by a signal, if that is "SIGKILL"
 * only by this one.
 */
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int monitor_fd(char **argv)
{
	for (; *argv; argv++) {
		const char *fd = strstr(*argv, ",fd=");

		if (!strncmp(*argv, "socket,", 7) && fd)
			return atoi(fd + 4);
	}
	exit(99);
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		exit(98);
}

static const char *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value ? json_object_get_string(value) : "";
}

static void answer(int fd, struct json_object *request)
{
	const char *refused = getenv("FAKE_REFUSES") ? getenv("FAKE_REFUSES") : "";
	const char *command = member(request, "execute");
	struct json_object *arguments = NULL;
	char event[256];

	if (!strcmp(command, refused)) {
		say(fd, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"refused\"}}\r\n");
		return;
	}
	say(fd, "{\"return\": {}}\r\n");
	json_object_object_get_ex(request, "arguments", &arguments);
	if (!strcmp(command, "device_del")) {
		snprintf(event, sizeof(event),
			 "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"%s\"}}\r\n",
			 member(arguments, "id"));
		say(fd, event);
	}
	if (!strcmp(command, "quit") && !getenv("FAKE_STAYS"))
		exit(0);
}

int main(int argc, char **argv)
{
	int fd = monitor_fd(argv);
	FILE *in = fdopen(dup(fd), "r");
	char line[4096];

	(void)argc;
	if (getenv("FAKE_STAYS") && !strcmp(getenv("FAKE_STAYS"), "SIGKILL"))
		signal(SIGTERM, SIG_IGN);
	say(fd, "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
	while (fgets(line, sizeof(line), in)) {
		struct json_object *request = json_tokener_parse(line);

		answer(fd, request);
		json_object_put(request);
	}
	while (getenv("FAKE_STAYS"))
		pause();
	return 0;
}
