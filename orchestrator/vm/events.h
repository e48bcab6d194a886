/* SPDX-License-Identifier: MIT */
/* Events of the private QMP connections. */
#ifndef MPR_ORCHESTRATOR_VM_EVENTS_H
#define MPR_ORCHESTRATOR_VM_EVENTS_H

struct json_object;

/* Of a struct mpr_vm_remote. */
void mpr_vm_on_remote_event(void *opaque, struct json_object *event);

/* Of QEMU; `opaque` is the struct mpr_vm. */
void mpr_vm_on_qemu_event(void *opaque, struct json_object *event);

#endif
