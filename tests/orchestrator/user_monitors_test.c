/* SPDX-License-Identifier: MIT */
/* Proves which monitors mpring takes over from a command line, what QEMU is left with, and which
 * options are refused. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/quote.h"
#include "orchestrator/monitor/user_monitors.h"
#include "tests/common/unit.h"

#define ARGS_MAX 32

/* Cuts a line at its blanks, in place. */
static char **split(char *line)
{
	static char *argv[ARGS_MAX + 1];
	size_t count = 0;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
		assert_true(count < ARGS_MAX);
		argv[count++] = word;
	}
	argv[count] = NULL;
	return argv;
}

static void print_monitor(FILE *out, const struct mpr_user_monitor *monitor)
{
	static const char *const modes[] = {"hmp", "qmp", "pretty"};
	const struct mpr_chardev *chardev = &monitor->chardev;

	fprintf(out, " %s:", modes[monitor->mode]);
	switch (chardev->kind) {
	case MPR_CHARDEV_STDIO:
		fprintf(out, "stdio%s", chardev->signals ? "" : "(no signals)");
		break;
	case MPR_CHARDEV_UNIX:
		fprintf(out, "%s", chardev->path);
		break;
	case MPR_CHARDEV_TCP:
		fprintf(out, "[%s]:%s", chardev->host, chardev->port);
		break;
	case MPR_CHARDEV_FD:
		fprintf(out, "%d", chardev->fd);
		break;
	default:
		fail_msg("nothing of this kind is taken");
	}
	if (chardev->server)
		fputs(chardev->wait ? "(waits)" : "(listens)", out);
}

/* "QEMU's command line | monitors | what stays QEMU's own" */
static char *describe(const struct mpr_user_monitors *monitors)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	mpr_print_command(out, monitors->argv);
	fseek(out, -1, SEEK_CUR); /* the newline */
	fputs(" |", out);
	for (size_t i = 0; i < monitors->count; i++)
		print_monitor(out, &monitors->list[i]);
	fprintf(out, " | %s", monitors->qemus_own ? monitors->qemus_own : "");
	fclose(out);
	return text;
}

static void assert_taken(const char *given, const char *expected)
{
	char *line = strdup(given), *error, *text;
	struct mpr_user_monitors *monitors;

	if (mpr_user_monitors_create(split(line), &monitors, &error))
		fail_msg("%s: %s", given, error);
	text = describe(monitors);
	assert_string_equal(text, expected);
	free(text);
	mpr_user_monitors_free(monitors);
	free(line);
}

UNIT_TEST(monitors_are_taken_in_all_spellings)
{
	assert_taken("qemu -m 1G", "qemu -m 1G | | ");
	/* -monitor none: QEMU would otherwise make its default monitor. */
	assert_taken("qemu -monitor stdio -S", "qemu -monitor none -S | hmp:stdio | ");
	assert_taken("qemu --monitor unix:/m,server,nowait",
		     "qemu -monitor none | hmp:/m(listens) | ");
	assert_taken("qemu -monitor unix:/m,server=on,wait=off",
		     "qemu -monitor none | hmp:/m(listens) | ");
	assert_taken("qemu -monitor unix:/a,,b,server", "qemu -monitor none | hmp:/a,b(waits) | ");
	assert_taken("qemu -monitor unix:/m", "qemu -monitor none | hmp:/m | ");
	assert_taken("qemu -qmp unix:/q,server,nowait -S", "qemu -S | qmp:/q(listens) | ");
	assert_taken("qemu -qmp-pretty tcp:127.0.0.1:4444,server=on,wait=off",
		     "qemu | pretty:[127.0.0.1]:4444(listens) | ");
	assert_taken("qemu -qmp tcp::4444,server,nowait,nodelay", "qemu | qmp:[]:4444(listens) | ");
	assert_taken("qemu -qmp tcp:[::1]:4444,server,nowait", "qemu | qmp:[::1]:4444(listens) | ");
}

UNIT_TEST(character_devices_are_taken_with_their_monitor)
{
	assert_taken("qemu -chardev socket,id=c,path=/q,server=on,wait=off -S "
		     "-mon chardev=c,mode=control",
		     "qemu -S -monitor none | qmp:/q(listens) | ");
	assert_taken("qemu -mon c,mode=control,pretty=on -chardev socket,id=c,fd=7,server=on",
		     "qemu -monitor none | pretty:7(waits) | ");
	assert_taken("qemu -chardev stdio,id=c,signal=off -mon c",
		     "qemu -monitor none | hmp:stdio(no signals) | ");
	assert_taken("qemu -chardev socket,id=c,host=::1,port=5,server,nowait -qmp chardev:c",
		     "qemu | qmp:[::1]:5(listens) | ");
	assert_taken("qemu -chardev socket,id=c,path=/a -chardev socket,id=cc,path=/b "
		     "-monitor chardev:cc -monitor chardev:c",
		     "qemu -monitor none -monitor none | hmp:/b hmp:/a | ");
}

