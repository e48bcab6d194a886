/* SPDX-License-Identifier: MIT */
/* What is done about events on the private QMP connections. */
#ifndef MPR_ORCHESTRATOR_HOTPLUG_EVENTS_H
#define MPR_ORCHESTRATOR_HOTPLUG_EVENTS_H

struct json_object;

/* From the remote `opaque`, a struct mpr_vm_remote. */
void mpr_vm_on_remote_event(void *opaque, struct json_object *event);

/* From QEMU; `opaque` is the struct mpr_vm. */
void mpr_vm_on_qemu_event(void *opaque, struct json_object *event);

#endif
