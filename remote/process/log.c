/* SPDX-License-Identifier: MIT */
#include "remote/process/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log/writer.h"

#define MAX_LINE 512

/* Globals: there is one log, as there is one standard error. */
static int log_fd = STDERR_FILENO;
static unsigned log_items;
static bool log_timestamp;
static const char *log_guest;

static const struct {
	const char *name;
	unsigned items;
	const char *help;
} item_names[] = {
	{"monitor", MPR_LOG_MONITOR, "the commands of the monitors"},
	{"guest_errors", 0, "what the guest does wrong; always written"},
	{"unimp", 0, "what the guest asks for and is not there; always written"},
};

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Lines quote what peers sent, which must not reach a terminal as escape sequences. */
static void make_printable(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isprint((unsigned char)text[i]))
			text[i] = '?';
}

void mpr_log_set_form(bool timestamp, const char *guest)
{
	log_timestamp = timestamp;
	log_guest = guest;
}

/* "2026-11-27T20:15:00.123456Z ", as QEMU writes it. */
static void print_time(char *text, size_t size)
{
	struct timespec now;
	struct tm parts;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	len = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + len, size - len, ".%06ldZ ", now.tv_nsec / 1000);
}

void mpr_log_prefix(char prefix[MPR_LOG_PREFIX])
{
	char stamp[40] = "";

	if (log_timestamp)
		print_time(stamp, sizeof(stamp));
	snprintf(prefix, MPR_LOG_PREFIX, "%s%.64s%smpring-remote: ", stamp,
		 log_guest ? log_guest : "", log_guest ? " " : "");
}

void mpr_vlog(const char *subject, const char *fmt, va_list ap)
{
	char line[MAX_LINE], prefix[MPR_LOG_PREFIX];
	size_t room = sizeof(line) - 1; /* for the newline */
	size_t len;

	mpr_log_prefix(prefix);
	len = (size_t)snprintf(line, room, "%s%s%s", prefix, subject ? subject : "",
			       subject ? ": " : "");
	len = min_size(len, room - 1);
	len += (size_t)vsnprintf(line + len, room - len, fmt, ap);
	len = min_size(len, room - 1);
	make_printable(line, len);
	line[len++] = '\n';
	mpr_log_writer_put(log_fd, line, len);
}

void mpr_log(const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mpr_vlog(subject, fmt, ap);
	va_end(ap);
}

void mpr_log_item(enum mpr_log_items item, const char *subject, const char *fmt, ...)
{
	va_list ap;

	if (!(log_items & item))
		return;
	va_start(ap, fmt);
	mpr_vlog(subject, fmt, ap);
	va_end(ap);
}

int mpr_log_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return -errno;
	log_fd = fd;
	return 0;
}

static bool enable(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(item_names) / sizeof(item_names[0]); i++) {
		if (strlen(item_names[i].name) != len || strncmp(item_names[i].name, name, len))
			continue;
		log_items |= item_names[i].items;
		return true;
	}
	return false;
}

static void list_items(void)
{
	puts("Log items (comma separated):");
	for (size_t i = 0; i < sizeof(item_names) / sizeof(item_names[0]); i++)
		printf("%-15s %s\n", item_names[i].name, item_names[i].help);
}

const char *mpr_log_enable(const char *items)
{
	while (*items) {
		size_t len = strcspn(items, ",");

		if (!enable(items, len)) {
			if (!strcmp(items, "help"))
				list_items();
			return items;
		}
		items += len + (items[len] == ',');
	}
	return NULL;
}
