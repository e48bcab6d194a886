/* SPDX-License-Identifier: MIT */
/* Lines for the operator, on standard error: "mpring-remote: SUBJECT: text". */
#ifndef MPR_REMOTE_LOG_H
#define MPR_REMOTE_LOG_H

#include <stdarg.h>

/* `subject` is a device's id or another name; NULL: none. One write, so that
 * lines of several processes do not mix. Control characters become '?'. */
void mpr_log(const char *subject, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mpr_vlog(const char *subject, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#endif
