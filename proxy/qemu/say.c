/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages while the machine runs. QEMU's error_report() blocks on a full standard error,
 * here with the big lock held, and a guest can cause messages by reading bad blocks.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include "log/writer.h"

static void drain(void)
{
	(void)mpr_log_writer_drain();
}

/* At the first message: QEMU may fork before, and the child would not have the thread. If
 * that cannot be started, lines are written by the caller. */
static void start_writer(void)
{
	static bool tried;

	if (tried)
		return;
	tried = true;
	if (mpr_log_writer_start(TYPE_PCI_PROXY_DEV) == 0)
		atexit(drain);
}

void proxy_say(const char *fmt, ...)
{
	char *text = NULL, *line = NULL;
	va_list ap;
	int len = -1;

	start_writer();
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		len = asprintf(&line, "%s: %s\n", program_invocation_short_name, text);
	va_end(ap);
	if (len >= 0)
		mpr_log_writer_put(STDERR_FILENO, line, (size_t)len);
	free(line);
	free(text);
}
