/* SPDX-License-Identifier: MIT */
/* Proves which command lines QEMU and the remote processes get, and which command lines are
 * refused. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/quote.h"
#include "orchestrator/plan/argv.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/plan/shared_memory.h"
#include "tests/common/unit.h"

#define ARGS_MAX 64
#define REMOTES_MAX 3

/* Cuts a line at its blanks, in place. */
static char **split(char *line)
{
	static char *argv[ARGS_MAX + 1];
	size_t count = 0;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
		assert_true(count < ARGS_MAX);
		argv[count++] = word;
	}
	argv[count] = NULL;
	return argv;
}

/* Frees argv and compares it. */
static void assert_command(char **argv, const char *expected)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	mpr_print_command(out, argv);
	fclose(out);
	g_strfreev(argv);
	text[size - 1] = '\0'; /* the newline */
	assert_string_equal(text, expected);
	free(text);
}

struct rewrite {
	const char *given;
	const char *qemu;		  /* remote i's socket is 10 + i */
	const char *remotes[REMOTES_MAX]; /* its own end is 20 + i */
};

static void rewrite(void **state)
{
	static const int fds[REMOTES_MAX] = {10, 11, 12};
	const struct rewrite *r = *state;
	char *line = strdup(r->given), *error;
	struct mpr_plan *plan;
	size_t count = 0;

	if (mpr_plan_create(split(line), &plan, &error))
		fail_msg("%s", error);
	while (count < REMOTES_MAX && r->remotes[count])
		count++;
	assert_int_equal(mpr_plan_remotes(plan), count);
	assert_command(mpr_plan_qemu_argv(plan, fds, -1), r->qemu);
	for (size_t i = 0; i < count; i++)
		assert_command(mpr_plan_remote_argv(plan, i, "remote", 20 + i, -1), r->remotes[i]);
	mpr_plan_free(plan);
	free(line);
}

static struct rewrite nothing_remote = {
	.given = "qemu -m 1G -device lsi53c895a,id=lsi0 -drive file=x",
	.qemu = "qemu -m 1G -device lsi53c895a,id=lsi0 -drive file=x",
};

static struct rewrite documented_proxy = {
	.given = "qemu -device x-pci-proxy-dev,id=lsi0,socket=3 --device x-pci-proxy-dev,id=b,fd=4",
	.qemu = "qemu -device pci-proxy-dev,id=lsi0,socket=3 --device x-pci-proxy-dev,id=b,fd=4",
};

static struct rewrite one_disk = {
	.given = "qemu -m 1G -rdevice lsi53c895a,id=lsi0,rid=0 -rdrive id=d0,file=disk.img,rid=0 "
		 "-rdevice scsi-hd,drive=d0,bus=lsi0.0,scsi-id=0,rid=0 -nographic",
	.qemu = "qemu -m 1G -device pci-proxy-dev,id=lsi0,socket=10 -nographic",
	.remotes = {"remote 20 -drive id=d0,file=disk.img -device lsi53c895a,id=lsi0 "
		    "-device scsi-hd,drive=d0,bus=lsi0.0,scsi-id=0"},
};

static struct rewrite json = {
	.given =
		"qemu -rdevice {\"driver\":\"lsi53c895a\",\"id\":\"a\",\"rid\":0,\"addr\":\"5\"} "
		"-rdrive {\"id\":\"d\",\"file\":\"a,b.img\",\"readonly\":true,\"rid\":0} "
		"-rdevice {\"driver\":\"scsi-hd\",\"drive\":\"d\",\"bus\":\"a.0\",\"scsi-id\":3,"
		"\"rid\":0} -device {\"driver\":\"x-pci-proxy-dev\",\"id\":\"b\",\"socket\":\"4\"}",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10,addr=5 "
		"-device pci-proxy-dev,id=b,socket=4",
	.remotes = {"remote 20 -drive id=d,file=a,,b.img,readonly=on -device lsi53c895a,id=a "
		    "-device scsi-hd,drive=d,bus=a.0,scsi-id=3"},
};

static struct rewrite other_name_of_the_driver = {
	.given = "qemu -rdevice lsi,id=a,rid=0,addr=5 "
		 "-rdevice {\"driver\":\"lsi\",\"id\":\"b\",\"rid\":0}",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10,addr=5 "
		"-device pci-proxy-dev,id=b,socket=10",
	.remotes = {"remote 20 -device lsi53c895a,id=a -device lsi53c895a,id=b"},
};

