/* SPDX-License-Identifier: MIT */
#include "tests/blk/fake_uring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"

#define ENTRIES_MAX 256

struct mpr_uring {
	struct io_uring_sqe entries[ENTRIES_MAX];
	unsigned count;
	uintptr_t memory; /* registered */
	size_t memory_len;
};

int mpr_uring_create(unsigned entries, struct mpr_uring **ring)
{
	(void)entries;
	*ring = calloc(1, sizeof(**ring));
	return *ring ? 0 : -ENOMEM;
}

void mpr_uring_destroy(struct mpr_uring *ring)
{
	free(ring);
}

struct io_uring_sqe *mpr_uring_sqe(struct mpr_uring *ring, struct mpr_uring_op *op)
{
	struct io_uring_sqe *sqe = &ring->entries[ring->count++];

	assert_true(ring->count <= ENTRIES_MAX);
	memset(sqe, 0, sizeof(*sqe));
	io_uring_sqe_set_data(sqe, op);
	return sqe;
}

int mpr_uring_polled(struct mpr_uring *ring, struct mpr_uring **polled)
{
	(void)ring;
	*polled = NULL;
	return -EINVAL;
}

int mpr_uring_add_file(struct mpr_uring *ring, int fd)
{
	(void)ring;
	(void)fd;
	return -EINVAL;
}

void mpr_uring_remove_file(struct mpr_uring *ring, int slot)
{
	(void)ring;
	(void)slot;
}

int mpr_uring_find_memory(const struct mpr_uring *ring, const struct iovec *iov, unsigned niov)
{
	for (unsigned i = 0; i < niov; i++) {
		uintptr_t base = (uintptr_t)iov[i].iov_base;

		if (base < ring->memory || base + iov[i].iov_len > ring->memory + ring->memory_len)
			return -1;
	}
	return FAKE_URING_BUFFER;
}

void fake_uring_register(struct mpr_uring *ring, const void *base, size_t len)
{
	ring->memory = (uintptr_t)base;
	ring->memory_len = len;
}

bool mpr_uring_has_fixed_vectors(const struct mpr_uring *ring)
{
	(void)ring;
	return true;
}

int mpr_uring_submit(struct mpr_uring *ring)
{
	(void)ring;
	return 0;
}

unsigned mpr_uring_reap(struct mpr_uring *ring)
{
	(void)ring;
	return 0;
}

unsigned fake_uring_count(const struct mpr_uring *ring)
{
	return ring->count;
}

const struct io_uring_sqe *fake_uring_entry(const struct mpr_uring *ring, unsigned index)
{
	assert_true(index < ring->count);
	return &ring->entries[index];
}

void fake_uring_complete(struct mpr_uring *ring, unsigned index, int32_t res)
{
	struct mpr_uring_op *op = (void *)(uintptr_t)fake_uring_entry(ring, index)->user_data;

	ring->count--;
	memmove(&ring->entries[index], &ring->entries[index + 1],
		(ring->count - index) * sizeof(ring->entries[0]));
	op->fn(op, res, 0);
}

static int32_t bytes_of(const struct io_uring_sqe *sqe)
{
	const struct iovec *iov = (const struct iovec *)(uintptr_t)sqe->addr;
	int32_t bytes = 0;

	switch (sqe->opcode) {
	case IORING_OP_READ:
	case IORING_OP_WRITE:
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE_FIXED:
		return (int32_t)sqe->len;
	case IORING_OP_READV:
	case IORING_OP_WRITEV:
	case MPR_URING_READV_FIXED:
	case MPR_URING_WRITEV_FIXED:
		break;
	default:
		fail_msg("opcode %u is neither a read nor a write", sqe->opcode);
	}
	for (unsigned i = 0; i < sqe->len; i++)
		bytes += iov[i].iov_len;
	return bytes;
}

void fake_uring_complete_full(struct mpr_uring *ring, unsigned index)
{
	fake_uring_complete(ring, index, bytes_of(fake_uring_entry(ring, index)));
}
