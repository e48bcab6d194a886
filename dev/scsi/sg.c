/* SPDX-License-Identifier: MIT */
#include "dev/scsi/sg.h"

#include <string.h>

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

uint64_t scsi_sg_length(const struct iovec *sg, unsigned nsg)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < nsg; i++)
		len += sg[i].iov_len;
	return len;
}

unsigned scsi_sg_prefix(const struct iovec *sg, uint64_t len, size_t *last)
{
	unsigned i = 0;

	while (sg[i].iov_len < len)
		len -= sg[i++].iov_len;
	*last = (size_t)len;
	return i + 1;
}

size_t scsi_sg_gather(const struct iovec *sg, unsigned nsg, size_t offset, void *out, size_t len)
{
	size_t done = 0;

	for (unsigned i = 0; i < nsg && done < len; i++) {
		if (offset >= sg[i].iov_len) {
			offset -= sg[i].iov_len;
			continue;
		}
		size_t n = min_size(sg[i].iov_len - offset, len - done);

		memcpy((uint8_t *)out + done, (const uint8_t *)sg[i].iov_base + offset, n);
		done += n;
		offset = 0;
	}
	return done;
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i = 0;

	if (memcmp(a, b, len) == 0)
		return len;
	/* The guest may make them equal after memcmp() saw a difference. */
	while (i < len - 1 && a[i] == b[i])
		i++;
	return i;
}

size_t scsi_sg_compare(const struct iovec *sg, unsigned nsg, const void *data, size_t len)
{
	size_t done = 0;

	for (unsigned i = 0; i < nsg && done < len; i++) {
		size_t n = min_size(sg[i].iov_len, len - done);
		size_t equal = first_difference(sg[i].iov_base, (const uint8_t *)data + done, n);

		done += equal;
		if (equal < n)
			break;
	}
	return done;
}
