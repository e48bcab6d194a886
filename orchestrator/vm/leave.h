/* SPDX-License-Identifier: MIT */
/* A remote process that leaves the running machine, and devices that leave it. */
#ifndef MPR_ORCHESTRATOR_VM_LEAVE_H
#define MPR_ORCHESTRATOR_VM_LEAVE_H

struct mpr_remote_option;
struct mpr_vm;
struct mpr_vm_remote;

/* Forgets a device, and what goes with it: an adapter's disks, a disk's drive. */
void mpr_vm_forget(struct mpr_vm *vm, struct mpr_remote_option *option);

/* Forgets all that the process has. */
void mpr_vm_forget_all(struct mpr_vm_remote *remote);

/* Ends a process that has no adapter: nothing in it matters any more. */
void mpr_vm_end_remote(struct mpr_vm_remote *remote);

/* Forgets the process itself, if it has ended and its monitor is lost. */
void mpr_vm_forget_remote(struct mpr_vm_remote *remote);

#endif
