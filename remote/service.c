/* SPDX-License-Identifier: MIT */
#include "remote/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/delay.h"
#include "remote/loop.h"
#include "remote/machine/ending.h"
#include "remote/process/signals.h"
#include "remote/report.h"
#include "remote/storage/flush.h"

struct service {
	struct mpr_loop loop;
	struct mpr_machine *machine;
	struct mpr_ram_pool ram;
	struct mpr_signals signals;
	bool stopped; /* by a signal */
	bool overdue; /* the end takes too long */
};

static bool is_finished(const struct service *service)
{
	const struct mpr_doors *doors = &service->loop.doors;
	const struct mpr_monitors *monitors = service->loop.monitors;

	if (service->stopped || service->machine->quit)
		return true;
	if (mpr_doors_in_use(doors) || mpr_monitors_held(monitors))
		return false;
	/* Nobody was served yet: a monitor may offer what somebody wants. */
	return doors->served || !mpr_monitors_open(monitors);
}

static void on_signal(void *opaque, bool ends)
{
	struct service *service = opaque;

	if (ends)
		service->stopped = true;
	else
		mpr_report(service->machine);
}

/* ---- The end ------------------------------------------------------------ */

static void on_overdue(void *opaque)
{
	struct service *service = opaque;

	service->overdue = true;
}

/* VMMs stay connected: one that is hung up on lets its guest use the memory again, into
 * which I/O may still write. */
static void stop_serving(struct service *service)
{
	mpr_doors_stop(&service->loop.doors);
	mpr_machine_end(service->machine);
	service->loop.due = true;
}

static void wait_for_io(struct service *service)
{
	while (!service->overdue && !mpr_machine_idle(service->machine))
		mpr_loop_turn_or_sleep(&service->loop);
}

/* Waits for I/O, then flushes. False: it takes too long. */
static bool finish_io(struct service *service)
{
	struct mpr_delay *end =
		mpr_delay_start(service->machine->watcher, MPR_SERVICE_END_MS, on_overdue, service);

	wait_for_io(service);
	if (!service->overdue)
		mpr_flush_start(&service->machine->storage);
	wait_for_io(service);
	if (!service->overdue)
		mpr_delay_stop(end);
	return !service->overdue;
}

static int give_up(const struct service *service, char **error)
{
	char *what = mpr_machine_unfinished(service->machine);

	mpr_doors_keep_sockets(&service->loop.doors);
	free(*error);
	*error = mpr_errorf("%sthis did not end within %u seconds: ending without it; what was "
			    "written may not have been flushed",
			    what ? what : "", MPR_SERVICE_END_MS / 1000);
	free(what);
	return -ETIMEDOUT;
}

static void detach_all(struct service *service)
{
	mpr_doors_close(&service->loop.doors);
	mpr_machine_detach(service->machine);
	while (service->machine->watcher->active)
		mpr_loop_turn_or_sleep(&service->loop);
	mpr_monitors_destroy(service->loop.monitors);
	(void)mpr_ram_guard(NULL);
}

static int shut_down(struct service *service, char **error)
{
	mpr_monitors_shut_down(service->loop.monitors, service->stopped);
	mpr_signals_unwatch(&service->signals);
	stop_serving(service);
	if (!finish_io(service))
		return give_up(service, error);
	detach_all(service);
	return 0;
}

/* ------------------------------------------------------------------------- */

static int start(struct service *service, char **error)
{
	int ret = mpr_signals_watch(&service->signals, service->machine->watcher);

	if (ret == 0)
		ret = mpr_ram_guard(&service->ram);
	if (ret == 0)
		ret = mpr_doors_open(&service->loop.doors, error);
	return ret == 0 ? mpr_monitors_create(service->machine, &service->loop.monitors, error)
			: ret;
}

int mpr_serve(struct mpr_machine *machine, int (*ready)(void *opaque, char **error), void *opaque,
	      char **error)
{
	const struct mpr_cmdline *cmdline = machine->cmdline;
	struct service service = {
		.machine = machine,
		.loop.machine = machine,
		.loop.doors = {.endpoints = &machine->offers.endpoints,
			       .watcher = machine->watcher,
			       .ram = &service.ram},
		.loop.due = true,
		.loop.window = mpr_window_of((uint32_t)cmdline->poll_us),
		.ram.uring = cmdline->lock_memory ? machine->watcher->uring : NULL,
		.signals = {.came = on_signal, .opaque = &service, .fd = -1},
	};
	int ret;

	*error = NULL;
	ret = start(&service, error);
	if (ret == 0)
		ret = ready(opaque, error);
	while (ret == 0 && !is_finished(&service))
		mpr_loop_turn(&service.loop);
	if (shut_down(&service, error) < 0)
		return -ETIMEDOUT;
	if (ret < 0 && !*error)
		*error = mpr_errorf("cannot start: %s", strerror(-ret));
	return ret;
}
