/* SPDX-License-Identifier: MIT */
#include "remote/device/ram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "opts/opts.h"
#include "remote/device/ram_file.h"

struct region {
	uint64_t address, size;
	uint8_t *ptr;
	bool read_only;
};

struct mpr_ram {
	struct mpr_ram_pool *pool;
	unsigned refs;
	size_t count; /* of regions */
	size_t last;  /* the region that was found last */
	size_t nfiles;
	struct region *regions;
	struct mpr_ram_file **files;
};

/* ---- Tables ------------------------------------------------------------- */

static int add_files(struct mpr_ram *ram, const int *fds, size_t nfds, char **error)
{
	for (size_t i = 0; i < nfds; i++) {
		int ret = mpr_ram_file_get(ram->pool, fds[i], &ram->files[i], error);

		if (ret < 0)
			return ret;
		ram->nfiles++;
	}
	return 0;
}

static int check_region(const struct mpr_wire_region *wire, const struct mpr_ram_file *file,
			char **error)
{
	if (wire->offset > file->length || wire->size > file->length - wire->offset) {
		*error = mpr_errorf("guest memory at 0x%llx (offset 0x%llx, size 0x%llx) exceeds "
				    "its file of 0x%zx bytes",
				    (unsigned long long)wire->address,
				    (unsigned long long)wire->offset,
				    (unsigned long long)wire->size, file->length);
		return -EINVAL;
	}
	if (!file->writable && !(wire->flags & MPR_REGION_READ_ONLY)) {
		*error = mpr_errorf("guest memory at 0x%llx is writable but its file is open for "
				    "reading only",
				    (unsigned long long)wire->address);
		return -EINVAL;
	}
	return 0;
}

static bool continues(const struct region *previous, const struct region *next)
{
	return previous->address + previous->size == next->address &&
	       previous->ptr + previous->size == next->ptr &&
	       previous->read_only == next->read_only;
}

/* Regions that are neighbours in the guest and in the file become one. */
static void add_region(struct mpr_ram *ram, const struct region *region)
{
	struct region *previous = ram->count ? &ram->regions[ram->count - 1] : NULL;

	if (previous && continues(previous, region))
		previous->size += region->size;
	else
		ram->regions[ram->count++] = *region;
}

static int add_regions(struct mpr_ram *ram, const struct mpr_wire_region *wire, size_t count,
		       char **error)
{
	for (size_t i = 0; i < count; i++) {
		const struct mpr_ram_file *file = ram->files[wire[i].fd];
		int ret = check_region(&wire[i], file, error);

		if (ret < 0)
			return ret;
		add_region(ram, &(struct region){
					.address = wire[i].address,
					.size = wire[i].size,
					.ptr = file->base + wire[i].offset,
					.read_only = wire[i].flags & MPR_REGION_READ_ONLY,
				});
	}
	return 0;
}

static size_t count_files(const struct mpr_wire_region *regions, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (regions[i].fd >= n)
			n = regions[i].fd + 1u;
	return n;
}

static struct mpr_ram *allocate(struct mpr_ram_pool *pool, size_t count, size_t nfiles)
{
	struct mpr_ram *ram = calloc(1, sizeof(*ram));

	if (!ram)
		return NULL;
	ram->pool = pool;
	ram->refs = 1;
	ram->regions = calloc(count + 1, sizeof(*ram->regions));
	ram->files = calloc(nfiles + 1, sizeof(*ram->files));
	if (ram->regions && ram->files)
		return ram;
	mpr_ram_unref(ram);
	return NULL;
}

int mpr_ram_create(struct mpr_ram_pool *pool, const struct mpr_wire_region *regions, size_t count,
		   const int *fds, struct mpr_ram **result, char **error)
{
	size_t nfiles = count_files(regions, count);
	struct mpr_ram *ram = allocate(pool, count, nfiles);
	int ret;

	*error = NULL;
	if (!ram)
		return -ENOMEM;
	ret = add_files(ram, fds, nfiles, error);
	if (ret == 0)
		ret = add_regions(ram, regions, count, error);
	if (ret < 0) {
		mpr_ram_unref(ram);
		return ret;
	}
	*result = ram;
	return 0;
}

int mpr_ram_lock(struct mpr_ram *ram)
{
	int ret = 0;

	for (size_t i = 0; ram->pool->uring && i < ram->nfiles && ret == 0; i++)
		ret = mpr_ram_file_lock(ram->pool, ram->files[i]);
	return ret;
}

