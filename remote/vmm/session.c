/* SPDX-License-Identifier: MIT */
#include "remote/vmm/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote/process/log.h"
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

struct mpr_session {
	int sock;
	const struct mpr_hosted_list *offer;
	struct mpr_watcher *watcher;
	struct mpr_ram_pool *pool;
	struct mpr_watch *watch;
	struct mpr_wire_parser parser; /* holds the current message */
	bool readable;		       /* the socket may have more */
	bool greeted;
	bool ended;
	uint32_t features; /* MPR_FEATURE_*: both sides have them */
	bool lock_failed;  /* guest memory could not be locked, which was logged */

	enum waiting waiting;
	struct mpr_hosted *hosted; /* whom the current message names */
	struct mpr_ram *old_table; /* WAIT_TABLE */
};

/* What a handler returns: its caller is to send the empty answer, or not (it was
 * answered, or will be later). Negative: an error, which was answered. */
enum { ANSWER = 0, LATER = 1 };

static void on_readable(void *opaque)
{
	struct mpr_session *session = opaque;

	session->readable = true;
}

int mpr_session_create(int sock, const struct mpr_hosted_list *offer, struct mpr_watcher *watcher,
		       struct mpr_ram_pool *pool, struct mpr_session **result)
{
	struct mpr_session *session = calloc(1, sizeof(*session));
	int ret = -ENOMEM;

	if (!session)
		return ret;
	session->sock = sock;
	session->offer = offer;
	session->watcher = watcher;
	session->pool = pool;
	session->readable = true;
	ret = mpr_wire_parser_init(&session->parser);
	if (ret < 0)
		goto no_parser;
	ret = -ENOMEM;
	session->watch = mpr_watch_start(watcher, sock, on_readable, session);
	if (!session->watch)
		goto no_watch;
	*result = session;
	return 0;

no_watch:
	mpr_wire_parser_fini(&session->parser);
no_parser:
	free(session);
	return ret;
}

void mpr_session_destroy(struct mpr_session *session)
{
	mpr_session_end(session, NULL);
	mpr_wire_parser_fini(&session->parser);
	free(session);
}

bool mpr_session_ended(const struct mpr_session *session)
{
	return session->ended;
}

bool mpr_session_greeted(const struct mpr_session *session)
{
	return session->greeted;
}

static bool owns(const struct mpr_session *session, const struct mpr_hosted *hosted)
{
	return hosted->owner == session;
}

static void detach(struct mpr_hosted *hosted)
{
	if (mpr_hosted_given_up(hosted))
		mpr_log(hosted->dev->id, "given up by the VMM");
	mpr_hosted_detach(hosted);
}

static void detach_all(struct mpr_session *session)
{
	for (size_t i = 0; i < session->offer->count; i++)
		if (owns(session, session->offer->hosted[i]))
			detach(session->offer->hosted[i]);
}

