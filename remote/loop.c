/* SPDX-License-Identifier: MIT */
#include "remote/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "event/delay.h"
#include "remote/machine/hotplug.h"
#include "remote/monitor/monitor.h"
#include "remote/process/log.h"
#include "remote/report.h"
#include "remote/storage/flush.h"
#include "remote/vmm/doors.h"
#include "ring/window.h"

/* Turns between two looks at the clock while waiting for work. */
#define TURNS_PER_LOOK 8

/* Between two turns at most: looking takes from a virtual processor that runs on
 * the same core. All these pauses are less than a microsecond. */
#define MAX_PAUSES 16

struct loop {
	struct mpr_machine *machine;
	struct mpr_watcher *watcher;
	struct mpr_timers *timers;
	struct mpr_ram_pool ram;
	struct mpr_doors doors;
	int signals;
	struct mpr_watch *signal_watch;
	struct mpr_monitors *monitors;
	bool stopped; /* by a signal */
	bool ending;  /* VMMs are not listened to any more */
	bool overdue; /* for too long */
	bool due;     /* something happened: the slow part of a turn has a look */
	struct mpr_window window;
};

static bool finished(const struct loop *loop)
{
	if (loop->stopped || loop->machine->quit)
		return true;
	if (mpr_doors_in_use(&loop->doors) || mpr_monitors_held(loop->monitors))
		return false;
	/* Nobody was served yet: a monitor may offer what somebody wants. */
	return loop->doors.served || !mpr_monitors_open(loop->monitors);
}

/* ---- Signals ------------------------------------------------------------ */

static void on_signal(void *opaque)
{
	struct loop *loop = opaque;
	struct signalfd_siginfo info;

	while (read(loop->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			mpr_report(loop->machine);
		else
			loop->stopped = true;
	}
}

static int watch_signals(struct loop *loop)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	loop->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signals < 0)
		return -errno;
	loop->signal_watch = mpr_watch_start(loop->watcher, loop->signals, on_signal, loop);
	return loop->signal_watch ? 0 : -ENOMEM;
}

static void unwatch_signals(struct loop *loop)
{
	mpr_watch_stop(loop->signal_watch);
	if (loop->signals >= 0)
		close(loop->signals);
}

/* ---- A turn ------------------------------------------------------------- */

/* Tells the operator and the VMM once about each burst of failures. */
static void report_failures(const struct mpr_events *events, struct mpr_drive *drive)
{
	uint64_t failures = mpr_blk_stats(drive->blk)->failed_operations;
	const char *name = mpr_drive_name(drive);
	struct mpr_msg event = {.type = MPR_MSG_IO_ERROR};

	if (failures == drive->reported_failures || !drive->adapter)
		return;
	drive->reported_failures = failures;
	mpr_log(drive->adapter->dev->id, "I/O error on drive \"%s\" (%llu so far)", name,
		(unsigned long long)failures);
	snprintf((char *)event.text, sizeof(event.text), "I/O error: %s", name);
	if (drive->adapter->channel)
		(void)mpr_channel_notify(drive->adapter->channel, &event);
	if (events)
		events->io_error(events->opaque, drive);
}

/* A request is held until somebody has put right why it failed. */
static void stop_on_held(struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->storage.count && !machine->stopped; i++) {
		if (!mpr_blk_held(machine->storage.drives[i]->blk))
			continue;
		mpr_log(mpr_drive_name(machine->storage.drives[i]),
			"stopped by an I/O error: 'cont' at the monitor tries again");
		mpr_machine_stop(machine, true);
		machine->io_error = true;
	}
}

static bool reap(struct loop *loop)
{
	struct mpr_machine *machine = loop->machine;

	if (!mpr_uring_reap(loop->watcher->uring))
		return false;
	for (size_t i = 0; i < machine->storage.count; i++)
		report_failures(machine->events, machine->storage.drives[i]);
	stop_on_held(machine);
	return true;
}

