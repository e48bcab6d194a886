/* SPDX-License-Identifier: MIT */
/* Proves that no descriptor leaks, or is closed twice, when a run is refused at any step before
 * processes are started. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "orchestrator/locate.h"
#include "orchestrator/plan/drivers.h"
#include "orchestrator/run.h"
#include "tests/common/unit.h"

#define FDS 64

/* The step that fails: counts down to 0. */
static unsigned steps_left;

static bool fails_here(void)
{
	return --steps_left == 0;
}

static int refuse(char **error)
{
	*error = strdup("refused by the test");
	return -EINVAL;
}

/* ---- The steps ----------------------------------------------------------- */

struct mpr_monitors;
struct mpr_plan;

int __real_mpr_check_supervision(char *const *argv, char **error);
int __real_mpr_monitors_create(char *const *argv, struct mpr_monitors **monitors, char **error);
int __real_mpr_plan_create(char *const *argv, struct mpr_plan **plan, char **error);
int __real_mpr_check_memory(char *const *argv, char **error);
int __real_socketpair(int domain, int type, int protocol, int *fds);

int __wrap_mpr_check_supervision(char *const *argv, char **error);
int __wrap_mpr_monitors_create(char *const *argv, struct mpr_monitors **monitors, char **error);
int __wrap_mpr_plan_create(char *const *argv, struct mpr_plan **plan, char **error);
int __wrap_mpr_check_memory(char *const *argv, char **error);
char *__wrap_mpr_locate(const struct mpr_program *program, char **error);
int __wrap_mpr_check_drivers(struct mpr_drivers *drivers, const GPtrArray *options, char **error);
int __wrap_mpr_check_globals(struct mpr_drivers *drivers, const GPtrArray *globals,
			     const GPtrArray *options, char **error);
int __wrap_socketpair(int domain, int type, int protocol, int *fds);

int __wrap_mpr_check_supervision(char *const *argv, char **error)
{
	return fails_here() ? refuse(error) : __real_mpr_check_supervision(argv, error);
}

int __wrap_mpr_monitors_create(char *const *argv, struct mpr_monitors **monitors, char **error)
{
	return fails_here() ? refuse(error) : __real_mpr_monitors_create(argv, monitors, error);
}

int __wrap_mpr_plan_create(char *const *argv, struct mpr_plan **plan, char **error)
{
	return fails_here() ? refuse(error) : __real_mpr_plan_create(argv, plan, error);
}

int __wrap_mpr_check_memory(char *const *argv, char **error)
{
	return fails_here() ? refuse(error) : __real_mpr_check_memory(argv, error);
}

char *__wrap_mpr_locate(const struct mpr_program *program, char **error)
{
	(void)program;
	if (!fails_here())
		return strdup("/program");
	(void)refuse(error);
	return NULL;
}

/* In place of running the program. */
int __wrap_mpr_check_drivers(struct mpr_drivers *drivers, const GPtrArray *options, char **error)
{
	(void)drivers;
	(void)options;
	return fails_here() ? refuse(error) : 0;
}

int __wrap_mpr_check_globals(struct mpr_drivers *drivers, const GPtrArray *globals,
			     const GPtrArray *options, char **error)
{
	(void)drivers;
	(void)globals;
	(void)options;
	return fails_here() ? refuse(error) : 0;
}

int __wrap_socketpair(int domain, int type, int protocol, int *fds)
{
	if (!fails_here())
		return __real_socketpair(domain, type, protocol, fds);
	errno = EMFILE;
	return -1;
}

/* -------------------------------------------------------------------------- */

static uint64_t open_descriptors(void)
{
	uint64_t open = 0;

	for (int fd = 0; fd < FDS; fd++)
		open |= (uint64_t)(fcntl(fd, F_GETFD) >= 0) << fd;
	return open;
}

/* Lets each step fail in turn. Returns how many there are. */
static unsigned try_all(char *const *argv)
{
	uint64_t before = open_descriptors();
	unsigned step = 1;

	for (;; step++) {
		steps_left = step;
		if (mpr_run(argv, true) == 0)
			break;
		assert_int_equal(steps_left, 0);
		assert_int_equal(open_descriptors(), before);
	}
	assert_int_equal(open_descriptors(), before);
	return step - 1;
}

#define COMMON                                                                                \
	"qemu", "-M", "q35,memory-backend=m", "-object", "memory-backend-memfd,id=m,size=1M", \
		"-rdevice", "lsi53c895a,id=a,rid=0", "-rdevice", "lsi53c895a,id=b,rid=1"

UNIT_TEST(descriptors_stay_as_they_were)
{
	char *argv[] = {COMMON, NULL};

	assert_true(open_descriptors() &
		    1); /* standard input, the likeliest victim of closing 0 by mistake */
	/* Eight checks, and a socket pair for each of two remotes. */
	assert_int_equal(try_all(argv), 10);
}

UNIT_TEST(so_they_do_with_a_monitor)
{
	char *argv[] = {COMMON, "-qmp", "stdio", NULL};

	/* With monitors, one more pair for each remote, and one for QEMU. */
	assert_true(try_all(argv) >= 13);
}
