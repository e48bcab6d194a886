/* SPDX-License-Identifier: MIT */
#include "orchestrator/hotplug/plug_adapter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/json.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/hotplug/boot_update.h"
#include "orchestrator/hotplug/change.h"
#include "orchestrator/hotplug/unplug.h"
#include "orchestrator/plan/boot_order.h"

static struct json_object *model_arguments(struct mpr_change *change)
{
	return mpr_change_arguments(mpr_remote_option_told(change->option));
}

static struct json_object *socket_arguments(struct mpr_change *change)
{
	return mpr_json_one("fdname", change->socket);
}

static struct json_object *object_arguments(struct mpr_change *change)
{
	return mpr_change_arguments(mpr_remote_option_object(change->option, change->socket));
}

static struct json_object *proxy_arguments(struct mpr_change *change)
{
	return mpr_change_arguments(mpr_remote_option_proxy(change->option, change->socket));
}

/* The remote makes the model, and offers it on one end of a socket; QEMU's proxy gets the other. */
static const struct step {
	const char *command;
	struct json_object *(*arguments)(struct mpr_change *change);
	bool qemu;
	bool passes; /* an end of the socket is passed with it */
} steps[] = {
	{.command = "device_add", .arguments = model_arguments},
	{.command = "getfd", .arguments = socket_arguments, .passes = true},
	{.command = "object-add", .arguments = object_arguments},
	{.command = "getfd", .arguments = socket_arguments, .passes = true, .qemu = true},
	{.command = "device_add", .arguments = proxy_arguments, .qemu = true},
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* Undoes the steps before the one that failed. closefd may fail: the end was used already, and is
 * closed with its user. */
static void undo(struct mpr_change *change)
{
	size_t done = change->step;

	if (done == 0) {
		mpr_change_give_up(change);
		return;
	}
	for (size_t i = 0; i < done; i++) {
		if (steps[i].passes && steps[i].qemu)
			mpr_change_ask_qemu(change, "closefd", socket_arguments(change), -1, NULL);
		else if (steps[i].passes)
			mpr_change_ask_remote(change, "closefd", socket_arguments(change), -1,
					      NULL);
	}
	mpr_change_remove(change);
}

static void take_step(struct mpr_change *change);

static bool boots(const struct mpr_change *change)
{
	g_autofree char *order = mpr_boot_order(change->vm->options, change->option);

	return *order;
}

static void on_step(void *opaque, struct json_object *reply)
{
	struct mpr_change *change = opaque;

	if (!mpr_change_went_well(change, reply, steps[change->step].qemu)) {
		undo(change);
		return;
	}
	if (++change->step < STEPS) {
		take_step(change);
		return;
	}
	/* Disks that boot may have been added before the proxy was there. */
	if (boots(change))
		mpr_change_tell_boot_order(change, change->option, NULL);
	mpr_change_settle(change);
}

/* Our copy is closed once it is passed, so that each side sees the other hang up. */
static int take_end(struct mpr_change *change, int end)
{
	int fd = change->fds[end];

	change->fds[end] = -1;
	return fd;
}

static void take_step(struct mpr_change *change)
{
	const struct step *step = &steps[change->step];
	int end = step->qemu ? MPR_QEMU_END : MPR_REMOTE_END;
	int fd = step->passes ? take_end(change, end) : -1;

	if (step->qemu)
		mpr_change_ask_qemu(change, step->command, step->arguments(change), fd, on_step);
	else
		mpr_change_ask_remote(change, step->command, step->arguments(change), fd, on_step);
	if (fd >= 0)
		close(fd);
}

void mpr_change_plug_adapter(struct mpr_change *change)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, change->fds)) {
		change->error = mpr_need_text("no socket: %s", strerror(errno));
		mpr_change_give_up(change);
		return;
	}
	change->socket = mpr_need_text("mpring-%u", change->vm->sockets++);
	take_step(change);
}
