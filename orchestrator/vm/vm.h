/* SPDX-License-Identifier: MIT */
/*
 * The running virtual machine: QEMU, its remote processes, and what is in each. It
 * exists when the run has a monitor; QEMU and the remotes then have private QMP
 * monitors, of which only this process knows.
 */
#ifndef MPR_ORCHESTRATOR_VM_VM_H
#define MPR_ORCHESTRATOR_VM_VM_H

#include <json-c/json.h>

#include "orchestrator/family/supervise.h"
#include "orchestrator/plan/plan.h"

struct mpr_qmp;
struct mpr_vm;
struct mpr_vm_remote;

/* `family` and `plan` must outlive it; the plan's options follow what becomes of the
 * machine. `remote_program` is copied. */
struct mpr_vm *mpr_vm_create(struct mpr_family *family, struct mpr_plan *plan,
			     const char *remote_program);
/* Commands that are under way are answered before, as those of a machine that ended.
 * NULL is allowed. */
void mpr_vm_destroy(struct mpr_vm *vm);

/* The processes that were started, and this side of their private monitors' sockets,
 * which are taken over. */
struct mpr_vm_remote *mpr_vm_add_remote(struct mpr_vm *vm, struct mpr_member *member, int sock);
void mpr_vm_set_qemu(struct mpr_vm *vm, int sock);

/* Leaves the private monitors, so that the remotes can end. For a QEMU that has not
 * started; the end of one that has does the same. NULL is allowed. */
void mpr_vm_hang_up(struct mpr_vm *vm);

/* Its path. */
const char *mpr_vm_remote_program(const struct mpr_vm *vm);

/* mpring's own QMP connection to QEMU. */
struct mpr_qmp *mpr_vm_qemu(struct mpr_vm *vm);

/* Called for each event that users' QMP connections should see and that QEMU does not
 * tell itself (a remote disk's DEVICE_DELETED, a remote drive's BLOCK_IO_ERROR). */
typedef void (*mpr_vm_event_fn)(void *opaque, struct json_object *event);
void mpr_vm_listen(struct mpr_vm *vm, mpr_vm_event_fn event, void *opaque);

#endif
