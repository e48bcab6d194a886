/* SPDX-License-Identifier: MIT */
#include "tests/blk/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/common/unit.h"

uint8_t image_byte(uint64_t offset)
{
	return (offset * 2654435761u) >> 13;
}

static void write_all(int fd, const uint8_t *buf, uint64_t size)
{
	for (uint64_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, buf + done, size - done, done);

		assert_true(n > 0);
		done += n;
	}
}

char *image_create(uint64_t size)
{
	const char *dir = getenv("TEST_TMPDIR");
	uint8_t *buf = malloc(size + 1);
	char *path;
	int fd;

	assert_non_null(buf);
	assert_true(asprintf(&path, "%s/image-XXXXXX", dir ? dir : "/tmp") > 0);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	for (uint64_t i = 0; i < size; i++)
		buf[i] = image_byte(i);
	write_all(fd, buf, size);
	assert_int_equal(fsync(fd), 0);
	close(fd);
	free(buf);
	return path;
}

void image_remove(char *path)
{
	unlink(path);
	free(path);
}

struct mpr_blk *image_open(struct mpr_uring *ring, const char *path, enum mpr_blk_cache cache)
{
	struct mpr_blk_options options = {.file = path, .format = "raw", .cache = cache};
	struct mpr_blk *blk;
	char *error;
	int err = mpr_blk_open(ring, &options, &blk, &error);

	if (err == -EINVAL && cache != MPR_CACHE_WRITEBACK) {
		print_message("# %s\n", error);
		free(error);
		return NULL;
	}
	if (err)
		fail_msg("%s", error);
	return blk;
}

void *image_memory(size_t size)
{
	void *memory = NULL;

	if (posix_memalign(&memory, 4096, size))
		fail_msg("no memory");
	memset(memory, 0, size);
	return memory;
}

uint8_t *image_contents(const char *path, uint64_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *buf;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	buf = malloc(st.st_size + 1);
	assert_non_null(buf);
	assert_int_equal(pread(fd, buf, st.st_size, 0), st.st_size);
	close(fd);
	*size = st.st_size;
	return buf;
}
