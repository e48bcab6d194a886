/* SPDX-License-Identifier: MIT */
/*
 * The control protocol: what proxy and remote say over the Unix stream socket
 * while they set devices up. docs/protocol.md describes it byte by byte.
 *
 * The proxy asks, the remote answers, one request at a time; the remote never
 * speaks unasked. An answer may be a refusal (MPR_WIRE_ERROR). A message is a 64-byte header, then
 * `length` bytes of payload; file descriptors travel as SCM_RIGHTS with the header's first byte.
 * All integers are little-endian. Reserved fields are zero and checked.
 */
#ifndef MPR_WIRE_PROTOCOL_H
#define MPR_WIRE_PROTOCOL_H

#include <assert.h>
#include <stdint.h>

#include "pci/bar.h"

#define MPR_WIRE_MAGIC 0x3130474e4952504dULL /* "MPRING01" */
#define MPR_WIRE_VERSION 1
#define MPR_WIRE_ID_SIZE 32	   /* device id: bytes, zero-padded, at most 31 used */
#define MPR_WIRE_MAX_PAYLOAD 65536 /* bytes after the header */
#define MPR_WIRE_MAX_FDS 32
#define MPR_WIRE_MAX_REGIONS 1024
#define MPR_WIRE_MAX_NODES 1024 /* NUMA nodes, as many as Linux knows */

/* Feature bits of the hello; both sides use the intersection. */
#define MPR_FEATURE_INTX_EVENTFD (1u << 0)  /* INTx by eventfd */
#define MPR_FEATURE_INTX_RESAMPLE (1u << 1) /* with resample eventfd */
#define MPR_FEATURE_BAR_MEMORY (1u << 2)    /* BARs that are plain memory are files */
/* The remote locks guest memory: the VMM takes no page of it away, to balloon
 * or otherwise, and brings none back in another page. */
#define MPR_FEATURE_LOCKED_MEMORY (1u << 3)
#define MPR_FEATURE_REPORT_DMA (1u << 4) /* MPR_CHANNEL_REPORT_DMA is known */
#define MPR_FEATURE_NODE (1u << 5)	 /* mpr_wire_description.node is known */

enum mpr_wire_type {
	MPR_WIRE_HELLO = 1,    /* mpr_wire_hello; answer: the same */
	MPR_WIRE_DESCRIBE = 2, /* answer: mpr_wire_description */
	MPR_WIRE_CHANNEL = 3,  /* mpr_wire_channel; fds: memfd, doorbell, plain memory */
	MPR_WIRE_MEMORY = 4,   /* mpr_wire_region[]; fds: one for each distinct file */
	MPR_WIRE_INTX = 5,     /* mpr_wire_intx; fds: raise eventfd [, resample eventfd] */
	MPR_WIRE_CLOSE = 6,    /* the device is given up; answered when no DMA is under way */
	MPR_WIRE_ERROR = 255   /* answer only: mpr_wire_error; EPROTO: and then hangs up */
};

/* 64 bytes. */
struct mpr_wire_header {
	uint16_t type;	 /* enum mpr_wire_type; an answer repeats the request's */
	uint16_t flags;	 /* bit 0: this is an answer */
	uint32_t length; /* payload bytes */
	uint32_t serial; /* chosen by the proxy, repeated in the answer */
	uint16_t nfds;
	uint16_t reserved0;
	char id[MPR_WIRE_ID_SIZE]; /* device; all zero for HELLO */
	uint8_t reserved[16];
};
#define MPR_WIRE_ANSWER 1u

struct mpr_wire_hello {
	uint64_t magic;
	uint16_t version_min, version_max;
	uint32_t features;
	uint8_t reserved[16];
};

/* A BAR: 8 bytes. */
struct mpr_wire_bar {
	uint8_t kind; /* enum mpr_bar_kind; MPR_BAR_RAM32 only with MPR_FEATURE_BAR_MEMORY */
	uint8_t reserved[3];
	uint32_t size;
};

struct mpr_wire_description {
	char driver[32]; /* model name, zero-padded */
	struct mpr_wire_bar bar[MPR_PCI_NUM_BARS];
	uint8_t interrupt_pin; /* 0: none, 1: INTA# ... */
	uint8_t reserved0;
	/* With MPR_FEATURE_NODE: 1 + the NUMA node on which the device is served,
	 * where the channel should lie; 0: not said. */
	uint16_t node;
	uint8_t reserved[12];
	uint8_t config[256]; /* configuration space after reset */
	uint8_t wmask[256];  /* its writable bits */
};

struct mpr_wire_channel {
	uint32_t abi; /* version of the channel's layout: MPR_CHANNEL_ABI of ring/message.h */
	/* Bit i: BAR i is plain memory, in a file of its own. The files follow
	 * memfd and doorbell in the order of their BARs. */
	uint32_t files;
	uint32_t flags; /* bit 0: tell which guest memory the device wrote */
	uint32_t reserved;
};
#define MPR_CHANNEL_REPORT_DMA 1u

/* A piece of guest memory: 32 bytes. */
struct mpr_wire_region {
	uint64_t address; /* guest physical */
	uint64_t size;	  /* bytes; address, size and offset are multiples of 4096 */
	uint64_t offset;  /* in the file */
	uint16_t fd;	  /* index into the message's file descriptors */
	uint16_t flags;	  /* bit 0: the device may not write */
	uint32_t reserved;
};
#define MPR_REGION_READ_ONLY 1u

struct mpr_wire_intx {
	uint32_t flags; /* bit 0: a resample eventfd follows, the VMM lowers the line itself */
	uint32_t reserved[3];
};
#define MPR_INTX_RESAMPLE 1u

struct mpr_wire_error {
	uint32_t error; /* errno value */
	uint32_t reserved;
	char text[248]; /* for a person, zero-terminated */
};

static_assert(sizeof(struct mpr_wire_header) == 64, "wire format");
static_assert(sizeof(struct mpr_wire_hello) == 32, "wire format");
static_assert(sizeof(struct mpr_wire_description) == 32 + 48 + 16 + 512, "wire format");
static_assert(sizeof(struct mpr_wire_channel) == 16, "wire format");
static_assert(sizeof(struct mpr_wire_region) == 32, "wire format");
static_assert(sizeof(struct mpr_wire_intx) == 16, "wire format");
static_assert(sizeof(struct mpr_wire_error) == 256, "wire format");

#endif
