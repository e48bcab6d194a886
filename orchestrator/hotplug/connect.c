/* SPDX-License-Identifier: MIT */
#include "orchestrator/hotplug/connect.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/family/launch.h"
#include "orchestrator/hotplug/events.h"
#include "orchestrator/plan/argv.h"
#include "orchestrator/vm/vm_state.h"

/* The longest messages. QEMU's can be all that an HMP command prints. A remote's is parsed though
 * it may be hostile, and JSON takes up to a hundred times its size in memory. */
#define QEMU_MESSAGE ((size_t)16 << 20)
#define REMOTE_MESSAGE ((size_t)1 << 20)

struct mpr_vm_remote *mpr_vm_add_remote(struct mpr_vm *vm, struct mpr_member *member, int sock)
{
	struct mpr_vm_remote *remote = g_rc_box_new0(struct mpr_vm_remote);

	*remote = (struct mpr_vm_remote){
		.vm = vm,
		.rid = member->rid,
		.pid = member->pid,
		.member = member,
	};
	remote->qmp = mpr_qmp_create(sock, REMOTE_MESSAGE, mpr_vm_on_remote_event, remote);
	g_ptr_array_add(vm->remotes, remote);
	return remote;
}

void mpr_vm_set_qemu(struct mpr_vm *vm, int sock)
{
	vm->qemu = mpr_qmp_create(sock, QEMU_MESSAGE, mpr_vm_on_qemu_event, vm);
}

struct mpr_vm_remote *mpr_vm_start_remote(struct mpr_vm *vm, uint64_t rid, char **error)
{
	struct mpr_member *member;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		*error = mpr_need_text("no socket for rid %llu: %s", (unsigned long long)rid,
				       strerror(errno));
		return NULL;
	}
	member = mpr_launch_remote(
		vm->family, rid,
		mpr_plan_new_remote_argv(vm->plan, rid, vm->remote_program, fds[1]), &fds[1], 1,
		false, error);
	close(fds[1]);
	if (member)
		return mpr_vm_add_remote(vm, member, fds[0]);
	close(fds[0]);
	return NULL;
}
