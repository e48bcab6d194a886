/* SPDX-License-Identifier: MIT */
/* Removing a device, or a whole process, from what is known of the running machine. */
#ifndef MPR_ORCHESTRATOR_VM_LEAVE_H
#define MPR_ORCHESTRATOR_VM_LEAVE_H

struct mpr_remote_option;
struct mpr_vm;
struct mpr_vm_remote;

/* Forgets an option, and what goes with it: an adapter's disks, a disk's drive. */
void mpr_vm_forget(struct mpr_vm *vm, struct mpr_remote_option *option);

/* Forgets all that the process has. */
void mpr_vm_forget_all(struct mpr_vm_remote *remote);

/* Tells a process without adapters to end, and forgets its drives. */
void mpr_vm_end_remote(struct mpr_vm_remote *remote);

/* Forgets the process itself, if it has ended and its monitor is lost. */
void mpr_vm_forget_remote(struct mpr_vm_remote *remote);

#endif