UNIT_TEST(several_are_taken)
{
	assert_taken(
		"qemu -monitor stdio -qmp unix:/q,server,nowait -monitor unix:/m,server,nowait",
		"qemu -monitor none -monitor none | hmp:stdio qmp:/q(listens) "
		"hmp:/m(listens) | ");
}

UNIT_TEST(other_forms_stay_with_qemu)
{
	assert_taken("qemu -monitor none -qmp null", "qemu -monitor none -qmp null | | ");
	assert_taken("qemu -monitor vc", "qemu -monitor vc | | -monitor vc");
	assert_taken("qemu -monitor pty -qmp unix:/q,abstract=on",
		     "qemu -monitor pty -qmp unix:/q,abstract=on | | -monitor pty, -qmp "
		     "unix:/q,abstract=on");
	assert_taken("qemu -monitor tcp:host:1",
		     "qemu -monitor tcp:host:1 | | -monitor tcp:host:1");
	assert_taken("qemu -monitor mon:stdio", "qemu -monitor mon:stdio | | -monitor mon:stdio");
	assert_taken("qemu -nographic", "qemu -nographic | | -nographic");
	assert_taken("qemu -nographic -serial mon:stdio -qmp unix:/q",
		     "qemu -nographic -serial mon:stdio | qmp:/q | mon:stdio");
	assert_taken("qemu --preconfig -monitor stdio -qmp unix:/q -chardev null,id=c -mon c",
		     "qemu --preconfig -monitor stdio -chardev null,id=c -mon c | qmp:/q | "
		     "-monitor stdio, -mon c");
	assert_taken("qemu -nographic -nodefaults", "qemu -nographic -nodefaults | | ");
	assert_taken("qemu -monitor telnet:localhost:1,server",
		     "qemu -monitor telnet:localhost:1,server | | -monitor "
		     "telnet:localhost:1,server");
}

/* QEMU must see a character device that others use, too, and two users of standard input. */
UNIT_TEST(what_others_use_stays_with_qemu)
{
	assert_taken("qemu -chardev stdio,id=c,mux=on -mon c -serial chardev:c",
		     "qemu -chardev stdio,id=c,mux=on -mon c -serial chardev:c | | -mon c");
	assert_taken("qemu -chardev socket,id=c,path=/c -mon c -device isa-serial,chardev=c",
		     "qemu -chardev socket,id=c,path=/c -mon c -device isa-serial,chardev=c | | "
		     "-mon c");
	assert_taken("qemu -serial stdio -monitor stdio",
		     "qemu -serial stdio -monitor stdio | | -monitor stdio");
	assert_taken("qemu -nographic -monitor stdio",
		     "qemu -nographic -monitor stdio | | -monitor stdio");
	assert_taken("qemu -nographic -serial none -monitor stdio",
		     "qemu -nographic -serial none -monitor none | hmp:stdio | ");
	assert_taken("qemu -nographic -nodefaults -monitor stdio",
		     "qemu -nographic -nodefaults -monitor none | hmp:stdio | ");
	assert_taken("qemu -mon nobody", "qemu -mon nobody | | -mon nobody");
}

static void assert_refused(const char *given, const char *message)
{
	char *line = strdup(given), *error;
	struct mpr_user_monitors *monitors;

	assert_int_equal(mpr_user_monitors_create(split(line), &monitors, &error), -EINVAL);
	if (!strstr(error, message))
		fail_msg("'%s' lacks '%s'", error, message);
	free(error);
	free(line);
}

UNIT_TEST(mistakes_are_refused)
{
	char line[300];

	assert_refused("qemu -monitor unix:/m,sever,nowait",
		       "-monitor unix:/m,sever,nowait: no property \"sever\" (did you mean "
		       "\"server\"?)");
	assert_refused("qemu -qmp unix:/m,server=maybe", "server=maybe is neither on nor off");
	assert_refused("qemu -monitor unix:,server", "must have 1 to 107 bytes");
	snprintf(line, sizeof(line), "qemu -qmp unix:/%0120d,server", 0);
	assert_refused(line, "must have 1 to 107 bytes");
	assert_refused("qemu -chardev socket,id=c,path=/m,wiat=off -mon c", "no property \"wiat\"");
	assert_refused("qemu -chardev stdio,id=c -mon c,mode=contrl", "mode=contrl is not");
	assert_refused("qemu -chardev socket,id=c,fd=x -mon c", "fd=x is not a number");
}
