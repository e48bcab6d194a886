/* SPDX-License-Identifier: MIT */
/* mpring's own protocol (protocols.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote/process/log.h"
#include "remote/vmm/protocols.h"
#include "wire/wire.h"

#define FEATURES                                                                         \
	(MPR_FEATURE_INTX_EVENTFD | MPR_FEATURE_INTX_RESAMPLE | MPR_FEATURE_BAR_MEMORY | \
	 MPR_FEATURE_REPORT_DMA | MPR_FEATURE_NODE)

/* Why the current message is not answered yet. */
enum waiting {
	WAIT_NOTHING,
	WAIT_FREE,   /* CHANNEL: until the last owner's DMA has ended */
	WAIT_TABLE,  /* MEMORY: until nothing is mapped through the old table */
	WAIT_CLOSED, /* CLOSE: until the device's DMA has ended */
};

struct session {
	struct mpr_connection *connection;
	struct mpr_wire_parser parser; /* holds the current message */
	uint32_t features;	       /* MPR_FEATURE_*: both sides have them */
	bool lock_failed;	       /* guest memory could not be locked, which was logged */

	enum waiting waiting;
	struct mpr_hosted *hosted; /* whom the current message names */
	struct mpr_ram *old_table; /* WAIT_TABLE */
};

/* What a handler returns: its caller is to send the empty answer, or not (it was
 * answered, or will be later). Negative: an error, which was answered. */
enum { ANSWER = 0, LATER = 1 };

static void end(struct session *session, const char *why)
{
	mpr_connection_end(session->connection, why);
}

static bool owns(const struct session *session, const struct mpr_hosted *hosted)
{
	return hosted->owner == session;
}

/* ---- Answers ------------------------------------------------------------ */

static struct mpr_wire_header answer_header(const struct mpr_wire_header *request)
{
	struct mpr_wire_header header = {
		.type = request->type,
		.flags = MPR_WIRE_ANSWER,
		.serial = request->serial,
	};

	memcpy(header.id, request->id, sizeof(header.id));
	return header;
}

/* Does not block: a peer that lets its socket fill up is hung up on. */
static void answer(struct session *session, const void *payload, size_t length)
{
	struct mpr_wire_header header = answer_header(&session->parser.msg->header);
	int ret = mpr_wire_send(session->connection->sock, &header, payload, length, NULL, 0, 0);

	if (ret == -EPIPE)
		end(session, NULL);
	else if (ret < 0)
		end(session, "the peer does not read its answers");
}

/* Answers with an error; EPROTO ends the session. Returns -error. */
__attribute__((format(printf, 3, 4))) static int refuse(struct session *session, int error,
							const char *fmt, ...)
{
	struct mpr_wire_header header = answer_header(&session->parser.msg->header);
	struct mpr_wire_error payload = {.error = (uint32_t)error};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(payload.text, sizeof(payload.text), fmt, ap);
	va_end(ap);
	header.type = MPR_WIRE_ERROR;
	if (mpr_wire_send(session->connection->sock, &header, &payload, sizeof(payload), NULL, 0,
			  0) < 0 ||
	    error == EPROTO)
		end(session, payload.text);
	else
		mpr_log(NULL, "request refused: %s", payload.text);
	return -error;
}

/* Hands a file descriptor of the current message to the caller. */
static int take_fd(struct mpr_wire_msg *msg, unsigned index)
{
	int fd = msg->fds[index];

	msg->fds[index] = -1;
	return fd;
}

/* ---- Messages ----------------------------------------------------------- */

static uint32_t offered_features(const struct session *session)
{
	return FEATURES | (session->connection->pool->uring ? MPR_FEATURE_LOCKED_MEMORY : 0);
}

