/* SPDX-License-Identifier: MIT */
/* Proves that images open as their options say, stay locked, and that every
 * refusal names the file, what is wrong and the remedy. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "blk/blk.h"
#include "tests/blk/image.h"
#include "tests/common/unit.h"

static struct mpr_uring *ring;

static int create_ring(void **state)
{
	(void)state;
	return mpr_uring_create(8, &ring);
}

static int destroy_ring(void **state)
{
	(void)state;
	mpr_uring_destroy(ring);
	return 0;
}

/* Opening must fail with err and a message that holds the file and `text`. */
static void refused(struct mpr_blk_options options, int err, const char *text)
{
	struct mpr_blk *blk;
	char *error;

	assert_int_equal(mpr_blk_open(ring, &options, &blk, &error), err);
	assert_non_null(error);
	if (!strstr(error, options.file) || !strstr(error, text))
		fail_msg("message '%s' lacks '%s'", error, text);
	free(error);
}

static struct mpr_blk *opened(struct mpr_blk_options options)
{
	struct mpr_blk *blk;
	char *error;

	if (mpr_blk_open(ring, &options, &blk, &error))
		fail_msg("%s", error);
	return blk;
}

UNIT_TEST(missing_file)
{
	refused((struct mpr_blk_options){.file = "/nonexistent/disk.img"}, -ENOENT, "No such file");
}

UNIT_TEST(directory)
{
	refused((struct mpr_blk_options){.file = "/tmp"}, -EISDIR, "is a directory");
}

UNIT_TEST(character_device)
{
	refused((struct mpr_blk_options){.file = "/dev/null"}, -EINVAL,
		"neither a regular file nor a block device");
}

UNIT_TEST(polling_needs_direct_io)
{
	char *path = image_create(4096);

	refused((struct mpr_blk_options){.file = path, .iopoll = true}, -EINVAL,
		"iopoll=on needs direct I/O: use cache=none");
	image_remove(path);
}

/* Where it is available it works; elsewhere the refusal says so. */
UNIT_TEST(polling_needs_a_device_that_can_be_polled)
{
	char *path = image_create(65536);
	uint8_t *memory = image_memory(4096);
	struct mpr_blk_options options = {.file = path, .cache = MPR_CACHE_NONE, .iopoll = true};
	struct mpr_blk *blk;
	char *error;
	int err = mpr_blk_open(ring, &options, &blk, &error);

	if (err) {
		assert_non_null(error);
		assert_non_null(strstr(error, path));
		if (err == -EOPNOTSUPP)
			assert_non_null(strstr(error, "use iopoll=off"));
		print_message("# %s\n", error);
		free(error);
	} else {
		assert_int_equal(image_read(ring, blk, 4096, memory, 4096), 0);
		assert_int_equal(memory[7], image_byte(4096 + 7));
		assert_int_equal(image_request(ring, blk, MPR_BLK_FLUSH, 0, NULL, 0), 0);
		assert_int_equal(mpr_blk_close(blk), 0);
	}
	free(memory);
	image_remove(path);
}

UNIT_TEST(unknown_format)
{
	char *path = image_create(512);

	refused((struct mpr_blk_options){.file = path, .format = "vhdx"}, -EINVAL, "vhdx");
	image_remove(path);
}

UNIT_TEST(other_formats_are_not_taken_for_raw)
{
	static const struct {
		const char *magic, *text;
		off_t offset;
	} heads[] = {
		{"QFI\xfb", "is a qcow2 image: convert it with qemu-img convert", 0},
		{"KDMV", "is a vmdk image", 0},
		{"# Disk DescriptorFile", "is a vmdk image", 0},
		{"\x7f\x10\xda\xbe", "is a vdi image", 64},
		{"vhdxfile", "is a vhdx image", 0},
		{"conectix", "is a vpc image", 0},
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		char *path = image_create(1024);
		struct mpr_blk_options raw = {.file = path, .format = "raw"};
		int fd = open(path, O_WRONLY);
		ssize_t length = (ssize_t)strlen(heads[i].magic);

		assert_int_equal(pwrite(fd, heads[i].magic, length, heads[i].offset), length);
		close(fd);
		refused((struct mpr_blk_options){.file = path}, -EINVAL, heads[i].text);
		assert_int_equal(mpr_blk_close(opened(raw)), 0);
		image_remove(path);
	}
}

