/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/boot_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/options/command_line.h"

/* The adapter's own, which no disk can have. */
#define HOST_SCSI_ID 7
#define SCSI_IDS 16

static const char *get(const struct mpr_remote_option *option, const char *key)
{
	return mpr_remote_option_get(option, key);
}

static void set(struct mpr_remote_option *option, const char *key, const char *value)
{
	mpr_need_ok(mpr_opts_set(option->opts, key, value));
}

static bool is_disk(const struct mpr_remote_option *option)
{
	const char *driver = get(option, "driver");

	return option->kind == MPR_REMOTE_DEVICE && driver && g_str_has_prefix(driver, "scsi-");
}

/* Parses a bootindex; a negative one means that the device does not boot. */
static bool parse(const char *text, gint64 *index)
{
	return g_ascii_string_to_signed(text, 10, INT32_MIN, INT32_MAX, index, NULL);
}

static gint64 index_of(const char *text)
{
	gint64 index;

	return text && parse(text, &index) ? index : -1;
}

bool mpr_boots(const struct mpr_remote_option *option)
{
	return is_disk(option) && index_of(get(option, "bootindex")) >= 0;
}

/* ---- Places ------------------------------------------------------------- */

/* A disk without bus= is on the first adapter of its process. */
const struct mpr_remote_option *mpr_boot_adapter(const GPtrArray *options,
						 const struct mpr_remote_option *disk)
{
	const char *bus = get(disk, "bus");

	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];

		if (option->kind == MPR_REMOTE_ADAPTER && option->rid == disk->rid &&
		    option->state != MPR_REMOTE_GOING &&
		    (!bus || mpr_remote_option_has_bus(option, bus)))
			return option;
	}
	return NULL;
}

/* The lowest SCSI ID that no disk before it on the list has; SCSI_IDS: there is none. */
static int lowest_free_id(const GPtrArray *options, guint index)
{
	const struct mpr_remote_option *disk = options->pdata[index];
	const struct mpr_remote_option *adapter = mpr_boot_adapter(options, disk);
	bool taken[SCSI_IDS] = {[HOST_SCSI_ID] = true};
	int id = 0;

	for (guint i = 0; i < index; i++) {
		const struct mpr_remote_option *other = options->pdata[i];

		if (is_disk(other) && other->scsi_id >= 0 && other->scsi_id < SCSI_IDS &&
		    mpr_boot_adapter(options, other) == adapter)
			taken[other->scsi_id] = true;
	}
	while (id < SCSI_IDS && taken[id])
		id++;
	return id;
}

static int fail(const struct mpr_remote_option *option, char **error, const char *what,
		const char *value, const char *why)
{
	*error = mpr_need_text("%s: %s=%s %s", mpr_opts_text(option->opts), what, value, why);
	return -EINVAL;
}

static int check_index(const GPtrArray *options, guint index, char **error)
{
	const struct mpr_remote_option *option = options->pdata[index];
	const char *text = get(option, "bootindex");
	g_autofree char *why = NULL;
	gint64 number;

	if (!text || !is_disk(option))
		return 0;
	if (!parse(text, &number))
		return fail(option, error, "bootindex", text,
			    "is not a number from 0 to 2147483647, or -1");
	for (guint i = 0; i < index && number >= 0; i++) {
		const struct mpr_remote_option *other = options->pdata[i];

		if (!is_disk(other) || index_of(get(other, "bootindex")) != number)
			continue;
		why = g_strdup_printf("is taken by %s", mpr_opts_text(other->opts));
		return fail(option, error, "bootindex", text, why);
	}
	return 0;
}

/* Writes the place into the option. A wrong place is refused by the remote process. */
static void fix_place(const GPtrArray *options, struct mpr_remote_option *disk)
{
	const struct mpr_remote_option *adapter = mpr_boot_adapter(options, disk);
	char text[16];

	if (adapter && !get(disk, "bus")) {
		g_autofree char *bus = g_strdup_printf("%s.0", get(adapter, "id"));

		set(disk, "bus", bus);
	}
	if (!get(disk, "scsi-id") && disk->scsi_id < SCSI_IDS) {
		g_snprintf(text, sizeof(text), "%d", disk->scsi_id);
		set(disk, "scsi-id", text);
	}
}

int mpr_boot_place(const GPtrArray *options, guint index, char **error)
{
	struct mpr_remote_option *disk = options->pdata[index];
	uint64_t id = 0;
	char *wrong;

	if (!is_disk(disk))
		return 0;
	if (check_index(options, index, error))
		return -EINVAL;
	if (!get(disk, "scsi-id"))
		disk->scsi_id = lowest_free_id(options, index);
	else if (mpr_opts_get_uint(disk->opts, "scsi-id", 0, SCSI_IDS - 1, &id, &wrong) == 0)
		disk->scsi_id = (int)id;
	else
		free(wrong);
	if (mpr_boots(disk))
		fix_place(options, disk);
	else
		mpr_opts_remove(disk->opts, "bootindex"); /* negative: as if it were not there */
	return 0;
}

/* ---- The order ---------------------------------------------------------- */

int mpr_boot_check_qemu(char *const *argv, const GPtrArray *options, char **error)
{
	struct mpr_opts *opts;
	int at = 1, err = 0;

	while (!err && (opts = mpr_next_option(argv, &at, "device", "driver"))) {
		gint64 number = index_of(mpr_opts_get(opts, "bootindex"));

		for (guint i = 0; i < options->len && number >= 0 && !err; i++) {
			const struct mpr_remote_option *option = options->pdata[i];
			const char *text = get(option, "bootindex");
			g_autofree char *why = NULL;

			if (!mpr_boots(option) || index_of(text) != number)
				continue;
			why = g_strdup_printf("is taken by %s", mpr_opts_text(opts));
			err = fail(option, error, "bootindex", text, why);
		}
		mpr_opts_free(opts);
	}
	return err;
}

static unsigned lun_of(const struct mpr_remote_option *disk)
{
	uint64_t lun = 0;
	char *wrong;

	if (mpr_opts_get_uint(disk->opts, "lun", 0, UINT32_MAX, &lun, &wrong))
		free(wrong);
	return (unsigned)lun;
}

/* The firmware names a disk behind an adapter by channel (a parallel bus has one), SCSI ID and
 * logical unit. */
char *mpr_boot_order(const GPtrArray *options, const struct mpr_remote_option *adapter)
{
	GString *order = g_string_new(NULL);

	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *disk = options->pdata[i];

		if (!mpr_boots(disk) || disk->state == MPR_REMOTE_GOING ||
		    mpr_boot_adapter(options, disk) != adapter)
			continue;
		g_string_append_printf(order, "%s%lld:/channel@0/disk@%x,%x", order->len ? "+" : "",
				       (long long)index_of(get(disk, "bootindex")),
				       (unsigned)disk->scsi_id, lun_of(disk));
	}
	return g_string_free(order, FALSE);
}
