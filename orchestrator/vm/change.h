/* SPDX-License-Identifier: MIT */
/*
 * A change of the running machine that is under way: what QEMU and a remote process are
 * asked for, one thing after the other, until it is done or has failed.
 */
#ifndef MPR_ORCHESTRATOR_VM_CHANGE_H
#define MPR_ORCHESTRATOR_VM_CHANGE_H

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "orchestrator/plan/remote_option.h"
#include "orchestrator/vm/plug.h"
#include "orchestrator/vm/qmp_client.h"
#include "orchestrator/vm/vm_state.h"

enum { MPR_QEMU_END, MPR_REMOTE_END, MPR_ENDS };

struct mpr_change {
	struct mpr_vm *vm;
	struct mpr_vm_remote *remote;
	struct mpr_remote_option *option;
	mpr_vm_changed_fn done; /* NULL: nobody asked for it, or he waits no longer */
	void *opaque;
	char *error;
	size_t step;	   /* of adding an adapter */
	char *socket;	   /* what the adapter's socket is called on its way */
	int fds[MPR_ENDS]; /* its ends, -1 once they are on their way */
	bool answered;	   /* of removing: the remote has said yes */
	bool deleted;	   /* and the device is gone */
	guint timeout;	   /* source: until then it is waited for; 0: not any more */
};

/* `option` is what comes, goes or stays, in the plan's list; the rest is of plug.h. */
struct mpr_change *mpr_change_begin(struct mpr_vm *vm, struct mpr_vm_remote *remote,
				    struct mpr_remote_option *option, mpr_vm_changed_fn done,
				    void *opaque);

const char *mpr_change_id(const struct mpr_change *change);

/* Asks the remote, or QEMU; one that is lost is taken as having answered that. The rest is
 * of mpr_qmp_execute(). */
void mpr_change_ask_remote(struct mpr_change *change, const char *command,
			   struct json_object *arguments, int fd, mpr_qmp_reply_fn reply);
void mpr_change_ask_qemu(struct mpr_change *change, const char *command,
			 struct json_object *arguments, int fd, mpr_qmp_reply_fn reply);

/* Keeps the first thing that went wrong. True when the reply is one of success. */
bool mpr_change_went_well(struct mpr_change *change, struct json_object *reply, bool qemu);

/* An option as the arguments of a command; takes it over. */
struct json_object *mpr_change_arguments(struct mpr_opts *opts);

/* Each tells who asked and frees the change: as it is; with the option there; with the
 * option, and a process that was started for it, gone. */
void mpr_change_conclude(struct mpr_change *change);
void mpr_change_settle(struct mpr_change *change);
void mpr_change_give_up(struct mpr_change *change);

#endif
