/* SPDX-License-Identifier: MIT */
/* Checks of a message that need nothing but the message. */
#include <errno.h>

#include "wire/wire.h"

#define PAGE 4096u

static bool all_zero(const void *bytes, size_t size)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < size; i++) {
		if (p[i])
			return false;
	}
	return true;
}

/* Printable ASCII without blanks, then zeroes, at least one. */
static bool is_name(const char *name, size_t size)
{
	size_t used = 0;

	while (used < size && name[used] > ' ' && name[used] < 0x7f)
		used++;
	return used < size && all_zero(name + used, size - used);
}

/* ---- Payloads: NULL when right, else what is wrong --------------------- */

static const char *check_hello(const struct mpr_wire_msg *msg)
{
	const struct mpr_wire_hello *hello = (const void *)msg->payload;

	if (hello->magic != MPR_WIRE_MAGIC)
		return "hello: not this protocol (wrong magic)";
	if (hello->version_min > hello->version_max)
		return "hello: version_min exceeds version_max";
	if (!all_zero(hello->reserved, sizeof(hello->reserved)))
		return "hello: reserved bytes are not zero";
	return NULL;
}

static bool bar_is_valid(const struct mpr_wire_bar *bar)
{
	bool power_of_two = bar->size && !(bar->size & (bar->size - 1));

	if (!all_zero(bar->reserved, sizeof(bar->reserved)))
		return false;
	if (bar->kind == MPR_BAR_IO)
		return power_of_two && bar->size >= 4 && bar->size <= 65536;
	if (bar->kind == MPR_BAR_MEM32)
		return power_of_two && bar->size >= 16;
	if (bar->kind == MPR_BAR_RAM32)
		return power_of_two && bar->size >= MPR_BAR_RAM_MIN && bar->size <= MPR_BAR_RAM_MAX;
	return bar->kind == MPR_BAR_NONE && bar->size == 0;
}

static const char *check_description(const struct mpr_wire_msg *msg)
{
	const struct mpr_wire_description *description = (const void *)msg->payload;

	if (!description->driver[0] || !is_name(description->driver, sizeof(description->driver)))
		return "description: driver is not a name";
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++) {
		if (!bar_is_valid(&description->bar[i]))
			return "description: a BAR's kind or size is invalid";
	}
	if (description->interrupt_pin > 4)
		return "description: interrupt pin exceeds 4";
	if (description->node > MPR_WIRE_MAX_NODES)
		return "description: NUMA node exceeds 1023";
	if (description->reserved0 ||
	    !all_zero(description->reserved, sizeof(description->reserved)))
		return "description: reserved bytes are not zero";
	return NULL;
}

static const char *check_channel(const struct mpr_wire_msg *msg)
{
	const struct mpr_wire_channel *channel = (const void *)msg->payload;

	if (channel->files >= 1u << MPR_PCI_NUM_BARS)
		return "channel: a file for a BAR that does not exist";
	if (channel->flags & ~MPR_CHANNEL_REPORT_DMA)
		return "channel: unknown flags";
	if (channel->reserved)
		return "channel: reserved word is not zero";
	return msg->header.nfds == 2u + (unsigned)__builtin_popcount(channel->files)
		       ? NULL
		       : "channel: wrong number of file descriptors";
}

static const char *check_region(const struct mpr_wire_region *region, unsigned nfds, uint64_t floor)
{
	if (region->reserved || (region->flags & ~MPR_REGION_READ_ONLY))
		return "memory: unknown flags, or reserved word not zero";
	if (region->fd >= nfds)
		return "memory: a region names a file descriptor that was not sent";
	if ((region->address | region->size | region->offset) % PAGE || !region->size)
		return "memory: a region is not made of whole pages";
	if (region->size > UINT64_MAX - region->address ||
	    region->size > (uint64_t)INT64_MAX - (region->offset & INT64_MAX) ||
	    region->offset > INT64_MAX)
		return "memory: a region ends beyond the last address";
	if (region->address < floor)
		return "memory: regions overlap or are not sorted";
	return NULL;
}

static const char *check_regions(const struct mpr_wire_region *region, size_t count, unsigned nfds)
{
	uint64_t floor = 0;

	for (size_t i = 0; i < count; i++) {
		const char *why = check_region(&region[i], nfds, floor);

		if (why)
			return why;
		floor = region[i].address + region[i].size;
	}
	return NULL;
}

int mpr_wire_check_regions(const struct mpr_wire_region *regions, size_t count, unsigned nfds,
			   const char **why)
{
	*why = check_regions(regions, count, nfds);
	return *why ? -EPROTO : 0;
}

static const char *check_memory(const struct mpr_wire_msg *msg)
{
	const struct mpr_wire_region *region = (const void *)msg->payload;
	size_t count = msg->header.length / sizeof(*region);

	if (msg->header.length % sizeof(*region) || count > MPR_WIRE_MAX_REGIONS)
		return "memory: payload is not 0 to 1024 regions";
	return check_regions(region, count, msg->header.nfds);
}

