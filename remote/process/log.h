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

/* What lines have before "mpring-remote: " from now on (-msg): the time, and the guest's
 * name, if it is not NULL; it must stay. */
void mpr_log_set_form(bool timestamp, const char *guest);

/* What a line begins with, for lines that are written by other means. */
#define MPR_LOG_PREFIX 160
void mpr_log_prefix(char prefix[MPR_LOG_PREFIX]);

/* Turns items on: "monitor,...". NULL, or the name that is no item. "help" lists
 * them on standard output, and is none. */
const char *mpr_log_enable(const char *items);

/* A line that is written only if the item is turned on. */
void mpr_log_item(enum mpr_log_items item, const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* `subject` is a device's id or another name; NULL: none. One write, so that
 * lines of several processes do not mix. Control characters become '?'. Waits for
 * nobody who reads it (log/writer.h). */
void mpr_log(const char *subject, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mpr_vlog(const char *subject, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#endif
