/* SPDX-License-Identifier: MIT */
/*
 * look N: runs an idle device process with N connections, drives and monitors, which
 * looks for work for a second. callgrind, in which look_test.sh runs it, counts the
 * instructions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/remote/harness.h"

#define MOST 4
#define ARGS (8 + 2 * MOST + 1)

static char folder[] = "/tmp/mpring-look.XXXXXX";

static const char *in_folder(const char *format, const char *name)
{
	char *text;

	assert_true(asprintf(&text, format, folder, name) > 0);
	return text;
}

static void add_drive(const char **args, unsigned number)
{
	char *image, *option;
	FILE *file;

	assert_true(asprintf(&image, "%s/%u.img", folder, number) > 0);
	file = fopen(image, "we");
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), 1 << 20), 0);
	fclose(file);
	assert_true(asprintf(&option, "id=d%u,if=none,file=%s", number, image) > 0);
	args[0] = "-drive";
	args[1] = option;
}

static void start(struct remote *remote, unsigned count)
{
	const char *args[ARGS] = {
		"-machine", "x-remote,poll-us=1000000",
		"-device",  "test-device,id=test0",
		"-object",  in_folder("x-remote-object,id=r0,devid=test0,path=%s/%s", "remote"),
		"-qmp",	    in_folder("unix:%s/%s,server,nowait", "qmp"),
	};

	for (unsigned i = 0; i < count; i++)
		add_drive(args + 8 + 2 * i, i);
	remote_start(remote, args);
}

static struct mpr_proxy_conn *join(void)
{
	const char *path = in_folder("%s/%s", "remote");
	struct mpr_proxy_conn *conn;

	while (mpr_proxy_connect_path(path, &conn, NULL) < 0)
		usleep(1000);
	return conn;
}

static void join_monitor(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, in_folder("%s/%s", "qmp"));
	assert_int_equal(connect(sock, (void *)&address, sizeof(address)), 0);
}

static void remove_folder(unsigned count)
{
	char name[sizeof(folder) + 16];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%u.img", folder, i);
		unlink(name);
	}
	rmdir(folder);
}

static void look(void **state)
{
	unsigned count = *(unsigned *)*state;
	struct mpr_proxy_conn *conn[MOST] = {0};
	struct mpr_proxy_device *device;
	struct remote remote;

	assert_non_null(mkdtemp(folder));
	start(&remote, count);
	for (unsigned i = 0; i < count; i++) {
		conn[i] = join();
		join_monitor();
	}
	assert_int_equal(mpr_proxy_device_open(conn[0], "test0", &device, NULL), 0);
	sleep(1);
	mpr_proxy_device_close(device);
	for (unsigned i = 0; i < count; i++)
		mpr_proxy_disconnect(conn[i]);
	assert_int_equal(remote_finish(&remote), 0);
	remove_folder(count);
}

int main(int argc, char **argv)
{
	unsigned count = argc == 2 ? (unsigned)atoi(argv[1]) : 0;
	struct CMUnitTest test = cmocka_unit_test_prestate(look, &count);

	if (count < 1 || count > MOST)
		return 2;
	return _cmocka_run_group_tests("look", &test, 1, NULL, NULL);
}