/* Files of /proc cannot be opened for direct I/O. */
UNIT_TEST(no_direct_io)
{
	refused((struct mpr_blk_options){.file = "/proc/version",
					 .cache = MPR_CACHE_NONE,
					 .read_only = true},
		-EINVAL, "cache=none needs direct I/O");
	refused((struct mpr_blk_options){.file = "/proc/version",
					 .cache = MPR_CACHE_DIRECTSYNC,
					 .read_only = true},
		-EINVAL, "use cache=writeback");
}

/* Drops, or regains, root's right to ignore file modes (CAP_DAC_OVERRIDE). */
static void ignore_file_modes(bool may)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2];

	assert_int_equal(syscall(SYS_capget, &header, caps), 0);
	caps[0].effective &= ~(1u << CAP_DAC_OVERRIDE);
	if (may)
		caps[0].effective |= caps[0].permitted & 1u << CAP_DAC_OVERRIDE;
	assert_int_equal(syscall(SYS_capset, &header, caps), 0);
}

UNIT_TEST(write_protected_file)
{
	char *path = image_create(512);
	struct mpr_blk *blk;

	assert_int_equal(chmod(path, 0444), 0);
	ignore_file_modes(false);
	refused((struct mpr_blk_options){.file = path}, -EACCES, "use readonly=on");
	ignore_file_modes(true);
	blk = opened((struct mpr_blk_options){.file = path, .read_only = true});
	assert_true(mpr_blk_read_only(blk));
	mpr_blk_close(blk);
	image_remove(path);
}

UNIT_TEST(one_writer_or_many_readers)
{
	char *path = image_create(512);
	struct mpr_blk_options writer = {.file = path}, reader = {.file = path, .read_only = true};
	struct mpr_blk *a = opened(writer), *b;

	refused(writer, -EBUSY, "in use by another program");
	refused(reader, -EBUSY, "writes to it");
	mpr_blk_close(a);
	a = opened(reader);
	b = opened(reader);
	refused(writer, -EBUSY, "readonly=on");
	mpr_blk_close(a);
	mpr_blk_close(b);
	mpr_blk_close(opened(writer));
	image_remove(path);
}

UNIT_TEST(attributes)
{
	char *path = image_create(4096);
	struct mpr_blk *blk = opened((struct mpr_blk_options){.file = path});

	assert_int_equal(mpr_blk_size(blk), 4096);
	assert_false(mpr_blk_read_only(blk));
	assert_true(mpr_blk_write_cache(blk));
	assert_int_equal(mpr_blk_in_flight(blk), 0);
	mpr_blk_close(blk);
	blk = image_open(ring, path, MPR_CACHE_DIRECTSYNC);
	if (blk) {
		assert_false(mpr_blk_write_cache(blk));
		mpr_blk_close(blk);
	}
	image_remove(path);
}

UNIT_TEST(size_is_rounded_up_to_a_sector)
{
	static const struct {
		uint64_t file, disk;
	} sizes[] = {{0, 0}, {1, 512}, {511, 512}, {512, 512}, {1000, 1024}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *path = image_create(sizes[i].file);
		struct mpr_blk *blk = opened((struct mpr_blk_options){.file = path});

		assert_int_equal(mpr_blk_size(blk), sizes[i].disk);
		mpr_blk_close(blk);
		image_remove(path);
	}
}

int main(void)
{
	return unit_run(create_ring, destroy_ring);
}
