/* SPDX-License-Identifier: MIT */
#include "remote/loop.h"

#include "remote/machine/failures.h"
#include "remote/machine/hotplug.h"

/* Turns between two looks at the clock while waiting for work. */
#define TURNS_PER_LOOK 8

/* Pauses between two turns, at most: looking takes cycles from a vCPU on the other thread
 * of the core. All of them together last less than a microsecond. */
#define MAX_PAUSES 16

/* ---- A turn ------------------------------------------------------------- */

static bool reap(struct mpr_loop *loop)
{
	if (!mpr_uring_reap(loop->machine->watcher->uring))
		return false;
	mpr_machine_report_failures(loop->machine);
	return true;
}

static bool serve_devices(struct mpr_loop *loop)
{
	bool worked = false;

	for (size_t i = 0; i < loop->machine->devices.count; i++)
		worked |= mpr_hosted_serve(loop->machine->devices.hosted[i]);
	return worked;
}

/* After models were called back, which may have changed their registers. */
static void publish_devices(struct mpr_loop *loop)
{
	for (size_t i = 0; i < loop->machine->devices.count; i++)
		mpr_hosted_publish(loop->machine->devices.hosted[i]);
}

static bool run_timers(struct mpr_loop *loop)
{
	return loop->machine->timers->first && !loop->machine->stopped &&
	       mpr_timers_run(loop->machine->timers, mpr_clock_now());
}

/* What these wait for, a descriptor or the end of DMA, always comes with a completion, or
 * with something that a device or one of them did: see turn(). */
static bool serve_others(struct mpr_loop *loop)
{
	bool worked = mpr_doors_step(&loop->doors);

	worked |= mpr_machine_step(loop->machine);
	worked |= mpr_monitors_step(loop->monitors);
	return worked;
}

/* Does what there is to do now. False: nothing. While looking for work this is called over
 * and over, so it looks only at rings, completions and timers, until one of them has
 * something. */
static __attribute__((noinline)) bool turn(struct mpr_loop *loop)
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
	/* What the kernel has no room for stays queued for the next turn. */
	(void)mpr_uring_submit(loop->machine->watcher->uring);
	return worked;
}

/* ---- Waiting ------------------------------------------------------------ */

static void relax(unsigned pauses)
{
	for (unsigned i = 0; i < pauses; i++)
		__builtin_ia32_pause();
}

/* Looks for work until the window closes, less and less often. */
static bool look(struct mpr_loop *loop, uint64_t start)
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

static bool arm_devices(struct mpr_loop *loop)
{
	for (size_t i = 0; i < loop->machine->devices.count; i++)
		if (!mpr_hosted_arm(loop->machine->devices.hosted[i]))
			return false;
	return true;
}

static void disarm_devices(struct mpr_loop *loop)
{
	for (size_t i = 0; i < loop->machine->devices.count; i++)
		mpr_hosted_disarm(loop->machine->devices.hosted[i]);
}

static void sleep_until_woken(struct mpr_loop *loop)
{
	uint64_t timeout = UINT64_MAX;

	if (loop->machine->timers->first && !loop->machine->stopped)
		timeout = mpr_timers_next(loop->machine->timers, mpr_clock_now());
	if (arm_devices(loop))
		(void)mpr_uring_wait(loop->machine->watcher->uring, timeout);
	disarm_devices(loop);
}

static void wait_for_work(struct mpr_loop *loop)
{
	uint64_t start = mpr_clock_now();

	if (!look(loop, start))
		sleep_until_woken(loop);
	mpr_window_learn(&loop->window, mpr_clock_now() - start);
}

/* ------------------------------------------------------------------------- */

void mpr_loop_turn(struct mpr_loop *loop)
{
	if (!turn(loop))
		wait_for_work(loop);
}

void mpr_loop_turn_or_sleep(struct mpr_loop *loop)
{
	if (!turn(loop))
		sleep_until_woken(loop);
}