static int handle_hello(struct session *session, struct mpr_wire_msg *msg)
{
	const struct mpr_wire_hello *theirs = (const void *)msg->payload;
	struct mpr_wire_hello ours = {
		.magic = MPR_WIRE_MAGIC,
		.version_min = MPR_WIRE_VERSION,
		.version_max = MPR_WIRE_VERSION,
		.features = theirs->features & offered_features(session),
	};

	if (session->connection->greeted)
		return refuse(session, EPROTO, "hello was said before");
	if (theirs->version_min > MPR_WIRE_VERSION || theirs->version_max < MPR_WIRE_VERSION)
		return refuse(session, EPROTONOSUPPORT,
			      "protocol versions %u to %u are offered, %u is spoken here",
			      theirs->version_min, theirs->version_max, MPR_WIRE_VERSION);
	session->connection->greeted = true;
	session->features = ours.features;
	answer(session, &ours, sizeof(ours));
	return LATER; /* answered with a payload */
}

/* To a peer that cannot share a BAR of plain memory it is an ordinary memory BAR. */
static enum mpr_bar_kind kind_of(const struct session *session, const struct mpr_bar_info *bar)
{
	if (bar->kind == MPR_BAR_RAM32 && !(session->features & MPR_FEATURE_BAR_MEMORY))
		return MPR_BAR_MEM32;
	return bar->kind;
}

static int handle_describe(struct session *session, struct mpr_hosted *hosted)
{
	const struct mpr_device_ops *ops = hosted->dev->ops;
	struct mpr_wire_description description = {.interrupt_pin = ops->pci->interrupt_pin};
	struct mpr_pci pci;

	mpr_pci_init(&pci, ops->pci);
	snprintf(description.driver, sizeof(description.driver), "%s", ops->model.driver);
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++) {
		description.bar[i].kind = (uint8_t)kind_of(session, &ops->pci->bar[i]);
		description.bar[i].size = ops->pci->bar[i].size;
	}
	memcpy(description.config, pci.config, sizeof(description.config));
	memcpy(description.wmask, pci.wmask, sizeof(description.wmask));
	if (session->features & MPR_FEATURE_NODE)
		description.node = (uint16_t)(hosted->node + 1);
	answer(session, &description, sizeof(description));
	return LATER; /* answered with a payload */
}

/* True when every BAR that comes with a file is plain memory. */
static bool files_are_bars(const struct session *session, const struct mpr_hosted *hosted,
			   uint32_t files)
{
	const struct mpr_bar_info *bar = hosted->dev->ops->pci->bar;

	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++)
		if ((files >> i & 1) && kind_of(session, &bar[i]) != MPR_BAR_RAM32)
			return false;
	return true;
}

static struct mpr_hosted_files take_files(struct mpr_wire_msg *msg, uint32_t which)
{
	struct mpr_hosted_files files = {.memfd = take_fd(msg, 0), .doorbell = take_fd(msg, 1)};
	unsigned next = 2;

	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++)
		files.bar[i] = which >> i & 1 ? take_fd(msg, next++) : -1;
	return files;
}

static int handle_channel(struct session *session, struct mpr_hosted *hosted,
			  struct mpr_wire_msg *msg)
{
	const struct mpr_wire_channel *wire = (const void *)msg->payload;
	struct mpr_hosted_files files;
	int ret;

	if (wire->abi != MPR_CHANNEL_ABI)
		return refuse(session, EPROTONOSUPPORT,
			      "channel layout %u is offered, %u is known here", wire->abi,
			      MPR_CHANNEL_ABI);
	if (!files_are_bars(session, hosted, wire->files))
		return refuse(session, EPROTO,
			      "channel: a file for a BAR that is not plain memory");
	if (hosted->leaving)
		return refuse(session, ENODEV, "device \"%s\" is being removed", hosted->dev->id);
	if (hosted->owner)
		return refuse(session, EBUSY, "device \"%s\" is open already", hosted->dev->id);
	if (!mpr_hosted_idle(hosted)) {
		session->waiting = WAIT_FREE;
		return LATER;
	}
	files = take_files(msg, wire->files);
	ret = mpr_hosted_attach(hosted, session, &files);
	if (ret < 0)
		return refuse(session, -ret, "the channel cannot be attached: %s", strerror(-ret));
	if (wire->flags & MPR_CHANNEL_REPORT_DMA)
		mpr_hosted_report_dma(hosted);
	return ANSWER;
}

