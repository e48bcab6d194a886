/* SPDX-License-Identifier: MIT */
#include "blk/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The alignments to try direct I/O with, where the kernel does not say. */
#define PROBE_MIN 512
#define PROBE_MAX 65536

/* Makes the message "FILE: ..." and returns err. */
__attribute__((format(printf, 4, 5))) static int
fail(char **error, int err, const struct mpr_blk_options *options, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return err;
	if (asprintf(error, "%s: %s", options->file, text) < 0)
		*error = NULL;
	free(text);
	return err;
}

static bool is_direct(const struct mpr_blk_options *options)
{
	return mpr_cache_is_direct(options->cache);
}

static const char *cache_name(const struct mpr_blk_options *options)
{
	return options->cache == MPR_CACHE_NONE ? "none" : "directsync";
}

static int fail_no_direct(char **error, const struct mpr_blk_options *options)
{
	return fail(error, -EINVAL, options,
		    "cache=%s needs direct I/O, which this file system does not have: "
		    "use cache=writeback",
		    cache_name(options));
}

static int fail_open(char **error, int err, const struct mpr_blk_options *options)
{
	bool may_read = faccessat(AT_FDCWD, options->file, R_OK, AT_EACCESS) == 0;

	switch (err) {
	case -EINVAL:
		if (is_direct(options))
			return fail_no_direct(error, options);
		break;
	case -EACCES:
	case -EPERM:
	case -EROFS:
		if (!options->read_only && may_read)
			return fail(error, err, options,
				    "cannot be opened for writing: %s: "
				    "allow writing, or use readonly=on",
				    strerror(-err));
		break;
	}
	return fail(error, err, options, "cannot be opened: %s", strerror(-err));
}

/* Before it is opened, because opening a named pipe blocks. */
static int check_type(const struct mpr_blk_options *options, char **error)
{
	struct stat st;

	if (stat(options->file, &st) < 0)
		return fail_open(error, -errno, options);
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode))
		return fail(error, -EISDIR, options, "is a directory, not a disk image");
	return fail(error, -EINVAL, options, "is neither a regular file nor a block device");
}

