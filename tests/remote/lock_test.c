/* SPDX-License-Identifier: MIT */
/* Proves that guest memory is pinned if mem-lock=on asks for it and the VMM takes part, for
 * as long as a table names it, and that the device works without. */
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proxy/internal.h"
#include "tests/remote/harness.h"

#define KIB 4096 /* of guest memory */
#define PAGES (KIB / 4)

struct locked {
	struct remote remote;
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *device;
	int memfd;
};

/* Memory that the remote has pinned for I/O, in KiB. */
static unsigned long pinned(const struct locked *l)
{
	unsigned long kib = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)l->remote.pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "VmPin: %lu", &kib);
	fclose(file);
	return kib;
}

static void share(struct locked *l, uint64_t address)
{
	const struct mpr_proxy_region region = {
		.address = address,
		.size = KIB * 1024,
		.fd = l->memfd,
	};

	assert_int_equal(mpr_proxy_set_memory(l->device, &region, 1), 0);
}

static void start(struct locked *l, const char *lock)
{
	const char *const args[] = {"@",       "-overcommit",	       lock,
				    "-device", "test-device,id=test0", NULL};
	char *error = NULL;

	remote_start(&l->remote, args);
	if (mpr_proxy_connect_fd(l->remote.sock, &l->conn, &error) < 0)
		fail_msg("%s", error);
	l->remote.sock = -1;
	if (mpr_proxy_device_open(l->conn, "test0", &l->device, &error) < 0)
		fail_msg("%s", error);
	l->memfd = memfd_pages(PAGES);
	share(l, VMM_ADDRESS);
}

/* Returns what the remote said; free() it. */
static char *finish(struct locked *l)
{
	if (l->device)
		mpr_proxy_device_close(l->device);
	mpr_proxy_disconnect(l->conn);
	assert_int_equal(remote_finish(&l->remote), 0);
	free(remote_print(&l->remote));
	close(l->memfd);
	return remote_output(&l->remote);
}

/* The device reaches guest memory. */
static void assert_works(const struct locked *l)
{
	uint32_t word = 0x600d;

	mpr_proxy_config_write(l->device, MPR_PCI_COMMAND, 2,
			       MPR_PCI_COMMAND_MASTER | MPR_PCI_COMMAND_MEMORY);
	assert_int_equal(pwrite(l->memfd, &word, sizeof(word), 0), sizeof(word));
	put(l->device, TEST_COPY_FROM, VMM_ADDRESS);
	put(l->device, TEST_COPY_TO, VMM_ADDRESS + 4096);
	put(l->device, TEST_COPY_LENGTH, sizeof(word));
	assert_int_equal(get(l->device, TEST_COPY_LENGTH), 0);
	assert_int_equal(pread(l->memfd, &word, sizeof(word), 4096), sizeof(word));
	assert_int_equal(word, 0x600d);
}

UNIT_TEST(memory_is_not_locked_unasked)
{
	struct locked l;

	start(&l, "mem-lock=off");
	assert_false(mpr_proxy_conn_locks_memory(l.conn));
	assert_int_equal(pinned(&l), 0);
	free(finish(&l));
}

UNIT_TEST(memory_is_locked_when_asked)
{
	struct locked l;

	start(&l, "mem-lock=on");
	assert_true(mpr_proxy_conn_locks_memory(l.conn));
	if (!pinned(&l)) {
		free(finish(&l));
		print_message("# memory may not be locked here\n");
		skip();
	}
	assert_int_equal(pinned(&l), KIB);
	assert_works(&l);
	free(finish(&l));
}

UNIT_TEST(new_table_of_the_same_file_keeps_the_lock)
{
	struct locked l;

	start(&l, "mem-lock=on");
	if (pinned(&l)) {
		for (uint64_t i = 1; i < 100; i++) {
			share(&l, VMM_ADDRESS + i * 4096);
			assert_int_equal(pinned(&l), KIB);
		}
	}
	free(finish(&l));
}

UNIT_TEST(closed_device_gives_memory_back)
{
	struct locked l;

	start(&l, "mem-lock=on");
	mpr_proxy_device_close(l.device);
	l.device = NULL;
	assert_int_equal(pinned(&l), 0);
	free(finish(&l));
}

static void forgo_locking(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	const struct rlimit little = {1 << 20, 1 << 20}; /* io_urings count, too */

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	data[0].permitted &= ~(1u << CAP_IPC_LOCK);
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &little), 0);
}

/* The last case: the privilege that it drops does not come back. */
UNIT_TEST(without_the_right_to_lock_it_says_so_once_and_works)
{
	struct locked l;
	char *output, *first;

	forgo_locking();
	start(&l, "mem-lock=on");
	share(&l, VMM_ADDRESS + 4096);
	share(&l, VMM_ADDRESS);
	assert_int_equal(pinned(&l), 0);
	assert_works(&l);
	output = finish(&l);
	first = strstr(output, "guest memory is not locked: Cannot allocate memory (see ulimit");
	assert_non_null(first);
	assert_null(strstr(strchr(first, '\n'), "not locked"));
	free(output);
}

/* Continues a stopped remote after the time that one without mem-lock=on would have. */
static void *go_on_late(void *opaque)
{
	const struct locked *l = opaque;

	usleep((MPR_LOCKED_MS + 1000) * 1000);
	kill(l->remote.pid, SIGCONT);
	return NULL;
}

UNIT_TEST(to_lock_much_may_take_longer)
{
	struct locked l;
	pthread_t thread;

	start(&l, "mem-lock=on");
	kill(l.remote.pid, SIGSTOP);
	assert_int_equal(pthread_create(&thread, NULL, go_on_late, &l), 0);
	share(&l, VMM_ADDRESS + 4096);
	pthread_join(thread, NULL);
	free(finish(&l));
}