/* Optional: unlocked memory works, only slower. */
static void lock_memory(struct session *session, struct mpr_ram *ram)
{
	int ret;

	if (!(session->features & MPR_FEATURE_LOCKED_MEMORY) || session->lock_failed)
		return;
	ret = mpr_ram_lock(ram);
	if (ret == 0)
		return;
	session->lock_failed = true;
	mpr_log(session->hosted->dev->id, "guest memory is not locked: %s%s", strerror(-ret),
		ret == -ENOMEM ? " (see ulimit -l)" : "");
}

static int handle_memory(struct session *session, struct mpr_hosted *hosted,
			 struct mpr_wire_msg *msg)
{
	const struct mpr_wire_region *regions = (const void *)msg->payload;
	struct mpr_ram *ram;
	char *error;
	int ret = mpr_ram_create(session->connection->pool, regions,
				 msg->header.length / sizeof(*regions), msg->fds, &ram, &error);

	if (ret < 0) {
		ret = refuse(session, -ret, "%s", error ? error : strerror(-ret));
		free(error);
		return ret;
	}
	lock_memory(session, ram);
	session->old_table = mpr_hosted_set_memory(hosted, ram);
	session->waiting = WAIT_TABLE;
	return LATER;
}

static int handle_intx(struct session *session, struct mpr_hosted *hosted, struct mpr_wire_msg *msg)
{
	bool resample = msg->header.nfds == 2;
	int ret;

	ret = mpr_hosted_set_intx(hosted, msg->fds[0], resample ? msg->fds[1] : -1);
	if (ret == -EINVAL)
		return refuse(session, EPROTO, "an interrupt is not an eventfd");
	if (ret < 0)
		return refuse(session, -ret, "an interrupt cannot be connected: %s",
			      strerror(-ret));
	/* mpr_hosted_set_intx() keeps the second and not the first, an eventfd that is safe to
	 * close. */
	close(take_fd(msg, 0));
	if (resample)
		take_fd(msg, 1);
	return ANSWER;
}

static int handle_close(struct session *session, struct mpr_hosted *hosted)
{
	mpr_hosted_detach(hosted);
	session->waiting = WAIT_CLOSED;
	return LATER;
}

/* A message that names a device. */
static int handle_device(struct session *session, struct mpr_wire_msg *msg)
{
	struct mpr_hosted *hosted =
		mpr_hosted_list_find(session->connection->offer, msg->header.id);

	if (!hosted)
		return refuse(session, ENODEV, "no device \"%s\" is offered here", msg->header.id);
	session->hosted = hosted;
	if (msg->header.type == MPR_WIRE_DESCRIBE)
		return handle_describe(session, hosted);
	if (msg->header.type == MPR_WIRE_CHANNEL)
		return handle_channel(session, hosted, msg);
	if (!owns(session, hosted))
		return refuse(session, EPROTO, "device \"%s\" is not open here", hosted->dev->id);
	switch (msg->header.type) {
	case MPR_WIRE_MEMORY:
		return handle_memory(session, hosted, msg);
	case MPR_WIRE_INTX:
		return handle_intx(session, hosted, msg);
	default: /* CLOSE: mpr_wire_check() knows no other */
		return handle_close(session, hosted);
	}
}

static int dispatch(struct session *session, struct mpr_wire_msg *msg)
{
	const char *why;

	if (mpr_wire_check(msg, &why) < 0)
		return refuse(session, EPROTO, "%s", why);
	if (msg->header.flags & MPR_WIRE_ANSWER)
		return refuse(session, EPROTO, "an answer where a request belongs");
	if (msg->header.type == MPR_WIRE_HELLO)
		return handle_hello(session, msg);
	if (!session->connection->greeted)
		return refuse(session, EPROTO, "hello must come first");
	return handle_device(session, msg);
}

