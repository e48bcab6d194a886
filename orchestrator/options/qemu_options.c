/* SPDX-License-Identifier: MIT */
#include "orchestrator/options/qemu_options.h"

#include <string.h>

#define FLAG false
#define VALUE true

/* Reasons that several options share. */
#define PRINTS "prints something, and no machine is run"
#define MEMORY "the memory that it makes must be shared, which is checked"
#define CPU "processors are QEMU's"
#define BOARD "what else is on the board is QEMU's"
#define FIRMWARE "firmware and kernel run on QEMU's processors"
#define OWN_DISK "this disk is QEMU's own"
#define SCREEN "screen, sound, keyboard and mouse are QEMU's"
#define NETWORK "networks are QEMU's"
#define CHARDEV "character devices are QEMU's"
#define DEBUG "for who debugs QEMU or the guest; device processes have -d and -D of their own"
#define XEN "under Xen the guest's memory is not QEMU's to share"
#define MONITOR "a monitor has commands for both"

#define QEMU_ONLY(name, argument, why)                   \
	{                                                \
		name, argument, MPR_QEMU_ONLY, why, NULL \
	}
#define BOTH(name, argument, why)                   \
	{                                           \
		name, argument, MPR_BOTH, why, NULL \
	}
#define REFUSED(name, argument, why)                   \
	{                                              \
		name, argument, MPR_REFUSED, why, NULL \
	}

