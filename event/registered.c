/* SPDX-License-Identifier: MIT */
/* Files and memory that the kernel knows by number. */
#include <errno.h>
#include <sys/resource.h>

#include "event/uring_internal.h"

/* ---- Files -------------------------------------------------------------- */

static int make_file_table(struct mpr_uring *ring)
{
	int err =
		ring->has_files ? 0 : io_uring_register_files_sparse(&ring->ring, MPR_URING_FILES);

	ring->has_files = err == 0;
	return err;
}

int mpr_uring_add_file(struct mpr_uring *ring, int fd)
{
	int slot = 0;
	int ret = make_file_table(ring);

	if (ret < 0)
		return ret;
	while (slot < MPR_URING_FILES && ring->file_used[slot])
		slot++;
	if (slot == MPR_URING_FILES)
		return -ENOSPC;
	ret = io_uring_register_files_update(&ring->ring, (unsigned)slot, &fd, 1);
	if (ret < 0)
		return ret;
	ring->file_used[slot] = true;
	return slot;
}

void mpr_uring_remove_file(struct mpr_uring *ring, int slot)
{
	int none = -1;

	if (slot < 0)
		return;
	(void)io_uring_register_files_update(&ring->ring, (unsigned)slot, &none, 1);
	ring->file_used[slot] = false;
}

int mpr_uring_keep_file(struct mpr_uring *ring, int fd)
{
	int slot = mpr_uring_add_file(ring, fd);

	if (slot >= 0 && ring->polled)
		slot = mpr_uring_add_file(ring->polled, fd);
	return slot < 0 ? slot : 0;
}

/* ---- Memory ------------------------------------------------------------- */

static int make_buffer_table(struct mpr_uring *ring)
{
	int err = ring->has_buffers
			  ? 0
			  : io_uring_register_buffers_sparse(&ring->ring, MPR_URING_BUFFERS);

	ring->has_buffers = err == 0;
	return err;
}

static struct mpr_uring_area *unused_area(struct mpr_uring *ring)
{
	for (unsigned i = 0; i < MPR_URING_AREAS; i++)
		if (!ring->area[i].base)
			return &ring->area[i];
	return NULL;
}

/* The first of `count` unused buffers in a row; negative: there are none. */
static int unused_buffers(const struct mpr_uring *ring, size_t count)
{
	unsigned run = 0;

	for (unsigned i = 0; i < MPR_URING_BUFFERS; i++) {
		run = ring->buffer_used[i] ? 0 : run + 1;
		if (run == count)
			return (int)(i + 1 - run);
	}
	return -ENOSPC;
}

static int update(struct mpr_uring *ring, unsigned index, void *base, size_t len)
{
	const struct iovec iov = {.iov_base = base, .iov_len = len};
	__u64 tag = 0;
	int ret = io_uring_register_buffers_update_tag(&ring->ring, index, &iov, &tag, 1);

	return ret < 0 ? ret : 0;
}

/* Up to the hard limit, which needs no privilege. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

static int register_buffer(struct mpr_uring *ring, unsigned index, void *base, size_t len)
{
	int err = update(ring, index, base, len);

	if (err != -ENOMEM)
		return err;
	raise_limit();
	return update(ring, index, base, len);
}

static void unregister_buffers(struct mpr_uring *ring, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		(void)update(ring, i, NULL, 0);
		ring->buffer_used[i] = false;
	}
}

static int register_buffers(struct mpr_uring *ring, struct mpr_uring_area *area)
{
	for (unsigned i = 0; i < area->count; i++) {
		size_t start = (size_t)i * MPR_URING_BUFFER_MAX, left = area->len - start;
		int err =
			register_buffer(ring, area->first + i, (char *)area->base + start,
					left < MPR_URING_BUFFER_MAX ? left : MPR_URING_BUFFER_MAX);

		if (err) {
			unregister_buffers(ring, area->first, i);
			return err;
		}
		ring->buffer_used[area->first + i] = true;
	}
	return 0;
}

static int add_area(struct mpr_uring *ring, void *base, size_t len)
{
	size_t count = (len + MPR_URING_BUFFER_MAX - 1) / MPR_URING_BUFFER_MAX;
	struct mpr_uring_area *area = unused_area(ring);
	int first = unused_buffers(ring, count);
	int err = make_buffer_table(ring);

	if (err)
		return err;
	if (!area || first < 0)
		return -ENOSPC;
	*area = (struct mpr_uring_area){(uintptr_t)base, len, (unsigned)first, (unsigned)count};
	err = register_buffers(ring, area);
	if (err)
		area->base = 0;
	else if (ring->areas <= (unsigned)(area - ring->area))
		ring->areas = (unsigned)(area - ring->area) + 1;
	return err;
}

static void remove_area(struct mpr_uring *ring, const void *base)
{
	for (unsigned i = 0; i < ring->areas; i++) {
		struct mpr_uring_area *area = &ring->area[i];

		if (area->base != (uintptr_t)base)
			continue;
		unregister_buffers(ring, area->first, area->count);
		area->base = 0;
	}
}

int mpr_uring_add_memory(struct mpr_uring *ring, void *base, size_t len)
{
	int err = add_area(ring, base, len);

	if (!err && ring->polled) {
		err = add_area(ring->polled, base, len);
		if (err)
			remove_area(ring, base);
	}
	return err;
}

void mpr_uring_remove_memory(struct mpr_uring *ring, const void *base)
{
	if (!base)
		return;
	remove_area(ring, base);
	if (ring->polled)
		remove_area(ring->polled, base);
}

int mpr_uring_copy_memory(struct mpr_uring *to, const struct mpr_uring *from)
{
	int err = 0;

	for (unsigned i = 0; i < from->areas && !err; i++)
		if (from->area[i].base)
			err = add_area(to, (void *)from->area[i].base, from->area[i].len);
	return err;
}

/* ---- Looking up --------------------------------------------------------- */

static int buffer_in(const struct mpr_uring_area *area, uintptr_t at, size_t len)
{
	size_t offset = at - area->base, within = offset % MPR_URING_BUFFER_MAX;

	if (at < area->base || offset >= area->len || len > area->len - offset ||
	    len > MPR_URING_BUFFER_MAX - within)
		return -1;
	return (int)(area->first + offset / MPR_URING_BUFFER_MAX);
}

static int find_buffer(const struct mpr_uring *ring, const struct iovec *iov)
{
	for (unsigned i = 0; i < ring->areas; i++) {
		const struct mpr_uring_area *area = &ring->area[i];
		int index =
			area->base ? buffer_in(area, (uintptr_t)iov->iov_base, iov->iov_len) : -1;

		if (index >= 0)
			return index;
	}
	return -1;
}

int mpr_uring_find_memory(const struct mpr_uring *ring, const struct iovec *iov, unsigned niov)
{
	int index;

	if (niov == 0)
		return -1;
	index = find_buffer(ring, iov);
	for (unsigned i = 1; i < niov && index >= 0; i++)
		if (find_buffer(ring, &iov[i]) != index)
			index = -1;
	return index;
}

bool mpr_uring_has_fixed_vectors(const struct mpr_uring *ring)
{
	return ring->fixed_vectors;
}
