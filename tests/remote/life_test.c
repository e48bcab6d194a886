/* SPDX-License-Identifier: MIT */
/* Proves when the process ends and when it does not, that it uses no processor time while
 * idle, and that sockets are shared and listened on. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/remote/harness.h"

#define DEVICE "-device", "test-device,id=test0"

static struct mpr_proxy_conn *connect_fd(struct remote *remote)
{
	struct mpr_proxy_conn *conn = NULL;
	char *error = NULL;

	if (mpr_proxy_connect_fd(remote->sock, &conn, &error) < 0)
		fail_msg("%s", error);
	remote->sock = -1;
	return conn;
}

static struct mpr_proxy_device *open_device(struct mpr_proxy_conn *conn, const char *id)
{
	struct mpr_proxy_device *device = NULL;
	char *error = NULL;

	if (mpr_proxy_device_open(conn, id, &device, &error) < 0)
		fail_msg("%s", error);
	return device;
}

static void assert_output(struct remote *remote, const char *expected)
{
	char *output = remote_output(remote);

	assert_string_equal(output, expected);
	free(output);
	free(remote_print(remote));
}

/* A folder of this process alone, not named by its PID, which other sandboxes have as well.
 * In /tmp, because paths of sockets must be short. */
static char folder[] = "/tmp/mpring-life.XXXXXX";

static const char *socket_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/socket", folder);
	return path;
}

static const char *listen_option(void)
{
	static char option[160];

	snprintf(option, sizeof(option), "x-remote-object,id=r0,devid=test0,path=%s",
		 socket_path());
	return option;
}

/* Connects once somebody listens. */
static struct mpr_proxy_conn *connect_path(void)
{
	struct mpr_proxy_conn *conn = NULL;

	while (mpr_proxy_connect_path(socket_path(), &conn, NULL) < 0)
		usleep(1000);
	return conn;
}

UNIT_TEST(connection_lost_before_hello_ends_it)
{
	static const char *const args[] = {"@", DEVICE, NULL};
	struct remote remote;

	remote_start(&remote, args);
	assert_int_equal(remote_finish(&remote), 0);
	assert_output(&remote, "");
}

UNIT_TEST(connection_lost_in_use_ends_it)
{
	static const char *const args[] = {"@", DEVICE, NULL};
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *device;
	struct remote remote;

	remote_start(&remote, args);
	conn = connect_fd(&remote);
	device = open_device(conn, "test0");
	put(device, TEST_WORK, UINT64_MAX);
	put(device, TEST_ALARM, 1);
	shutdown(mpr_proxy_conn_fd(conn), SHUT_RDWR);
	assert_int_equal(remote_finish(&remote), 0);
	assert_output(&remote, "");
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(conn);
}

UNIT_TEST(sigterm_ends_it_in_good_order)
{
	static const char *const args[] = {"@", DEVICE, NULL};
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *device;
	struct remote remote;

	remote_start(&remote, args);
	conn = connect_fd(&remote);
	device = open_device(conn, "test0");
	assert_int_equal(kill(remote.pid, SIGTERM), 0);
	assert_int_equal(remote_finish(&remote), 0);
	assert_output(&remote, "");
	assert_true(get(device, TEST_SCRATCH) == UINT64_MAX);
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(conn);
}

/* The device writes to guest memory for a while after it was reset. */
UNIT_TEST_WITH(vmm_is_not_hung_up_on_while_there_is_dma, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	struct pollfd end = {.fd = mpr_proxy_conn_fd(vmm->conn), .events = POLLRDHUP};
	uint32_t found;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_MAP, VMM_ADDRESS);
	put(vmm->device, TEST_RELEASE, 200000000);
	assert_int_equal(get(vmm->device, TEST_MAP), 0);
	assert_int_equal(kill(vmm->remote.pid, SIGTERM), 0);
	assert_int_equal(poll(&end, 1, -1), 1);
	memcpy(&found, vmm->memory, sizeof(found));
	assert_int_equal(found, TEST_MARKER);
}

/* Runs after the tear-down that checks how the process ended. */
static int forget_vmm(void **state)
{
	struct vmm *vmm = *state;

	mpr_proxy_device_close(vmm->device);
	mpr_proxy_disconnect(vmm->conn);
	free(remote_print(&vmm->remote));
	munmap(vmm->memory, VMM_PAGES * 4096);
	close(vmm->memfd);
	free(vmm);
	return 0;
}

/* The remote waits ten seconds for the DMA. */
UNIT_TEST_WITH(process_does_not_wait_for_ever, vmm_setup, forget_vmm)
{
	struct vmm *vmm = *state;
	char *output;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_MAP, VMM_ADDRESS);
	put(vmm->device, TEST_RELEASE, UINT64_MAX / 4);
	assert_int_equal(get(vmm->device, TEST_MAP), 0);
	assert_int_equal(kill(vmm->remote.pid, SIGTERM), 0);
	alarm(60);
	assert_int_equal(remote_finish(&vmm->remote), 1);
	alarm(0);
	output = remote_output(&vmm->remote);
	assert_string_equal(output, "mpring-remote: test0: DMA; this did not end within 10 "
				    "seconds: ending without it; what was written may not have "
				    "been flushed\n");
	free(output);
}