static struct rewrite any_order = {
	.given = "qemu -rdevice scsi-hd,rid=0,drive=d0,bus=scsi0.0,scsi-id=0 "
		 "-rdevice lsi53c895a,rid=0,id=scsi0 -rdrive id=d0,rid=0,file=data-disk.img -S",
	.qemu = "qemu -device pci-proxy-dev,id=scsi0,socket=10 -S",
	.remotes = {"remote 20 -drive id=d0,file=data-disk.img -device lsi53c895a,id=scsi0 "
		    "-device scsi-hd,drive=d0,bus=scsi0.0,scsi-id=0"},
};

static struct rewrite plugins = {
	.given = "qemu -rplugin ./f.so -S -rdevice filler,id=f,rid=0,addr=5 --rplugin g.so "
		 "-rdevice lsi53c895a,id=a,rid=1",
	.qemu = "qemu -S -device pci-proxy-dev,id=f,socket=10,addr=5 "
		"-device pci-proxy-dev,id=a,socket=11",
	.remotes = {"remote 20 -plugin ./f.so -plugin g.so -device filler,id=f",
		    "remote 21 -plugin ./f.so -plugin g.so -device lsi53c895a,id=a"},
};

static struct rewrite several_remotes = {
	.given = "qemu -rdevice lsi53c895a,id=a,rid=7 -rdevice lsi53c895a,id=b,rid=3 "
		 "-rdrive id=d0,file=x,rid=3 -rdevice scsi-hd,drive=d0,bus=b.0,rid=3",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10 -device pci-proxy-dev,id=b,socket=11",
	.remotes = {"remote 20 -device lsi53c895a,id=a",
		    "remote 21 -drive id=d0,file=x -device lsi53c895a,id=b "
		    "-device scsi-hd,drive=d0,bus=b.0"},
};

static struct rewrite adapters_share_a_remote = {
	.given = "qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice lsi53c895a,id=b,rid=0x0",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10 -device pci-proxy-dev,id=b,socket=10",
	.remotes = {"remote 20 -device lsi53c895a,id=a -device lsi53c895a,id=b"},
};

static struct rewrite pci_properties_go_to_the_proxy = {
	.given = "qemu -rdevice lsi53c895a,bus=pci.0,id=a,rid=0,addr=05.1,multifunction=on",
	.qemu = "qemu -device "
		"pci-proxy-dev,id=a,socket=10,bus=pci.0,addr=05.1,multifunction=on",
	.remotes = {"remote 20 -device lsi53c895a,id=a"},
};

static struct rewrite waiting_is_for_both_sides_and_places_for_the_process = {
	.given = "qemu -rdevice lsi53c895a,id=a,rid=0,poll-us=50,cpu=0,,2-3,numa-node=1,addr=5 "
		 "-rdevice lsi53c895a,id=b,rid=0,numa-node=1 -rdevice lsi53c895a,id=c,rid=1",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10,poll-us=50,addr=5 "
		"-device pci-proxy-dev,id=b,socket=10 -device pci-proxy-dev,id=c,socket=11",
	.remotes = {"remote 20 -machine x-remote,poll-us=50,cpu=0,,2-3,numa-node=1 "
		    "-device lsi53c895a,id=a -device lsi53c895a,id=b",
		    "remote 21 -device lsi53c895a,id=c"},
};

static struct rewrite other_drivers_on_a_remote_bus = {
	.given = "qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice tape,bus=a.0,rid=0 "
		 "-rdevice nvme,id=n,rid=0",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10 -device pci-proxy-dev,id=n,socket=10",
	.remotes = {"remote 20 -device lsi53c895a,id=a -device nvme,id=n "
		    "-device tape,bus=a.0"},
};

static struct rewrite locking_is_for_all = {
	.given = "qemu --overcommit mem-lock=on -rdevice lsi53c895a,id=a,rid=0 "
		 "-rdevice lsi53c895a,id=b,rid=1",
	.qemu = "qemu --overcommit mem-lock=on -device pci-proxy-dev,id=a,socket=10 "
		"-device pci-proxy-dev,id=b,socket=11",
	.remotes = {"remote 20 --overcommit mem-lock=on -device lsi53c895a,id=a",
		    "remote 21 --overcommit mem-lock=on -device lsi53c895a,id=b"},
};

