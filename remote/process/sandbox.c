/* SPDX-License-Identifier: MIT */
#include "remote/process/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- Options ------------------------------------------------------------ */

/* Sets *denied unless the key's choice is "allow"; the first choice is the default. */
static int get_denied(const struct mpr_opts *opts, const char *key, const char *const *choices,
		      bool *denied, char **error)
{
	unsigned choice = 0;
	int ret = mpr_opts_get_enum(opts, key, choices, &choice, error);

	if (ret == 0)
		*denied |= strcmp(choices[choice], "allow") != 0;
	return ret;
}

static int get_groups(struct mpr_sandbox *sandbox, const struct mpr_opts *opts, char **error)
{
	static const char *const deny[] = {"deny", "allow", NULL};
	static const char *const allow[] = {"allow", "deny", NULL};
	/* "children" is "deny" with no_new_privs, which is set in any case. */
	static const char *const privileges[] = {"allow", "deny", "children", NULL};
	int ret = get_denied(opts, "obsolete", deny, &sandbox->obsolete, error);

	if (ret == 0)
		ret = get_denied(opts, "elevateprivileges", privileges, &sandbox->privileges,
				 error);
	if (ret == 0)
		ret = get_denied(opts, "spawn", allow, &sandbox->spawn, error);
	if (ret == 0)
		ret = get_denied(opts, "resourcecontrol", allow, &sandbox->resources, error);
	return ret;
}

int mpr_sandbox_parse(const struct mpr_opts *opts, struct mpr_sandbox *sandbox, char **error)
{
	static const char *const known[] = {"enable", "obsolete",	 "elevateprivileges",
					    "spawn",  "resourcecontrol", NULL};
	bool on = false;
	int ret = mpr_opts_check(opts, known, error);

	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "enable", &on, error);
	if (ret < 0 || !on)
		return ret;
	sandbox->on = true;
	return get_groups(sandbox, opts, error);
}

/* ---- What is denied ----------------------------------------------------- */

/* Ends a list. Calls that an architecture lacks have other negative numbers. */
#define END __NR_SCMP_ERROR

static const int administration[] = {
	/* the machine: its kernel, clock, name, quotas, ports */
	SCMP_SYS(acct),
	SCMP_SYS(adjtimex),
	SCMP_SYS(bpf),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(clock_settime),
	SCMP_SYS(delete_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(init_module),
	SCMP_SYS(ioperm),
	SCMP_SYS(iopl),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(kexec_load),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(quotactl),
	SCMP_SYS(reboot),
	SCMP_SYS(setdomainname),
	SCMP_SYS(sethostname),
	SCMP_SYS(settimeofday),
	SCMP_SYS(swapoff),
	SCMP_SYS(swapon),
	SCMP_SYS(syslog),
	SCMP_SYS(vhangup),
	/* its file systems and namespaces */
	SCMP_SYS(chroot),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fspick),
	SCMP_SYS(mount),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(open_tree),
	SCMP_SYS(pivot_root),
	SCMP_SYS(setns),
	SCMP_SYS(umount),
	SCMP_SYS(umount2),
	SCMP_SYS(unshare),
	/* keys, and what is in other processes */
	SCMP_SYS(add_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(ptrace),
	SCMP_SYS(request_key),
	/* numbers without a call */
	SCMP_SYS(afs_syscall),
	SCMP_SYS(break),
	SCMP_SYS(ftime),
	SCMP_SYS(getpmsg),
	SCMP_SYS(gtty),
	SCMP_SYS(lock),
	SCMP_SYS(mpx),
	SCMP_SYS(prof),
	SCMP_SYS(profil),
	SCMP_SYS(putpmsg),
	SCMP_SYS(security),
	SCMP_SYS(stty),
	SCMP_SYS(tuxcall),
	SCMP_SYS(ulimit),
	SCMP_SYS(vserver),
	END,
};

static const int obsolete[] = {
	SCMP_SYS(_sysctl),	   SCMP_SYS(bdflush),	   SCMP_SYS(create_module),
	SCMP_SYS(get_kernel_syms), SCMP_SYS(query_module), SCMP_SYS(readdir),
	SCMP_SYS(sgetmask),	   SCMP_SYS(ssetmask),	   SCMP_SYS(sysfs),
	SCMP_SYS(uselib),	   SCMP_SYS(ustat),	   END,
};

static const int privileges[] = {
	SCMP_SYS(capset),
	SCMP_SYS(setfsgid),
	SCMP_SYS(setfsuid),
	SCMP_SYS(setgid),
	SCMP_SYS(setgroups),
	SCMP_SYS(setpgid),
	SCMP_SYS(setregid),
	SCMP_SYS(setresgid),
	SCMP_SYS(setresuid),
	SCMP_SYS(setreuid),
	SCMP_SYS(setsid),
	SCMP_SYS(setuid),
	END,
};

static const int spawn[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), END,
};

