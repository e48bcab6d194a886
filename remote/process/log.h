/* SPDX-License-Identifier: MIT */
/* Lines for the operator, on standard error or in a file: "mpring-remote: SUBJECT: text". */
#ifndef MPR_REMOTE_PROCESS_LOG_H
#define MPR_REMOTE_PROCESS_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* What -d asks for: lines that are not written otherwise. */
enum mpr_log_items {
	MPR_LOG_MONITOR = 1, /* the commands of the monitors */
};

/* Sends the lines to a file from now on (-D). 0 or negative errno. */
int mpr_log_open(const char *path);

/* What lines begin with from now on (-msg): the time, and the guest's name unless NULL,
 * which is not copied. */
void mpr_log_set_form(bool timestamp, const char *guest);

/* Writes what a line begins with, for lines that do not come through mpr_log(). */
#define MPR_LOG_PREFIX 160
void mpr_log_prefix(char prefix[MPR_LOG_PREFIX]);

/* Turns items on: "monitor,...". Returns NULL, or where the list names no item. "help"
 * is none, but lists the items on standard output. */
const char *mpr_log_enable(const char *items);

/* A line that is written only if the item is turned on. */
void mpr_log_item(enum mpr_log_items item, const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* `subject` is a device's id or another name; NULL: none. Each line is one write, so
 * that lines of several processes do not mix. Control characters become '?'. Does not
 * block when nobody reads the log (log/writer.h). */
void mpr_log(const char *subject, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mpr_vlog(const char *subject, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#endif
