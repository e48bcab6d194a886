/* SPDX-License-Identifier: MIT */
#include "remote/vmm/mpqemu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote/process/log.h"
#include "wire/mpqemu.h"
#include "wire/wire.h"

struct mpr_mpqemu_session {
	int sock;
	const struct mpr_hosted_list *offer;
	struct mpr_hosted *hosted; /* the device; NULL until it is taken */
	struct mpr_ram_pool *pool;
	struct mpr_watch *watch;
	struct mpr_mpqemu_parser parser; /* holds the current message */
	bool readable;			 /* the socket may have more */
	bool has_memory;		 /* SYNC_SYSMEM came */
	bool resetting;			 /* DEVICE_RESET is not answered yet */
	bool writing;			 /* a write is not answered yet */
	bool ended;
};

static void on_readable(void *opaque)
{
	struct mpr_mpqemu_session *session = opaque;

	session->readable = true;
}

int mpr_mpqemu_session_create(int sock, const struct mpr_hosted_list *offer,
			      struct mpr_watcher *watcher, struct mpr_ram_pool *pool,
			      struct mpr_mpqemu_session **result)
{
	struct mpr_mpqemu_session *session = calloc(1, sizeof(*session));

	if (!session)
		return -ENOMEM;
	session->sock = sock;
	session->offer = offer;
	session->pool = pool;
	session->readable = true;
	mpr_mpqemu_parser_init(&session->parser);
	session->watch = mpr_watch_start(watcher, sock, on_readable, session);
	if (!session->watch) {
		free(session);
		return -ENOMEM;
	}
	*result = session;
	return 0;
}

void mpr_mpqemu_session_destroy(struct mpr_mpqemu_session *session)
{
	mpr_mpqemu_session_end(session, NULL);
	mpr_mpqemu_parser_fini(&session->parser);
	free(session);
}

bool mpr_mpqemu_session_ended(const struct mpr_mpqemu_session *session)
{
	return session->ended;
}

bool mpr_mpqemu_session_greeted(const struct mpr_mpqemu_session *session)
{
	return session->has_memory;
}

void mpr_mpqemu_session_end(struct mpr_mpqemu_session *session, const char *why)
{
	if (session->ended)
		return;
	if (why)
		mpr_log(NULL, "connection closed: %s", why);
	session->ended = true;
	if (session->hosted)
		mpr_hosted_detach(session->hosted);
	mpr_watch_stop_and_discard(session->watch);
}

/* ---- The device --------------------------------------------------------- */

/* Why no device can be taken, or NULL. The protocol cannot say which one is meant. */
static const char *why_not(const struct mpr_hosted_list *offer)
{
	if (offer->count != 1)
		return "x-pci-proxy-dev cannot say which of several devices it means: offer "
		       "each on a socket of its own, by -object x-remote-object,devid=ID,fd=N";
	if (offer->hosted[0]->owner)
		return "the device is open already";
	return NULL;
}

/* Takes the device once the DMA of its last owner has ended. */
static void take_device(struct mpr_mpqemu_session *session)
{
	const char *why = why_not(session->offer);

	if (why) {
		mpr_mpqemu_session_end(session, why);
		return;
	}
	if (!mpr_hosted_idle(session->offer->hosted[0]))
		return;
	session->hosted = session->offer->hosted[0];
	mpr_hosted_adopt(session->hosted, session);
	mpr_log(session->hosted->dev->id,
		"used by QEMU's own x-pci-proxy-dev: every access is a message on the "
		"socket, there are no rings");
}

/* ---- Messages ----------------------------------------------------------- */

static void answer(struct mpr_mpqemu_session *session, const void *data, size_t size)
{
	int ret = mpr_mpqemu_send(session->sock, MPR_MPQEMU_RET, data, size, NULL, 0);

	if (ret == -EPIPE)
		mpr_mpqemu_session_end(session, NULL);
	else if (ret < 0)
		mpr_mpqemu_session_end(session, "the peer does not read its answers");
}

