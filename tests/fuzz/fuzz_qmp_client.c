/* SPDX-License-Identifier: MIT */
/*
 * Whatever QEMU and a remote process say on their private QMP connections, mpring goes
 * on; and a user hears of the remote's own devices and drives only.
 *
 * The first byte chooses how the input is cut into pieces, and the command that a user
 * gives. Each line is said by the peer that its first byte names: Q is QEMU, and all others
 * are the remote.
 */
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/json.h"
#include "orchestrator/commands/commands.h"
#include "orchestrator/monitor/hmp_relay.h"
#include "orchestrator/monitor/words.h"
#include "orchestrator/vm/qmp_client.h"
#include "orchestrator/vm/vm.h"
#include "tests/fuzz/fuzz.h"

#define GREETING "{\"QMP\": {}}\r\n{\"return\": {}}\r\n"

struct machine {
	struct mpr_plan *plan;
	struct mpr_family *family;
	struct mpr_vm *vm;
	struct mpr_commands commands;
	struct mpr_words *words;
	struct mpr_hmp_relay *hmp;
	int qemu, remote; /* the peers' ends */
};

/* ---- The user ----------------------------------------------------------- */

static void on_event(void *opaque, struct json_object *event)
{
	static const char *const devices[] = {"drive0", "drive1", "disk0", "disk1", "scsi0"};
	const char *device = mpr_json_get_string(mpr_json_get(event, "data"), "device");
	bool own = false;

	(void)opaque;
	require(mpr_json_get_string(event, "event") && device);
	for (size_t i = 0; i < G_N_ELEMENTS(devices); i++)
		own |= !strcmp(device, devices[i]);
	require(own);
}

static void on_text(void *opaque, const char *text)
{
	(void)opaque;
	(void)text;
}

static void give_command(struct machine *machine, unsigned which)
{
	static const char *const lines[] = {
		"rdevice_del disk0",
		"rdevice_del scsi0",
		"rdrive_del drive0",
		"rdrive_add 0 drive1 file=x",
		"rdevice_add 0 scsi-hd disk1 drive0 scsi0.0",
		"rdevice_add lsi53c895a,id=scsi1,rid=0",
		"remote_proc_list",
		"info version",
		"info block",
		"info blockstats",
		"info qtree",
		"qom-list /machine/peripheral",
		"block_resize drive0 1",
		"drive_del drive0",
		"eject drive0",
		"device_add scsi-hd,id=disk1,drive=drive0",
	};

	mpr_hmp_relay_run(machine->hmp, lines[which % G_N_ELEMENTS(lines)], on_text, NULL);
}

/* ---- The machine -------------------------------------------------------- */

/* Stands for the remote process, to which signals may be sent. */
static pid_t idle_process(void)
{
	static pid_t pid;

	if (!pid)
		pid = fork();
	require(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static int make_pair(int *peer)
{
	int fds[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
	*peer = fds[1];
	return fds[0];
}

static void create(struct machine *machine)
{
	static char *arguments[] = {
		"qemu",
		"-rdevice",
		"lsi53c895a,id=scsi0,rid=0",
		"-rdrive",
		"id=drive0,file=x,werror=stop,rid=0",
		"-rdevice",
		"scsi-hd,id=disk0,drive=drive0,bus=scsi0.0,rid=0",
		NULL,
	};
	char *error;

	require(mpr_plan_create(arguments, &machine->plan, &error) == 0);
	machine->family = mpr_family_create();
	require(machine->family);
	machine->vm = mpr_vm_create(machine->family, machine->plan, "/nonexistent");
	mpr_vm_add_remote(machine->vm,
			  mpr_family_add_remote(machine->family, idle_process(), 0, -1),
			  make_pair(&machine->remote));
	mpr_vm_set_qemu(machine->vm, make_pair(&machine->qemu));
	mpr_vm_listen(machine->vm, on_event, NULL);
	machine->commands = mpr_commands_of(machine->vm);
	machine->words = mpr_words_create(&machine->commands);
	machine->hmp = mpr_hmp_relay_create(&machine->commands);
}

static void destroy(struct machine *machine)
{
	close(machine->qemu);
	close(machine->remote);
	mpr_vm_destroy(machine->vm);
	mpr_hmp_relay_destroy(machine->hmp);
	mpr_words_destroy(machine->words);
	mpr_family_destroy(machine->family);
	mpr_plan_free(machine->plan);
}

/* Until nothing is left to do; QEMU and remote read all that they are sent. */
static void run(const struct machine *machine)
{
	bool worked = true;

	for (int i = 0; i < 50 && worked; i++) {
		char heard[65536];

		worked = g_main_context_iteration(NULL, FALSE);
		worked |= recv(machine->qemu, heard, sizeof(heard), MSG_DONTWAIT) > 0;
		worked |= recv(machine->remote, heard, sizeof(heard), MSG_DONTWAIT) > 0;
	}
}

static void say(const struct machine *machine, int peer, const void *data, size_t size,
		size_t piece)
{
	const uint8_t *at = data;

	while (size) {
		ssize_t n = send(peer, at, piece < size ? piece : size, MSG_NOSIGNAL);

		run(machine);
		if (n <= 0)
			return; /* disconnected, or not read from */
		at += n;
		size -= (size_t)n;
	}
}

static void say_line(const struct machine *machine, const uint8_t *line, size_t len, size_t piece)
{
	int peer = len && *line == 'Q' ? machine->qemu : machine->remote;

	if (len)
		say(machine, peer, line + 1, len - 1, piece);
	say(machine, peer, "\n", 1, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine machine;
	size_t piece;

	if (!size)
		return 0;
	create(&machine);
	say(&machine, machine.qemu, GREETING, strlen(GREETING), 4096);
	say(&machine, machine.remote, GREETING, strlen(GREETING), 4096);
	give_command(&machine, *data);
	run(&machine);
	piece = 1 + (*data >> 4) * 16u;
	for (data++, size--; size;) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t len = newline ? (size_t)(newline - data) : size;

		say_line(&machine, data, len, piece);
		data += len + (newline != NULL);
		size -= len + (newline != NULL);
	}
	destroy(&machine);
	return 0;
}
