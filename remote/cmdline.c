/* SPDX-License-Identifier: MIT */
#include "remote/cmdline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/help.h"

const char *const mpr_adapter_properties[] = {"driver", "id", NULL};
const char *const mpr_disk_properties[] = {
	"driver",
	"id",
	"drive",
	"bus",
	"scsi-id",
	"lun",
	"serial",
	"vendor",
	"product",
	"ver",
	"wwn",
	"logical_block_size",
	"physical_block_size",
	"rotation_rate",
	NULL,
};
const char *const mpr_drive_properties[] = {
	"id", "file", "format", "if", "cache", "readonly", NULL,
};
const char *const mpr_object_properties[] = {"qom-type", "id", "devid", "fd", "path", NULL};

static const char *const option_names[] = {
	"-device", "-drive", "-object", "-machine", "-h", "-help", "-version", NULL,
};

static int add_option(struct mpr_option_list *list, const char *option, const char *text,
		      const char *implied, char **error)
{
	struct mpr_opts **opts =
		reallocarray(list->opts, list->count + 1, sizeof(struct mpr_opts *));
	int ret;

	if (!opts)
		return -ENOMEM;
	list->opts = opts;
	ret = mpr_opts_parse(option, text, implied, &opts[list->count], error);
	if (ret == 0)
		list->count++;
	return ret;
}

static int check_machine(const char *text, char **error)
{
	static const char *const known[] = {"type", NULL};
	struct mpr_opts *opts;
	const char *type;
	int ret = mpr_opts_parse("-machine", text, "type", &opts, error);

	if (ret < 0)
		return ret;
	ret = mpr_opts_check(opts, known, error);
	type = mpr_opts_get(opts, "type");
	if (ret == 0 && (!type || strcmp(type, "x-remote"))) {
		*error = mpr_errorf("%s: the machine of a device process is x-remote",
				    mpr_opts_text(opts));
		ret = -EINVAL;
	}
	mpr_opts_free(opts);
	return ret;
}

static int parse_device(struct mpr_cmdline *cmdline, const char *text,
			const struct mpr_device_ops *const *models, char **error)
{
	int ret = add_option(&cmdline->devices, "-device", text, "driver", error);

	if (ret == 0 && mpr_help_device(cmdline->devices.opts[cmdline->devices.count - 1], models))
		cmdline->help = true;
	return ret;
}

/* An option that takes an argument. */
static int parse_option(struct mpr_cmdline *cmdline, const char *option, const char *argument,
			const struct mpr_device_ops *const *models, char **error)
{
	if (!strcmp(option, "-device"))
		return parse_device(cmdline, argument, models, error);
	if (!strcmp(option, "-drive"))
		return add_option(&cmdline->drives, option, argument, NULL, error);
	if (!strcmp(option, "-object"))
		return add_option(&cmdline->objects, option, argument, "qom-type", error);
	return check_machine(argument, error);
}

static bool takes_argument(const char *option)
{
	return !strcmp(option, "-device") || !strcmp(option, "-drive") ||
	       !strcmp(option, "-object") || !strcmp(option, "-machine");
}

static int unknown_option(const char *option, char **error)
{
	const char *nearest = mpr_nearest(option, option_names);

	if (nearest)
		*error = mpr_errorf("%s: no such option (did you mean %s?)", option, nearest);
	else
		*error = mpr_errorf("%s: no such option (-help lists them)", option);
	return -EINVAL;
}

/* "--device" is "-device". */
static const char *one_dash(const char *option)
{
	return option[0] == '-' && option[1] == '-' ? option + 1 : option;
}

static int set_fd(struct mpr_cmdline *cmdline, const char *text, char **error)
{
	if (cmdline->fd) {
		*error = mpr_errorf("%s: only one file descriptor may stand alone, and there is "
				    "%s already",
				    text, cmdline->fd);
		return -EINVAL;
	}
	cmdline->fd = text;
	return 0;
}

/* Takes one option, and what belongs to it, from argv. Returns how many. */
static int parse_next(struct mpr_cmdline *cmdline, char **argv,
		      const struct mpr_device_ops *const *models, char **error)
{
	const char *option = one_dash(argv[0]);
	int ret;

	if (option[0] != '-') {
		ret = set_fd(cmdline, argv[0], error);
		return ret < 0 ? ret : 1;
	}
	if (mpr_help_general(option)) {
		cmdline->help = true;
		return 1;
	}
	if (!takes_argument(option))
		return unknown_option(argv[0], error);
	if (!argv[1]) {
		*error = mpr_errorf("%s: an argument is missing", argv[0]);
		return -EINVAL;
	}
	ret = parse_option(cmdline, option, argv[1], models, error);
	return ret < 0 ? ret : 2;
}

int mpr_cmdline_parse(struct mpr_cmdline *cmdline, int argc, char **argv,
		      const struct mpr_device_ops *const *models, char **error)
{
	*cmdline = (struct mpr_cmdline){0};
	*error = NULL;
	for (int i = 1; i < argc && !cmdline->help;) {
		int taken = parse_next(cmdline, argv + i, models, error);

		if (taken < 0)
			return taken;
		i += taken;
	}
	return 0;
}

static void free_list(struct mpr_option_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		mpr_opts_free(list->opts[i]);
	free(list->opts);
}

void mpr_cmdline_free(struct mpr_cmdline *cmdline)
{
	free_list(&cmdline->devices);
	free_list(&cmdline->drives);
	free_list(&cmdline->objects);
}