/* Namespaces that clone() can make. */
static const uint64_t namespaces[] = {
	CLONE_NEWCGROUP, CLONE_NEWIPC,	CLONE_NEWNET, CLONE_NEWNS,
	CLONE_NEWPID,	 CLONE_NEWUSER, CLONE_NEWUTS,
};

static const int resources[] = {
	SCMP_SYS(ioprio_set),
	SCMP_SYS(sched_setaffinity),
	SCMP_SYS(sched_setattr),
	SCMP_SYS(sched_setparam),
	SCMP_SYS(sched_setscheduler),
	SCMP_SYS(setpriority),
	END,
};

/* ---- The filter --------------------------------------------------------- */

static int deny(scmp_filter_ctx filter, uint32_t action, const int *calls)
{
	int ret = 0;

	for (; ret == 0 && *calls != END; calls++)
		ret = seccomp_rule_add(filter, action, *calls, 0);
	return ret;
}

/* Kills the process when it calls clone() with just `flags` of the bits in `mask`. */
static int deny_clone(scmp_filter_ctx filter, uint64_t mask, uint64_t flags)
{
	return seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
				SCMP_A0_64(SCMP_CMP_MASKED_EQ, mask, flags));
}

/* Threads are allowed: clone() with CLONE_THREAD. The flags of clone3() lie in memory,
 * which a filter cannot read; it fails with ENOSYS, and the C library uses clone(). */
static int deny_processes(scmp_filter_ctx filter)
{
	int ret = deny(filter, SCMP_ACT_KILL_PROCESS, spawn);

	if (ret == 0)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (ret == 0)
		ret = deny_clone(filter, CLONE_THREAD, 0);
	for (size_t i = 0; ret == 0 && i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		ret = deny_clone(filter, namespaces[i], namespaces[i]);
	return ret;
}

static int add_rules(scmp_filter_ctx filter, const struct mpr_sandbox *sandbox)
{
	int ret = deny(filter, SCMP_ACT_KILL_PROCESS, administration);

	if (ret == 0 && sandbox->obsolete)
		ret = deny(filter, SCMP_ACT_KILL_PROCESS, obsolete);
	if (ret == 0 && sandbox->privileges)
		ret = deny(filter, SCMP_ACT_KILL_PROCESS, privileges);
	if (ret == 0 && sandbox->spawn)
		ret = deny_processes(filter);
	if (ret == 0 && sandbox->resources)
		ret = deny(filter, SCMP_ACT_ERRNO(EPERM), resources);
	return ret;
}

/* The filter applies to all threads; calls through another ABI, whose numbers differ, kill
 * the process; errors are the kernel's own. */
static int set_attributes(scmp_filter_ctx filter)
{
	int ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (ret == 0)
		ret = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (ret == 0)
		ret = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	return ret;
}

int mpr_sandbox_enter(const struct mpr_sandbox *sandbox)
{
	scmp_filter_ctx filter;
	int ret;

	if (!sandbox->on)
		return 0;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return -ENOMEM;
	ret = set_attributes(filter);
	if (ret == 0)
		ret = add_rules(filter, sandbox);
	if (ret == 0)
		ret = seccomp_load(filter);
	seccomp_release(filter);
	return ret;
}
