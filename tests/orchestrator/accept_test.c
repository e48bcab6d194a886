/* SPDX-License-Identifier: MIT */
/* Proves that a client who cannot be accepted, because no descriptor is free, is accepted later,
 * and that mpring does not spin meanwhile. */
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "orchestrator/monitor/monitors.h"
#include "tests/common/unit.h"
#include "tests/orchestrator/fake_vm.h"

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	return sock;
}

/* Returns the limit from before. */
static struct rlimit exhaust_descriptors(void)
{
	struct rlimit limit, before;
	int next = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = (struct rlimit){(rlim_t)next, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

UNIT_TEST(client_waits_for_descriptors)
{
	char folder[] = "/tmp/mpring-accept.XXXXXX", path[64], option[128];
	char *argv[] = {"qemu", "-monitor", option, NULL};
	struct mpr_monitors *monitors;
	struct rlimit limit;
	unsigned turns = 0;
	char *error = NULL;
	int client;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/hmp", folder);
	snprintf(option, sizeof(option), "unix:%s,server,nowait", path);
	assert_int_equal(mpr_monitors_create(argv, &monitors, &error), 0);
	assert_int_equal(mpr_monitors_open(monitors, &error), 0);
	mpr_monitors_start(monitors, &fake_vm);
	client = connect_to(path);
	assert_int_equal(write(client, "info status\n", 12), 12);
	limit = exhaust_descriptors();
	while (turns < 100 && g_main_context_iteration(NULL, FALSE))
		turns++;
	assert_true(turns < 10);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (fake_vm_asked()[0] == '\0')
		g_main_context_iteration(NULL, TRUE);
	while (fake_vm_answer_all("{\"return\": \"\"}"))
		g_main_context_iteration(NULL, FALSE);
	close(client);
	mpr_monitors_destroy(monitors);
	fake_vm_reset();
	(void)unlink(path);
	assert_int_equal(rmdir(folder), 0);
}
