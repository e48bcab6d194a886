/* SPDX-License-Identifier: MIT */
#include "tests/remote/harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "remote/remote.h"

#define MAX_ARGS 32

/* "@" becomes the socket's number. */
static char *expand(const char *arg, int sock)
{
	char *text;
	const char *mark = strchr(arg, '@');

	if (!mark)
		return strdup(arg);
	assert_true(asprintf(&text, "%.*s%d%s", (int)(mark - arg), arg, sock, mark + 1) > 0);
	return text;
}

static void run_child(const char *const *args, int sock)
{
	char *argv[MAX_ARGS] = {"mpring-remote"};
	int argc = 1;
	int status;

	/* As a launcher leaves them. */
	(void)fcntl(sock, F_SETFD, 0);
	for (; *args && argc < MAX_ARGS - 1; args++)
		argv[argc++] = expand(*args, sock);
	status = mpr_remote_main(argc, argv, test_models);
	while (argc > 1)
		free(argv[--argc]);
	fflush(stdout);
	exit(status);
}

void remote_start(struct remote *remote, const char *const *args)
{
	int socks[2], output[2], print[2];

	fflush(stdout);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
	assert_int_equal(pipe(output), 0);
	assert_int_equal(pipe(print), 0);
	remote->pid = fork();
	assert_true(remote->pid >= 0);
	if (!remote->pid) {
		close(socks[0]);
		dup2(output[1], STDERR_FILENO);
		dup2(print[1], STDOUT_FILENO);
		close(output[0]);
		close(output[1]);
		close(print[0]);
		close(print[1]);
		run_child(args, socks[1]);
	}
	close(socks[1]);
	close(output[1]);
	close(print[1]);
	remote->sock = socks[0];
	remote->output = output[0];
	remote->print = print[0];
}

int remote_finish(struct remote *remote)
{
	int status;

	if (remote->sock >= 0)
		close(remote->sock);
	remote->sock = -1;
	assert_int_equal(waitpid(remote->pid, &status, 0), remote->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Reads a pipe to its end and closes it. */
static char *read_all(int *fd)
{
	char *text = calloc(1, 65536);
	size_t len = 0;
	ssize_t n;

	assert_non_null(text);
	while (len < 65535 && (n = read(*fd, text + len, 65535 - len)) > 0)
		len += (size_t)n;
	close(*fd);
	*fd = -1;
	return text;
}

char *remote_output(struct remote *remote)
{
	return read_all(&remote->output);
}

char *remote_print(struct remote *remote)
{
	return read_all(&remote->print);
}

uint64_t remote_sleeps(const struct remote *remote)
{
	char path[64], line[256];
	unsigned long long count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)remote->pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "voluntary_ctxt_switches: %llu", &count);
	fclose(file);
	return count;
}

uint64_t remote_cpu(const struct remote *remote)
{
	unsigned long long user = 0, system = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)remote->pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file,
				"%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
				"%llu %llu",
				&user, &system),
			 2);
	fclose(file);
	return user + system;
}

/* ---- A VMM -------------------------------------------------------------- */

int memfd_pages(size_t pages)
{
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)(pages * 4096)), 0);
	return fd;
}

static void share_memory(struct vmm *vmm)
{
	const struct mpr_proxy_region region = {
		.address = VMM_ADDRESS,
		.size = VMM_PAGES * 4096,
		.fd = vmm->memfd,
	};

	assert_int_equal(mpr_proxy_set_memory(vmm->device, &region, 1), 0);
}

static int setup(void **state, bool report_dma)
{
	static const char *const args[] = {"@", "-device", "test-device,id=test0", NULL};
	struct vmm *vmm = calloc(1, sizeof(*vmm));
	char *error = NULL;

	assert_non_null(vmm);
	remote_start(&vmm->remote, args);
	if (mpr_proxy_connect_fd(vmm->remote.sock, &vmm->conn, &error) < 0)
		fail_msg("%s", error);
	vmm->remote.sock = -1;
	if (report_dma)
		assert_int_equal(mpr_proxy_report_dma(vmm->conn), 0);
	if (mpr_proxy_device_open(vmm->conn, "test0", &vmm->device, &error) < 0)
		fail_msg("%s", error);
	vmm->memfd = memfd_pages(VMM_PAGES);
	vmm->memory =
		mmap(NULL, VMM_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, vmm->memfd, 0);
	assert_true(vmm->memory != MAP_FAILED);
	share_memory(vmm);
	*state = vmm;
	return 0;
}

int vmm_setup(void **state)
{
	return setup(state, false);
}

int vmm_setup_reporting(void **state)
{
	return setup(state, true);
}

/* Every line begins as a comment and ends, also the last, so that TAP goes on behind it. */
static void print_comment(char *text)
{
	for (char *rest, *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		print_message("# %s\n", line);
}

int vmm_teardown(void **state)
{
	struct vmm *vmm = *state;
	char *output;

	if (vmm->device)
		mpr_proxy_device_close(vmm->device);
	mpr_proxy_disconnect(vmm->conn);
	assert_int_equal(remote_finish(&vmm->remote), 0);
	output = remote_output(&vmm->remote);
	print_comment(output);
	free(output);
	free(remote_print(&vmm->remote));
	munmap(vmm->memory, VMM_PAGES * 4096);
	close(vmm->memfd);
	free(vmm);
	return 0;
}

void vmm_enable_dma(struct vmm *vmm)
{
	mpr_proxy_config_write(vmm->device, MPR_PCI_COMMAND, 2,
			       MPR_PCI_COMMAND_MASTER | MPR_PCI_COMMAND_MEMORY);
}

void put(struct mpr_proxy_device *device, uint64_t offset, uint64_t value)
{
	mpr_proxy_write(device, 0, offset, 8, value);
}

uint64_t get(struct mpr_proxy_device *device, uint64_t offset)
{
	return mpr_proxy_read(device, 0, offset, 8);
}