void mpr_session_end(struct mpr_session *session, const char *why)
{
	if (session->ended)
		return;
	if (why)
		mpr_log(NULL, "connection closed: %s", why);
	session->ended = true;
	detach_all(session);
	mpr_ram_unref(session->old_table);
	session->old_table = NULL;
	mpr_watch_stop_and_discard(session->watch);
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
static void answer(struct mpr_session *session, const void *payload, size_t length)
{
	struct mpr_wire_header header = answer_header(&session->parser.msg->header);
	int ret = mpr_wire_send(session->sock, &header, payload, length, NULL, 0, 0);

	if (ret == -EPIPE)
		mpr_session_end(session, NULL);
	else if (ret < 0)
		mpr_session_end(session, "the peer does not read its answers");
}

/* Answers with an error; EPROTO ends the session. Returns -error. */
__attribute__((format(printf, 3, 4))) static int refuse(struct mpr_session *session, int error,
							const char *fmt, ...)
{
	struct mpr_wire_header header = answer_header(&session->parser.msg->header);
	struct mpr_wire_error payload = {.error = (uint32_t)error};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(payload.text, sizeof(payload.text), fmt, ap);
	va_end(ap);
	header.type = MPR_WIRE_ERROR;
	if (mpr_wire_send(session->sock, &header, &payload, sizeof(payload), NULL, 0, 0) < 0 ||
	    error == EPROTO)
		mpr_session_end(session, payload.text);
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

static uint32_t offered_features(const struct mpr_session *session)
{
	return FEATURES | (session->pool->uring ? MPR_FEATURE_LOCKED_MEMORY : 0);
}

static int handle_hello(struct mpr_session *session, struct mpr_wire_msg *msg)
{
	const struct mpr_wire_hello *theirs = (const void *)msg->payload;
	struct mpr_wire_hello ours = {
		.magic = MPR_WIRE_MAGIC,
		.version_min = MPR_WIRE_VERSION,
		.version_max = MPR_WIRE_VERSION,
		.features = theirs->features & offered_features(session),
	};

	if (session->greeted)
		return refuse(session, EPROTO, "hello was said before");
	if (theirs->version_min > MPR_WIRE_VERSION || theirs->version_max < MPR_WIRE_VERSION)
		return refuse(session, EPROTONOSUPPORT,
			      "protocol versions %u to %u are offered, %u is spoken here",
			      theirs->version_min, theirs->version_max, MPR_WIRE_VERSION);
	session->greeted = true;
	session->features = ours.features;
	answer(session, &ours, sizeof(ours));
	return LATER; /* answered with a payload */
}

/* To a peer that cannot share a BAR of plain memory it is an ordinary memory BAR. */
static enum mpr_bar_kind kind_of(const struct mpr_session *session, const struct mpr_bar_info *bar)
{
	if (bar->kind == MPR_BAR_RAM32 && !(session->features & MPR_FEATURE_BAR_MEMORY))
		return MPR_BAR_MEM32;
	return bar->kind;
}

static int handle_describe(struct mpr_session *session, struct mpr_hosted *hosted)
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
static bool files_are_bars(const struct mpr_session *session, const struct mpr_hosted *hosted,
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

static int handle_channel(struct mpr_session *session, struct mpr_hosted *hosted,
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
static void lock_memory(struct mpr_session *session, struct mpr_ram *ram)
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

static int handle_memory(struct mpr_session *session, struct mpr_hosted *hosted,
			 struct mpr_wire_msg *msg)
{
	const struct mpr_wire_region *regions = (const void *)msg->payload;
	struct mpr_ram *ram;
	char *error;
	int ret = mpr_ram_create(session->pool, regions, msg->header.length / sizeof(*regions),
				 msg->fds, &ram, &error);

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

static int handle_intx(struct mpr_session *session, struct mpr_hosted *hosted,
		       struct mpr_wire_msg *msg)
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

static int handle_close(struct mpr_session *session, struct mpr_hosted *hosted)
{
	mpr_hosted_detach(hosted);
	session->waiting = WAIT_CLOSED;
	return LATER;
}

/* A message that names a device. */
static int handle_device(struct mpr_session *session, struct mpr_wire_msg *msg)
{
	struct mpr_hosted *hosted = mpr_hosted_list_find(session->offer, msg->header.id);

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

static int dispatch(struct mpr_session *session, struct mpr_wire_msg *msg)
{
	const char *why;

	if (mpr_wire_check(msg, &why) < 0)
		return refuse(session, EPROTO, "%s", why);
	if (msg->header.flags & MPR_WIRE_ANSWER)
		return refuse(session, EPROTO, "an answer where a request belongs");
	if (msg->header.type == MPR_WIRE_HELLO)
		return handle_hello(session, msg);
	if (!session->greeted)
		return refuse(session, EPROTO, "hello must come first");
	return handle_device(session, msg);
}

/* ---- Progress ----------------------------------------------------------- */

static bool waits_no_more(const struct mpr_session *session)
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
static void resume(struct mpr_session *session)
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

static void receive(struct mpr_session *session)
{
	int ret = mpr_wire_parser_read(&session->parser, session->sock);

	if (ret == 0)
		session->readable = false;
	else if (ret == -ECONNRESET)
		mpr_session_end(session, NULL);
	else if (ret < 0)
		mpr_session_end(session, "malformed message");
	else if (dispatch(session, session->parser.msg) == ANSWER)
		answer(session, NULL, 0);
	/* Closes descriptors that nobody took; WAIT_FREE handles the message again. */
	if (session->waiting != WAIT_FREE)
		mpr_wire_msg_release(session->parser.msg);
}

bool mpr_session_step(struct mpr_session *session)
{
	if (session->ended)
		return false;
	if (session->waiting != WAIT_NOTHING) {
		if (!waits_no_more(session))
			return false;
		resume(session);
		return true;
	}
	if (!session->readable)
		return false;
	receive(session);
	/* Answer in this turn if there is nothing to wait for. */
	if (!session->ended && session->waiting != WAIT_NOTHING && waits_no_more(session))
		resume(session);
	return true;
}

static void check_device(struct mpr_session *session, const struct mpr_hosted *hosted)
{
	const char *why = NULL;

	if (mpr_channel_error(hosted->channel) < 0)
		why = "the VMM broke the channel's protocol";
	else if (hosted->ram && mpr_ram_lost(hosted->ram))
		why = "the VMM truncated guest memory";
	if (!why)
		return;
	mpr_log(hosted->dev->id, "%s", why);
	mpr_session_end(session, why);
}

void mpr_session_check(struct mpr_session *session)
{
	for (size_t i = 0; i < session->offer->count && !session->ended; i++)
		if (owns(session, session->offer->hosted[i]))
			check_device(session, session->offer->hosted[i]);
}