static struct rewrite users_and_roots_are_for_all = {
	.given = "qemu -runas nobody -chroot /var/empty -sandbox on,spawn=deny "
		 "-rdevice lsi53c895a,id=a,rid=0",
	.qemu = "qemu -runas nobody -chroot /var/empty -sandbox on,spawn=deny -device pci-proxy-dev,id=a,socket=10",
	.remotes =
		{"remote 20 -runas nobody -chroot /var/empty -sandbox on,spawn=deny -device lsi53c895a,id=a"},
};

static struct rewrite users_and_roots_in_later_words = {
	.given = "qemu -run-with user=65534:65534,chroot=/srv -rdevice lsi53c895a,id=a,rid=0 "
		 "-run-with async-teardown=on",
	.qemu = "qemu -run-with user=65534:65534,chroot=/srv "
		"-device pci-proxy-dev,id=a,socket=10 -run-with async-teardown=on",
	.remotes = {"remote 20 -runas 65534:65534 -chroot /srv -device lsi53c895a,id=a"},
};

static struct rewrite commas_stay_doubled = {
	.given = "qemu -rdevice lsi53c895a,id=a,rid=0 -rdrive id=d,file=a,,b.img,rid=0",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10",
	.remotes = {"remote 20 -drive id=d,file=a,,b.img -device lsi53c895a,id=a"},
};

static struct rewrite two_dashes = {
	.given = "qemu --rdevice lsi53c895a,id=a,rid=0 --rdrive id=d,file=x,rid=0",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10",
	.remotes = {"remote 20 -drive id=d,file=x -device lsi53c895a,id=a"},
};

static struct rewrite globals_are_for_remote_devices_too = {
	.given = "qemu -global scsi-hd.serial=a,b -rdevice lsi,id=a,rid=0 -global "
		 "lsi53c895a.addr=5 -rdevice scsi-hd,bus=a.0,ver=1,rid=0 -rdevice "
		 "scsi-hd,bus=a.0,ver=2,lun=1,serial=,rid=0 -global "
		 "driver=scsi-device,property=lun,value=7 -global scsi-disk-base.lun=3 "
		 "-global scsi-cd.wwn=1 -global lsi.addr=6",
	.qemu = "qemu -global scsi-hd.serial=a,b -device pci-proxy-dev,id=a,socket=10,addr=5 "
		"-global lsi53c895a.addr=5 -global driver=scsi-device,property=lun,value=7 "
		"-global scsi-disk-base.lun=3 -global scsi-cd.wwn=1 -global lsi.addr=6",
	.remotes = {"remote 20 -device lsi53c895a,id=a "
		    "-device scsi-hd,bus=a.0,ver=1,lun=3,serial=a,,b "
		    "-device scsi-hd,bus=a.0,ver=2,lun=1,serial="},
};

static struct rewrite remote_options_are_set = {
	.given = "qemu -rdevice lsi53c895a,id=a,rid=0 -rdrive id=d,file=x,rid=0 "
		 "-rdevice scsi-hd,id=k,drive=d,bus=a.0,rid=0 -set device.k.serial=a,b "
		 "-set drive.d.file=y -set device.a.addr=7 -set device.b.addr=8 -set drive.k.x=1",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10,addr=7 -set device.b.addr=8 "
		"-set drive.k.x=1",
	.remotes = {"remote 20 -drive id=d,file=y -device lsi53c895a,id=a "
		    "-device scsi-hd,id=k,drive=d,bus=a.0,serial=a,,b"},
};

static struct rewrite disks_are_in_the_boot_order = {
	.given = "qemu -rdevice scsi-hd,id=w,drive=w,bootindex=3,rid=0 -rdrive id=w,file=w,rid=0 "
		 "-rdevice lsi,id=a,rid=0,addr=5 -rdevice lsi,id=b,rid=0 "
		 "-rdrive id=x,file=x,rid=0 -rdevice scsi-hd,drive=x,bus=a.0,bootindex=-1,rid=0 "
		 "-rdrive id=y,file=y,rid=0 -rdevice scsi-hd,drive=y,bus=a.0,bootindex=0,rid=0 "
		 "-rdrive id=z,file=z,rid=0 "
		 "-rdevice scsi-hd,drive=z,bus=b.0,scsi-id=12,lun=3,bootindex=1,rid=0 "
		 "-device ide-hd,drive=q,bootindex=2",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10,addr=5,"
		"boot-order=3:/channel@0/disk@0,,0+0:/channel@0/disk@2,,0 "
		"-device pci-proxy-dev,id=b,socket=10,boot-order=1:/channel@0/disk@c,,3 "
		"-device ide-hd,drive=q,bootindex=2",
	.remotes = {"remote 20 -drive id=w,file=w -drive id=x,file=x -drive id=y,file=y "
		    "-drive id=z,file=z -device lsi53c895a,id=a -device lsi53c895a,id=b "
		    "-device scsi-hd,id=w,drive=w,bootindex=3,bus=a.0,scsi-id=0 "
		    "-device scsi-hd,drive=x,bus=a.0 "
		    "-device scsi-hd,drive=y,bus=a.0,bootindex=0,scsi-id=2 "
		    "-device scsi-hd,drive=z,bus=b.0,scsi-id=12,lun=3,bootindex=1"},
};

