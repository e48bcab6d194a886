/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/believe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/envelope.h"
#include "monitor/json.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/base/printable.h"
#include "orchestrator/base/say.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/vm_state.h"
#include "orchestrator/vm/waits.h"

/* I/O errors that a process can report to users in one second. */
#define IO_ERRORS 16

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words && strcmp(text, *words))
		words++;
	return *words;
}

void mpr_disbelieve(struct mpr_vm_remote *remote, const char *what)
{
	/* The devices of a process that is to end were forgotten when it was told to. */
	if (!remote->disbelieved && !remote->leaving)
		mpr_say("remote process of rid %llu (pid %d): what it says is not believed (%s): the "
			"process may have been taken over",
			(unsigned long long)remote->rid, (int)remote->pid, what);
	remote->disbelieved = true;
}

/* ---- Stops -------------------------------------------------------------- */

static bool stops_at(const struct mpr_remote_option *option, const char *key)
{
	static const char *const actions[] = {"stop", "enospc", NULL};
	const char *action = mpr_remote_option_get(option, key);

	return action && is_one_of(action, actions);
}

/* werror= and rerror= may be with the drive or with the disk. */
bool mpr_believe_stopped(const struct mpr_vm_remote *remote)
{
	for (guint i = 0; i < remote->vm->options->len && !remote->leaving; i++) {
		const struct mpr_remote_option *option = mpr_vm_option(remote->vm, i);

		if (option->rid == remote->rid &&
		    (stops_at(option, "werror") || stops_at(option, "rerror")))
			return true;
	}
	return false;
}

/* ---- Devices that leave ------------------------------------------------- */

bool mpr_believe_deleted(const struct mpr_vm_remote *remote, const char *id)
{
	const struct mpr_vm *vm = remote->vm;
	const struct mpr_remote_option *device = mpr_vm_find_device(vm, remote->rid, id);

	for (guint i = 0; device && i < vm->options->len; i++) {
		const struct mpr_remote_option *adapter = mpr_vm_option(vm, i);

		if (adapter->kind == MPR_REMOTE_ADAPTER && mpr_vm_is_on(vm, device, adapter) &&
		    mpr_vm_is_awaited(remote, mpr_remote_option_get(adapter, "id")))
			return true;
	}
	return mpr_vm_is_awaited(remote, id);
}

/* ---- Events for users --------------------------------------------------- */

/* What is known of the drive, with those claims that are possible. NULL: one is not. */
static struct json_object *io_error_data(const struct mpr_vm_remote *remote,
					 struct json_object *said)
{
	static const char *const operations[] = {"read", "write", NULL};
	static const char *const actions[] = {"report", "ignore", "stop", NULL};
	const char *id = mpr_json_get_string(said, "device");
	const char *operation = mpr_json_get_string(said, "operation");
	const char *action = mpr_json_get_string(said, "action");
	const char *reason = mpr_json_get_string(said, "reason");
	const struct mpr_remote_option *drive = NULL;
	struct json_object *data;
	char *words, *node;

	/* The devices of a process that is to end were forgotten when it was told to. */
	if (id && !remote->leaving)
		drive = mpr_vm_find_drive(remote->vm, remote->rid, id);
	if (!drive || !operation || !is_one_of(operation, operations) || !action ||
	    !is_one_of(action, actions) || !reason ||
	    (!strcmp(action, "stop") && !mpr_believe_stopped(remote)))
		return NULL;
	data = json_object_new_object();
	words = mpr_printable(reason);
	mpr_json_put(data, "device", mpr_remote_option_get(drive, "id"));
	/* Not the name that was claimed, which could be that of a node of QEMU's. */
	node = mpr_remote_option_node(drive);
	if (node)
		mpr_json_put(data, "node-name", node);
	mpr_json_put(data, "operation", operation);
	mpr_json_put(data, "action", action);
	json_object_object_add(data, "nospace",
			       json_object_new_boolean(mpr_json_get_true(said, "nospace")));
	mpr_json_put(data, "reason", words);
	free(words);
	free(node);
	return data;
}

/* Counts this one. */
static bool are_too_many(struct mpr_vm_remote *remote)
{
	int64_t now = g_get_monotonic_time();

	if (now - remote->io_errors_since >= G_USEC_PER_SEC) {
		remote->io_errors_since = now;
		remote->io_errors = 0;
	}
	return remote->io_errors++ >= IO_ERRORS;
}

struct json_object *mpr_believe_io_error(struct mpr_vm_remote *remote, struct json_object *event)
{
	struct json_object *data = io_error_data(remote, mpr_json_get(event, "data"));

	if (!data) {
		mpr_disbelieve(remote, "BLOCK_IO_ERROR, not as of a drive of its");
		return NULL;
	}
	if (!are_too_many(remote))
		return mpr_envelope_event("BLOCK_IO_ERROR", data);
	if (!remote->withheld)
		mpr_say("remote process of rid %llu (pid %d) reports more than %d I/O errors a "
			"second; QMP users are not told of all",
			(unsigned long long)remote->rid, (int)remote->pid, IO_ERRORS);
	remote->withheld = true;
	json_object_put(data);
	return NULL;
}
