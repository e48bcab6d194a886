/* SPDX-License-Identifier: MIT */
/* Proves that every command line that cannot work is refused with a message
 * that says what is wrong and what would be right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/remote/harness.h"

#define MAX_ARGS 16

struct wrong {
	const char *name;
	const char *args[MAX_ARGS];
	const char *message;
};

#define DEVICE "-device", "test-device,id=t0"

static const struct wrong wrongs[] = {
	{"nothing at all",
	 {NULL},
	 "nothing to serve: there is no PCI device (-device help lists them)"},
	{"no socket",
	 {DEVICE},
	 "nothing to serve: give a file descriptor number first, or -object x-remote-object"},
	{"unknown option",
	 {"@", "-devise", "x"},
	 "-devise: no such option (did you mean -device?)"},
	{"user that there is not",
	 {"@", DEVICE, "-runas", "no-such-user"},
	 "-runas no-such-user: there is no such user, and it is not UID:GID"},
	{"numbers that are no user",
	 {"@", DEVICE, "-runas", "1:4294967295"},
	 "-runas 1:4294967295: there is no such user, and it is not UID:GID"},
	{"user for a half of the process",
	 {"@", DEVICE, "-runas", "1:1", "-machine", "x-remote,sqpoll=on"},
	 "-runas 1:1: with sqpoll=on a thread of the kernel's would go on as the user of now: "
	 "leave one of them out"},
	{"sandbox that does not know what to do",
	 {"@", DEVICE, "-sandbox", "on,spawn=children"},
	 "-sandbox on,spawn=children: spawn=children is not allow or deny"},
	{"option far from any", {"@", "-bios", "x"}, "-bios: no such option (-help lists them)"},
	{"missing argument", {"@", "-device"}, "-device: an argument is missing"},
	{"another machine",
	 {"@", "-machine", "q35"},
	 "-machine q35: the machine of a device process is x-remote"},
	{"machine that polls by half",
	 {"@", "-machine", "x-remote,sqpoll=maybe"},
	 "-machine x-remote,sqpoll=maybe: sqpoll=maybe is neither on nor off"},
	{"memory that is locked by half",
	 {"@", "-overcommit", "mem-lock=maybe"},
	 "-overcommit mem-lock=maybe: mem-lock=maybe is neither on nor off"},
	{"unknown way to overcommit",
	 {"@", "-overcommit", "memlock=on"},
	 "-overcommit memlock=on: no property \"memlock\" (did you mean \"mem-lock\"?)"},
	{"two descriptors",
	 {"4", "5", DEVICE},
	 "5: only one file descriptor may stand alone, and there is 4 already"},
	{"descriptor that is no number", {"4x", DEVICE}, "\"4x\" is not a file descriptor number"},
	{"descriptor too large",
	 {"99999999999", DEVICE},
	 "\"99999999999\" is not a file descriptor number"},
	{"descriptor not open",
	 {"999", DEVICE},
	 "file descriptor 999 is not open in this process (it must be inherited)"},
	{"descriptor of a pipe", {"2", DEVICE}, "file descriptor 2 is not a socket"},
	{"unknown driver",
	 {"@", "-device", "test-devise,id=t0"},
	 "-device test-devise,id=t0: no driver \"test-devise\" (did you mean \"test-device\"?)"},
	{"driver far from any",
	 {"@", "-device", "e1000,id=t0"},
	 "-device e1000,id=t0: no driver \"e1000\" (-device help lists them)"},
	{"no driver",
	 {"@", "-device", "id=t0"},
	 "-device id=t0: the driver is missing (-device help lists them)"},
	{"adapter without an id",
	 {"@", "-device", "test-device"},
	 "-device test-device: id=NAME is missing; the VMM's pci-proxy-dev must have the same"},
	{"id with a blank",
	 {"@", "-device", "test-device,id=a b"},
	 "-device test-device,id=a b: id \"a b\" must have 1 to 31 characters and no blanks"},
	{"unknown property",
	 {"@", "-device", "test-device,id=t0,idd=x"},
	 "-device test-device,id=t0,idd=x: no property \"idd\" (did you mean \"id\"?)"},
	{"duplicate device id",
	 {"@", DEVICE, "-device", "test-device,id=t0"},
	 "-device test-device,id=t0: id \"t0\" is taken by -device test-device,id=t0"},
	{"drive without an id",
	 {"@", DEVICE, "-drive", "file=x"},
	 "-drive file=x: id=NAME is missing"},
	{"drive without a file",
	 {"@", DEVICE, "-drive", "id=d0"},
	 "-drive id=d0: file=PATH is missing"},
	{"duplicate drive id",
	 {"@", DEVICE, "-drive", "id=d0,file=x", "-drive", "id=d0,file=y"},
	 "-drive id=d0,file=y: id \"d0\" is taken by -drive id=d0,file=x"},
	{"drive with an interface",
	 {"@", DEVICE, "-drive", "id=d0,file=x,if=ide"},
	 "-drive id=d0,file=x,if=ide: if=ide is not none or scsi"},
	{"bus of a drive without a disk",
	 {"@", DEVICE, "-drive", "id=d0,file=x,unit=1"},
	 "-drive id=d0,file=x,unit=1: unit= needs if=scsi; else it is the -device's affair"},
	{"place that is taken",
	 {"@", DEVICE, "-drive", "if=scsi,file=x", "-drive", "if=scsi,file=y,index=0"},
	 "-drive if=scsi,file=y,index=0: bus 0, unit 0 is taken by -drive if=scsi,file=x"},
	{"place that is said twice",
	 {"@", DEVICE, "-drive", "if=scsi,file=x,index=0,unit=0"},
	 "-drive if=scsi,file=x,index=0,unit=0: index= stands for bus= and unit=: leave those out"},
	{"throttling",
	 {"@", DEVICE, "-drive", "id=d0,file=x,throttling.bps-total=1"},
	 "-drive id=d0,file=x,throttling.bps-total=1: throttling.bps-total=1 is not supported, only "
	 "0 is: I/O is not throttled here: bound the process by its cgroup's io.max"},
	{"image of another protocol",
	 {"@", DEVICE, "-drive", "id=d0,file=nbd:x:1"},
	 "-drive id=d0,file=nbd:x:1: file=nbd:x:1 is not supported, only files and block devices are "
	 "(./nbd:x:1 is a file)"},
	{"format that is not raw",
	 {"@", DEVICE, "-drive", "id=d0,file=x,format=qcow2"},
	 "-drive id=d0,file=x,format=qcow2: format=qcow2 is not supported, only raw is (qemu-img "
	 "convert -O raw makes it)"},
	{"unknown cache mode",
	 {"@", DEVICE, "-drive", "id=d0,file=x,cache=safe"},
	 "-drive id=d0,file=x,cache=safe: cache=safe is not writeback, none, off, "
	 "directsync, writethrough or unsafe"},
	{"cache mode that does not exist",
	 {"@", DEVICE, "-drive", "id=d0,file=x,cache=none,cache.no-flush=on"},
	 "-drive id=d0,file=x,cache=none,cache.no-flush=on: cache.no-flush=on is for "
	 "cache.direct=off and cache.writeback=on only: elsewhere flushes are made"},
	{"drive that is to pass discards on",
	 {"@", DEVICE, "-drive", "id=d0,file=x,discard=trim"},
	 "-drive id=d0,file=x,discard=trim: discard=trim is not ignore, off, unmap or on"},
	{"drive with a choice that is for writes only",
	 {"@", DEVICE, "-drive", "id=d0,file=/proc/self/exe,readonly=on,rerror=enospc"},
	 "-drive id=d0,file=/proc/self/exe,readonly=on,rerror=enospc: rerror=enospc is not report, "
	 "ignore, stop or auto"},
	{"drive with a way that does not exist",
	 {"@", DEVICE, "-drive", "id=d0,file=x,aio=posix"},
	 "-drive id=d0,file=x,aio=posix: aio=posix is not io_uring, threads or native"},
	{"node without a name",
	 {"@", DEVICE, "-blockdev", "raw,file.driver=file,file.filename=x"},
	 "-blockdev raw,file.driver=file,file.filename=x: node-name=NAME is missing"},
	{"node of another format",
	 {"@", DEVICE, "-blockdev", "driver=qed,node-name=n"},
	 "-blockdev driver=qed,node-name=n: driver=qed is not supported, only raw, file and "
	 "host_device are"},
	{"node that names another that there is not",
	 {"@", DEVICE, "-blockdev", "{\"driver\":\"raw\",\"node-name\":\"n\",\"file\":\"f\"}"},
	 "-blockdev {\"driver\":\"raw\",\"node-name\":\"n\",\"file\":\"f\"}: file=f: there is no such -blockdev before it"},
	{"nodes that do not agree",
	 {"@", DEVICE, "-blockdev", "file,node-name=f,filename=/proc/self/exe,read-only=on",
	  "-blockdev", "raw,node-name=n,file=f"},
	 "-blockdev raw,node-name=n,file=f: read-only of node \"f\" is another: say the same of "
	 "both"},
	{"node that two stand on",
	 {"@", DEVICE, "-blockdev", "file,node-name=f,filename=/proc/self/exe,read-only=on",
	  "-blockdev", "raw,node-name=n,file=f,read-only=on", "-blockdev",
	  "raw,node-name=m,file=f,read-only=on"},
	 "-blockdev raw,node-name=m,file=f,read-only=on: file=f: it is in use"},
	{"node that is not JSON",
	 {"@", DEVICE, "-blockdev", "{\"driver\""},
	 "-blockdev {\"driver\": not JSON: unexpected end of data"},
	{"property of a node that there is not",
	 {"@", DEVICE, "-blockdev", "raw,node-name=n,file.filname=x"},
	 "-blockdev raw,node-name=n,file.filname=x: no property \"file.filname\" (did you mean "
	 "\"file.filename\"?)"},
	{"unknown drive property",
	 {"@", DEVICE, "-drive", "id=d0,file=x,read_only=on"},
	 "-drive id=d0,file=x,read_only=on: no property \"read_only\" (did you mean "
	 "\"readonly\"?)"},
	{"polling of a page cache",
	 {"@", DEVICE, "-drive", "id=d0,file=/proc/self/exe,readonly=on,iopoll=on"},
	 "-drive id=d0,file=/proc/self/exe,readonly=on,iopoll=on: /proc/self/exe: iopoll=on needs "
	 "direct I/O: use cache=none or cache=directsync"},
	{"image that is not there",
	 {"@", DEVICE, "-drive", "id=d0,file=/nowhere/x"},
	 "-drive id=d0,file=/nowhere/x: /nowhere/x: cannot be opened: No such file or directory"},
	{"disk on a device without a bus",
	 {"@", DEVICE, "-device", "scsi-hd,drive=d0,bus=t0.0"},
	 "-device scsi-hd,drive=d0,bus=t0.0: no bus \"t0.0\" (there is none)"},
	{"object of another type",
	 {DEVICE, "-object", "memory-backend-memfd,id=m"},
	 "-object memory-backend-memfd,id=m: the only object here is x-remote-object"},
	{"object without a device",
	 {DEVICE, "-object", "x-remote-object,id=r,fd=4"},
	 "-object x-remote-object,id=r,fd=4: devid=ID is missing"},
	{"object with an unknown device",
	 {DEVICE, "-object", "x-remote-object,id=r,devid=t1,fd=4"},
	 "-object x-remote-object,id=r,devid=t1,fd=4: no PCI device \"t1\" (there is: t0)"},
	{"object without a socket",
	 {DEVICE, "-object", "x-remote-object,id=r,devid=t0"},
	 "-object x-remote-object,id=r,devid=t0: give either fd=N or path=PATH"},
	{"object with two sockets",
	 {DEVICE, "-object", "x-remote-object,id=r,devid=t0,fd=4,path=/x"},
	 "-object x-remote-object,id=r,devid=t0,fd=4,path=/x: give either fd=N or path=PATH"},
	{"object with a bad descriptor",
	 {DEVICE, "-object", "x-remote-object,id=r,devid=t0,fd=x,"},
	 "-object x-remote-object,id=r,devid=t0,fd=x,: \"x\" is not a file descriptor number"},
	{"duplicate object id",
	 {DEVICE, "-object", "x-remote-object,id=r,devid=t0,fd=4", "-object",
	  "x-remote-object,id=r,devid=t0,fd=5"},
	 "-object x-remote-object,id=r,devid=t0,fd=5: id \"r\" is taken by -object "
	 "x-remote-object,id=r,devid=t0,fd=4"},
	{"device offered to nobody",
	 {DEVICE, "-device", "test-device,id=t1", "-object",
	  "x-remote-object,id=r,devid=t0,path=/tmp/x"},
	 "device \"t1\" is offered to nobody: give -object x-remote-object,id=NAME,devid=t1,fd=N"},
	{"descriptor and object",
	 {"4", DEVICE, "-object", "x-remote-object,id=r,devid=t0,fd=5"},
	 "4: a file descriptor that stands alone and -object exclude each other"},
	{"path too long",
	 {DEVICE, "-object",
	  "x-remote-object,id=r,devid=t0,path=/tmp/"
	  "0123456789012345678901234567890123456789012345678901234567890123456789"
	  "0123456789012345678901234567890123456789"},
	 "-object x-remote-object,id=r,devid=t0,path=/tmp/"
	 "0123456789012345678901234567890123456789012345678901234567890123456789"
	 "0123456789012345678901234567890123456789: path must have 1 to 107 bytes"},
};

static void is_refused(void **state)
{
	const struct wrong *wrong = *state;
	struct remote remote;
	char *output, *expected;

	remote_start(&remote, wrong->args);
	assert_int_equal(remote_finish(&remote), 1);
	output = remote_output(&remote);
	assert_true(asprintf(&expected, "mpring-remote: %s\n", wrong->message) > 0);
	assert_string_equal(output, expected);
	free(expected);
	free(output);
	free(remote_print(&remote));
}

static void help_is_printed_and_nothing_is_run(void **state)
{
	static const char *const asks[][3] = {
		{"-h"},
		{"-help"},
		{"--help"},
		{"-version"},
		{"--version"},
		{"-device", "help"},
		{"-device", "test-device,help"},
		{"-device", "scsi-hd,help"},
	};
	static const char *const starts[] = {
		"usage: mpring-remote ",
		"usage: mpring-remote ",
		"usage: mpring-remote ",
		"mpring-remote ",
		"mpring-remote ",
		"PCI devices:\nname \"test-device\"",
		"test-device options:\n  id=<str>",
		"scsi-hd options:\n  id=<str>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		struct remote remote;
		char *print;

		remote_start(&remote, asks[i]);
		assert_int_equal(remote_finish(&remote), 0);
		print = remote_print(&remote);
		if (strncmp(print, starts[i], strlen(starts[i])))
			fail_msg("%s %s: %s", asks[i][0], asks[i][1] ? asks[i][1] : "", print);
		free(print);
		free(remote_output(&remote));
	}
}

int main(void)
{
	enum { COUNT = sizeof(wrongs) / sizeof(wrongs[0]) };
	struct CMUnitTest tests[COUNT + 1] = {
		[COUNT] = cmocka_unit_test(help_is_printed_and_nothing_is_run),
	};

	for (size_t i = 0; i < COUNT; i++)
		tests[i] = (struct CMUnitTest){
			.name = wrongs[i].name,
			.test_func = is_refused,
			.initial_state = (void *)&wrongs[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
