/* SPDX-License-Identifier: MIT */
#include "orchestrator/hotplug/boot_update.h"

#include <glib.h>

#include "monitor/json.h"
#include "orchestrator/plan/boot_order.h"

void mpr_change_tell_boot_order(struct mpr_change *change, const struct mpr_remote_option *adapter,
				mpr_qmp_reply_fn reply)
{
	struct json_object *arguments = json_object_new_object();
	g_autofree char *order = mpr_boot_order(change->vm->options, adapter);
	g_autofree char *path =
		g_strdup_printf("/machine/peripheral/%s", mpr_remote_option_get(adapter, "id"));

	mpr_json_put(arguments, "path", path);
	mpr_json_put(arguments, "property", "boot-order");
	mpr_json_put(arguments, "value", order);
	mpr_change_ask_qemu(change, "qom-set", arguments, -1, reply);
}

const struct mpr_remote_option *mpr_change_boot_proxy(const struct mpr_change *change)
{
	const struct mpr_remote_option *adapter =
		mpr_boots(change->option) ? mpr_boot_adapter(change->vm->options, change->option)
					  : NULL;

	return adapter && adapter->state == MPR_REMOTE_HERE ? adapter : NULL;
}

void mpr_change_leave_boot_order(struct mpr_change *change)
{
	const struct mpr_remote_option *adapter = mpr_change_boot_proxy(change);

	change->option->state = MPR_REMOTE_GOING;
	if (adapter)
		mpr_change_tell_boot_order(change, adapter, NULL);
}
