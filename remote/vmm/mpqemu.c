/* SPDX-License-Identifier: MIT */
/* Stock QEMU's protocol (protocols.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote/process/log.h"
#include "remote/vmm/protocols.h"
#include "wire/mpqemu.h"
#include "wire/wire.h"

struct session {
	struct mpr_connection *connection;
	struct mpr_hosted *hosted;	 /* the device; NULL until it is taken */
	struct mpr_mpqemu_parser parser; /* holds the current message */
	bool resetting;			 /* DEVICE_RESET is not answered yet */
	bool writing;			 /* a write is not answered yet */
};

static void end(struct session *session, const char *why)
{
	mpr_connection_end(session->connection, why);
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
static void take_device(struct session *session)
{
	const char *why = why_not(session->connection->offer);

	if (why) {
		end(session, why);
		return;
	}
	if (!mpr_hosted_idle(session->connection->offer->hosted[0]))
		return;
	session->hosted = session->connection->offer->hosted[0];
	mpr_hosted_adopt(session->hosted, session);
	mpr_log(session->hosted->dev->id,
		"used by QEMU's own x-pci-proxy-dev: every access is a message on the "
		"socket, there are no rings");
}

/* ---- Messages ----------------------------------------------------------- */

static void answer(struct session *session, const void *data, size_t size)
{
	int ret = mpr_mpqemu_send(session->connection->sock, MPR_MPQEMU_RET, data, size, NULL, 0);

	if (ret == -EPIPE)
		end(session, NULL);
	else if (ret < 0)
		end(session, "the peer does not read its answers");
}

static void answer_value(struct session *session, uint64_t value)
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
static void handle_memory(struct session *session, const struct mpr_mpqemu_msg *msg)
{
	struct mpr_wire_region regions[MPR_MPQEMU_MAX_FDS];
	unsigned count = get_regions(msg, regions);
	struct mpr_ram *ram;
	const char *why;
	char *error;
	int ret;

	if (mpr_wire_check_regions(regions, count, msg->nfds, &why) < 0) {
		end(session, why);
		return;
	}
	ret = mpr_ram_create(session->connection->pool, regions, count, msg->fds, &ram, &error);
	if (ret < 0) {
		end(session, error ? error : strerror(-ret));
		free(error);
		return;
	}
	mpr_ram_unref(mpr_hosted_set_memory(session->hosted, ram));
	session->connection->greeted = true;
}

static void handle_irqfd(struct session *session, struct mpr_mpqemu_msg *msg)
{
	int ret = mpr_hosted_set_intx(session->hosted, msg->fds[0], msg->fds[1]);

	if (ret < 0)
		end(session, ret == -EINVAL ? "an interrupt is not an eventfd"
					    : "an interrupt cannot be connected");
	else
		msg->fds[1] = -1;
}

/* The offset may be anything, and offset plus size may wrap around: both are beyond the
 * configuration space, where reads give all ones. */
static void handle_config_read(struct session *session, const struct mpr_mpqemu_config *config)
{
	answer_value(session, mpr_pci_config_read(&session->hosted->dev->pci, config->offset,
						  (unsigned)config->size));
}

static void handle_config_write(struct session *session, const struct mpr_mpqemu_config *config)
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
static void handle_bar_read(struct session *session, const struct mpr_mpqemu_access *access)
{
	uint64_t value = UINT64_MAX, offset;
	unsigned bar;

	if (find_bar(session->hosted->dev, access, &bar, &offset))
		(void)mpr_hosted_read(session->hosted, bar, offset, access->size, &value);
	answer_value(session, value);
}

static void handle_bar_write(struct session *session, const struct mpr_mpqemu_access *access)
{
	uint64_t offset;
	unsigned bar;

	if (find_bar(session->hosted->dev, access, &bar, &offset))
		mpr_hosted_write(session->hosted, bar, offset, access->size, access->value);
	session->writing = true;
}

static void handle(struct session *session, struct mpr_mpqemu_msg *msg)
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
		end(session, "an answer where a command belongs");
		break;
	}
}

static void dispatch(struct session *session, struct mpr_mpqemu_msg *msg)
{
	const char *why;

	if (mpr_mpqemu_check(msg, &why) < 0)
		end(session, why);
	else if (msg->header.command != MPR_MPQEMU_SYNC_SYSMEM && !session->connection->greeted)
		end(session, "the guest's memory is not shared: give QEMU -object "
			     "memory-backend-memfd,id=mem,size=SIZE -machine "
			     "memory-backend=mem");
	else
		handle(session, msg);
}

/* ---- Progress ----------------------------------------------------------- */

static void receive(struct session *session)
{
	int ret = mpr_mpqemu_parser_read(&session->parser, session->connection->sock);

	if (ret == 0)
		session->connection->readable = false;
	else if (ret == -ECONNRESET)
		end(session, NULL);
	else if (ret < 0)
		end(session, "malformed message");
	else
		dispatch(session, &session->parser.msg);
	mpr_mpqemu_msg_release(&session->parser.msg);
}

/* The answer to a reset waits until all DMA has ended. */
static bool finish_reset(struct session *session)
{
	if (!session->resetting || !mpr_hosted_idle(session->hosted))
		return false;
	session->resetting = false;
	answer(session, NULL, 0);
	return true;
}

/* The answer to a write waits until the DMA that it aborts has ended. */
static bool finish_write(struct session *session)
{
	if (!session->writing || session->hosted->dev->settling)
		return false;
	session->writing = false;
	answer_value(session, 0);
	return true;
}

static bool step(struct mpr_connection *connection)
{
	struct session *session = connection->session;

	if (session->resetting)
		return finish_reset(session);
	if (session->writing)
		return finish_write(session);
	if (session->hosted && session->hosted->dev->settling)
		return false;
	if (!session->hosted) {
		take_device(session);
		return connection->ended || session->hosted;
	}
	if (!connection->readable)
		return false;
	receive(session);
	if (!connection->ended)
		(void)(finish_reset(session) || finish_write(session));
	return true;
}

static void check(struct mpr_connection *connection)
{
	const struct session *session = connection->session;

	if (session->hosted && session->hosted->ram && mpr_ram_lost(session->hosted->ram))
		mpr_connection_end(connection, "the VMM truncated guest memory");
}

/* ---- Beginning and end -------------------------------------------------- */

static int start(struct mpr_connection *connection)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return -ENOMEM;
	mpr_mpqemu_parser_init(&session->parser);
	session->connection = connection;
	connection->session = session;
	return 0;
}

static void detach(struct mpr_connection *connection)
{
	const struct session *session = connection->session;

	if (session->hosted)
		mpr_hosted_detach(session->hosted);
}

static void free_session(struct mpr_connection *connection)
{
	struct session *session = connection->session;

	mpr_mpqemu_parser_fini(&session->parser);
	free(session);
}

const struct mpr_protocol mpr_mpqemu_protocol = {
	.start = start,
	.step = step,
	.check = check,
	.detach = detach,
	.free = free_session,
};
