/* SPDX-License-Identifier: MIT */
#include "remote/process/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "opts/opts.h"

/* -1 means "no change" to the system calls. */
static bool parse_id(const char *text, const char **end, unsigned long *id)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*id = strtoul(text, &stop, 10);
	*end = stop;
	return errno == 0 && *id < (uid_t)-1;
}

static bool parse_numbers(const char *text, unsigned long *uid, unsigned long *gid)
{
	return parse_id(text, &text, uid) && *text == ':' && parse_id(text + 1, &text, gid) &&
	       !*text;
}

int mpr_privileges_set_user(struct mpr_privileges *privileges, const char *text, char **error)
{
	const struct passwd *entry = getpwnam(text);
	unsigned long uid, gid;

	free(privileges->name);
	privileges->name = NULL;
	privileges->user = text;
	if (entry) {
		privileges->name = strdup(entry->pw_name);
		privileges->uid = entry->pw_uid;
		privileges->gid = entry->pw_gid;
		return privileges->name ? 0 : -ENOMEM;
	}
	if (!parse_numbers(text, &uid, &gid)) {
		*error =
			mpr_errorf("-runas %s: there is no such user, and it is not UID:GID", text);
		return -EINVAL;
	}
	privileges->uid = (uid_t)uid;
	privileges->gid = (gid_t)gid;
	return 0;
}

static int set_groups(const struct mpr_privileges *privileges)
{
	return privileges->name ? initgroups(privileges->name, privileges->gid)
				: setgroups(1, &privileges->gid);
}

/* Groups first: they stand in a file that the new root may not have. */
static int change(const struct mpr_privileges *privileges, char **error)
{
	if (privileges->user && set_groups(privileges)) {
		*error = mpr_errorf("-runas %s: its groups cannot be taken: %s", privileges->user,
				    strerror(errno));
		return -EPERM;
	}
	if (privileges->root && (chroot(privileges->root) || chdir("/"))) {
		*error = mpr_errorf("-chroot %s: %s", privileges->root, strerror(errno));
		return -EINVAL;
	}
	if (privileges->user && (setgid(privileges->gid) || setuid(privileges->uid))) {
		*error = mpr_errorf("-runas %s: %s", privileges->user, strerror(errno));
		return -EPERM;
	}
	if (privileges->user && privileges->uid && setuid(0) == 0) {
		*error = mpr_errorf("-runas %s: the process could become root again",
				    privileges->user);
		return -EPERM;
	}
	return 0;
}

/* The kernel clears it when a process changes its user. */
static void rearm_parent_signal(int signal, pid_t parent)
{
	if (!signal)
		return;
	(void)prctl(PR_SET_PDEATHSIG, signal);
	if (getppid() != parent)
		(void)raise(signal); /* the parent died between */
}

int mpr_privileges_drop(const struct mpr_privileges *privileges, char **error)
{
	int signal = 0, ret;
	pid_t parent = getppid();

	(void)prctl(PR_GET_PDEATHSIG, &signal);
	ret = change(privileges, error);
	if (ret == 0)
		rearm_parent_signal(signal, parent);
	return ret;
}