static struct rewrite arguments_are_no_options = {
	.given = "qemu -append -rdevice -name -overcommit -rdevice lsi53c895a,id=a,rid=0",
	.qemu = "qemu -append -rdevice -name -overcommit -device pci-proxy-dev,id=a,socket=10",
	.remotes = {"remote 20 -name -overcommit -device lsi53c895a,id=a"},
};

static struct rewrite messages_have_one_form = {
	.given = "qemu -name vm1,process=p -msg timestamp=on,guest-name=on "
		 "-rdevice lsi53c895a,id=a,rid=0",
	.qemu = "qemu -name vm1,process=p -msg timestamp=on,guest-name=on "
		"-device pci-proxy-dev,id=a,socket=10",
	.remotes = {"remote 20 -name vm1,process=p -msg timestamp=on,guest-name=on "
		    "-device lsi53c895a,id=a"},
};

static struct rewrite names_of_drives_and_devices_are_apart = {
	.given = "qemu -rdevice lsi53c895a,id=a,rid=0 -rdrive id=a,file=x,rid=0",
	.qemu = "qemu -device pci-proxy-dev,id=a,socket=10",
	.remotes = {"remote 20 -drive id=a,file=x -device lsi53c895a,id=a"},
};

static void monitors(void **state)
{
	char line[] = "qemu -overcommit mem-lock=on -rdevice lsi53c895a,id=a,rid=0 "
		      "-rdevice lsi53c895a,id=b,rid=0 -rdrive id=d,file=x,rid=0";
	int fd = 10;
	struct mpr_plan *plan;
	char *error;

	(void)state;
	assert_int_equal(mpr_plan_create(split(line), &plan, &error), 0);
	assert_command(mpr_plan_qemu_argv(plan, &fd, 11),
		       "qemu -overcommit mem-lock=on -device pci-proxy-dev,id=a,socket=10 "
		       "-device pci-proxy-dev,id=b,socket=10 -chardev socket,id=mpring-qmp,fd=11 "
		       "-qmp chardev:mpring-qmp");
	assert_command(mpr_plan_remote_argv(plan, 0, "remote", 20, 21),
		       "remote -chardev socket,id=mpring-qmp,fd=21 "
		       "-qmp chardev:mpring-qmp -overcommit mem-lock=on -machine x-remote "
		       "-drive id=d,file=x -device lsi53c895a,id=a -device lsi53c895a,id=b "
		       "-object x-remote-object,id=mpring-a,devid=a,fd=20 "
		       "-object x-remote-object,id=mpring-b,devid=b,fd=20");
	assert_command(mpr_plan_new_remote_argv(plan, 0, "remote", 21),
		       "remote -chardev socket,id=mpring-qmp,fd=21 "
		       "-qmp chardev:mpring-qmp -overcommit mem-lock=on -machine x-remote");
	mpr_plan_free(plan);
}

