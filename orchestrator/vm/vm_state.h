/* SPDX-License-Identifier: MIT */
/* The state of the running machine, for the files of this folder. */
#ifndef MPR_ORCHESTRATOR_VM_VM_STATE_H
#define MPR_ORCHESTRATOR_VM_VM_STATE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "orchestrator/options/remote_option.h"
#include "orchestrator/vm/qmp_client.h"
#include "orchestrator/vm/vm.h"

/* A remote process. Counted: freed when the process has ended, its monitor is lost, and no change
 * refers to it. */
struct mpr_vm_remote {
	struct mpr_vm *vm;
	uint64_t rid;
	pid_t pid;
	struct mpr_member *member; /* NULL once it has ended */
	struct mpr_qmp *qmp;	   /* NULL once it is lost */
	bool leaving;		   /* it was told to end */
	bool stopped;		   /* by an I/O error (werror=stop), until it resumes */
	bool continuing;	   /* cont is out */
	bool may_resume;	   /* there was a cont since it stopped */
	/* believe.c: I/O errors in the second that began then; whether the operator was told that
	 * some were withheld, that it was disbelieved. */
	int64_t io_errors_since;
	unsigned io_errors;
	bool withheld, disbelieved;
	bool silent; /* remote.h */
};

struct mpr_vm {
	struct mpr_family *family;
	struct mpr_plan *plan;
	GPtrArray *options; /* the plan's: struct mpr_remote_option */
	char *remote_program;
	struct mpr_qmp *qemu;
	bool qemu_lost;
	bool paused;	    /* QEMU's machine, by its last event */
	GPtrArray *remotes; /* struct mpr_vm_remote */
	GPtrArray *waits;   /* waits.h */
	mpr_vm_event_fn event;
	void *opaque;
	unsigned sockets; /* numbers the names under which sockets are passed */
	guint change_ms;  /* how long a change is waited for */
};

static inline struct mpr_remote_option *mpr_vm_option(const struct mpr_vm *vm, guint i)
{
	return vm->options->pdata[i];
}

static inline struct mpr_vm_remote *mpr_vm_remote_at(const struct mpr_vm *vm, guint i)
{
	return vm->remotes->pdata[i];
}

#endif
