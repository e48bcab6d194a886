/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/room.h"

#include <errno.h>
#include <glib.h>
#include <libgen.h>
#include <linux/magic.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/options/command_line.h"

#define KIB 1024
#define UNLIMITED UINT64_MAX

/* How much is promised of one place: a file system, or the huge pages of one size. */
struct taken {
	uint64_t page_size; /* 0: a file system */
	dev_t device;
	uint64_t bytes;
};

static uint64_t *find(GArray *room, uint64_t page_size, dev_t device)
{
	const struct taken none = {page_size, device, 0};

	for (guint i = 0; i < room->len; i++) {
		struct taken *taken = &g_array_index(room, struct taken, i);

		if (taken->page_size == page_size && taken->device == device)
			return &taken->bytes;
	}
	g_array_append_val(room, none);
	return &g_array_index(room, struct taken, room->len - 1).bytes;
}

/* Takes it, if so much is left. */
static bool take(uint64_t *taken, uint64_t available, uint64_t bytes)
{
	if (*taken > available || bytes > available - *taken)
		return false;
	*taken += bytes;
	return true;
}

/* ---- Sizes -------------------------------------------------------------- */

/* A size in QEMU's syntax, "1.5G"; 0: it is missing or wrong. */
static uint64_t parse_size(const char *text)
{
	static const char units[] = "bkmgtpe";
	char *end;
	double number = text ? strtod(text, &end) : 0;
	const char *unit;

	if (!(number > 0) || (*end && end[1]))
		return 0;
	unit = *end ? strchr(units, g_ascii_tolower(*end)) : units;
	if (!unit || number >= ldexp(1, 64 - 10 * (int)(unit - units)))
		return 0;
	return (uint64_t)ldexp(number, 10 * (int)(unit - units));
}

static uint64_t mebibytes(uint64_t bytes)
{
	return bytes / KIB / KIB;
}

/* ---- Huge pages --------------------------------------------------------- */

static uint64_t pool_number(uint64_t page_size, const char *name)
{
	char path[128];
	uint64_t number = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB/%s",
		 (unsigned long long)(page_size / KIB), name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%" G_GUINT64_FORMAT, &number) != 1)
		number = 0;
	fclose(file);
	return number;
}

static uint64_t free_pages(uint64_t page_size)
{
	uint64_t idle = pool_number(page_size, "free_hugepages");
	uint64_t promised = pool_number(page_size, "resv_hugepages");
	uint64_t more = pool_number(page_size, "nr_overcommit_hugepages");
	uint64_t made = pool_number(page_size, "surplus_hugepages");

	return idle + (more > made ? more - made : 0) - MIN(promised, idle);
}

static uint64_t default_page_size(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Hugepagesize: %llu kB", &kib) == 1)
			break;
	}
	if (file)
		fclose(file);
	return (uint64_t)kib * KIB;
}

static int take_pages(GArray *room, const struct mpr_opts *object, uint64_t page_size,
		      uint64_t bytes, char **error)
{
	uint64_t available = free_pages(page_size);

	if (take(find(room, page_size, 0), available * page_size, bytes))
		return 0;
	*error = mpr_need_text(
		"%s: %llu huge pages of %llu KiB are needed, and %llu are free for all memory: the "
		"guest would end by SIGBUS; raise "
		"/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
		mpr_opts_text(object), (unsigned long long)((bytes + page_size - 1) / page_size),
		(unsigned long long)(page_size / KIB), (unsigned long long)available,
		(unsigned long long)(page_size / KIB));
	return -ENOSPC;
}

/* ---- Files -------------------------------------------------------------- */

/* The file system of a path: of an existing file, whose blocks are subtracted from *bytes, of a
 * folder, in which QEMU makes an unnamed file, or of the folder in which it makes a named one. */
static bool look_at(const char *path, struct statfs *system, dev_t *device, uint64_t *bytes)
{
	struct stat file;
	char *copy = NULL;
	bool found = stat(path, &file) == 0;

	if (found && S_ISREG(file.st_mode))
		*bytes -= MIN(*bytes, (uint64_t)file.st_blocks * 512);
	if (!found) {
		copy = mpr_need_text("%s", path);
		path = dirname(copy);
		found = stat(path, &file) == 0;
	}
	*device = file.st_dev;
	found = found && statfs(path, system) == 0;
	free(copy);
	return found;
}

static int take_file(GArray *room, const struct mpr_opts *object, uint64_t bytes, char **error)
{
	const char *path = mpr_opts_get(object, "mem-path");
	struct statfs system;
	uint64_t available;
	dev_t device;

	if (!path || !look_at(path, &system, &device, &bytes))
		return 0;
	/* A tmpfs without size= reports 0 blocks. */
	available =
		system.f_blocks ? (uint64_t)system.f_bavail * (uint64_t)system.f_bsize : UNLIMITED;
	if (!take(find(room, 0, device), available, bytes)) {
		*error =
			mpr_need_text("%s: %llu MiB are needed in %s, which has %llu MiB free for "
				      "all memory there: the guest would end by SIGBUS; make room, "
				      "or make the file system larger (mount -o remount,size=SIZE)",
				      mpr_opts_text(object), (unsigned long long)mebibytes(bytes),
				      path, (unsigned long long)mebibytes(available));
		return -ENOSPC;
	}
	if (system.f_type == HUGETLBFS_MAGIC)
		return take_pages(room, object, (uint64_t)system.f_bsize, bytes, error);
	return 0;
}

/* ---- Backends ----------------------------------------------------------- */

static int take_memfd(GArray *room, const struct mpr_opts *object, uint64_t bytes, char **error)
{
	uint64_t page_size = parse_size(mpr_opts_get(object, "hugetlbsize"));
	bool huge = false;
	char *wrong;

	if (mpr_opts_get_bool(object, "hugetlb", &huge, &wrong) < 0)
		free(wrong); /* QEMU will report it */
	if (!huge)
		return 0; /* ordinary memory */
	if (!page_size)
		page_size = default_page_size();
	return page_size ? take_pages(room, object, page_size, bytes, error) : 0;
}

/* 0: there is room, or none is needed, or it is unknown. */
static int take_object(GArray *room, const struct mpr_opts *object, char **error)
{
	const char *type = mpr_opts_get(object, "qom-type");
	uint64_t bytes = parse_size(mpr_opts_get(object, "size"));

	if (!type || !bytes)
		return 0;
	if (!strcmp(type, "memory-backend-file"))
		return take_file(room, object, bytes, error);
	if (!strcmp(type, "memory-backend-memfd"))
		return take_memfd(room, object, bytes, error);
	return 0;
}

int mpr_check_room(char *const *argv, char **error)
{
	GArray *room = g_array_new(FALSE, FALSE, sizeof(struct taken));
	struct mpr_opts *opts;
	int at = 1, err = 0;

	while (!err && (opts = mpr_next_option(argv, &at, "object", "qom-type"))) {
		err = take_object(room, opts, error);
		mpr_opts_free(opts);
	}
	g_array_unref(room);
	return err;
}