UNIT_TEST(idle_process_does_not_run)
{
	static const char *const args[] = {"@", DEVICE, NULL};
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *device;
	struct remote remote;
	uint64_t sleeps, cpu;

	remote_start(&remote, args);
	conn = connect_fd(&remote);
	device = open_device(conn, "test0");
	put(device, TEST_SCRATCH, 1);
	assert_int_equal(get(device, TEST_SCRATCH), 1);
	usleep(100000); /* to fall asleep */
	sleeps = remote_sleeps(&remote);
	cpu = remote_cpu(&remote);
	usleep(2000000);
	assert_int_equal(remote_sleeps(&remote), sleeps);
	assert_int_equal(remote_cpu(&remote), cpu);
	/* It was asleep, not dead. */
	assert_int_equal(get(device, TEST_SCRATCH), 1);
	assert_true(remote_sleeps(&remote) >= sleeps);
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(conn);
	assert_int_equal(remote_finish(&remote), 0);
	assert_output(&remote, "");
}

/* With sqpoll=on its doorbells, sockets and timers go through the kernel thread, too. */
UNIT_TEST(submitting_thread_serves_and_lets_it_end)
{
	struct remote remote;
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *device;

	remote_start(&remote,
		     (const char *const[]){"@", "-machine", "x-remote,sqpoll=on", DEVICE, NULL});
	conn = connect_fd(&remote);
	device = open_device(conn, "test0");
	for (uint64_t i = 0; i < 4; i++) {
		put(device, 8, 0x5eed + i);
		assert_int_equal(get(device, 8), 0x5eed + i);
		usleep(30000); /* the process and the thread have gone to sleep */
	}
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(conn);
	assert_int_equal(remote_finish(&remote), 0);
	free(remote_output(&remote));
	free(remote_print(&remote));
}

UNIT_TEST(models_log_under_their_id)
{
	static const char *const args[] = {"@", DEVICE, NULL};
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *device;
	struct remote remote;

	remote_start(&remote, args);
	conn = connect_fd(&remote);
	device = open_device(conn, "test0");
	put(device, TEST_LOG, 42);
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(conn);
	assert_int_equal(remote_finish(&remote), 0);
	assert_output(&remote, "mpring-remote: test0: value 42\n");
}

UNIT_TEST(object_form_offers_only_the_named_device)
{
	char listen[160];
	const char *const args[] = {
		"-machine",
		"x-remote",
		DEVICE,
		"-device",
		"test-device,id=test1",
		"-object",
		"x-remote-object,id=r1,devid=test1,fd=@,",
		"-object",
		listen,
		NULL,
	};
	struct mpr_proxy_conn *given, *connected;
	struct mpr_proxy_device *device;
	struct remote remote;
	char *error = NULL;

	strcpy(listen, listen_option());
	remote_start(&remote, args);
	given = connect_fd(&remote);
	connected = connect_path();
	assert_int_equal(mpr_proxy_device_open(given, "test0", &device, &error), -ENODEV);
	free(error);
	assert_int_equal(mpr_proxy_device_open(connected, "test1", &device, &error), -ENODEV);
	free(error);
	device = open_device(given, "test1");
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(given);
	device = open_device(connected, "test0");
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(connected);
	assert_int_equal(remote_finish(&remote), 0);
	free(remote_output(&remote));
	free(remote_print(&remote));
}

UNIT_TEST(several_objects_share_a_descriptor)
{
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *devices[2];
	struct remote remote;
	const char *const args[] = {
		"-machine",
		"x-remote",
		DEVICE,
		"-device",
		"test-device,id=test1",
		"-object",
		"x-remote-object,id=r0,devid=test0,fd=@",
		"-object",
		"x-remote-object,id=r1,devid=test1,fd=@",
		NULL,
	};

	remote_start(&remote, args);
	conn = connect_fd(&remote);
	devices[0] = open_device(conn, "test0");
	devices[1] = open_device(conn, "test1");
	put(devices[1], TEST_SCRATCH, 5);
	assert_int_equal(get(devices[0], TEST_SCRATCH), 0);
	assert_int_equal(get(devices[1], TEST_SCRATCH), 5);
	mpr_proxy_device_close(devices[0]);
	assert_int_equal(get(devices[1], TEST_SCRATCH), 5);
	mpr_proxy_device_close(devices[1]);
	mpr_proxy_disconnect(conn);
	assert_int_equal(remote_finish(&remote), 0);
	assert_output(&remote, "");
}