static bool serve_devices(struct loop *loop)
{
	bool worked = false;

	for (size_t i = 0; i < loop->machine->devices.count; i++)
		worked |= mpr_hosted_serve(loop->machine->devices.hosted[i]);
	return worked;
}

/* Models were called back: their registers may have changed. */
static void publish_devices(struct loop *loop)
{
	for (size_t i = 0; i < loop->machine->devices.count; i++)
		mpr_hosted_publish(loop->machine->devices.hosted[i]);
}

static bool run_timers(struct loop *loop)
{
	return loop->timers->first && !loop->machine->stopped &&
	       mpr_timers_run(loop->timers, mpr_clock_now());
}

/* Whatever these wait for, a descriptor or the end of DMA, comes with a
 * completion, or with something that a device or one of them did. */
static bool serve_others(struct loop *loop)
{
	bool worked = !loop->ending && mpr_doors_step(&loop->doors);

	worked |= mpr_hotplug_step(loop->machine);
	worked |= mpr_monitors_step(loop->monitors);
	return worked;
}

/* Does what there is to do now. False: there was nothing. That is found out many
 * times while waiting, so then only rings, completions and timers are looked at. */
static __attribute__((noinline)) bool turn(struct loop *loop)
{
	bool worked = serve_devices(loop);
	bool called_back = reap(loop);

	called_back |= run_timers(loop);
	if (called_back)
		publish_devices(loop);
	worked |= called_back;
	if (worked || loop->due) {
		loop->due = serve_others(loop);
		worked |= loop->due;
	}
	/* What the kernel cannot take now stays queued for the next turn. */
	(void)mpr_uring_submit(loop->watcher->uring);
	return worked;
}

/* ---- Waiting ------------------------------------------------------------ */

static void relax(unsigned pauses)
{
	for (unsigned i = 0; i < pauses; i++)
		__builtin_ia32_pause();
}

/* Looks for work until the window closes, less and less often. */
static bool look(struct loop *loop, uint64_t start)
{
	unsigned pauses = 1;

	do {
		for (unsigned i = 0; i < TURNS_PER_LOOK; i++) {
			if (turn(loop))
				return true;
			relax(pauses);
		}
		if (pauses < MAX_PAUSES)
			pauses *= 2;
	} while (mpr_clock_now() - start < loop->window.ns);
	return false;
}

static bool arm_devices(struct loop *loop)
{
	for (size_t i = 0; i < loop->machine->devices.count; i++)
		if (!mpr_hosted_arm(loop->machine->devices.hosted[i]))
			return false;
	return true;
}

static void disarm_devices(struct loop *loop)
{
	for (size_t i = 0; i < loop->machine->devices.count; i++)
		mpr_hosted_disarm(loop->machine->devices.hosted[i]);
}

static void sleep_until_woken(struct loop *loop)
{
	uint64_t timeout = UINT64_MAX;

	if (loop->timers->first && !loop->machine->stopped)
		timeout = mpr_timers_next(loop->timers, mpr_clock_now());
	if (arm_devices(loop))
		(void)mpr_uring_wait(loop->watcher->uring, timeout);
	disarm_devices(loop);
}

static void wait_for_work(struct loop *loop)
{
	uint64_t start = mpr_clock_now();

	if (!look(loop, start))
		sleep_until_woken(loop);
	mpr_window_learn(&loop->window, mpr_clock_now() - start);
}

/* ---- The end ------------------------------------------------------------ */

static void run_until(struct loop *loop, bool (*done)(const struct loop *loop))
{
	while (!done(loop))
		if (!turn(loop))
			sleep_until_woken(loop);
}

static bool machine_is_idle(const struct loop *loop)
{
	return loop->overdue || mpr_machine_idle(loop->machine);
}

static void on_overdue(void *opaque)
{
	struct loop *loop = opaque;

	loop->overdue = true;
}

static bool no_watch_is_left(const struct loop *loop)
{
	return loop->watcher->active == 0;
}

