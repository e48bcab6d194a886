/* SPDX-License-Identifier: MIT */
/*
 * The messages of stock Multi-process QEMU: what its x-pci-proxy-dev and its
 * `-machine x-remote` say to each other over a Unix stream socket, one device
 * a socket. docs/mpqemu.md describes them byte by byte. They belong to one
 * machine and one kind of processor: integers as they lie in memory, x86-64.
 *
 * Nothing here waits.
 */
#ifndef MPR_WIRE_MPQEMU_H
#define MPR_WIRE_MPQEMU_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPR_MPQEMU_MAX_FDS 8

enum mpr_mpqemu_command {
	MPR_MPQEMU_SYNC_SYSMEM = 0,  /* guest memory; fds: one a region; no answer */
	MPR_MPQEMU_RET = 1,	     /* the answer to any other command that has one */
	MPR_MPQEMU_CONFIG_WRITE = 2, /* answered */
	MPR_MPQEMU_CONFIG_READ = 3,  /* answered with the value */
	MPR_MPQEMU_BAR_WRITE = 4,    /* answered */
	MPR_MPQEMU_BAR_READ = 5,     /* answered with the value */
	MPR_MPQEMU_SET_IRQFD = 6,    /* fds: raise and resample eventfd; no answer */
	MPR_MPQEMU_DEVICE_RESET = 7  /* answered without data */
};

/* 16 bytes, before the data. */
struct mpr_mpqemu_header {
	int32_t command; /* enum mpr_mpqemu_command */
	uint32_t padding;
	uint64_t size; /* bytes of data */
};

/* As many entries are used as file descriptors came. */
struct mpr_mpqemu_memory {
	uint64_t address[MPR_MPQEMU_MAX_FDS]; /* guest physical */
	uint64_t size[MPR_MPQEMU_MAX_FDS];
	int64_t offset[MPR_MPQEMU_MAX_FDS]; /* in the file */
};

struct mpr_mpqemu_config {
	uint32_t offset;
	uint32_t value; /* of a write */
	int32_t size;	/* 1, 2 or 4 */
};

struct mpr_mpqemu_access {
	uint64_t address; /* where the guest's accesses go, not an offset in a BAR */
	uint64_t value;	  /* of a write */
	uint32_t size;	  /* 1, 2, 4 or 8 */
	uint8_t memory;	  /* else I/O space */
	uint8_t padding[3];
};

struct mpr_mpqemu_msg {
	struct mpr_mpqemu_header header;
	union {
		uint64_t value; /* RET */
		struct mpr_mpqemu_memory memory;
		struct mpr_mpqemu_config config;
		struct mpr_mpqemu_access access;
	} data;
	int fds[MPR_MPQEMU_MAX_FDS]; /* -1: none, or taken */
	unsigned nfds;
};

static_assert(sizeof(struct mpr_mpqemu_header) == 16, "wire format");
static_assert(offsetof(struct mpr_mpqemu_header, size) == 8, "wire format");
static_assert(sizeof(struct mpr_mpqemu_memory) == 192, "wire format");
static_assert(offsetof(struct mpr_mpqemu_memory, size) == 64, "wire format");
static_assert(offsetof(struct mpr_mpqemu_memory, offset) == 128, "wire format");
static_assert(sizeof(struct mpr_mpqemu_config) == 12, "wire format");
static_assert(offsetof(struct mpr_mpqemu_config, size) == 8, "wire format");
static_assert(sizeof(struct mpr_mpqemu_access) == 24, "wire format");
static_assert(offsetof(struct mpr_mpqemu_access, size) == 16, "wire format");
static_assert(offsetof(struct mpr_mpqemu_access, memory) == 20, "wire format");
static_assert(offsetof(struct mpr_mpqemu_msg, data) == 16, "data follows the header");

/*
 * Sends a message with nfds file descriptors (copies: the caller keeps its own).
 * 0 or negative errno; -EAGAIN: the peer does not read; -EPIPE: it is gone (no
 * SIGPIPE).
 */
int mpr_mpqemu_send(int sock, enum mpr_mpqemu_command command, const void *data, size_t size,
		    const int *fds, unsigned nfds);

/*
 * The incremental receiver; as struct mpr_wire_parser. Initialise once. The
 * message owns its file descriptors until the next read.
 */
struct mpr_mpqemu_parser {
	struct mpr_mpqemu_msg msg;
	size_t have;	/* bytes of header and data so far */
	bool misplaced; /* a descriptor came that has no place in the message */
};
void mpr_mpqemu_parser_init(struct mpr_mpqemu_parser *parser);
/* 1: parser->msg is a whole message. 0: need more bytes (poll). -ECONNRESET:
 * the peer is gone. -EPROTO: larger than any message, or more file descriptors. */
int mpr_mpqemu_parser_read(struct mpr_mpqemu_parser *parser, int sock);
/* Closes the file descriptors that were not taken: of a message, at the end. */
void mpr_mpqemu_msg_release(struct mpr_mpqemu_msg *msg);
void mpr_mpqemu_parser_fini(struct mpr_mpqemu_parser *parser);

/* Checks that command, size and number of file descriptors belong together. 0,
 * or -EPROTO with *why set to a constant string. The data are the receiver's to
 * check. */
int mpr_mpqemu_check(const struct mpr_mpqemu_msg *msg, const char **why);

#ifdef __cplusplus
}
#endif

#endif
