/* SPDX-License-Identifier: MIT */
/* A remote process of the running machine. */
#ifndef MPR_ORCHESTRATOR_VM_REMOTE_H
#define MPR_ORCHESTRATOR_VM_REMOTE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mpr_qmp;
struct mpr_vm_remote;

uint64_t mpr_vm_remote_rid(const struct mpr_vm_remote *remote);

/* Of its process; 0: that has ended. */
pid_t mpr_vm_remote_pid(const struct mpr_vm_remote *remote);

/* Its private monitor; NULL: the connection is lost. */
struct mpr_qmp *mpr_vm_remote_qmp(const struct mpr_vm_remote *remote);

/* Whether it has not answered a command in time, nor any since. Setting it tells the operator. */
bool mpr_vm_remote_is_silent(const struct mpr_vm_remote *remote);
void mpr_vm_remote_set_silent(struct mpr_vm_remote *remote, bool silent);

#endif
