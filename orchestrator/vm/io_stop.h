/* SPDX-License-Identifier: MIT */
/* A machine that an I/O error of a remote disk stops, and that the user lets go on. */
#ifndef MPR_ORCHESTRATOR_VM_IO_STOP_H
#define MPR_ORCHESTRATOR_VM_IO_STOP_H

struct mpr_vm;
struct mpr_vm_remote;

/* The remote says that it has stopped, or goes on. */
void mpr_vm_remote_stopped(struct mpr_vm_remote *remote);
void mpr_vm_remote_resumed(struct mpr_vm_remote *remote);

/* QEMU's machine goes on. */
void mpr_vm_resume_remotes(const struct mpr_vm *vm);

#endif
