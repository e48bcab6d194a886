/* SPDX-License-Identifier: MIT */
#include "orchestrator/commands/commands.h"

#include "orchestrator/commands/own.h"
#include "orchestrator/commands/routing.h"
#include "orchestrator/vm/vm.h"

/* A remote that works answers within milliseconds; users should not wait long for one that hangs.
 */
#define PATIENCE_MS 3000

static bool has_qmp(const struct mpr_commands *commands, const char *name,
		    struct json_object *arguments)
{
	return mpr_own_find(name) || mpr_routing_has_qmp(commands->vm, name, arguments);
}

static bool has_hmp(const struct mpr_commands *commands, const char *line)
{
	const char *words;

	return mpr_own_of_line(line, &words) || mpr_routing_has_hmp(commands->vm, line);
}

static void run_qmp(const struct mpr_commands *commands, const char *name,
		    struct json_object *arguments, mpr_outcome_fn done, void *opaque)
{
	const struct mpr_own_command *own = mpr_own_find(name);

	if (own)
		mpr_own_run_qmp(commands->vm, own, arguments, done, opaque);
	else
		mpr_routing_run_qmp(commands, name, arguments, done, opaque);
}

static void run_hmp(const struct mpr_commands *commands, const char *line, mpr_outcome_fn done,
		    void *opaque)
{
	const char *words;
	const struct mpr_own_command *own = mpr_own_of_line(line, &words);

	if (own)
		mpr_own_run_hmp(commands->vm, own, words, done, opaque);
	else
		mpr_routing_run_hmp(commands, line, done, opaque);
}

static void ask_qemu(const struct mpr_commands *commands, const char *name,
		     struct json_object *arguments, mpr_qmp_reply_fn reply, void *opaque)
{
	mpr_qmp_execute(mpr_vm_qemu(commands->vm), name, json_object_get(arguments), -1, reply,
			opaque);
}

struct mpr_commands mpr_commands_of(struct mpr_vm *vm)
{
	return (struct mpr_commands){
		.vm = vm,
		.patience_ms = PATIENCE_MS,
		.own = mpr_own_commands,
		.has_qmp = has_qmp,
		.has_hmp = has_hmp,
		.run_qmp = run_qmp,
		.run_hmp = run_hmp,
		.ask_qemu = ask_qemu,
	};
}