const struct mpr_qemu_option mpr_qemu_options[] = {
	QEMU_ONLY("h", FLAG, PRINTS),
	QEMU_ONLY("help", FLAG, PRINTS),
	QEMU_ONLY("version", FLAG, PRINTS),

	/* The machine */
	QEMU_ONLY("machine", VALUE, MEMORY),
	QEMU_ONLY("M", VALUE, MEMORY),
	QEMU_ONLY("cpu", VALUE, CPU),
	QEMU_ONLY("accel", VALUE, CPU),
	QEMU_ONLY("enable-kvm", FLAG, CPU),
	QEMU_ONLY("smp", VALUE, CPU),
	QEMU_ONLY("numa", VALUE, MEMORY),
	QEMU_ONLY("m", VALUE, MEMORY),
	QEMU_ONLY("mem-path", VALUE, MEMORY),
	QEMU_ONLY("mem-prealloc", FLAG, "device processes map the same pages"),
	QEMU_ONLY("uuid", VALUE, BOARD),
	QEMU_ONLY("smbios", VALUE, BOARD),
	QEMU_ONLY("acpitable", VALUE, BOARD),
	QEMU_ONLY("no-acpi", FLAG, BOARD),
	QEMU_ONLY("no-hpet", FLAG, BOARD),
	QEMU_ONLY("rtc", VALUE, BOARD),
	QEMU_ONLY("usb", FLAG, BOARD),
	QEMU_ONLY("usbdevice", VALUE, BOARD),
	QEMU_ONLY("tpmdev", VALUE, BOARD),
	QEMU_ONLY("fw_cfg", VALUE, BOARD),
	QEMU_ONLY("boot", VALUE, FIRMWARE),
	QEMU_ONLY("bios", VALUE, FIRMWARE),
	QEMU_ONLY("pflash", VALUE, FIRMWARE),
	QEMU_ONLY("kernel", VALUE, FIRMWARE),
	QEMU_ONLY("append", VALUE, FIRMWARE),
	QEMU_ONLY("initrd", VALUE, FIRMWARE),
	QEMU_ONLY("dtb", VALUE, FIRMWARE),
	QEMU_ONLY("option-rom", VALUE, FIRMWARE),
	QEMU_ONLY("L", VALUE, FIRMWARE),
	QEMU_ONLY("no-fd-bootchk", FLAG, FIRMWARE),
	QEMU_ONLY("watchdog-action", VALUE, BOARD),

	/* Devices and disks */
	QEMU_ONLY("device", VALUE, "-rdevice is for device processes; no id may be used by both"),
	QEMU_ONLY("drive", VALUE, "-rdrive is for device processes"),
	QEMU_ONLY("blockdev", VALUE, "-rdrive is for device processes"),
	BOTH("global", VALUE, "remote devices of that driver have the property, too"),
	BOTH("set", VALUE,
	     "also of the ids of -rdevice and -rdrive, as device.ID.KEY, drive.ID.KEY"),
	REFUSED("snapshot", FLAG,
		"remote disks have no temporary copies, and would be written to: run the "
		"machine from copies of the images instead"),
	QEMU_ONLY("hda", VALUE, OWN_DISK),
	QEMU_ONLY("hdb", VALUE, OWN_DISK),
	QEMU_ONLY("hdc", VALUE, OWN_DISK),
	QEMU_ONLY("hdd", VALUE, OWN_DISK),
	QEMU_ONLY("fda", VALUE, OWN_DISK),
	QEMU_ONLY("fdb", VALUE, OWN_DISK),
	QEMU_ONLY("cdrom", VALUE, OWN_DISK),
	QEMU_ONLY("sd", VALUE, OWN_DISK),
	QEMU_ONLY("mtdblock", VALUE, OWN_DISK),
	QEMU_ONLY("iscsi", VALUE, "the images of remote disks are files, not iSCSI units"),
	QEMU_ONLY("win2k-hack", FLAG, "for IDE disks, which are QEMU's"),
	QEMU_ONLY("fsdev", VALUE, "shared folders are QEMU's"),
	QEMU_ONLY("virtfs", VALUE, "shared folders are QEMU's"),
	QEMU_ONLY("add-fd", VALUE,
		  "device processes open images by their paths; /dev/fdset is refused"),
	QEMU_ONLY(
		"object", VALUE,
		"memory must be shared, which is checked; what else there is, is for QEMU's devices"),

	/* Screen, network, lines */
	QEMU_ONLY("k", VALUE, SCREEN),
	QEMU_ONLY("audio-help", FLAG, PRINTS),
	QEMU_ONLY("audio", VALUE, SCREEN),
	QEMU_ONLY("audiodev", VALUE, SCREEN),
	QEMU_ONLY("display", VALUE, SCREEN),
	QEMU_ONLY("nographic", FLAG, SCREEN),
	QEMU_ONLY("spice", VALUE, SCREEN),
	QEMU_ONLY("portrait", FLAG, SCREEN),
	QEMU_ONLY("rotate", VALUE, SCREEN),
	QEMU_ONLY("vga", VALUE, SCREEN),
	QEMU_ONLY("full-screen", FLAG, SCREEN),
	QEMU_ONLY("vnc", VALUE, SCREEN),
	QEMU_ONLY("netdev", VALUE, NETWORK),
	QEMU_ONLY("nic", VALUE, NETWORK),
	QEMU_ONLY("net", VALUE, NETWORK),
	QEMU_ONLY("chardev", VALUE, CHARDEV),
	QEMU_ONLY("serial", VALUE, CHARDEV),
	QEMU_ONLY("parallel", VALUE, CHARDEV),
	QEMU_ONLY("debugcon", VALUE, CHARDEV),
	QEMU_ONLY("echr", VALUE, CHARDEV),
	BOTH("monitor", VALUE, MONITOR),
	BOTH("qmp", VALUE, MONITOR),
	BOTH("qmp-pretty", VALUE, MONITOR),
	BOTH("mon", VALUE, MONITOR),

	/* The process */
	BOTH("name", VALUE,
	     "for messages; process= and debug-threads= are of QEMU, from which device processes are told by name"),
	QEMU_ONLY("pidfile", VALUE, "it holds QEMU's number; remote_proc_list has the others"),
	REFUSED("daemonize", FLAG,
		"mpring stays with QEMU and its device processes: let mpring itself run in the "
		"background, as \"mpring run ... &\" or a service does"),
	BOTH("runas", VALUE, "device processes change their user when their images are open"),
	BOTH("chroot", VALUE, "device processes change their root when their images are open"),
	BOTH("run-with", VALUE, "later QEMUs' form of -runas and -chroot"),
	BOTH("sandbox", VALUE, "device processes have a filter of system calls of their own"),
	BOTH("overcommit", VALUE, "mem-lock=on locks the guest's memory in each process"),
	QEMU_ONLY("async-teardown", FLAG, "for guest memory that belongs to QEMU"),
	BOTH("msg", VALUE, "messages of device processes have the same form"),
	QEMU_ONLY("compat", VALUE, "about old commands and options of QEMU's"),
	BOTH("readconfig", VALUE,
	     "what the file says is looked at as if it stood on the command line"),
	QEMU_ONLY("no-user-config", FLAG, "device processes read no configuration"),
	QEMU_ONLY("nodefaults", FLAG, "device processes have nothing by default"),
	QEMU_ONLY("seed", VALUE, "device processes use no random numbers"),

	/* Life of the machine */
	QEMU_ONLY("S", FLAG, "devices do nothing before the processors run"),
	QEMU_ONLY("preconfig", FLAG, "device processes wait until the machine is made"),
	QEMU_ONLY("no-reboot", FLAG, "device processes end with QEMU"),
	QEMU_ONLY("no-shutdown", FLAG, "device processes end with QEMU"),
	QEMU_ONLY("action", VALUE, "device processes end with QEMU"),
	REFUSED("only-migratable", FLAG, "a machine with remote devices cannot be migrated"),
	REFUSED("incoming", VALUE,
		"the state of remote devices cannot be received: start the machine afresh"),
	REFUSED("loadvm", VALUE,
		"the state of remote devices and disks is in no snapshot: start the machine afresh"),
	QEMU_ONLY("dump-vmstate", VALUE, PRINTS),
	{"icount", VALUE, MPR_REFUSED,
	 "what remote devices do, and when, can be neither recorded nor replayed", "rr"},
	REFUSED("xen-domid", VALUE, XEN),
	REFUSED("xen-attach", FLAG, XEN),
	REFUSED("xen-domid-restrict", FLAG, XEN),

	/* Debugging */
	QEMU_ONLY("gdb", VALUE, DEBUG),
	QEMU_ONLY("s", FLAG, DEBUG),
	QEMU_ONLY("d", VALUE, DEBUG),
	QEMU_ONLY("D", VALUE, DEBUG),
	QEMU_ONLY("dfilter", VALUE, DEBUG),
	QEMU_ONLY("trace", VALUE, DEBUG),
	QEMU_ONLY("plugin", VALUE, DEBUG),
	QEMU_ONLY("singlestep", FLAG, DEBUG),
	QEMU_ONLY("enable-sync-profile", FLAG, DEBUG),
	QEMU_ONLY("qtest", VALUE, DEBUG),
	QEMU_ONLY("qtest-log", VALUE, DEBUG),
	{NULL, FLAG, MPR_QEMU_ONLY, NULL, NULL},
};

const char *mpr_option_name(const char *word)
{
	return *word == '-' ? word + 1 + (word[1] == '-') : NULL;
}

const struct mpr_qemu_option *mpr_qemu_option(const char *word)
{
	const char *name = mpr_option_name(word);

	for (const struct mpr_qemu_option *option = mpr_qemu_options; name && option->name;
	     option++)
		if (!strcmp(option->name, name))
			return option;
	return NULL;
}

bool mpr_is_option(const char *word, const char *name)
{
	const char *bare = mpr_option_name(word);

	return bare && !strcmp(bare, name);
}

bool mpr_is_remote_option(const char *word)
{
	return mpr_is_option(word, "rdevice") || mpr_is_option(word, "rdrive") ||
	       mpr_is_option(word, "rplugin");
}

size_t mpr_option_words(char *const *argv)
{
	const struct mpr_qemu_option *option = mpr_qemu_option(argv[0]);

	return argv[1] && (mpr_is_remote_option(argv[0]) || (option && option->argument)) ? 2 : 1;
}
