/* SPDX-License-Identifier: MIT */
/* An adapter is added: a model in a remote process, and its proxy in QEMU. */
#ifndef MPR_ORCHESTRATOR_VM_PLUG_ADAPTER_H
#define MPR_ORCHESTRATOR_VM_PLUG_ADAPTER_H

struct mpr_change;

void mpr_change_plug_adapter(struct mpr_change *change);

#endif