/* The command lines in Multi-process QEMU's manual, verbatim. */
static struct rewrite manual_of_rdevice = {
	.given = "qemu-system-x86_64 -enable-kvm -machine q35 -smp 4 -m 4096M -vnc :0 "
		 "-net nic -net user,hostfwd=tcp::5022-:22 -hda os.qcow2 "
		 "-rdevice lsi53c895a,rid=0,id=scsi0 "
		 "-rdevice scsi-hd,rid=0,drive=drive0,bus=scsi0.0,scsi-id=0 "
		 "-rdrive id=drive0,rid=0,file=data-disk.img "
		 "-object memory-backend-file,id=mem,mem-path=/dev/shm/,size=4096M,share=on "
		 "-numa node,memdev=mem",
	.qemu = "qemu-system-x86_64 -enable-kvm -machine q35 -smp 4 -m 4096M -vnc :0 "
		"-net nic -net user,hostfwd=tcp::5022-:22 -hda os.qcow2 "
		"-device pci-proxy-dev,id=scsi0,socket=10 "
		"-object memory-backend-file,id=mem,mem-path=/dev/shm/,size=4096M,share=on "
		"-numa node,memdev=mem",
	.remotes = {"remote 20 -drive id=drive0,file=data-disk.img -device lsi53c895a,id=scsi0 "
		    "-device scsi-hd,drive=drive0,bus=scsi0.0,scsi-id=0"},
};

static struct rewrite manual_of_hotplug = {
	.given = "qemu-system-x86_64 -enable-kvm -machine q35 -smp 4 -m 4096M -vnc :0 "
		 "-net nic -net user,hostfwd=tcp::5022-:22 "
		 "-drive file=/root/ol7.qcow2,format=raw "
		 "-rdevice lsi53c895a,rid=0,id=scsi0 "
		 "-object memory-backend-file,id=mem,mem-path=/dev/shm/,size=4096M,share=on "
		 "-numa node,memdev=mem -monitor stdio",
	.qemu = "qemu-system-x86_64 -enable-kvm -machine q35 -smp 4 -m 4096M -vnc :0 "
		"-net nic -net user,hostfwd=tcp::5022-:22 "
		"-drive file=/root/ol7.qcow2,format=raw "
		"-device pci-proxy-dev,id=scsi0,socket=10 "
		"-object memory-backend-file,id=mem,mem-path=/dev/shm/,size=4096M,share=on "
		"-numa node,memdev=mem -monitor stdio",
	.remotes = {"remote 20 -device lsi53c895a,id=scsi0"},
};

#define ADAPTER "qemu -rdevice lsi,id=a,rid=0 "
#define BOOTS(index) "-rdevice scsi-hd,bus=a.0,rid=0,bootindex=" index " "

