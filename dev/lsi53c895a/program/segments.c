/* SPDX-License-Identifier: MIT */
/*
 * Scatter/gather lists of at most MAX_SEGMENTS pieces; if there are more, the last piece
 * is a copy of all that follows.
 */
#include "dev/lsi53c895a/program/segments.h"

#include <errno.h>
#include <stdlib.h>

#include "dev/lsi53c895a/chip/memory.h"

enum { MAX_SEGMENTS = 1024 };

static int make_room(struct lsi_segments *s)
{
	unsigned capacity = s->capacity ? 2 * s->capacity : 16;
	struct lsi_piece *piece;
	struct iovec *iov;

	if (s->count < s->capacity)
		return 0;
	if (s->count >= MAX_SEGMENTS)
		return -ENOSPC;
	iov = reallocarray(s->iov, capacity, sizeof(*iov));
	if (!iov)
		return -ENOMEM;
	s->iov = iov;
	piece = reallocarray(s->piece, capacity, sizeof(*piece));
	if (!piece)
		return -ENOMEM;
	s->piece = piece;
	s->capacity = capacity;
	return 0;
}

static void append(struct lsi_segments *s, const struct lsi_piece *piece, size_t len)
{
	s->iov[s->count] = (struct iovec){.iov_base = piece->map.ptr, .iov_len = len};
	s->piece[s->count] = *piece;
	s->count++;
}

bool lsi_segments_nearly_full(const struct lsi_segments *s)
{
	return s->room > 0 || s->count >= MAX_SEGMENTS - 1;
}

ssize_t lsi_segments_map(struct lsi_chip *chip, struct lsi_segments *s, uint64_t addr, size_t len,
			 enum mpr_dma_dir dir)
{
	struct lsi_piece piece = {.address = addr};
	int ret = make_room(s);

	if (ret < 0)
		return ret;
	ret = mpr_dma_map(&chip->dev, addr, len, dir, &piece.map);
	if (ret < 0)
		return ret;
	append(s, &piece, piece.map.len);
	return piece.map.len;
}

/* A new owned piece of `size` bytes, of which none is used yet. */
static int append_owned(struct lsi_segments *s, size_t size)
{
	struct lsi_piece piece = {.owned = true};
	int ret = make_room(s);

	if (ret < 0)
		return ret;
	piece.map.ptr = malloc(size);
	if (!piece.map.ptr)
		return -ENOMEM;
	append(s, &piece, 0);
	s->room = size;
	return 0;
}

ssize_t lsi_segments_copy(struct lsi_chip *chip, struct lsi_segments *s, uint64_t addr, size_t len,
			  size_t rest)
{
	struct iovec *last;
	int ret = 0;

	if (!s->room)
		ret = append_owned(s, lsi_segments_nearly_full(s) ? rest : len);
	if (ret < 0)
		return ret;
	last = &s->iov[s->count - 1];
	if (len > s->room)
		len = s->room;
	ret = lsi_memory_read(chip, addr, (uint8_t *)last->iov_base + last->iov_len, len);
	if (ret < 0)
		return ret;
	last->iov_len += len;
	s->room -= len;
	chip->stats.bounced_bytes += len;
	return len;
}

size_t lsi_segments_peek(const struct lsi_segments *s, size_t len, uint8_t **p, uint64_t *addr)
{
	size_t n;

	if (s->at == s->count)
		return 0;
	n = s->iov[s->at].iov_len - s->offset;
	*p = (uint8_t *)s->iov[s->at].iov_base + s->offset;
	*addr = s->piece[s->at].address + s->offset;
	return n < len ? n : len;
}

void lsi_segments_consume(struct lsi_segments *s, size_t n)
{
	size_t left;

	while (n && s->at < s->count) {
		left = s->iov[s->at].iov_len - s->offset;
		if (n < left) {
			s->offset += n;
			return;
		}
		n -= left;
		s->at++;
		s->offset = 0;
	}
}

void lsi_segments_release(struct lsi_chip *chip, struct lsi_segments *s)
{
	unsigned i;

	for (i = 0; i < s->count; i++) {
		if (s->piece[i].owned)
			free(s->piece[i].map.ptr);
		else
			mpr_dma_unmap(&chip->dev, &s->piece[i].map);
	}
	s->count = s->at = 0;
	s->room = s->offset = 0;
}

void lsi_segments_fini(struct lsi_segments *s)
{
	free(s->iov);
	free(s->piece);
	*s = (struct lsi_segments){0};
}
