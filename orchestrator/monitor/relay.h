/* SPDX-License-Identifier: MIT */
/*
 * One QMP client, relayed to a QMP monitor in QEMU that no other client uses: what comes back is
 * QEMU's, byte for byte. mpring's commands, and those about remote drives and devices, are
 * answered here, in order with the others, also in human-monitor-command; query-commands lists
 * mpring's after QEMU's.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_RELAY_H
#define MPR_ORCHESTRATOR_MONITOR_RELAY_H

#include <json-c/json.h>
#include <stdbool.h>

struct mpr_relay;
struct mpr_commands;

/* Bytes of a user's message. */
#define MPR_RELAY_MESSAGE ((size_t)1 << 20)

/* Called once, when the user or QEMU has left; destroy the relay after it returns, not in it. */
typedef void (*mpr_relay_fn)(void *opaque);

/* Takes over the user's descriptors (which may be the same) and the connection to QEMU. */
struct mpr_relay *mpr_relay_create(const struct mpr_commands *commands, int in, int out, int qemu,
				   bool pretty, mpr_relay_fn finished, void *opaque);
/* Forwards what QEMU has sent, and closes both connections. */
void mpr_relay_destroy(struct mpr_relay *relay);

/* Sends an event that is not QEMU's, if capabilities were negotiated. A user who has more than
 * MPR_STREAM_BACKLOG bytes unread is disconnected instead. */
void mpr_relay_tell(struct mpr_relay *relay, struct json_object *event);

#endif
