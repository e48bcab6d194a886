/* SPDX-License-Identifier: MIT */
/* An I/O error of a remote disk stops the whole machine; the user's cont resumes it. */
#ifndef MPR_ORCHESTRATOR_VM_IO_STOP_H
#define MPR_ORCHESTRATOR_VM_IO_STOP_H

struct mpr_vm;
struct mpr_vm_remote;

/* The remote claims that it has stopped; that it goes on. */
void mpr_vm_remote_stopped(struct mpr_vm_remote *remote);
void mpr_vm_remote_resumed(struct mpr_vm_remote *remote);

/* QEMU's machine goes on. */
void mpr_vm_resume_remotes(const struct mpr_vm *vm);

#endif
