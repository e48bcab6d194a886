/* SPDX-License-Identifier: MIT */
/* HMP as a protocol: a line in, its output and a prompt out. */
#include "remote/monitor/hmp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/line.h"
#include "remote/machine/help.h"
#include "remote/monitor/hmp_commands.h"

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
	client->state = calloc(1, sizeof(struct mpr_line));
	if (!client->state)
		return -ENOMEM;
	print(client, "mpring-remote " MPR_VERSION
		      " monitor - type 'help' for more information\n" MPR_HMP_PROMPT);
	return 0;
}

static void hmp_close(struct mpr_monitor_client *client)
{
	free(client->state);
}

/* The line is kept for a retry: none is taken before that. */
static void run_line(struct mpr_monitor_client *client)
{
	const struct mpr_line *line = client->state;
	char *text = mpr_hmp_run(client, line->text, &client->settled);

	print(client, text ? text : "out of memory\n");
	free(text);
	if (!client->settled && !client->again && !client->quit)
		print(client, MPR_HMP_PROMPT);
}

static size_t hmp_take(struct mpr_monitor_client *client, const char *data, size_t len)
{
	struct mpr_line *line = client->state;
	size_t taken = mpr_line_take(line, data, len);

	if (line->whole && line->wrong) {
		print(client, "Error: ");
		print(client, line->wrong);
		print(client, "\n" MPR_HMP_PROMPT);
	} else if (line->whole) {
		run_line(client);
	}
	return taken;
}

static void hmp_settled(struct mpr_monitor_client *client)
{
	print(client, MPR_HMP_PROMPT);
}

static void hmp_again(struct mpr_monitor_client *client)
{
	run_line(client);
}

const struct mpr_monitor_protocol mpr_hmp_protocol = {
	.open = hmp_open,
	.close = hmp_close,
	.take = hmp_take,
	.settled = hmp_settled,
	.again = hmp_again,
};
