/* SPDX-License-Identifier: MIT */
/* Adding an adapter: its model in a remote process, then its proxy in QEMU. */
#ifndef MPR_ORCHESTRATOR_HOTPLUG_PLUG_ADAPTER_H
#define MPR_ORCHESTRATOR_HOTPLUG_PLUG_ADAPTER_H

struct mpr_change;

void mpr_change_plug_adapter(struct mpr_change *change);

#endif
