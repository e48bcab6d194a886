/* SPDX-License-Identifier: MIT */
/* One connection to a monitor, in QMP or HMP. */
#ifndef MPR_REMOTE_MONITOR_CLIENT_H
#define MPR_REMOTE_MONITOR_CLIENT_H

#include <json-c/json.h>

#include "event/delay.h"
#include "monitor/stream.h"
#include "remote/machine/machine.h"
#include "remote/monitor/passed.h"

struct mpr_monitor_client;

/* The condition that a command waits for: it is answered once this returns true. */
typedef bool (*mpr_settled_fn)(const struct mpr_machine *machine);

/* What a protocol implements. */
struct mpr_monitor_protocol {
	/* Sends the greeting. 0 or -ENOMEM. */
	int (*open)(struct mpr_monitor_client *client);
	void (*close)(struct mpr_monitor_client *client);
	/* Takes up to one command from `len` bytes, at least one; returns how many
	 * bytes it took, more than 0. */
	size_t (*take)(struct mpr_monitor_client *client, const char *data, size_t len);
	/* client->settled has returned true: the command is to be answered. */
	void (*settled)(struct mpr_monitor_client *client);
	/* Executes the command that is to be tried again. */
	void (*again)(struct mpr_monitor_client *client);
	/* Sends an event. NULL: the protocol has none. */
	void (*event)(struct mpr_monitor_client *client, struct json_object *event);
};

struct mpr_monitor_client {
	struct mpr_monitor_client *next;
	struct mpr_machine *machine;
	const struct mpr_monitor_protocol *protocol;
	bool pretty; /* answers have several lines */
	struct mpr_stream *stream;
	mpr_settled_fn settled; /* NULL: no command waits */
	/* A command that is retried after a delay, until `again_until`. */
	bool again, again_due;
	struct mpr_delay *again_delay;
	uint64_t again_until; /* 0: not tried yet */
	bool finished;	      /* the connection is to be closed */
	bool quit;	      /* it gave that command */
	bool inherited;	      /* on a socket that the process was started with */
	struct mpr_passed_fds fds;
	void *state; /* the protocol's */
};

/* Takes the descriptors over on success. 0 or -ENOMEM. */
int mpr_client_create(struct mpr_machine *machine, const struct mpr_monitor_protocol *protocol,
		      bool pretty, int in, int out, struct mpr_monitor_client **client);
void mpr_client_destroy(struct mpr_monitor_client *client);

/* Runs at most a few commands. True when it ran any. */
bool mpr_client_step(struct mpr_monitor_client *client);

/*
 * For a command that found an image locked (remote/storage/images.h). True: it is run again
 * shortly and not answered before; it must have changed nothing. False: the time for
 * retries is over, and the command fails.
 */
bool mpr_client_try_again(struct mpr_monitor_client *client);

/* True when it is to be destroyed. */
bool mpr_client_ended(const struct mpr_monitor_client *client);

#endif