/* ---- Progress ----------------------------------------------------------- */

static bool waits_no_more(const struct session *session)
{
	switch (session->waiting) {
	case WAIT_TABLE:
		return !session->old_table || mpr_ram_refs(session->old_table) == 1;
	case WAIT_FREE:
	case WAIT_CLOSED:
		return mpr_hosted_idle(session->hosted);
	default:
		return false;
	}
}

/* The wait is over: answers the message, or handles it again. */
static void resume(struct session *session)
{
	enum waiting waited = session->waiting;

	session->waiting = WAIT_NOTHING;
	mpr_ram_unref(session->old_table);
	session->old_table = NULL;
	if (waited == WAIT_FREE &&
	    handle_channel(session, session->hosted, session->parser.msg) != ANSWER)
		return;
	answer(session, NULL, 0);
}

static void receive(struct session *session)
{
	int ret = mpr_wire_parser_read(&session->parser, session->connection->sock);

	if (ret == 0)
		session->connection->readable = false;
	else if (ret == -ECONNRESET)
		end(session, NULL);
	else if (ret < 0)
		end(session, "malformed message");
	else if (dispatch(session, session->parser.msg) == ANSWER)
		answer(session, NULL, 0);
	/* Closes descriptors that nobody took; WAIT_FREE handles the message again. */
	if (session->waiting != WAIT_FREE)
		mpr_wire_msg_release(session->parser.msg);
}

static bool step(struct mpr_connection *connection)
{
	struct session *session = connection->session;

	if (session->waiting != WAIT_NOTHING) {
		if (!waits_no_more(session))
			return false;
		resume(session);
		return true;
	}
	if (!connection->readable)
		return false;
	receive(session);
	/* Answer in this turn if there is nothing to wait for. */
	if (!connection->ended && session->waiting != WAIT_NOTHING && waits_no_more(session))
		resume(session);
	return true;
}

static void check_device(struct session *session, const struct mpr_hosted *hosted)
{
	const char *why = NULL;

	if (mpr_channel_error(hosted->channel) < 0)
		why = "the VMM broke the channel's protocol";
	else if (hosted->ram && mpr_ram_lost(hosted->ram))
		why = "the VMM truncated guest memory";
	if (!why)
		return;
	mpr_log(hosted->dev->id, "%s", why);
	end(session, why);
}

static void check(struct mpr_connection *connection)
{
	const struct mpr_hosted_list *offer = connection->offer;

	for (size_t i = 0; i < offer->count && !connection->ended; i++)
		if (owns(connection->session, offer->hosted[i]))
			check_device(connection->session, offer->hosted[i]);
}

/* ---- Beginning and end -------------------------------------------------- */

static int start(struct mpr_connection *connection)
{
	struct session *session = calloc(1, sizeof(*session));
	int ret = session ? mpr_wire_parser_init(&session->parser) : -ENOMEM;

	if (ret < 0) {
		free(session);
		return ret;
	}
	session->connection = connection;
	connection->session = session;
	return 0;
}

static void detach_device(struct mpr_hosted *hosted)
{
	if (mpr_hosted_given_up(hosted))
		mpr_log(hosted->dev->id, "given up by the VMM");
	mpr_hosted_detach(hosted);
}

static void detach(struct mpr_connection *connection)
{
	struct session *session = connection->session;

	for (size_t i = 0; i < connection->offer->count; i++)
		if (owns(session, connection->offer->hosted[i]))
			detach_device(connection->offer->hosted[i]);
	mpr_ram_unref(session->old_table);
	session->old_table = NULL;
}

static void free_session(struct mpr_connection *connection)
{
	struct session *session = connection->session;

	mpr_wire_parser_fini(&session->parser);
	free(session);
}

const struct mpr_protocol mpr_mpring_protocol = {
	.start = start,
	.step = step,
	.check = check,
	.detach = detach,
	.free = free_session,
};
