/* SPDX-License-Identifier: MIT */
/* The mpring command: its sub-commands and their options. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "orchestrator/run.h"

#define VERSION "0.1.0"

static const char help[] =
	"usage: mpring run [--print] [--] QEMU [OPTION]...\n"
	"       mpring --help | --version\n"
	"\n"
	"Runs virtual machines whose PCI devices live in processes of their own.\n"
	"\n"
	"  run    run QEMU and the remote processes that its command line asks for\n"
	"\n"
	"'mpring run --help' says more.\n";

static const char run_help[] =
	"usage: mpring run [--print] [--] QEMU [OPTION]...\n"
	"\n"
	"Runs QEMU with the options given. These are for remote processes:\n"
	"\n"
	"  -rdevice DRIVER,id=ID,rid=N[,...]  a device in the remote process of number N:\n"
	"                                     an adapter, or a disk on an adapter's bus\n"
	"  -rdrive id=ID,file=FILE,rid=N[,...]  a disk image of that process\n"
	"  -rplugin FILE                      a shared object with further devices\n"
	"\n"
	"They may stand in any order. Properties of a device that its model does not have,\n"
	"such as bus= and addr=, are for the PCI device that the guest sees. The guest's memory must be\n"
	"shared. For example:\n"
	"\n"
	"  mpring run -- qemu-system-x86_64 -machine q35,memory-backend=mem \\\n"
	"      -object memory-backend-memfd,id=mem,size=1G -m 1G \\\n"
	"      -rdevice lsi53c895a,id=lsi0,rid=0 \\\n"
	"      -rdrive id=d0,file=disk.img,format=raw,rid=0 \\\n"
	"      -rdevice scsi-hd,drive=d0,bus=lsi0.0,scsi-id=0,rid=0\n"
	"\n"
	"Called through a link named qemu-system-x86_64-mp, the program is\n"
	"'mpring run -- qemu-system-x86_64'.\n"
	"\n"
	"QEMU's monitors are where -monitor, -qmp and -mon put them (stdio, unix:PATH and\n"
	"others), with five more commands: rdevice_add, rdevice_del, rdrive_add, rdrive_del\n"
	"and remote_proc_list.\n"
	"\n"
	"  --print       print the commands instead of running them\n"
	"  -h, --help    this help\n"
	"\n"
	"The exit status is QEMU's, 128 + N if signal N killed QEMU, or 1 when it could\n"
	"not be started. SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on to QEMU.\n"
	"\n"
	"MPRING_REMOTE and MPRING_QEMU_SO name the remote program and the object that is\n"
	"loaded into QEMU, if they are not where mpring looks for them.\n";

/* After getopt or the caller has said what is wrong. */
static int refer_to_help(const char *command)
{
	fprintf(stderr, "Try 'mpring %s--help'.\n", command);
	return 1;
}

static int run_command(int argc, char **argv)
{
	static const struct option options[] = {
		{"print", no_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool print = false;
	int c;

	argv[0] = "mpring run"; /* for getopt's messages */
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			print = true;
			break;
		case 'h':
			fputs(run_help, stdout);
			return 0;
		default:
			return refer_to_help("run ");
		}
	}
	if (optind == argc) {
		fputs("mpring run: QEMU's command line is missing\n", stderr);
		return refer_to_help("run ");
	}
	return mpr_run(argv + optind, print);
}

/* Called by this name, the program takes QEMU's own command line, with two more options. */
#define LINK_NAME "qemu-system-x86_64-mp"
#define LINK_QEMU "qemu-system-x86_64"

static bool is_link(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, LINK_NAME);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (argc > 0 && is_link(argv[0])) {
		argv[0] = LINK_QEMU;
		return mpr_run(argv, false);
	}
	if (!strcmp(command, "run"))
		return run_command(argc - 1, argv + 1);
	if (!strcmp(command, "--help") || !strcmp(command, "-h")) {
		fputs(help, stdout);
		return 0;
	}
	if (!strcmp(command, "--version")) {
		puts("mpring " VERSION);
		return 0;
	}
	if (*command)
		fprintf(stderr, "mpring: there is no command '%s'\n", command);
	else
		fputs("mpring: a command is missing\n", stderr);
	return refer_to_help("");
}