static int open_fd(const struct mpr_blk_options *options, char **error)
{
	int flags = options->read_only ? O_RDONLY : O_RDWR;
	int fd;

	if (is_direct(options))
		flags |= O_DIRECT;
	fd = open(options->file, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? fail_open(error, -errno, options) : fd;
}

static int measure(struct mpr_file *file, const struct mpr_blk_options *options, struct stat *st,
		   char **error)
{
	int err = fstat(file->fd, st);

	if (!err && S_ISBLK(st->st_mode))
		err = ioctl(file->fd, BLKGETSIZE64, &file->length);
	else
		file->length = st->st_size;
	return err ? fail(error, -errno, options, "cannot be measured: %s", strerror(errno)) : 0;
}

/* An open file description lock: it ends with the description, and also excludes other
 * images of this process. */
static int set_lock(const struct mpr_file *file, short type)
{
	struct flock whole = {.l_type = type, .l_whence = SEEK_SET};

	if (fcntl(file->fd, F_OFD_SETLK, &whole) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

static int lock(const struct mpr_file *file, const struct mpr_blk_options *options, char **error)
{
	int err = 0;

	if (!options->no_lock)
		err = set_lock(file, options->read_only || options->share ? F_RDLCK : F_WRLCK);
	if (!err)
		return 0;
	if (err != -EBUSY)
		return fail(error, err, options, "cannot be locked: %s", strerror(-err));
	if (options->read_only)
		return fail(error, -EBUSY, options,
			    "is in use by another program that writes to it: close that first");
	return fail(error, -EBUSY, options,
		    "is in use by another program: close that first, "
		    "or let both use readonly=on");
}

/* A block device's logical sector size is enough for memory and offsets. */
static int block_device_alignment(struct mpr_file *file)
{
	int size;

	if (ioctl(file->fd, BLKSSZGET, &size) < 0)
		return -errno;
	file->mem_align = file->offset_align = size;
	return 0;
}

/* Finds the smallest read that is allowed. */
static int probe_alignment(struct mpr_file *file)
{
	void *buf;
	ssize_t n = -1;
	uint32_t align = PROBE_MIN;

	if (posix_memalign(&buf, PROBE_MAX, PROBE_MAX))
		return -ENOMEM;
	while ((n = pread(file->fd, buf, align, 0)) < 0 && errno == EINVAL && align < PROBE_MAX)
		align *= 2;
	free(buf);
	if (n < 0)
		return -EINVAL;
	file->mem_align = file->offset_align = align;
	return 0;
}

/* Asks statx(); where that does not say (before Linux 6.1, and for some file systems), the
 * block device; and otherwise tries. */
static int find_alignment(struct mpr_file *file, const struct stat *st)
{
	struct statx stx;

	if (statx(file->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) == 0 &&
	    (stx.stx_mask & STATX_DIOALIGN)) {
		if (!stx.stx_dio_offset_align)
			return -EINVAL;
		file->mem_align = stx.stx_dio_mem_align;
		file->offset_align = stx.stx_dio_offset_align;
		if (file->mem_align > file->offset_align)
			file->offset_align = file->mem_align;
		return 0;
	}
	return S_ISBLK(st->st_mode) ? block_device_alignment(file) : probe_alignment(file);
}

static int set_alignment(struct mpr_file *file, const struct mpr_blk_options *options,
			 const struct stat *st, char **error)
{
	file->mem_align = file->offset_align = 1;
	if (!is_direct(options))
		return 0;
	if (find_alignment(file, st) < 0)
		return fail_no_direct(error, options);
	if (file->offset_align > 512 && file->length % file->offset_align)
		return fail(error, -EINVAL, options,
			    "its size of %llu bytes is not a multiple of %u, as cache=%s needs "
			    "here: make it larger, or use cache=writeback",
			    (unsigned long long)file->length, file->offset_align,
			    cache_name(options));
	return 0;
}

/* How files of other formats begin. Not what a guest may write to a disk itself, such as
 * LUKS. */
static const struct {
	const char *format;
	unsigned offset;
	const char *magic;
	size_t length;
} formats[] = {
#define MAGIC(format, offset, magic)                     \
	{                                                \
		format, offset, magic, sizeof(magic) - 1 \
	}
	MAGIC("qcow2", 0, "QFI\xfb"),
	MAGIC("qed", 0, "QED\0"),
	MAGIC("vmdk", 0, "KDMV"),
	MAGIC("vmdk", 0, "COWD"),
	MAGIC("vmdk", 0, "# Disk DescriptorFile"),
	MAGIC("vdi", 0x40, "\x7f\x10\xda\xbe"),
	MAGIC("vhdx", 0, "vhdxfile"),
	MAGIC("vpc", 0, "conectix"),
	MAGIC("parallels", 0, "WithoutFreeSpace"),
	MAGIC("parallels", 0, "WithouFreSpacExt"),
	MAGIC("bochs", 0, "Bochs Virtual HD Image"),
};

/* The format whose files begin like that, or NULL. */
static const char *format_of(const char *head, size_t length)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].offset + formats[i].length <= length &&
		    !memcmp(head + formats[i].offset, formats[i].magic, formats[i].length))
			return formats[i].format;
	return NULL;
}

/* Without format=, a file of a known image format is refused: it is not a raw disk. */
static int check_format(const struct mpr_file *file, const struct mpr_blk_options *options,
			char **error)
{
	const char *format;
	ssize_t length;
	char *head;

	if (options->format)
		return 0;
	if (posix_memalign((void **)&head, PROBE_MAX, PROBE_MAX))
		return fail(error, -ENOMEM, options, "no memory to read its head");
	length = pread(file->fd, head, PROBE_MAX, 0);
	format = format_of(head, length < 0 ? 0 : (size_t)length);
	free(head);
	if (format)
		return fail(error, -EINVAL, options,
			    "is a %s image: convert it with qemu-img convert -O raw, or use "
			    "format=raw to give the guest the file as it is",
			    format);
	return 0;
}

