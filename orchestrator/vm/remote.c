/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/remote.h"

#include "orchestrator/base/say.h"
#include "orchestrator/vm/vm_state.h"

uint64_t mpr_vm_remote_rid(const struct mpr_vm_remote *remote)
{
	return remote->rid;
}

pid_t mpr_vm_remote_pid(const struct mpr_vm_remote *remote)
{
	return remote->member ? remote->pid : 0;
}

struct mpr_qmp *mpr_vm_remote_qmp(const struct mpr_vm_remote *remote)
{
	return remote->qmp;
}

bool mpr_vm_remote_is_silent(const struct mpr_vm_remote *remote)
{
	return remote->silent;
}

void mpr_vm_remote_set_silent(struct mpr_vm_remote *remote, bool silent)
{
	if (silent && !remote->silent)
		mpr_say("remote process of rid %llu (pid %d) does not answer; what it has is left "
			"out of answers about all drives and devices",
			(unsigned long long)remote->rid, (int)remote->pid);
	remote->silent = silent;
}
