/* SPDX-License-Identifier: MIT */
/* Proves that images are read and written through memory and files that are
 * registered with the kernel, and that these can be given back. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/blk/image.h"
#include "tests/common/unit.h"

#define SIZE 65536

struct fixture {
	struct mpr_uring *ring;
	struct mpr_blk *blk;
	char *path;
	int memfd;
	uint8_t *memory; /* SIZE bytes, shared like a guest's */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(mpr_uring_create(16, &f->ring), 0);
	f->path = image_create(SIZE);
	f->memfd = memfd_create("guest", MFD_CLOEXEC);
	assert_true(f->memfd >= 0);
	assert_int_equal(ftruncate(f->memfd, SIZE), 0);
	f->memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->memfd, 0);
	assert_true(f->memory != MAP_FAILED);
	f->blk = image_open(f->ring, f->path, MPR_CACHE_NONE);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mpr_blk_close(f->blk), 0);
	mpr_uring_destroy(f->ring);
	munmap(f->memory, SIZE);
	close(f->memfd);
	image_remove(f->path);
	free(f);
	return 0;
}

#define TEST(name) UNIT_TEST_WITH(name, setup, teardown)

/* Registers the memory; skips the test where this cannot be. */
static void add_memory(struct fixture *f)
{
	int err;

	if (!f->blk)
		skip();
	err = mpr_uring_add_memory(f->ring, f->memory, SIZE);
	if (err == -ENOMEM) {
		print_message("# RLIMIT_MEMLOCK is too small\n");
		skip();
	}
	assert_int_equal(err, 0);
}

static void assert_bytes(const uint8_t *memory, uint64_t offset, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(memory[i], image_byte(offset + i));
}

TEST(reading_into_registered_memory)
{
	struct fixture *f = *state;

	add_memory(f);
	assert_int_equal(image_read(f->ring, f->blk, 4096, f->memory + 8192, 16384), 0);
	assert_bytes(f->memory + 8192, 4096, 16384);
}

TEST(writing_from_registered_memory)
{
	struct fixture *f = *state;
	uint64_t size;
	uint8_t *contents;

	add_memory(f);
	memset(f->memory, 0xa5, 8192);
	assert_int_equal(image_write(f->ring, f->blk, 4096, f->memory, 8192), 0);
	contents = image_contents(f->path, &size);
	assert_memory_equal(contents + 4096, f->memory, 8192);
	assert_bytes(contents, 0, 4096);
	free(contents);
}

TEST(scattered_registered_memory)
{
	struct fixture *f = *state;
	const struct iovec iov[] = {{f->memory + 12288, 4096}, {f->memory, 8192}};

	add_memory(f);
	assert_int_equal(image_request(f->ring, f->blk, MPR_BLK_READ, 8192, iov, 2), 0);
	assert_bytes(f->memory + 12288, 8192, 4096);
	assert_bytes(f->memory, 12288, 8192);
}

TEST(some_of_the_memory_is_registered)
{
	struct fixture *f = *state;
	uint8_t *other = image_memory(8192);
	const struct iovec iov[] = {{f->memory, 4096}, {other, 8192}};

	add_memory(f);
	assert_int_equal(image_request(f->ring, f->blk, MPR_BLK_READ, 0, iov, 2), 0);
	assert_bytes(f->memory, 0, 4096);
	assert_bytes(other, 4096, 8192);
	free(other);
}

TEST(removed_memory_works_as_any_other)
{
	struct fixture *f = *state;

	add_memory(f);
	mpr_uring_remove_memory(f->ring, f->memory);
	assert_int_equal(image_read(f->ring, f->blk, 0, f->memory, 8192), 0);
	assert_bytes(f->memory, 0, 8192);
	assert_int_equal(mpr_uring_add_memory(f->ring, f->memory, SIZE), 0);
	assert_int_equal(image_read(f->ring, f->blk, 4096, f->memory, 8192), 0);
	assert_bytes(f->memory, 4096, 8192);
}

TEST(read_only_memory_is_refused)
{
	struct fixture *f = *state;

	assert_int_equal(mprotect(f->memory, SIZE, PROT_READ), 0);
	assert_true(mpr_uring_add_memory(f->ring, f->memory, SIZE) < 0);
}

TEST(closed_image_is_unlocked_at_once)
{
	struct fixture *f = *state;

	if (!f->blk)
		skip();
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(mpr_blk_close(f->blk), 0);
		f->blk = image_open(f->ring, f->path, MPR_CACHE_NONE);
	}
	assert_int_equal(image_read(f->ring, f->blk, 0, f->memory, 4096), 0);
	assert_bytes(f->memory, 0, 4096);
}

TEST(files_beyond_the_table_work_unregistered)
{
	struct fixture *f = *state;
	int slots[1000];
	unsigned n = 0;

	if (!f->blk)
		skip();
	while (n < 1000 && (slots[n] = mpr_uring_add_file(f->ring, f->memfd)) >= 0)
		n++;
	assert_true(n > 0 && n < 1000);
	assert_int_equal(mpr_blk_close(f->blk), 0); /* its slot is taken ... */
	mpr_uring_add_file(f->ring, f->memfd);
	f->blk = image_open(f->ring, f->path, MPR_CACHE_NONE); /* ... when it needs one */
	assert_int_equal(image_read(f->ring, f->blk, 0, f->memory, 4096), 0);
	assert_bytes(f->memory, 0, 4096);
	while (n)
		mpr_uring_remove_file(f->ring, slots[--n]);
	assert_true(mpr_uring_add_file(f->ring, f->memfd) >= 0);
}
