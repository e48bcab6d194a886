/* SPDX-License-Identifier: MIT */
/* Whoever is connected to a monitor, speaking QMP or HMP. */
#ifndef MPR_REMOTE_MONITOR_CLIENT_H
#define MPR_REMOTE_MONITOR_CLIENT_H

#include <json-c/json.h>

#include "event/delay.h"
#include "monitor/stream.h"
#include "remote/machine/machine.h"
#include "remote/monitor/passed.h"

struct mpr_monitor_client;

/* A command that has to wait says for what; it is answered when that is true. */
typedef bool (*mpr_settled_fn)(const struct mpr_machine *machine);

/* How a protocol is spoken. */
struct mpr_monitor_protocol {
	/* Says hello. */
	int (*open)(struct mpr_monitor_client *client);
	void (*close)(struct mpr_monitor_client *client);
	/* Takes up to one command from `len` bytes, at least one; returns how many
	 * bytes it took, more than 0. */
	size_t (*take)(struct mpr_monitor_client *client, const char *data, size_t len);
	/* What client->settled waited for has come. */
	void (*settled)(struct mpr_monitor_client *client);
	/* Executes the command that is to be tried again. */
	void (*again)(struct mpr_monitor_client *client);
	/* Tells of an event. NULL: it is not told. */
	void (*event)(struct mpr_monitor_client *client, struct json_object *event);
};

struct mpr_monitor_client {
	struct mpr_monitor_client *next;
	struct mpr_machine *machine;
	const struct mpr_monitor_protocol *protocol;
	bool pretty; /* answers have several lines */
	struct mpr_stream *stream;
	mpr_settled_fn settled; /* NULL: the client waits for nothing */
	/* A command is to be tried again, after a delay, until some time. */
	bool again, again_due;
	struct mpr_delay *again_delay;
	uint64_t again_until; /* 0: it was not tried yet */
	bool finished;	      /* it is to be hung up on */
	bool quit;	      /* it said so */
	bool inherited;	      /* by a socket that was there at the start */
	struct mpr_passed_fds fds;
	void *state; /* the protocol's */
};

/* Takes the descriptors over on success. 0 or -ENOMEM. */
int mpr_client_create(struct mpr_machine *machine, const struct mpr_monitor_protocol *protocol,
		      bool pretty, int in, int out, struct mpr_monitor_client **client);
void mpr_client_destroy(struct mpr_monitor_client *client);

/* Takes a bounded number of commands. True when it did something. */
bool mpr_client_step(struct mpr_monitor_client *client);

/*
 * For a command that found an image locked (remote/storage/images.h). True: it is executed
 * again in a moment, has no answer until then, and must have changed nothing. False:
 * it was tried for as long as it may be.
 */
bool mpr_client_try_again(struct mpr_monitor_client *client);

/* True when it is to be destroyed. */
bool mpr_client_ended(const struct mpr_monitor_client *client);

#endif