static const char *check_intx(const struct mpr_wire_msg *msg)
{
	const struct mpr_wire_intx *intx = (const void *)msg->payload;
	unsigned nfds = intx->flags & MPR_INTX_RESAMPLE ? 2 : 1;

	if (intx->flags & ~MPR_INTX_RESAMPLE)
		return "intx: unknown flags";
	if (!all_zero(intx->reserved, sizeof(intx->reserved)))
		return "intx: reserved words are not zero";
	return msg->header.nfds == nfds ? NULL : "intx: wrong number of file descriptors";
}

static const char *check_error(const struct mpr_wire_msg *msg)
{
	const struct mpr_wire_error *error = (const void *)msg->payload;

	if (error->reserved || error->text[sizeof(error->text) - 1])
		return "error: reserved word not zero, or text not terminated";
	return NULL;
}

/* ---- Forms ------------------------------------------------------------- */

/* How a message of one type and direction must look. */
struct form {
	bool known;
	bool any_length; /* `check` judges the length */
	uint32_t length;
	unsigned min_fds, max_fds;
	const char *(*check)(const struct mpr_wire_msg *msg);
};

static const struct form requests[] = {
	[MPR_WIRE_HELLO] = {.known = true,
			    .length = sizeof(struct mpr_wire_hello),
			    .check = check_hello},
	[MPR_WIRE_DESCRIBE] = {.known = true},
	[MPR_WIRE_CHANNEL] = {.known = true,
			      .length = sizeof(struct mpr_wire_channel),
			      .min_fds = 2,
			      .max_fds = 2 + MPR_PCI_NUM_BARS,
			      .check = check_channel},
	[MPR_WIRE_MEMORY] = {.known = true,
			     .any_length = true,
			     .max_fds = MPR_WIRE_MAX_FDS,
			     .check = check_memory},
	[MPR_WIRE_INTX] = {.known = true,
			   .length = sizeof(struct mpr_wire_intx),
			   .min_fds = 1,
			   .max_fds = 2,
			   .check = check_intx},
	[MPR_WIRE_CLOSE] = {.known = true},
	[MPR_WIRE_ERROR] = {.known = false},
};

static const struct form answers[] = {
	[MPR_WIRE_HELLO] = {.known = true,
			    .length = sizeof(struct mpr_wire_hello),
			    .check = check_hello},
	[MPR_WIRE_DESCRIBE] = {.known = true,
			       .length = sizeof(struct mpr_wire_description),
			       .check = check_description},
	[MPR_WIRE_CHANNEL] = {.known = true},
	[MPR_WIRE_MEMORY] = {.known = true},
	[MPR_WIRE_INTX] = {.known = true},
	[MPR_WIRE_CLOSE] = {.known = true},
	[MPR_WIRE_ERROR] = {.known = true,
			    .length = sizeof(struct mpr_wire_error),
			    .check = check_error},
};

/* The id names a device, except in a hello and in the error that answers one. */
static const char *check_id(const struct mpr_wire_header *header)
{
	bool empty = !header->id[0];

	if (!is_name(header->id, sizeof(header->id)))
		return "id is not printable text padded with zeroes";
	if (header->type == MPR_WIRE_HELLO && !empty)
		return "hello: id is not empty";
	if (header->type != MPR_WIRE_HELLO && header->type != MPR_WIRE_ERROR && empty)
		return "id is empty";
	return NULL;
}

static const char *check_header(const struct mpr_wire_header *header)
{
	if (header->flags & ~MPR_WIRE_ANSWER)
		return "unknown flags in the header";
	if (header->reserved0 || !all_zero(header->reserved, sizeof(header->reserved)))
		return "reserved bytes of the header are not zero";
	if (header->type > MPR_WIRE_ERROR)
		return "unknown message type";
	return check_id(header);
}

static const char *check_form(const struct mpr_wire_msg *msg)
{
	const struct mpr_wire_header *header = &msg->header;
	bool answer = header->flags & MPR_WIRE_ANSWER;
	const struct form *form = answer ? &answers[header->type] : &requests[header->type];

	if (!form->known)
		return "unknown message type";
	if (!form->any_length && header->length != form->length)
		return "payload has the wrong length";
	if (header->nfds < form->min_fds || header->nfds > form->max_fds)
		return "wrong number of file descriptors";
	return form->check ? form->check(msg) : NULL;
}

int mpr_wire_check(const struct mpr_wire_msg *msg, const char **why)
{
	const char *wrong = check_header(&msg->header);

	if (!wrong)
		wrong = check_form(msg);
	if (!wrong)
		return 0;
	*why = wrong;
	return -EPROTO;
}
