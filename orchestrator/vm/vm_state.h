/* SPDX-License-Identifier: MIT */
/* What this folder's files know of the virtual machine. */
#ifndef MPR_ORCHESTRATOR_VM_VM_STATE_H
#define MPR_ORCHESTRATOR_VM_VM_STATE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "orchestrator/plan/remote_option.h"
#include "orchestrator/vm/qmp_client.h"
#include "orchestrator/vm/vm.h"

/* A remote process. It goes when the process has ended and its monitor is lost, and
 * nobody has it any more. */
struct mpr_vm_remote {
	struct mpr_vm *vm;
	uint64_t rid;
	pid_t pid;
	struct mpr_member *member; /* NULL once it has ended */
	struct mpr_qmp *qmp;	   /* NULL once it is lost */
	bool leaving;		   /* it was told to end */
	bool stopped;		   /* by an I/O error (werror=stop) */
	bool continuing;	   /* it was told to go on, and has not answered */
	bool may_resume;	   /* it was told to go on, since it stopped */
	/* See believe.c: of I/O errors, in the second that began then; what was told. */
	int64_t io_errors_since;
	unsigned io_errors;
	bool withheld, disbelieved;
	bool silent; /* it did not answer in time */
};

struct mpr_vm {
	struct mpr_family *family;
	struct mpr_plan *plan;
	GPtrArray *options; /* the plan's: struct mpr_remote_option */
	char *remote_program;
	struct mpr_qmp *qemu;
	bool qemu_lost;
	bool paused;	    /* QEMU's machine, as events tell */
	GPtrArray *remotes; /* struct mpr_vm_remote */
	GPtrArray *waits;   /* waits.h */
	mpr_vm_event_fn event;
	void *opaque;
	unsigned sockets; /* names made up for sockets on their way */
	guint change_ms;  /* for what one is to do, before nobody waits for it */
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