/* A VMM that is hung up on may believe that its guest's memory is its own again. */
static void stop_serving(struct loop *loop)
{
	loop->ending = true;
	mpr_doors_stop_listening(&loop->doors);
	for (size_t i = 0; i < loop->machine->devices.count; i++) {
		loop->machine->devices.hosted[i]->ending = true;
		mpr_hosted_reset(loop->machine->devices.hosted[i]);
	}
	loop->due = true;
}

/* Waits for I/O, and makes completed writes durable. False: it takes too long. */
static bool finish_io(struct loop *loop)
{
	struct mpr_delay *end = mpr_delay_start(loop->watcher, MPR_LOOP_END_MS, on_overdue, loop);

	run_until(loop, machine_is_idle);
	if (!loop->overdue)
		mpr_flush_start(&loop->machine->storage);
	run_until(loop, machine_is_idle);
	if (!loop->overdue)
		mpr_delay_stop(end);
	return !loop->overdue;
}

/* What the kernel has still: "d0: 3 requests; ". */
static char *describe_io(const struct loop *loop)
{
	const struct mpr_machine *machine = loop->machine;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < machine->storage.count; i++) {
		const struct mpr_drive *drive = machine->storage.drives[i];
		unsigned requests = drive->base ? 0 : mpr_blk_in_flight(drive->blk);

		if (requests)
			fprintf(out, "%s: %u requests; ", mpr_drive_name(drive), requests);
	}
	for (size_t i = 0; i < machine->devices.count; i++) {
		const struct mpr_hosted *hosted = machine->devices.hosted[i];

		if (!mpr_hosted_idle(hosted))
			fprintf(out, "%s: DMA; ", hosted->dev->id);
	}
	fclose(out);
	return text;
}

static int give_up(struct loop *loop, char **error)
{
	char *what = describe_io(loop);

	mpr_doors_keep_sockets(&loop->doors);
	free(*error);
	*error = mpr_errorf("%sthis did not end within %u seconds: ending without it; what was "
			    "written may not have been flushed",
			    what ? what : "", MPR_LOOP_END_MS / 1000);
	free(what);
	return -ETIMEDOUT;
}

static void detach_all(struct loop *loop)
{
	mpr_doors_close(&loop->doors);
	for (size_t i = 0; i < loop->machine->devices.count; i++)
		mpr_hosted_detach(loop->machine->devices.hosted[i]);
	run_until(loop, no_watch_is_left);
	mpr_monitors_destroy(loop->monitors);
	(void)mpr_ram_guard(NULL);
}

static int shut_down(struct loop *loop, char **error)
{
	mpr_monitors_shut_down(loop->monitors, loop->stopped);
	mpr_machine_stop(loop->machine, false);
	unwatch_signals(loop);
	stop_serving(loop);
	if (!finish_io(loop))
		return give_up(loop, error);
	detach_all(loop);
	return 0;
}

int mpr_loop_run(struct mpr_machine *machine, struct mpr_watcher *watcher,
		 struct mpr_timers *timers, int (*ready)(void *opaque, char **error), void *opaque,
		 char **error)
{
	struct loop loop = {
		.machine = machine,
		.watcher = watcher,
		.timers = timers,
		.signals = -1,
		.due = true,
		.window = mpr_window_of((uint32_t)machine->cmdline->poll_us),
		.doors = {&machine->offers.endpoints, watcher, &loop.ram},
		.ram.uring = machine->cmdline->lock_memory ? watcher->uring : NULL,
	};
	int ret = watch_signals(&loop);

	*error = NULL;
	if (ret == 0)
		ret = mpr_ram_guard(&loop.ram);
	if (ret == 0)
		ret = mpr_doors_open(&loop.doors, error);
	if (ret == 0)
		ret = mpr_monitors_create(machine, &loop.monitors, error);
	if (ret == 0)
		ret = ready(opaque, error);
	while (ret == 0 && !finished(&loop))
		if (!turn(&loop))
			wait_for_work(&loop);
	if (shut_down(&loop, error) < 0)
		return -ETIMEDOUT;
	if (ret < 0 && !*error)
		*error = mpr_errorf("cannot start: %s", strerror(-ret));
	return ret;
}
