/* SPDX-License-Identifier: MIT */
#include "remote/device/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "opts/opts.h"

/* A mapped file. */
struct mpr_ram_file {
	struct mpr_ram_file *next;
	dev_t dev;
	ino_t ino;
	bool writable;
	bool locked;
	volatile bool lost; /* set by a signal handler */
	uint8_t *base;
	size_t length;
	unsigned refs;
};

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

/* ---- Files -------------------------------------------------------------- */

static struct mpr_ram_file *find_file(struct mpr_ram_pool *pool, const struct stat *st,
				      bool writable)
{
	for (struct mpr_ram_file *f = pool->files; f; f = f->next)
		if (f->dev == st->st_dev && f->ino == st->st_ino && f->writable == writable &&
		    f->length >= (size_t)st->st_size && !f->lost)
			return f;
	return NULL;
}

static int map_file(struct mpr_ram_pool *pool, int fd, const struct stat *st, bool writable,
		    struct mpr_ram_file **result)
{
	int prot = PROT_READ | (writable ? PROT_WRITE : 0);
	struct mpr_ram_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->base = mmap(NULL, (size_t)st->st_size, prot, MAP_SHARED, fd, 0);
	if (file->base == MAP_FAILED) {
		free(file);
		return -errno;
	}
	file->length = (size_t)st->st_size;
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->writable = writable;
	/* Guest memory is secret and large: keep it out of core files. */
	(void)madvise(file->base, file->length, MADV_DONTDUMP);
	file->next = pool->files;
	pool->files = file;
	*result = file;
	return 0;
}

static void release_file(struct mpr_ram_pool *pool, struct mpr_ram_file *file)
{
	struct mpr_ram_file **link = &pool->files;

	if (--file->refs)
		return;
	while (*link != file)
		link = &(*link)->next;
	*link = file->next;
	if (file->locked)
		mpr_uring_remove_memory(pool->uring, file->base);
	munmap(file->base, file->length);
	free(file);
}

/* The kernel registers writable memory only. */
static int lock_file(const struct mpr_ram_pool *pool, struct mpr_ram_file *file)
{
	int ret = 0;

	if (file->writable && !file->locked)
		ret = mpr_uring_add_memory(pool->uring, file->base, file->length);
	file->locked |= file->writable && ret == 0;
	return ret;
}

/* Only files on tmpfs and hugetlbfs have seals. */
static bool is_memory(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

/* The file behind fd, mapped and counted. */
static int get_file(struct mpr_ram_pool *pool, int fd, struct mpr_ram_file **file, char **error)
{
	bool writable = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
	struct stat st;
	int ret = 0;

	/* Seals first: fstat() could block in a file system that the VMM serves itself. */
	if (!is_memory(fd) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		*error = mpr_errorf("guest memory must be a memfd or a file on tmpfs or "
				    "hugetlbfs");
		return -EINVAL;
	}
	if (!st.st_size) {
		*error = mpr_errorf("a file of guest memory is empty");
		return -EINVAL;
	}
	*file = find_file(pool, &st, writable);
	if (!*file)
		ret = map_file(pool, fd, &st, writable, file);
	if (ret < 0) {
		*error = mpr_errorf("cannot map %lld bytes of guest memory: %s",
				    (long long)st.st_size, strerror(-ret));
		return ret;
	}
	(*file)->refs++;
	return 0;
}

/* ---- Tables ------------------------------------------------------------- */

static int add_files(struct mpr_ram *ram, const int *fds, size_t nfds, char **error)
{
	for (size_t i = 0; i < nfds; i++) {
		int ret = get_file(ram->pool, fds[i], &ram->files[i], error);

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
		ret = lock_file(ram->pool, ram->files[i]);
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
		release_file(ram->pool, ram->files[i]);
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

/* ---- Truncation --------------------------------------------------------- */

/* Global, because a signal handler gets no argument. */
static struct mpr_ram_pool *guarded;

/* Maps zero pages in the file's place. MAP_NORESERVE, because a sparse file may be
 * larger than this machine's memory. */
static bool replace(const struct mpr_ram_file *file)
{
	int prot = PROT_READ | (file->writable ? PROT_WRITE : 0);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;

	return mmap(file->base, file->length, prot, flags, -1, 0) != MAP_FAILED;
}

/* SIGBUS is raised by the access, on the thread that owns the pool, so the list is not
 * being changed. mmap() is a plain system call and safe in a handler. */
static void on_sigbus(int signal, siginfo_t *info, void *context)
{
	const uint8_t *addr = info->si_addr;

	(void)context;
	for (struct mpr_ram_file *f = guarded ? guarded->files : NULL; f; f = f->next) {
		if (addr < f->base || addr >= f->base + f->length)
			continue;
		if (!replace(f))
			break;
		f->lost = true;
		return;
	}
	(void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

int mpr_ram_guard(struct mpr_ram_pool *pool)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};

	if (!pool)
		action = (struct sigaction){.sa_handler = SIG_DFL};
	guarded = pool;
	return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}