UNIT_TEST(listener_waits_serves_and_goes)
{
	const char *const args[] = {DEVICE, "-object", listen_option(), NULL};
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *device;
	struct remote remote;
	struct stat st;

	remote_start(&remote, args);
	conn = connect_path();
	assert_int_equal(stat(socket_path(), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	device = open_device(conn, "test0");
	put(device, TEST_SCRATCH, 3);
	assert_int_equal(get(device, TEST_SCRATCH), 3);
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(conn);
	assert_int_equal(remote_finish(&remote), 0);
	assert_int_equal(access(socket_path(), F_OK), -1);
	assert_output(&remote, "");
}

UNIT_TEST(visitor_that_says_nothing_does_not_end_a_listener)
{
	const char *const args[] = {DEVICE, "-object", listen_option(), NULL};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct mpr_proxy_conn *conn;
	struct remote remote;
	int sock;

	strcpy(address.sun_path, socket_path());
	remote_start(&remote, args);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		usleep(1000);
	close(sock);
	conn = connect_path();
	mpr_proxy_disconnect(conn);
	assert_int_equal(remote_finish(&remote), 0);
	assert_output(&remote, "");
}

/* Lowers the limit of descriptors to those that the process has. Returns the limit that it
 * had. */
static struct rlimit exhaust_descriptors(const struct remote *remote)
{
	struct rlimit limit, before;
	char path[300];
	struct dirent *entry;
	int highest = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)remote->pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) > highest)
			highest = atoi(entry->d_name);
	closedir(dir);
	assert_int_equal(prlimit(remote->pid, RLIMIT_NOFILE, NULL, &before), 0);
	limit = (struct rlimit){(rlim_t)highest + 1, before.rlim_max};
	/* Free numbers below the highest one. */
	for (int fd = 0; fd < highest; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)remote->pid, fd);
		if (access(path, F_OK) < 0) {
			limit.rlim_cur = (rlim_t)fd;
			break;
		}
	}
	assert_int_equal(prlimit(remote->pid, RLIMIT_NOFILE, &limit, NULL), 0);
	return before;
}

static void wait_for_output(const struct remote *remote, const char *text)
{
	char output[1024];
	size_t len = 0;

	do {
		ssize_t n = read(remote->output, output + len, sizeof(output) - 1 - len);

		assert_true(n > 0);
		len += (size_t)n;
		output[len] = '\0';
	} while (!strstr(output, text));
}

/* The listener tries again ten times a second while descriptors are short. */
UNIT_TEST(connection_waits_for_descriptors)
{
	const char *const args[] = {DEVICE, "-object", listen_option(), NULL};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct mpr_proxy_conn *first, *second;
	struct mpr_proxy_device *device;
	struct timespec begin, end;
	struct remote remote;
	struct rlimit limit;
	uint64_t sleeps;
	double elapsed;
	int sock;

	strcpy(address.sun_path, socket_path());
	remote_start(&remote, args);
	first = connect_path();
	limit = exhaust_descriptors(&remote);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	wait_for_output(&remote, "no connection can be accepted: Too many open files");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	sleeps = remote_sleeps(&remote);
	usleep(1000000);
	sleeps = remote_sleeps(&remote) - sleeps;
	clock_gettime(CLOCK_MONOTONIC, &end);
	elapsed = (double)(end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9;
	assert_true((double)sleeps < 40 * elapsed);
	assert_int_equal(prlimit(remote.pid, RLIMIT_NOFILE, &limit, NULL), 0);
	assert_int_equal(mpr_proxy_connect_fd(sock, &second, NULL), 0);
	device = open_device(second, "test0");
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(second);
	mpr_proxy_disconnect(first);
	assert_int_equal(remote_finish(&remote), 0);
	assert_output(&remote, "");
}

UNIT_TEST(device_is_open_for_one_vmm_at_a_time)
{
	const char *const args[] = {DEVICE, "-object", listen_option(), NULL};
	struct mpr_proxy_conn *first, *second;
	struct mpr_proxy_device *device, *other;
	struct remote remote;
	char *error = NULL;

	remote_start(&remote, args);
	first = connect_path();
	second = connect_path();
	device = open_device(first, "test0");
	assert_int_equal(mpr_proxy_device_open(second, "test0", &other, &error), -EBUSY);
	free(error);
	mpr_proxy_device_close(device);
	device = open_device(second, "test0");
	assert_int_equal(get(device, TEST_SCRATCH), 0);
	mpr_proxy_disconnect(first);
	assert_int_equal(get(device, TEST_SCRATCH), 0);
	mpr_proxy_device_close(device);
	mpr_proxy_disconnect(second);
	assert_int_equal(remote_finish(&remote), 0);
	free(remote_output(&remote));
	free(remote_print(&remote));
}

UNIT_TEST(socket_left_behind_is_replaced)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, socket_path());
	assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	close(sock);
	listener_waits_serves_and_goes(state);
}

UNIT_TEST(socket_in_use_is_left_alone)
{
	const char *const args[] = {DEVICE, "-object", listen_option(), NULL};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct remote remote;
	char *expected;

	strcpy(address.sun_path, socket_path());
	assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(sock, 1), 0);
	remote_start(&remote, args);
	assert_int_equal(remote_finish(&remote), 1);
	assert_true(asprintf(&expected,
			     "mpring-remote: path=%s: another process listens there, or it is not "
			     "a socket\n",
			     socket_path()) > 0);
	assert_output(&remote, expected);
	free(expected);
	close(sock);
	assert_int_equal(unlink(socket_path()), 0);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	return unit_run(make_folder, remove_folder);
}