void mpr_ram_ref(struct mpr_ram *ram)
{
	ram->refs++;
}

void mpr_ram_unref(struct mpr_ram *ram)
{
	if (!ram || --ram->refs)
		return;
	for (size_t i = 0; i < ram->nfiles; i++)
		mpr_ram_file_put(ram->pool, ram->files[i]);
	free(ram->files);
	free(ram->regions);
	free(ram);
}

unsigned mpr_ram_refs(const struct mpr_ram *ram)
{
	return ram->refs;
}

bool mpr_ram_lost(const struct mpr_ram *ram)
{
	for (size_t i = 0; i < ram->nfiles; i++)
		if (ram->files[i]->lost)
			return true;
	return false;
}

/* ---- Access ------------------------------------------------------------- */

static bool contains(const struct region *region, uint64_t addr)
{
	return addr >= region->address && addr - region->address < region->size;
}

/* DMA tends to hit the region of the last access, so that is tried first. */
static const struct region *find_region(struct mpr_ram *ram, uint64_t addr)
{
	size_t low = 0, high = ram->count;

	if (high && contains(&ram->regions[ram->last], addr))
		return &ram->regions[ram->last];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct region *region = &ram->regions[middle];

		if (contains(region, addr)) {
			ram->last = middle;
			return region;
		}
		if (addr < region->address)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

void *mpr_ram_at(struct mpr_ram *ram, uint64_t addr, size_t *len, bool write)
{
	const struct region *region = ram ? find_region(ram, addr) : NULL;
	uint64_t offset;

	if (!region || (write && region->read_only))
		return NULL;
	offset = addr - region->address;
	if (*len > region->size - offset)
		*len = region->size - offset;
	return region->ptr + offset;
}

/*
 * One load or store for a word of the guest. Relaxed: pairs with the guest's own
 * accesses to the word; its drivers order those, and the channel orders DMA
 * before interrupts and answers. Without it the compiler could copy byte by
 * byte, and either side could see half of a descriptor's word.
 */
#define LOAD_WORD(type, to, guest)                                                     \
	do {                                                                           \
		type word_ = __atomic_load_n((const type *)(guest), __ATOMIC_RELAXED); \
		memcpy(to, &word_, sizeof(word_));                                     \
	} while (0)
#define STORE_WORD(type, guest, from)                                       \
	do {                                                                \
		type word_;                                                 \
		memcpy(&word_, from, sizeof(word_));                        \
		__atomic_store_n((type *)(guest), word_, __ATOMIC_RELAXED); \
	} while (0)

static bool is_word(const void *guest, size_t len)
{
	return (len == 2 || len == 4 || len == 8) && ((uintptr_t)guest & (len - 1)) == 0;
}

static void load(void *to, const void *guest, size_t len)
{
	if (!is_word(guest, len))
		memcpy(to, guest, len);
	else if (len == 2)
		LOAD_WORD(uint16_t, to, guest);
	else if (len == 4)
		LOAD_WORD(uint32_t, to, guest);
	else
		LOAD_WORD(uint64_t, to, guest);
}

static void store(void *guest, const void *from, size_t len)
{
	if (!is_word(guest, len))
		memcpy(guest, from, len);
	else if (len == 2)
		STORE_WORD(uint16_t, guest, from);
	else if (len == 4)
		STORE_WORD(uint32_t, guest, from);
	else
		STORE_WORD(uint64_t, guest, from);
}

int mpr_ram_read(struct mpr_ram *ram, uint64_t addr, void *buf, size_t len)
{
	uint8_t *to = buf;

	while (len) {
		size_t n = len;
		const void *guest = mpr_ram_at(ram, addr, &n, false);

		if (!guest)
			return -EFAULT;
		load(to, guest, n);
		to += n;
		addr += n;
		len -= n;
	}
	return 0;
}

int mpr_ram_write(struct mpr_ram *ram, uint64_t addr, const void *buf, size_t len)
{
	const uint8_t *from = buf;

	while (len) {
		size_t n = len;
		void *guest = mpr_ram_at(ram, addr, &n, true);

		if (!guest)
			return -EFAULT;
		store(guest, from, n);
		from += n;
		addr += n;
		len -= n;
	}
	return 0;
}
