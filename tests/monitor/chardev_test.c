/* SPDX-License-Identifier: MIT */
/* Proves that -monitor's short form and -chardev's mean the same, and what is refused. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/chardev.h"
#include "tests/common/unit.h"

static struct mpr_opts *parse(const char *text, const char *implied)
{
	struct mpr_opts *opts;
	char *error;

	if (mpr_opts_parse("-chardev", text, implied, &opts, &error))
		fail_msg("%s", error);
	return opts;
}

static void describe(const struct mpr_chardev *chardev, char *text, size_t size)
{
	static const char *const kinds[] = {"other", "none", "stdio", "unix", "tcp", "fd"};
	const char *where = chardev->kind == MPR_CHARDEV_UNIX ? chardev->path : "";
	int n = snprintf(text, size, "%s %s", kinds[chardev->kind], where);

	if (chardev->kind == MPR_CHARDEV_TCP)
		n += snprintf(text + n, size - (size_t)n, "[%s]%s", chardev->host, chardev->port);
	if (chardev->kind == MPR_CHARDEV_FD)
		n += snprintf(text + n, size - (size_t)n, "%d", chardev->fd);
	snprintf(text + n, size - (size_t)n, "%s%s%s", chardev->server ? " server" : "",
		 chardev->wait ? " wait" : "", chardev->signals ? "" : " nosignals");
}

static void assert_read(const char *given, const char *expected)
{
	struct mpr_opts *opts = parse(given, "backend");
	struct mpr_chardev chardev;
	char text[200], *error;

	assert_int_equal(mpr_chardev_expand(opts), 0);
	if (mpr_chardev_parse(opts, &chardev, &error))
		fail_msg("%s", error);
	describe(&chardev, text, sizeof(text));
	assert_string_equal(text, expected);
	mpr_opts_free(opts);
}

UNIT_TEST(both_forms_say_the_same)
{
	assert_read("unix:/a,,b,server,nowait", "unix /a,b server");
	assert_read("socket,path=/a,,b,server=on,wait=off", "unix /a,b server");
	assert_read("unix:/m", "unix /m");
	assert_read("tcp:host:1,server", "tcp [host]1 server wait");
	assert_read("socket,host=host,port=1,server=on", "tcp [host]1 server wait");
	assert_read("tcp:[::1]:1", "tcp [::1]1");
	assert_read("tcp::1", "tcp []1");
	assert_read("socket,port=1", "tcp []1");
	assert_read("stdio", "stdio ");
	assert_read("stdio,signal=off", "stdio  nosignals");
	assert_read("socket,fd=7", "fd 7");
	assert_read("none", "none ");
	assert_read("null", "none ");
}

UNIT_TEST(what_is_not_known_is_left_to_others)
{
	assert_read("pty", "other ");
	assert_read("socket", "other ");
	assert_read("tcp:host:", "other ");
	assert_read("tcp:host", "other ");
	assert_read("unixx:/m", "other ");
	assert_read("id=x", "other ");
}

static void assert_refused(const char *given, const char *message)
{
	struct mpr_opts *opts = parse(given, "backend");
	struct mpr_chardev chardev;
	char *error;

	assert_int_equal(mpr_chardev_expand(opts), 0);
	assert_int_equal(mpr_chardev_parse(opts, &chardev, &error), -EINVAL);
	if (!strstr(error, message))
		fail_msg("'%s' lacks '%s'", error, message);
	free(error);
	mpr_opts_free(opts);
}

UNIT_TEST(mistakes_are_refused)
{
	char path[200];

	assert_refused("unix:,server", "-chardev unix:,server: path must have 1 to 107 bytes");
	snprintf(path, sizeof(path), "unix:/%0107d", 0);
	assert_refused(path, "path must have 1 to 107 bytes");
	assert_refused("unix:/m,server=maybe", "server=maybe is neither");
	assert_refused("unix:/m,server,wait=1", "wait=1 is neither");
	assert_refused("stdio,signal=x", "signal=x is neither");
	assert_refused("socket,fd=x", "fd=x is not a number");
}

static void assert_mon(const char *given, const char *id, enum mpr_monitor_mode expected)
{
	struct mpr_opts *opts = parse(given, "chardev");
	enum mpr_monitor_mode mode;
	const char *chardev;
	char *error;

	assert_int_equal(mpr_mon_parse(opts, &chardev, &mode, &error), 0);
	assert_string_equal(chardev, id);
	assert_int_equal(mode, expected);
	mpr_opts_free(opts);
}

UNIT_TEST(a_mon_has_a_mode)
{
	assert_mon("c", "c", MPR_MONITOR_HMP);
	assert_mon("c,mode=readline,pretty=on", "c", MPR_MONITOR_HMP);
	assert_mon("chardev=c,mode=control", "c", MPR_MONITOR_QMP);
	assert_mon("mode=control,pretty=on,chardev=c", "c", MPR_MONITOR_QMP_PRETTY);
}
