/* SPDX-License-Identifier: MIT */
#include "remote/device/ram_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "opts/opts.h"

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

void mpr_ram_file_put(struct mpr_ram_pool *pool, struct mpr_ram_file *file)
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
int mpr_ram_file_lock(const struct mpr_ram_pool *pool, struct mpr_ram_file *file)
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

int mpr_ram_file_get(struct mpr_ram_pool *pool, int fd, struct mpr_ram_file **file, char **error)
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
