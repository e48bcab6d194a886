/* SPDX-License-Identifier: MIT */
/*
 * Proves that guest memory without room is refused before the start, and memory with room is not:
 * on file systems of known sizes, mounted in a mount namespace of the test's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "orchestrator/plan/room.h"
#include "tests/common/unit.h"

static char folder[] = "/tmp/room_test-XXXXXX";

/* The error for these memory backends, or "". @ stands for the folder. */
static const char *check(const char *first, const char *second)
{
	static char text[4096];
	char options[2][512] = {""};
	char *argv[] = {"qemu", "-object", options[0], "--object", options[1], NULL};
	const char *given[] = {first, second};
	char *error;

	for (int i = 0; i < 2 && given[i]; i++) {
		const char *at = strchr(given[i], '@');

		if (at)
			snprintf(options[i], sizeof(options[i]), "%.*s%s%s", (int)(at - given[i]),
				 given[i], folder, at + 1);
		else
			snprintf(options[i], sizeof(options[i]), "%s", given[i]);
	}
	if (!second)
		argv[3] = NULL;
	if (mpr_check_room(argv, &error) == 0)
		return "";
	snprintf(text, sizeof(text), "%s", error);
	free(error);
	return text;
}

#define FILE_OF(size) "memory-backend-file,id=m,share=on,mem-path=@,size=" size
#define assert_room(...) assert_string_equal(check(__VA_ARGS__), "")
#define assert_no_room(part, ...) assert_non_null(strstr(check(__VA_ARGS__), part))

/* 4 MiB. */
static int mount_small(void **state)
{
	(void)state;
	return mount("room_test", folder, "tmpfs", 0, "size=4m") ? -1 : 0;
}

static int unmount(void **state)
{
	(void)state;
	return umount(folder);
}

#define with_small(name) UNIT_TEST_WITH(name, mount_small, unmount)

with_small(a_file_has_room_or_not)
{
	char message[512];

	assert_room(FILE_OF("4M"), NULL);
	assert_room(FILE_OF("4194304"), NULL);
	assert_room(FILE_OF("0.5m"), NULL);
	assert_room(FILE_OF("4096K"), NULL);
	snprintf(
		message, sizeof(message),
		"-object memory-backend-file,id=m,share=on,mem-path=%1$s,size=5M: 5 MiB are needed "
		"in %1$s, which has 4 MiB free",
		folder);
	assert_no_room(message, FILE_OF("5M"), NULL);
	assert_no_room("5120 MiB are needed", FILE_OF("5g"), NULL);
	assert_no_room("4 MiB free", FILE_OF("0x1000000"), NULL);
	/* A file that does not exist yet. */
	assert_no_room("4 MiB free", "memory-backend-file,id=m,mem-path=@/new,size=5M", NULL);
	assert_no_room(
		"4 MiB free",
		"{\"qom-type\": \"memory-backend-file\", \"id\": \"m\", \"mem-path\": \"@\", "
		"\"size\": 5242880}",
		NULL);
}

with_small(all_files_together_have_room_or_not)
{
	assert_room(FILE_OF("2M"), FILE_OF("2M"));
	assert_no_room("2 MiB are needed", FILE_OF("3M"), FILE_OF("2M"));
}

/* A file whose blocks are allocated already, by whatever process. */
with_small(what_a_file_has_is_not_needed_again)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/ram", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 8 << 20), 0);
	assert_no_room("4 MiB free", "memory-backend-file,id=m,mem-path=@/ram,size=8M", NULL);
	assert_int_equal(posix_fallocate(fd, 0, 3 << 20), 0);
	assert_room("memory-backend-file,id=m,mem-path=@/ram,size=4M", NULL);
	assert_no_room("1 MiB free", "memory-backend-file,id=m,mem-path=@/ram,size=8M", NULL);
	close(fd);
}

/* Wrong values, which QEMU reports, and memory that needs no room. */
with_small(others_are_not_judged)
{
	assert_room("memory-backend-file,id=m,mem-path=/nonexistent/file,size=1000T", NULL);
	assert_room(FILE_OF("many"), NULL);
	assert_room(FILE_OF("5MM"), NULL);
	assert_room("memory-backend-file,id=m,size=1000T", NULL);
	assert_room("memory-backend-memfd,id=m,size=1000T", NULL);
	assert_room("memory-backend-memfd,id=m,size=1000T,hugetlb=perhaps", NULL);
	assert_room("memory-backend-ram,id=m,size=1000T", NULL);
	assert_room("rng-random,id=r", NULL);
}

UNIT_TEST(huge_pages_are_counted)
{
	assert_no_room("huge pages of ", "memory-backend-memfd,id=m,size=1000T,hugetlb=on", NULL);
	assert_no_room("524288000 huge pages of 2048 KiB are needed",
		       "memory-backend-memfd,id=m,size=1000T,hugetlb=on,hugetlbsize=2M", NULL);
}

UNIT_TEST(a_file_system_of_huge_pages_has_them_and_its_limit)
{
	assert_int_equal(mount("room_test", folder, "hugetlbfs", 0, "pagesize=2M"), 0);
	assert_no_room("huge pages of 2048 KiB are needed", FILE_OF("1000T"), NULL);
	assert_int_equal(umount(folder), 0);
	assert_int_equal(mount("room_test", folder, "hugetlbfs", 0, "pagesize=2M,size=4M"), 0);
	assert_no_room("4 MiB free", FILE_OF("6M"), NULL);
	assert_int_equal(umount(folder), 0);
}

int main(void)
{
	int ret;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		printf("1..0 # SKIP file systems cannot be mounted here: %s\n", strerror(errno));
		return 0;
	}
	if (!mkdtemp(folder))
		return 1;
	ret = unit_run(NULL, NULL);
	rmdir(folder);
	return ret;
}
