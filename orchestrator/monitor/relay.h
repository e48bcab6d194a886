/* SPDX-License-Identifier: MIT */
/*
 * One user's QMP connection: a relay to a QMP monitor in QEMU that is this user's
 * alone, so that what comes back is QEMU's own, byte for byte. Only mpring's commands, and
 * those about remote drives and devices, also in human-monitor-command, are answered here,
 * in their turn, and query-commands lists mpring's with QEMU's.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_RELAY_H
#define MPR_ORCHESTRATOR_MONITOR_RELAY_H

#include <json-c/json.h>
#include <stdbool.h>

struct mpr_relay;
struct mpr_commands;

/* Bytes of a user's message. */
#define MPR_RELAY_MESSAGE ((size_t)1 << 20)

/* Called once, when the user or QEMU has left; the relay may be destroyed after. */
typedef void (*mpr_relay_fn)(void *opaque);

/* Takes over the user's descriptors (which may be the same) and the connection to QEMU. */
struct mpr_relay *mpr_relay_create(const struct mpr_commands *commands, int in, int out, int qemu,
				   bool pretty, mpr_relay_fn finished, void *opaque);
/* Hands on what has come from QEMU, and hangs up. */
void mpr_relay_destroy(struct mpr_relay *relay);

/* An event that is not QEMU's. Told if the user has negotiated capabilities; one who has
 * not read for long is hung up on. */
void mpr_relay_tell(struct mpr_relay *relay, struct json_object *event);

#endif
