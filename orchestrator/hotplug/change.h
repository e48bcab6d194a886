/* SPDX-License-Identifier: MIT */
/*
 * A change of the running machine that is under way: a sequence of commands to QEMU and to a remote
 * process that ends when it is done or has failed.
 */
#ifndef MPR_ORCHESTRATOR_HOTPLUG_CHANGE_H
#define MPR_ORCHESTRATOR_HOTPLUG_CHANGE_H

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "orchestrator/hotplug/plug.h"
#include "orchestrator/options/remote_option.h"
#include "orchestrator/vm/qmp_client.h"
#include "orchestrator/vm/vm_state.h"

enum { MPR_QEMU_END, MPR_REMOTE_END, MPR_ENDS };

struct mpr_change {
	struct mpr_vm *vm;
	struct mpr_vm_remote *remote;
	struct mpr_remote_option *option;
	mpr_vm_changed_fn done; /* NULL: nobody asked for it, or he was told that it takes long */
	void *opaque;
	char *error;
	size_t step;	   /* of adding an adapter: the command that is out */
	char *socket;	   /* the name under which the adapter's socket is passed (getfd) */
	int fds[MPR_ENDS]; /* its ends; -1: passed */
	bool answered;	   /* of removing: device_del has its reply */
	bool deleted;	   /* of removing: DEVICE_DELETED has come, or never will */
	guint timeout;	   /* source; 0: it has expired */
};

/* `option` is what is added or removed, on the plan's list; `done` is that of plug.h. */
struct mpr_change *mpr_change_begin(struct mpr_vm *vm, struct mpr_vm_remote *remote,
				    struct mpr_remote_option *option, mpr_vm_changed_fn done,
				    void *opaque);

const char *mpr_change_id(const struct mpr_change *change);

/* Sends a command to the remote or to QEMU, as mpr_qmp_execute() does. If the connection is lost,
 * `reply` is called at once, with NULL. */
void mpr_change_ask_remote(struct mpr_change *change, const char *command,
			   struct json_object *arguments, int fd, mpr_qmp_reply_fn reply);
void mpr_change_ask_qemu(struct mpr_change *change, const char *command,
			 struct json_object *arguments, int fd, mpr_qmp_reply_fn reply);

/* Whether the reply is a success. The first error becomes that of the change. */
bool mpr_change_went_well(struct mpr_change *change, struct json_object *reply, bool qemu);

/* Options as the arguments of a command; takes them over. */
struct json_object *mpr_change_arguments(struct mpr_opts *opts);

/* End the change, tell who asked for it, and free it. settle: the option is now there. give_up: the
 * option is dropped, and a process that has no adapter then ends. */
void mpr_change_conclude(struct mpr_change *change);
void mpr_change_settle(struct mpr_change *change);
void mpr_change_give_up(struct mpr_change *change);

/* The message for a rid that no process has (free() it). */
char *mpr_vm_no_remote(const struct mpr_vm *vm, uint64_t rid);

/* A change is refused before it begins: calls `done` with the error, and frees it. */
void mpr_vm_refuse(char *error, mpr_vm_changed_fn done, void *opaque);

#endif