static void refusals(void **state)
{
	static const struct {
		const char *given, *message;
	} cases[] = {
		{"qemu -rdevice", "-rdevice: its value is missing"},
		{"qemu -rplugin", "-rplugin: its value is missing"},
		{"qemu -rdevice lsi53c895a,id=a", "-rdevice lsi53c895a,id=a: rid= is missing"},
		{"qemu -rdrive id=a,file=x", "-rdrive id=a,file=x: rid= is missing"},
		{"qemu -rdevice lsi53c895a,id=a,rid=one", "rid=one is not a number"},
		{"qemu -rdevice lsi53c895a,rid=0", "id= is missing"},
		{"qemu -rdevice id=a,rid=0", "driver's name is missing"},
		{"qemu -rdevice a,,b,id=a,rid=0", "not a driver's name"},
		{"qemu -rdevice lsi53c895a,id=0a,rid=0", "must begin with a letter"},
		{"qemu -rdevice lsi53c895a,id=a,,b,rid=0", "must begin with a letter"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdrive file=x,rid=0", "id= is missing"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -snapshot", "-snapshot: remote disks"},
		{ADAPTER BOOTS("1") BOOTS("1"),
		 "-rdevice scsi-hd,bus=a.0,rid=0,bootindex=1: bootindex=1 is taken by -rdevice "
		 "scsi-hd,bus=a.0,rid=0,bootindex=1"},
		{ADAPTER BOOTS("7") "-device ide-hd,bootindex=7",
		 "bootindex=7 is taken by -device ide-hd,bootindex=7"},
		{ADAPTER BOOTS("first"),
		 "bootindex=first is not a number from 0 to 2147483647, or -1"},
		{ADAPTER BOOTS("2147483648"), "bootindex=2147483648 is not a number"},
		{"qemu -rdrive id=d,file=x,rid=4", "rid 4 has no adapter"},
		{"qemu -rdevice scsi-hd,bus=a.0,rid=4", "rid 4 has no adapter"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice lsi53c895a,id=a,rid=1",
		 "-rdevice lsi53c895a,id=a,rid=1: the id is taken"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdrive id=d,rid=0 -rdrive id=d,rid=0",
		 "the id is taken"},
		{"qemu -device e1000,id=a -rdevice lsi53c895a,id=a,rid=0",
		 "-rdevice lsi53c895a,id=a,rid=0: the id is taken by -device e1000,id=a"},
		{"qemu -drive if=none,id=d -rdevice lsi,id=a,rid=0 -rdrive id=d,file=x,rid=0",
		 "-rdrive id=d,file=x,rid=0: the name \"d\" is taken by -drive if=none,id=d"},
		{"qemu -rdevice lsi,id=a,rid=0 -rdrive id=d,node-name=n,file=x,rid=0 "
		 "-blockdev {\"driver\":\"file\",\"node-name\":\"n\"}",
		 "the name \"n\" is taken by -blockdev {"},
		{"qemu -rdevice lsi,id=a,rid=0 -rdrive id=d,node-name=n,file=x,rid=0 "
		 "-rdevice lsi,id=b,rid=1 -rdrive id=e,node-name=n,file=y,rid=1",
		 "-rdrive id=e,node-name=n,file=y,rid=1: the node's name, or the id, is taken"},
		{"qemu -rdevice lsi,id=a,rid=0 -rdrive id=d,node-name=n,file=x,rid=0 "
		 "-rdevice lsi,id=b,rid=1 -rdrive id=n,file=y,rid=1",
		 "-rdrive id=n,file=y,rid=1: the node's name, or the id, is taken"},
		{"qemu -rdevice {\"driver\":\"lsi\",\"id\":\"a\"}", "rid= is missing"},
		{"qemu -rdevice {\"rid\":0", "-rdevice {\"rid\":0: not JSON"},
		{"qemu -device {\"driver\":\"e1000\",\"id\":\"a\"} -rdevice lsi,id=a,rid=0",
		 "-rdevice lsi,id=a,rid=0: the id is taken by -device {"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice scsi-hd,id=x,rid=0,drive=d "
		 "--device e1000,id=x -rdrive id=d,rid=0",
		 "the id is taken by --device e1000,id=x"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice scsi-hd,bus=b.0,drive=d,rid=0 "
		 "-rdrive id=d,rid=0",
		 "-rdevice scsi-hd,bus=b.0,drive=d,rid=0: there is no bus \"b.0\": -rdevice "
		 "lsi53c895a,id=ID makes ID.0"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice scsi-hd,bus=a.1,rid=0",
		 "there is no bus \"a.1\""},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice lsi53c895a,id=b,rid=1 "
		 "-rdevice scsi-hd,bus=b.0,drive=d,rid=0 -rdrive id=d,rid=0",
		 "bus \"b.0\" is in the process of rid 1"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice scsi-hd,drive=d,rid=0",
		 "there is no drive \"d\": add -rdrive id=d,rid=0,file=FILE"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice scsi-hd,drive=d,rid=0 "
		 "-blockdev {\"driver\":\"null-co\",\"node-name\":\"d\"}",
		 "drive \"d\" is QEMU's own (-blockdev {\"driver\":\"null-co\",\"node-name\":\"d\"}): "
		 "a remote disk needs an -rdrive"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdrive id=d,file=/dev/fdset/1,rid=0 "
		 "-add-fd fd=3,set=1",
		 "sets of file descriptors are QEMU's: give the path of the image itself"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice lsi53c895a,id=b,rid=1 "
		 "-rdevice scsi-hd,drive=d,rid=0 -rdrive id=d,rid=1",
		 "drive \"d\" is in the process of rid 1"},
		{"qemu -rdevice lsi53c895a,id=a,rid=0 -rdevice scsi-hd,drive=d,rid=0 "
		 "-rdrive id=d,node-name=n,rid=0 -rdevice scsi-hd,drive=n,rid=0",
		 "drive \"n\" is used by -rdevice scsi-hd,drive=d,rid=0"},
		{"qemu -rdevice lsi53c895a,id=a,rid=2,cpu=0 -rdevice lsi53c895a,id=b,rid=2,cpu=1",
		 "-rdevice lsi53c895a,id=b,rid=2,cpu=1: cpu=1, but cpu=0 was said before of the "
		 "same process (rid 2)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *line = strdup(cases[i].given), *error;
		struct mpr_plan *plan;

		assert_int_equal(mpr_plan_create(split(line), &plan, &error), -EINVAL);
		if (!strstr(error, cases[i].message))
			fail_msg("'%s' lacks '%s'", error, cases[i].message);
		free(error);
		free(line);
	}
}

