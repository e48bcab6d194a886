/* SPDX-License-Identifier: MIT */
/*
 * A QMP connection to QEMU or to a device process: commands out, replies and
 * events back, all through GLib's main loop. One thread.
 *
 * One command is under way at a time, the others wait for their turn, so that a
 * file descriptor is never taken for that of another command.
 */
#ifndef MPR_ORCHESTRATOR_VM_QMP_CLIENT_H
#define MPR_ORCHESTRATOR_VM_QMP_CLIENT_H

#include <json-c/json.h>
#include <stddef.h>

struct mpr_qmp;

/* An event, whole ({"event": ..., "data": ...}), valid during the call; NULL, once and
 * last: the connection is lost. "event" is a string; whatever else is in it is to be read
 * with monitor/json.h. */
typedef void (*mpr_qmp_event_fn)(void *opaque, struct json_object *event);

/* `reply` has "return", of any type, or "error", an object, and is valid during the call;
 * NULL: the connection was lost before. Called once for each command, never from within
 * mpr_qmp_execute(). */
typedef void (*mpr_qmp_reply_fn)(void *opaque, struct json_object *reply);

/* Takes over a connected socket. Commands may be given at once: they wait for the
 * greeting and the capabilities' negotiation. Whoever sends a message of more bytes than
 * `message_max` is hung up on. */
struct mpr_qmp *mpr_qmp_create(int sock, size_t message_max, mpr_qmp_event_fn event, void *opaque);

/* Bytes of events that are read in a second; more wait with the peer. */
#define MPR_QMP_EVENTS ((size_t)1 << 20)

/* Ends the connection. No function is called any more, not for commands that wait either. May
 * be called from within one of them. NULL is allowed. */
void mpr_qmp_destroy(struct mpr_qmp *qmp);

/* Ends the connection as if the other side had left: whoever waits is told, soon. */
void mpr_qmp_hang_up(struct mpr_qmp *qmp);

/* Commands are answered in their order. `arguments` (NULL: none) is taken over. fd, when
 * not -1, goes along with the command (SCM_RIGHTS) and stays the caller's, who may
 * close it on return. `reply` may be NULL: it does not matter. */
void mpr_qmp_execute(struct mpr_qmp *qmp, const char *command, struct json_object *arguments,
		     int fd, mpr_qmp_reply_fn reply, void *opaque);

/* What went wrong, for a person, in the words of whoever replied; NULL: all went well.
 * Valid as long as the reply. */
const char *mpr_qmp_error(struct json_object *reply);

#endif