/* ---- The ring ----------------------------------------------------------- */

struct probe {
	struct mpr_uring_op op;
	bool ended;
	int32_t res;
};

static void probe_done(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct probe *probe = (struct probe *)op;

	(void)flags;
	probe->res = res;
	probe->ended = true;
}

/* Reads a block as all I/O will be done. The polled ring has no user yet, or users without
 * requests in flight. */
static int probe_polling(const struct mpr_file *file)
{
	struct probe probe = {.op.fn = probe_done};
	void *buf;
	int err = 0;

	if (posix_memalign(&buf, PROBE_MAX, PROBE_MAX))
		return -ENOMEM;
	io_uring_prep_read(mpr_uring_sqe(file->io_ring, &probe.op), file->fd, buf, PROBE_MAX, 0);
	while (!err && !probe.ended) {
		err = mpr_uring_submit(file->io_ring);
		mpr_uring_reap(file->io_ring);
	}
	free(buf);
	return err ? err : probe.res < 0 ? probe.res : 0;
}

static int set_polling(struct mpr_file *file, const struct mpr_blk_options *options, char **error)
{
	int err;

	if (!is_direct(options))
		return fail(error, -EINVAL, options,
			    "iopoll=on needs direct I/O: use cache=none or cache=directsync");
	err = mpr_uring_polled(file->ring, &file->io_ring);
	if (!err)
		err = probe_polling(file);
	if (err == -EOPNOTSUPP)
		return fail(error, err, options,
			    "iopoll=on needs a device with queues for polling, and a file system "
			    "that uses them: use iopoll=off, or give the device's driver such "
			    "queues (nvme.poll_queues=, virtio_blk.poll_queues=)");
	return err ? fail(error, err, options, "cannot be polled: %s", strerror(-err)) : 0;
}

static int set_ring(struct mpr_file *file, struct mpr_uring *ring,
		    const struct mpr_blk_options *options, char **error)
{
	file->ring = file->io_ring = ring;
	if (options->iopoll) {
		int err = set_polling(file, options, error);

		if (err)
			return err;
	}
	file->slot = mpr_uring_add_file(file->io_ring, file->fd);
	return 0;
}

/* ------------------------------------------------------------------------- */

int mpr_file_open(struct mpr_file *file, struct mpr_uring *ring,
		  const struct mpr_blk_options *options, char **error)
{
	struct stat st;
	int err;

	*error = NULL;
	err = check_type(options, error);
	if (err)
		return err;
	file->slot = -1;
	file->no_lock = options->no_lock;
	file->fd = open_fd(options, error);
	if (file->fd < 0)
		return file->fd;
	err = measure(file, options, &st, error);
	if (!err)
		err = lock(file, options, error);
	if (!err)
		err = set_alignment(file, options, &st, error);
	if (!err)
		err = check_format(file, options, error);
	if (!err)
		err = set_ring(file, ring, options, error);
	if (err)
		mpr_file_close(file);
	return err;
}

/* The kernel may keep a registered file open for a while after its slot is free: the lock
 * must not last as long. */
static void unlock(const struct mpr_file *file)
{
	(void)set_lock(file, F_UNLCK);
}

int mpr_file_share(struct mpr_file *file, bool share)
{
	return file->no_lock ? 0 : set_lock(file, share ? F_RDLCK : F_WRLCK);
}

void mpr_file_close(struct mpr_file *file)
{
	if (file->slot >= 0)
		unlock(file);
	mpr_uring_remove_file(file->io_ring, file->slot);
	close(file->fd);
}
