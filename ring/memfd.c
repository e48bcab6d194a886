/* SPDX-License-Identifier: MIT */
#include "ring/memfd.h"

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

bool mpr_numa_has_node(int numa_node)
{
	return numa_available() >= 0 && numa_node >= 0 && numa_node <= numa_max_node() &&
	       numa_bitmask_isbitset(numa_all_nodes_ptr, (unsigned)numa_node);
}

/* Sets the policy by which pages are placed, before the first is allocated. */
static int place(const struct mpr_memfd *memfd, int node)
{
	struct bitmask *nodes;
	long err;

	if (node < 0)
		return 0;
	if (!mpr_numa_has_node(node))
		return -EINVAL;
	nodes = numa_allocate_nodemask();
	numa_bitmask_setbit(nodes, (unsigned)node);
	err = mbind(memfd->base, memfd->size, MPOL_PREFERRED, nodes->maskp, nodes->size + 1, 0);
	numa_free_nodemask(nodes);
	return err ? -errno : 0;
}

/* Allocates every page that is missing. */
static int allocate(const struct mpr_memfd *memfd)
{
	return fallocate(memfd->fd, 0, 0, (off_t)memfd->size) < 0 ? -errno : 0;
}

/* Allocates and maps every page now, so that no access faults later. */
static int populate(const struct mpr_memfd *memfd)
{
	int err = allocate(memfd);

	if (err)
		return err;
	/* Fills the page tables. Before Linux 5.14 it fails, and the first access does. */
	madvise(memfd->base, memfd->size, MADV_POPULATE_WRITE);
	return 0;
}

static int map(struct mpr_memfd *memfd)
{
	memfd->base = mmap(NULL, memfd->size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd->fd, 0);
	if (memfd->base != MAP_FAILED)
		return 0;
	memfd->base = NULL;
	return -errno;
}

static int create_on(struct mpr_memfd *memfd, size_t size, int numa_node, bool hugepages)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int err;

	if (hugepages)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	*memfd = (struct mpr_memfd){
		.size = round_up(size, hugepages ? HUGEPAGE : NORMAL_PAGE),
		.fd = memfd_create("mpring", flags),
		.hugepages = hugepages,
	};
	if (memfd->fd < 0)
		return -errno;
	err = ftruncate(memfd->fd, (off_t)memfd->size) < 0 ? -errno : 0;
	if (!err)
		err = map(memfd);
	if (!err)
		err = place(memfd, numa_node);
	if (!err)
		err = populate(memfd);
	if (!err && fcntl(memfd->fd, F_ADD_SEALS, SIZE_SEALS) < 0)
		err = -errno;
	if (err)
		mpr_memfd_destroy(memfd);
	return err;
}

int mpr_memfd_create(struct mpr_memfd *memfd, size_t size, int numa_node, bool normal_pages)
{
	if (!normal_pages && create_on(memfd, size, numa_node, true) == 0)
		return 0;
	return create_on(memfd, size, numa_node, false);
}

static bool is_hugetlb(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC;
}

int mpr_memfd_attach(struct mpr_memfd *memfd, int fd, size_t min, size_t max)
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
	*memfd = (struct mpr_memfd){
		.size = (size_t)st.st_size, .fd = fd, .hugepages = is_hugetlb(fd)};
	return map(memfd);
}

int mpr_memfd_keep(const struct mpr_memfd *memfd)
{
	int seals = fcntl(memfd->fd, F_GET_SEALS);

	if (seals < 0)
		return -errno;
	if (!(seals & F_SEAL_FUTURE_WRITE) &&
	    fcntl(memfd->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) < 0)
		return -errno;
	/* Fills holes that were punched before. */
	return allocate(memfd);
}

void mpr_memfd_close_file(struct mpr_memfd *memfd)
{
	if (memfd->fd >= 0)
		close(memfd->fd);
	memfd->fd = -1;
}

void mpr_memfd_destroy(struct mpr_memfd *memfd)
{
	if (memfd->base)
		munmap(memfd->base, memfd->size);
	memfd->base = NULL;
	mpr_memfd_close_file(memfd);
}
