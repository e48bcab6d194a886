/* SPDX-License-Identifier: MIT */
#include "proxy/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

/* Newer than some headers. */
#define ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && seals & F_SEAL_SHRINK;
}

/* ---- Opening anew ------------------------------------------------------- */

/* Descriptors that this thread opens from now on cannot truncate, whoever gets them. */
static int give_up_truncation(void)
{
	const struct landlock_ruleset_attr attr = {.handled_access_fs = ACCESS_FS_TRUNCATE};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	int err = 0;

	if (rules < 0)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		err = -errno;
	close(rules);
	return err;
}

struct opening {
	int fd; /* of the file, then: -1 or the new one */
	pthread_t thread;
};

static void *open_restricted(void *opaque)
{
	struct opening *opening = opaque;
	int flags = fcntl(opening->fd, F_GETFL);
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", opening->fd);
	opening->fd = -1;
	if (flags >= 0 && give_up_truncation() == 0)
		opening->fd = open(path, (flags & O_ACCMODE) | O_CLOEXEC);
	return NULL;
}

/* In a thread of its own: a Landlock domain cannot be left. -1: not possible here. */
static int open_anew(int fd)
{
	struct opening opening = {.fd = fd};
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&opening.thread, NULL, open_restricted, &opening);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return -1;
	pthread_join(opening.thread, NULL);
	return opening.fd;
}

/* Tries it with the size that the file has. */
static bool can_truncate(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && ftruncate(fd, st.st_size) == 0;
}

int mpr_memory_file_open(int fd, bool *shrinks)
{
	int own = is_sealed(fd) ? -1 : open_anew(fd);

	if (own < 0)
		own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return -errno;
	*shrinks = !is_sealed(own) && can_truncate(own);
	return own;
}
