/* SPDX-License-Identifier: MIT */
#include "remote/report.h"

#include <stdio.h>

#include "remote/process/log.h"

#define MAX_TEXT 480 /* of a line of the log, which begins with the subject */

static void log_counters(const char *subject, const struct mpr_counter *counter, unsigned count)
{
	char text[MAX_TEXT] = "";
	size_t len = 0;

	for (unsigned i = 0; i < count && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %llu", i ? ", " : "",
					counter[i].name, (unsigned long long)counter[i].value);
	mpr_log(subject, "%s", text);
}

static void report_device(const struct mpr_device *dev)
{
	struct mpr_counter counter[MPR_MAX_COUNTERS];

	if (dev->ops->counters)
		log_counters(dev->id, counter, dev->ops->counters(dev, counter));
}

static void report_drive(const struct mpr_drive *drive)
{
	const struct mpr_blk_stats *stats = mpr_blk_stats(drive->blk);
	const struct mpr_counter counter[] = {
		{"rd_operations", stats->rd_operations},
		{"wr_operations", stats->wr_operations},
		{"flush_operations", stats->flush_operations},
		{"rd_bytes", stats->rd_bytes},
		{"wr_bytes", stats->wr_bytes},
		{"bounced_requests", stats->bounced_requests},
		{"bounced_bytes", stats->bounced_bytes},
		{"failed_operations", stats->failed_operations},
	};

	log_counters(mpr_drive_name(drive), counter, sizeof(counter) / sizeof(counter[0]));
}

void mpr_report(const struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->devices.count; i++)
		report_device(machine->devices.hosted[i]->dev);
	for (size_t i = 0; i < machine->storage.count; i++)
		report_drive(machine->storage.drives[i]);
}
