/* SPDX-License-Identifier: MIT */
/* Proves that a remote cannot truncate the files of guest memory that it gets, or that
 * the VMM is told that it can. */
#include "tests/proxy/fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/landlock.h>

#define SIZE 65536

static bool landlock_knows_truncation(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 3;
}

/* The errno of the remote's attempt, or 0. */
static uint32_t attempt(struct fixture *f, int fd)
{
	const struct mpr_proxy_region region = {.size = SIZE, .fd = fd};

	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(mpr_proxy_set_memory(f->dev, &region, 1), 0);
	return reg(f, FAKE_TRUNCATE);
}

static off_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

process_test(a_file_cannot_be_truncated)
{
	struct fixture *f = *state;
	char path[] = "/dev/shm/mpring-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	/* As with mem-path=/dev/shm/: it has no name. */
	unlink(path);
	if (landlock_knows_truncation()) {
		assert_int_equal(attempt(f, fd), EACCES);
		assert_int_equal(size_of(fd), SIZE);
		assert_false(mpr_proxy_memory_shrinks(f->dev));
		/* The VMM itself can. */
		assert_int_equal(ftruncate(fd, 2 * SIZE), 0);
	} else {
		print_message("# no Landlock that knows truncation\n");
		assert_int_equal(attempt(f, fd), 0);
		assert_true(mpr_proxy_memory_shrinks(f->dev));
	}
	close(fd);
}

process_test(a_sealed_memfd_cannot_be_truncated)
{
	struct fixture *f = *state;
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	assert_int_equal(attempt(f, fd), EPERM);
	assert_false(mpr_proxy_memory_shrinks(f->dev));
	close(fd);
}

process_test(an_unsealed_memfd_is_told_of)
{
	struct fixture *f = *state;
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(attempt(f, fd), 0);
	assert_true(mpr_proxy_memory_shrinks(f->dev));
	close(fd);
}

process_test(a_file_for_reading_stays_one)
{
	struct fixture *f = *state;
	struct mpr_proxy_region region = {.size = SIZE, .read_only = true};
	char path[] = "/dev/shm/mpring-XXXXXX";
	int fd = mkstemp(path);

	assert_int_equal(ftruncate(fd, SIZE), 0);
	close(fd);
	region.fd = open(path, O_RDONLY);
	unlink(path);
	assert_int_equal(mpr_proxy_set_memory(f->dev, &region, 1), 0);
	assert_int_equal(reg(f, FAKE_TRUNCATE), EINVAL);
	assert_false(mpr_proxy_memory_shrinks(f->dev));
	close(region.fd);
}
