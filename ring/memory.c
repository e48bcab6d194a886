/* SPDX-License-Identifier: MIT */
#include "ring/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <numaif.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/memfd.h>

#define NORMAL_PAGE ((size_t)4096)
#define HUGEPAGE ((size_t)2 << 20)
#define SIZE_SEALS (F_SEAL_GROW | F_SEAL_SHRINK)

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) & ~(unit - 1);
}

bool mpr_memory_has_node(int numa_node)
{
	return numa_available() >= 0 && numa_node >= 0 && numa_node <= numa_max_node() &&
	       numa_bitmask_isbitset(numa_all_nodes_ptr, (unsigned)numa_node);
}

/* Says where the pages shall lie; none has been allocated yet. */
static int place(const struct mpr_memory *memory, int node)
{
	struct bitmask *nodes;
	long err;

	if (node < 0)
		return 0;
	if (!mpr_memory_has_node(node))
		return -EINVAL;
	nodes = numa_allocate_nodemask();
	numa_bitmask_setbit(nodes, (unsigned)node);
	err = mbind(memory->base, memory->size, MPOL_PREFERRED, nodes->maskp, nodes->size + 1, 0);
	numa_free_nodemask(nodes);
	return err ? -errno : 0;
}

/* Allocates every page that is not there. */
static int allocate(const struct mpr_memory *memory)
{
	return fallocate(memory->fd, 0, 0, (off_t)memory->size) < 0 ? -errno : 0;
}

/* The same now rather than later: then there is no fault. */
static int populate(const struct mpr_memory *memory)
{
	int err = allocate(memory);

	if (err)
		return err;
	/* Fills the page tables; before Linux 5.14 the first touch does. */
	madvise(memory->base, memory->size, MADV_POPULATE_WRITE);
	return 0;
}

static int map(struct mpr_memory *memory)
{
	memory->base = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd, 0);
	if (memory->base != MAP_FAILED)
		return 0;
	memory->base = NULL;
	return -errno;
}

static int create_on(struct mpr_memory *memory, size_t size, int numa_node, bool hugepages)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int err;

	if (hugepages)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	*memory = (struct mpr_memory){
		.size = round_up(size, hugepages ? HUGEPAGE : NORMAL_PAGE),
		.fd = memfd_create("mpring", flags),
		.hugepages = hugepages,
	};
	if (memory->fd < 0)
		return -errno;
	err = ftruncate(memory->fd, (off_t)memory->size) < 0 ? -errno : 0;
	if (!err)
		err = map(memory);
	if (!err)
		err = place(memory, numa_node);
	if (!err)
		err = populate(memory);
	if (!err && fcntl(memory->fd, F_ADD_SEALS, SIZE_SEALS) < 0)
		err = -errno;
	if (err)
		mpr_memory_destroy(memory);
	return err;
}

int mpr_memory_create(struct mpr_memory *memory, size_t size, int numa_node, bool normal_pages)
{
	if (!normal_pages && create_on(memory, size, numa_node, true) == 0)
		return 0;
	return create_on(memory, size, numa_node, false);
}

static bool is_hugetlb(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC;
}

int mpr_memory_attach(struct mpr_memory *memory, int fd, size_t min, size_t max)
{
	struct stat st;
	int seals;

	/* Only a memfd has seals: nothing else gets past here. */
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0)
		return errno == EBADF ? -EBADF : -EPROTO;
	if ((seals & SIZE_SEALS) != SIZE_SEALS || (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return -EPROTO;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < 0 || (size_t)st.st_size < min || (size_t)st.st_size > max)
		return -EPROTO;
	*memory = (struct mpr_memory){
		.size = (size_t)st.st_size, .fd = fd, .hugepages = is_hugetlb(fd)};
	return map(memory);
}

int mpr_memory_keep(const struct mpr_memory *memory)
{
	int seals = fcntl(memory->fd, F_GET_SEALS);

	if (seals < 0)
		return -errno;
	if (!(seals & F_SEAL_FUTURE_WRITE) &&
	    fcntl(memory->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) < 0)
		return -errno;
	/* What was punched out before is brought back. */
	return allocate(memory);
}

void mpr_memory_close_file(struct mpr_memory *memory)
{
	if (memory->fd >= 0)
		close(memory->fd);
	memory->fd = -1;
}

void mpr_memory_destroy(struct mpr_memory *memory)
{
	if (memory->base)
		munmap(memory->base, memory->size);
	memory->base = NULL;
	mpr_memory_close_file(memory);
}