static void memory(void **state)
{
	static const struct {
		const char *given, *message; /* NULL: it is shared */
	} cases[] = {
		{"-machine q35,memory-backend=m -object memory-backend-memfd,id=m,size=1G", NULL},
		{"-M q35 -M memory-backend=m -object memory-backend-memfd,id=m,size=1G", NULL},
		{"-object memory-backend-file,id=m,mem-path=/dev/shm/,size=4096M,share=on "
		 "-numa node,memdev=m",
		 NULL},
		{"--object memory-backend-file,id=m,mem-path=x,share=yes --numa node,memdev=m",
		 NULL},
		{"-machine q35,memory-backend=elsewhere", NULL},
		{"-object {\"qom-type\":\"memory-backend-memfd\",\"id\":\"m\"} "
		 "-numa node,memdev=m",
		 NULL},
		{"-object {\"qom-type\":\"memory-backend-ram\",\"id\":\"m\"} "
		 "-numa node,memdev=m",
		 "make it a memory-backend-memfd"},
		{"-m 1G", "the guest's memory is not shared with device processes: add -object "
			  "memory-backend-memfd,id=mem,size=SIZE -machine memory-backend=mem"},
		{"-object memory-backend-memfd,id=m,size=1G",
		 "-object memory-backend-memfd,id=m,size=1G: nothing uses this memory: add "
		 "-machine memory-backend=m or -numa node,memdev=m"},
		{"-object memory-backend-file,id=m,mem-path=x -numa node,memdev=m",
		 "-object memory-backend-file,id=m,mem-path=x: the guest's memory must be shared "
		 "with device processes: say share=on"},
		{"-object memory-backend-memfd,id=m,share=off -numa node,memdev=m", "say share=on"},
		{"-object memory-backend-memfd,id=m,share=maybe -numa node,memdev=m",
		 "share=maybe is neither on nor off"},
		{"-object memory-backend-ram,id=m,share=on -numa node,memdev=m",
		 "make it a memory-backend-memfd"},
		{"-object memory-backend-memfd,id=a -numa node,memdev=a "
		 "-object memory-backend-file,id=b -numa node,memdev=b",
		 "-object memory-backend-file,id=b: the guest's memory must be shared"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *line, *error = NULL;

		assert_true(asprintf(&line, "qemu %s", cases[i].given) > 0);
		assert_int_equal(mpr_check_memory(split(line), &error),
				 cases[i].message ? -EINVAL : 0);
		if (cases[i].message && !strstr(error, cases[i].message))
			fail_msg("'%s' lacks '%s'", error, cases[i].message);
		free(error);
		free(line);
	}
}

static void quoting(void **state)
{
	char *argv[] = {"plain/word-1,a=b", "", "two words", "it's", "$HOME", NULL};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	mpr_print_command(out, argv);
	fclose(out);
	assert_string_equal(text, "plain/word-1,a=b '' 'two words' 'it'\\''s' '$HOME'\n");
	free(text);
}

#define rewrite_test(name)                        \
	{                                         \
#name, rewrite, NULL, NULL, &name \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rewrite_test(nothing_remote),
		rewrite_test(documented_proxy),
		rewrite_test(one_disk),
		rewrite_test(json),
		rewrite_test(other_name_of_the_driver),
		rewrite_test(any_order),
		rewrite_test(plugins),
		rewrite_test(several_remotes),
		rewrite_test(adapters_share_a_remote),
		rewrite_test(pci_properties_go_to_the_proxy),
		rewrite_test(waiting_is_for_both_sides_and_places_for_the_process),
		rewrite_test(other_drivers_on_a_remote_bus),
		rewrite_test(locking_is_for_all),
		rewrite_test(users_and_roots_are_for_all),
		rewrite_test(users_and_roots_in_later_words),
		rewrite_test(commas_stay_doubled),
		rewrite_test(two_dashes),
		rewrite_test(globals_are_for_remote_devices_too),
		rewrite_test(remote_options_are_set),
		rewrite_test(disks_are_in_the_boot_order),
		rewrite_test(arguments_are_no_options),
		rewrite_test(messages_have_one_form),
		rewrite_test(names_of_drives_and_devices_are_apart),
		cmocka_unit_test(monitors),
		rewrite_test(manual_of_rdevice),
		rewrite_test(manual_of_hotplug),
		cmocka_unit_test(refusals),
		cmocka_unit_test(memory),
		cmocka_unit_test(quoting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