static void answer_value(struct mpr_mpqemu_session *session, uint64_t value)
{
	answer(session, &value, sizeof(value));
}

static int by_address(const void *a, const void *b)
{
	const struct mpr_wire_region *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* The table as remote/device/ram.h wants it: sorted, which QEMU does not promise. */
static unsigned get_regions(const struct mpr_mpqemu_msg *msg, struct mpr_wire_region *regions)
{
	const struct mpr_mpqemu_memory *memory = &msg->data.memory;

	for (unsigned i = 0; i < msg->nfds; i++)
		regions[i] = (struct mpr_wire_region){
			.address = memory->address[i],
			.size = memory->size[i],
			.offset = (uint64_t)memory->offset[i],
			.fd = (uint16_t)i,
		};
	qsort(regions, msg->nfds, sizeof(*regions), by_address);
	return msg->nfds;
}

/* Has no answer. What the device still maps through the old table stays mapped until it
 * lets go. */
static void handle_memory(struct mpr_mpqemu_session *session, const struct mpr_mpqemu_msg *msg)
{
	struct mpr_wire_region regions[MPR_MPQEMU_MAX_FDS];
	unsigned count = get_regions(msg, regions);
	struct mpr_ram *ram;
	const char *why;
	char *error;
	int ret;

	if (mpr_wire_check_regions(regions, count, msg->nfds, &why) < 0) {
		mpr_mpqemu_session_end(session, why);
		return;
	}
	ret = mpr_ram_create(session->pool, regions, count, msg->fds, &ram, &error);
	if (ret < 0) {
		mpr_mpqemu_session_end(session, error ? error : strerror(-ret));
		free(error);
		return;
	}
	mpr_ram_unref(mpr_hosted_set_memory(session->hosted, ram));
	session->has_memory = true;
}

static void handle_irqfd(struct mpr_mpqemu_session *session, struct mpr_mpqemu_msg *msg)
{
	int ret = mpr_hosted_set_intx(session->hosted, msg->fds[0], msg->fds[1]);

	if (ret < 0)
		mpr_mpqemu_session_end(session, ret == -EINVAL
							? "an interrupt is not an eventfd"
							: "an interrupt cannot be connected");
	else
		msg->fds[1] = -1;
}

/* The offset may be anything, and offset plus size may wrap around: both are beyond the
 * configuration space, where reads give all ones. */
static void handle_config_read(struct mpr_mpqemu_session *session,
			       const struct mpr_mpqemu_config *config)
{
	answer_value(session, mpr_pci_config_read(&session->hosted->dev->pci, config->offset,
						  (unsigned)config->size));
}

static void handle_config_write(struct mpr_mpqemu_session *session,
				const struct mpr_mpqemu_config *config)
{
	mpr_hosted_config_write(session->hosted, config->offset, (unsigned)config->size,
				config->value);
	session->writing = true;
}

/* Finds the BAR that decodes an address, as the guest has programmed them. */
static bool find_bar(const struct mpr_device *dev, const struct mpr_mpqemu_access *access,
		     unsigned *bar, uint64_t *offset)
{
	const struct mpr_bar_info *info = dev->ops->pci->bar;

	for (*bar = 0; *bar < MPR_PCI_NUM_BARS; ++*bar) {
		bool memory = info[*bar].kind != MPR_BAR_IO;
		uint64_t base;

		if (memory != (bool)access->memory ||
		    !mpr_pci_bar_address(&dev->pci, *bar, &base) || access->address < base)
			continue;
		*offset = access->address - base;
		if (*offset < info[*bar].size)
			return true;
	}
	return false;
}

/* Where no BAR decodes, reads give all ones, as on the bus. */
static void handle_bar_read(struct mpr_mpqemu_session *session,
			    const struct mpr_mpqemu_access *access)
{
	uint64_t value = UINT64_MAX, offset;
	unsigned bar;

	if (find_bar(session->hosted->dev, access, &bar, &offset))
		(void)mpr_hosted_read(session->hosted, bar, offset, access->size, &value);
	answer_value(session, value);
}

static void handle_bar_write(struct mpr_mpqemu_session *session,
			     const struct mpr_mpqemu_access *access)
{
	uint64_t offset;
	unsigned bar;

	if (find_bar(session->hosted->dev, access, &bar, &offset))
		mpr_hosted_write(session->hosted, bar, offset, access->size, access->value);
	session->writing = true;
}

static void handle(struct mpr_mpqemu_session *session, struct mpr_mpqemu_msg *msg)
{
	switch (msg->header.command) {
	case MPR_MPQEMU_SYNC_SYSMEM:
		handle_memory(session, msg);
		break;
	case MPR_MPQEMU_CONFIG_WRITE:
		handle_config_write(session, &msg->data.config);
		break;
	case MPR_MPQEMU_CONFIG_READ:
		handle_config_read(session, &msg->data.config);
		break;
	case MPR_MPQEMU_BAR_WRITE:
		handle_bar_write(session, &msg->data.access);
		break;
	case MPR_MPQEMU_BAR_READ:
		handle_bar_read(session, &msg->data.access);
		break;
	case MPR_MPQEMU_SET_IRQFD:
		handle_irqfd(session, msg);
		break;
	case MPR_MPQEMU_DEVICE_RESET:
		mpr_hosted_reset(session->hosted);
		session->resetting = true;
		break;
	default:
		mpr_mpqemu_session_end(session, "an answer where a command belongs");
		break;
	}
}

static void dispatch(struct mpr_mpqemu_session *session, struct mpr_mpqemu_msg *msg)
{
	const char *why;

	if (mpr_mpqemu_check(msg, &why) < 0)
		mpr_mpqemu_session_end(session, why);
	else if (msg->header.command != MPR_MPQEMU_SYNC_SYSMEM && !session->has_memory)
		mpr_mpqemu_session_end(session,
				       "the guest's memory is not shared: give QEMU -object "
				       "memory-backend-memfd,id=mem,size=SIZE -machine "
				       "memory-backend=mem");
	else
		handle(session, msg);
}

/* ---- Progress ----------------------------------------------------------- */

static void receive(struct mpr_mpqemu_session *session)
{
	int ret = mpr_mpqemu_parser_read(&session->parser, session->sock);

	if (ret == 0)
		session->readable = false;
	else if (ret == -ECONNRESET)
		mpr_mpqemu_session_end(session, NULL);
	else if (ret < 0)
		mpr_mpqemu_session_end(session, "malformed message");
	else
		dispatch(session, &session->parser.msg);
	mpr_mpqemu_msg_release(&session->parser.msg);
}

/* The answer to a reset waits until all DMA has ended. */
static bool finish_reset(struct mpr_mpqemu_session *session)
{
	if (!session->resetting || !mpr_hosted_idle(session->hosted))
		return false;
	session->resetting = false;
	answer(session, NULL, 0);
	return true;
}

/* The answer to a write waits until the DMA that it aborts has ended. */
static bool finish_write(struct mpr_mpqemu_session *session)
{
	if (!session->writing || session->hosted->dev->settling)
		return false;
	session->writing = false;
	answer_value(session, 0);
	return true;
}

bool mpr_mpqemu_session_step(struct mpr_mpqemu_session *session)
{
	if (session->ended)
		return false;
	if (session->resetting)
		return finish_reset(session);
	if (session->writing)
		return finish_write(session);
	if (session->hosted && session->hosted->dev->settling)
		return false;
	if (!session->hosted) {
		take_device(session);
		return session->ended || session->hosted;
	}
	if (!session->readable)
		return false;
	receive(session);
	if (!session->ended)
		(void)(finish_reset(session) || finish_write(session));
	return true;
}

void mpr_mpqemu_session_check(struct mpr_mpqemu_session *session)
{
	const struct mpr_hosted *hosted = session->hosted;

	if (!session->ended && hosted && hosted->ram && mpr_ram_lost(hosted->ram))
		mpr_mpqemu_session_end(session, "the VMM truncated guest memory");
}
