/* SPDX-License-Identifier: MIT */
/*
 * The running virtual machine: QEMU, its remote processes, and which devices each has. It exists
 * only if there is a monitor by which it could change; QEMU and the remotes then have private QMP
 * monitors, on socket pairs with this process.
 */
#ifndef MPR_ORCHESTRATOR_VM_VM_H
#define MPR_ORCHESTRATOR_VM_VM_H

#include <json-c/json.h>

#include "orchestrator/family/family.h"
#include "orchestrator/plan/plan.h"

struct mpr_qmp;
struct mpr_vm;
struct mpr_vm_remote;

/* `family` and `plan` must outlive it. The plan's list of options is kept up to date with the
 * machine. `remote_program` is copied. */
struct mpr_vm *mpr_vm_create(struct mpr_family *family, struct mpr_plan *plan,
			     const char *remote_program);
/* Commands that are under way fail first, as if the machine had ended. NULL is allowed. */
void mpr_vm_destroy(struct mpr_vm *vm);

/* Adds a process that was started. `sock`, our end of its private monitor's socket, is taken
 * over. */
struct mpr_vm_remote *mpr_vm_add_remote(struct mpr_vm *vm, struct mpr_member *member, int sock);
void mpr_vm_set_qemu(struct mpr_vm *vm, int sock);

/* Hangs up the private monitors, so that the remotes end. For a QEMU that could not be started; the
 * end of one that was does the same. NULL is allowed. */
void mpr_vm_hang_up(struct mpr_vm *vm);

/* The path of the remote program. */
const char *mpr_vm_remote_program(const struct mpr_vm *vm);

/* mpring's own QMP connection to QEMU. */
struct mpr_qmp *mpr_vm_qemu(struct mpr_vm *vm);

/* Called for events that users' QMP connections should see and QEMU does not send: a remote disk's
 * DEVICE_DELETED, a remote drive's BLOCK_IO_ERROR. NULL: nobody listens. */
typedef void (*mpr_vm_event_fn)(void *opaque, struct json_object *event);
void mpr_vm_listen(struct mpr_vm *vm, mpr_vm_event_fn event, void *opaque);

#endif
