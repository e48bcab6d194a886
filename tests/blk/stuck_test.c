/* SPDX-License-Identifier: MIT */
/* Proves what outlives a process whose I/O is stuck: the lock of its image, and the
 * files that the ring keeps, until the kernel has ended the I/O. The image is a loop
 * device over a file of a file system that is frozen meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blk/blk.h"
#include "tests/blk/image.h"
#include "tests/common/unit.h"

struct fixture {
	char folder[64], device[32];
	int mount; /* its root */
};

__attribute__((format(printf, 1, 2))) static int run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

static bool attach(struct fixture *f)
{
	char line[600];
	FILE *out;

	if (run("cd %s && truncate -s 32M outer && mkfs.ext4 -q outer && mkdir m && "
		"mount -o loop outer m && dd if=/dev/zero of=m/inner bs=1M count=4 2>/dev/null && "
		"sync m/inner",
		f->folder))
		return false;
	snprintf(line, sizeof(line), "losetup -f --show %s/m/inner", f->folder);
	out = popen(line, "r");
	if (!fgets(f->device, sizeof(f->device), out))
		f->device[0] = '\0';
	f->device[strcspn(f->device, "\n")] = '\0';
	pclose(out);
	return f->device[0];
}

static void set_up(struct fixture *f)
{
	char path[128];

	*f = (struct fixture){.folder = "/tmp/mpring-stuck.XXXXXX"};
	assert_non_null(mkdtemp(f->folder));
	if (!attach(f)) {
		print_message("# no loop devices, or no right to mount\n");
		(void)run("rm -rf %s", f->folder);
		skip();
	}
	snprintf(path, sizeof(path), "%s/m", f->folder);
	f->mount = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->mount >= 0);
}

static void tear_down(struct fixture *f)
{
	close(f->mount);
	assert_int_equal(
		run("losetup -d %s && umount %s/m && rm -r %s", f->device, f->folder, f->folder),
		0);
}

static void never_done(struct mpr_blk_req *req, int result)
{
	(void)req;
	(void)result;
}

static struct mpr_blk *open_device(struct mpr_uring *ring, const struct fixture *f)
{
	struct mpr_blk_options options = {.file = f->device, .cache = MPR_CACHE_NONE};
	struct mpr_blk *blk = NULL;
	char *error = NULL;

	(void)mpr_blk_open(ring, &options, &blk, &error);
	free(error);
	return blk;
}

/* In a process of its own: begins a write, and ends. */
static void begin_and_end(const struct fixture *f, int sock)
{
	static struct mpr_blk_req req;
	static struct iovec iov;
	struct mpr_uring *ring;
	struct mpr_blk *blk;

	if (mpr_uring_create(8, &ring))
		_exit(2);
	blk = open_device(ring, f);
	if (!blk || mpr_uring_keep_file(ring, sock))
		_exit(3);
	iov = (struct iovec){image_memory(4096), 4096};
	req = (struct mpr_blk_req){.op = MPR_BLK_WRITE, .iov = &iov, .niov = 1, .done = never_done};
	mpr_blk_submit(blk, &req);
	_exit(mpr_uring_submit(ring) ? 4 : 0);
}

static bool hung_up(int sock, int timeout)
{
	return poll(&(struct pollfd){.fd = sock, .events = POLLRDHUP}, 1, timeout) == 1;
}

UNIT_TEST(nothing_is_let_go_before_the_io_has_ended)
{
	struct mpr_uring *ring;
	struct mpr_blk *blk;
	struct fixture f;
	bool locked, kept, let_go;
	int socks[2], status = -1;
	pid_t pid;

	set_up(&f);
	assert_int_equal(mpr_uring_create(8, &ring), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
	assert_int_equal(ioctl(f.mount, FIFREEZE, 0), 0);
	pid = fork();
	if (!pid) {
		close(socks[0]);
		begin_and_end(&f, socks[1]);
	}
	close(socks[1]);
	(void)waitpid(pid, &status, 0);
	/* The process has ended. If the kernel lets go too early, it does so within this
	 * second. */
	kept = !hung_up(socks[0], 1000);
	blk = open_device(ring, &f);
	locked = !blk;
	(void)mpr_blk_close(blk);
	(void)ioctl(f.mount, FITHAW, 0);
	let_go = hung_up(socks[0], kept ? -1 : 0);
	while (!(blk = open_device(ring, &f)))
		usleep(10000);
	assert_int_equal(mpr_blk_close(blk), 0);
	mpr_uring_destroy(ring);
	close(socks[0]);
	tear_down(&f);
	assert_int_equal(status, 0);
	assert_true(locked);
	assert_true(kept);
	assert_true(let_go);
}

int main(void)
{
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1); /* of those who mount */
	return unit_run(NULL, NULL);
}
