/* SPDX-License-Identifier: MIT */
#include "remote/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "opts/opts.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define X32 0x40000000u /* calls of another ABI have this bit */
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "say what the audit architecture is called here"
#endif

#define MAX_INSTRUCTIONS 256

/* ---- Options ------------------------------------------------------------ */

/* Whether the key says deny; "children" is what is so anyway, no_new_privs. */
static int get_deny(const struct mpr_opts *opts, const char *key, bool *deny, char **error)
{
	static const char *const choices[] = {"allow", "deny", NULL};
	unsigned choice = *deny;
	int ret = mpr_opts_get_enum(opts, key, choices, &choice, error);

	*deny = choice;
	return ret;
}

static int get_privileges(const struct mpr_opts *opts, bool *deny, char **error)
{
	static const char *const choices[] = {"allow", "deny", "children", NULL};
	unsigned choice = 0;
	int ret = mpr_opts_get_enum(opts, "elevateprivileges", choices, &choice, error);

	*deny = choice == 1;
	return ret;
}

int mpr_sandbox_parse(struct mpr_sandbox *sandbox, const char *text, char **error)
{
	static const char *const known[] = {"enable", "obsolete",	 "elevateprivileges",
					    "spawn",  "resourcecontrol", NULL};
	struct mpr_opts *opts;
	int ret = mpr_opts_parse("-sandbox", text, "enable", &opts, error);

	if (ret < 0)
		return ret;
	*sandbox = (struct mpr_sandbox){.obsolete = true};
	ret = mpr_opts_check(opts, known, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "enable", &sandbox->on, error);
	if (ret == 0)
		ret = get_deny(opts, "obsolete", &sandbox->obsolete, error);
	if (ret == 0)
		ret = get_privileges(opts, &sandbox->privileges, error);
	if (ret == 0)
		ret = get_deny(opts, "spawn", &sandbox->spawn, error);
	if (ret == 0)
		ret = get_deny(opts, "resourcecontrol", &sandbox->resources, error);
	mpr_opts_free(opts);
	return ret;
}

/* ---- What is denied ----------------------------------------------------- */

#define END (-1)

static const int administration[] = {
	SYS_acct,
	SYS_add_key,
	SYS_adjtimex,
	SYS_bpf,
	SYS_chroot,
	SYS_clock_adjtime,
	SYS_clock_settime,
	SYS_delete_module,
	SYS_finit_module,
	SYS_init_module,
	SYS_kexec_file_load,
	SYS_kexec_load,
	SYS_keyctl,
	SYS_mount,
	SYS_move_mount,
	SYS_open_tree,
	SYS_perf_event_open,
	SYS_pivot_root,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_ptrace,
	SYS_quotactl,
	SYS_reboot,
	SYS_request_key,
	SYS_setdomainname,
	SYS_sethostname,
	SYS_setns,
	SYS_settimeofday,
	SYS_swapoff,
	SYS_swapon,
	SYS_syslog,
	SYS_umount2,
	SYS_unshare,
	SYS_vhangup,
	END,
};

static const int obsolete[] = {
#ifdef SYS__sysctl
	SYS__sysctl,
#endif
#ifdef SYS_create_module
	SYS_create_module,
	SYS_get_kernel_syms,
	SYS_query_module,
#endif
#ifdef SYS_uselib
	SYS_uselib,
#endif
#ifdef SYS_ustat
	SYS_ustat,
#endif
#ifdef SYS_sysfs
	SYS_sysfs,
#endif
#ifdef SYS_afs_syscall
	SYS_afs_syscall,
	SYS_getpmsg,
	SYS_putpmsg,
	SYS_security,
	SYS_tuxcall,
	SYS_vserver,
#endif
	END,
};

static const int privileges[] = {
	SYS_setuid,    SYS_setgid,   SYS_setreuid, SYS_setregid,  SYS_setresuid,
	SYS_setresgid, SYS_setfsuid, SYS_setfsgid, SYS_setgroups, SYS_capset,
	SYS_setsid,    SYS_setpgid,  END,
};

static const int spawn[] = {
#ifdef SYS_fork
	SYS_fork,   SYS_vfork,
#endif
	SYS_execve, SYS_execveat, END,
};

static const int resources[] = {
	SYS_setpriority,
	SYS_ioprio_set,
	SYS_sched_setparam,
	SYS_sched_setscheduler,
	SYS_sched_setattr,
	SYS_sched_setaffinity,
	END,
};

/* ---- The filter --------------------------------------------------------- */

struct program {
	struct sock_filter code[MAX_INSTRUCTIONS];
	unsigned short len;
};

static void add(struct program *program, unsigned short code, unsigned k, unsigned char yes,
		unsigned char no)
{
	if (program->len < MAX_INSTRUCTIONS)
		program->code[program->len] =
			(struct sock_filter){.code = code, .jt = yes, .jf = no, .k = k};
	program->len++;
}

static void load(struct program *program, size_t offset)
{
	add(program, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void answer(struct program *program, unsigned action)
{
	add(program, BPF_RET | BPF_K, action, 0, 0);
}

/* Kills on what was loaded, if the comparison says so. */
static void kill_if(struct program *program, unsigned short comparison, unsigned k)
{
	add(program, BPF_JMP | comparison | BPF_K, k, 0, 1);
	answer(program, SECCOMP_RET_KILL_PROCESS);
}

static void deny(struct program *program, const int *calls)
{
	for (; *calls != END; calls++)
		kill_if(program, BPF_JEQ, (unsigned)*calls);
}

/* Threads are made by clone(), whose flags say that it is one. Those of clone3() lie in
 * memory, which a filter cannot read: it is not there, and the C library does without. */
static void deny_processes(struct program *program)
{
	deny(program, spawn);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	answer(program, SECCOMP_RET_ERRNO | ENOSYS);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
	load(program, offsetof(struct seccomp_data, args[0])); /* the lower half */
	add(program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
	answer(program, SECCOMP_RET_KILL_PROCESS);
	answer(program, SECCOMP_RET_ALLOW);
}

static void compile(const struct mpr_sandbox *sandbox, struct program *program)
{
	program->len = 0;
	load(program, offsetof(struct seccomp_data, arch));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	answer(program, SECCOMP_RET_KILL_PROCESS);
	load(program, offsetof(struct seccomp_data, nr));
#ifdef X32
	kill_if(program, BPF_JGE, X32);
#endif
	deny(program, administration);
	if (sandbox->obsolete)
		deny(program, obsolete);
	if (sandbox->privileges)
		deny(program, privileges);
	if (sandbox->resources)
		deny(program, resources);
	if (sandbox->spawn)
		deny_processes(program);
	answer(program, SECCOMP_RET_ALLOW);
}

int mpr_sandbox_enter(const struct mpr_sandbox *sandbox)
{
	struct program program;
	struct sock_fprog filter;
	long ret;

	if (!sandbox->on)
		return 0;
	compile(sandbox, &program);
	if (program.len > MAX_INSTRUCTIONS)
		return -E2BIG;
	filter = (struct sock_fprog){.len = program.len, .filter = program.code};
	ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
	if (ret > 0)
		return -EBUSY; /* the number of a thread with a filter of its own */
	return ret < 0 ? -errno : 0;
}
