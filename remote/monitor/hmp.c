/* SPDX-License-Identifier: MIT */
/* HMP as a protocol: lines, and a prompt after what each prints. */
#include "remote/monitor/hmp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/machine/help.h"
#include "remote/monitor/hmp_commands.h"

#define MAX_LINE 4096
#define PROMPT "(qemu) "

struct hmp {
	char line[MAX_LINE];
	size_t length;
	bool too_long; /* the rest of the line is skipped */
};

static void print(struct mpr_monitor_client *client, const char *text)
{
	for (size_t len; *text; text += len) {
		len = strcspn(text, "\n");
		mpr_stream_write(client->stream, text, len);
		if (!text[len])
			break;
		mpr_stream_write(client->stream, "\r\n", 2);
		len++;
	}
}

static int hmp_open(struct mpr_monitor_client *client)
{
	client->state = calloc(1, sizeof(struct hmp));
	if (!client->state)
		return -ENOMEM;
	print(client,
	      "mpring-remote " MPR_VERSION " monitor - type 'help' for more information\n" PROMPT);
	return 0;
}

static void hmp_close(struct mpr_monitor_client *client)
{
	free(client->state);
}

/* The line stays as it is while it is to be executed again: none is taken then. */
static void run_line(struct mpr_monitor_client *client, const struct hmp *hmp)
{
	char *text = mpr_hmp_run(client, hmp->line, &client->settled);

	print(client, text ? text : "out of memory\n");
	free(text);
	if (!client->settled && !client->again && !client->quit)
		print(client, PROMPT);
}

static void end_line(struct mpr_monitor_client *client, struct hmp *hmp)
{
	if (hmp->too_long) {
		print(client, "the line is too long, or has a zero byte\n" PROMPT);
	} else {
		hmp->line[hmp->length] = '\0';
		run_line(client, hmp);
	}
	hmp->too_long = false;
	hmp->length = 0;
}

/* A zero byte ends a text, and would hide what follows it. */
static void append(struct hmp *hmp, const char *data, size_t len)
{
	if (len >= sizeof(hmp->line) - hmp->length || memchr(data, 0, len))
		hmp->too_long = true;
	if (hmp->too_long)
		return;
	memcpy(hmp->line + hmp->length, data, len);
	hmp->length += len;
}

static size_t hmp_take(struct mpr_monitor_client *client, const char *data, size_t len)
{
	struct hmp *hmp = client->state;
	const char *newline = memchr(data, '\n', len);
	size_t n = newline ? (size_t)(newline - data) : len;

	append(hmp, data, n);
	if (!newline)
		return len;
	end_line(client, hmp);
	return n + 1;
}

static void hmp_settled(struct mpr_monitor_client *client)
{
	print(client, PROMPT);
}

static void hmp_again(struct mpr_monitor_client *client)
{
	run_line(client, client->state);
}

const struct mpr_monitor_protocol mpr_hmp_protocol = {
	.open = hmp_open,
	.close = hmp_close,
	.take = hmp_take,
	.settled = hmp_settled,
	.again = hmp_again,
};
