/* SPDX-License-Identifier: MIT */
#include "remote/machine/help.h"

#include <stdio.h>
#include <string.h>

#include "remote/machine/cmdline.h"

static const char usage[] =
	"usage: mpring-remote FD -device ... [-drive ...] ...\n"
	"       mpring-remote -machine x-remote -device ... -object x-remote-object,... ...\n"
	"\n"
	"Runs PCI device models for a virtual machine in another process.\n"
	"\n"
	"FD                  file descriptor of a connected Unix socket; every device is\n"
	"                    offered on it\n"
	"-device DRIVER,id=NAME\n"
	"                    a PCI device; '-device help' lists them\n"
	"-device scsi-hd,drive=NAME[,bus=NAME.0][,scsi-id=N]\n"
	"                    a disk behind an adapter\n"
	"-drive id=NAME,file=PATH[,format=raw]\n"
	"       [,cache=writeback|none|directsync|writethrough|unsafe][,readonly=on][,iopoll=on]\n"
	"                    a disk image\n"
	"-object x-remote-object,id=NAME,devid=NAME,fd=N\n"
	"                    offers one device on an inherited socket\n"
	"-object x-remote-object,id=NAME,devid=NAME,path=PATH\n"
	"                    offers one device to whoever connects to a socket\n"
	"-blockdev driver=raw,node-name=NAME,file.driver=file,file.filename=PATH\n"
	"                    a disk image, as QEMU's block layer writes it; also as JSON\n"
	"-monitor DEV, -qmp DEV\n"
	"                    a monitor for people, or for programs, on unix:PATH,server,nowait,\n"
	"                    stdio, or chardev:ID\n"
	"-chardev socket,id=NAME,path=PATH,server=on,wait=off\n"
	"-chardev socket,id=NAME,fd=N\n"
	"-chardev stdio,id=NAME\n"
	"-mon chardev=NAME[,mode=readline|control][,pretty=on]\n"
	"                    the same, in two options\n"
	"-daemonize          run in the background once the sockets are there\n"
	"-pidfile FILE       write the process' number to a file\n"
	"-D FILE             write messages to a file\n"
	"-d ITEM,...         more messages: '-d help' lists the items\n"
	"-machine x-remote[,poll-us=N][,cpu=LIST][,numa-node=N][,sqpoll=on]\n"
	"                    poll-us: look for work so long, at most, before sleeping\n"
	"                    cpu, numa-node: run there; VMMs put shared memory on that node\n"
	"                    sqpoll: a thread of the kernel's submits I/O\n"
	"-overcommit mem-lock=on\n"
	"                    lock guest memory, which makes I/O cheaper\n"
	"-name NAME          the machine's name\n"
	"-msg [timestamp=on][,guest-name=on]\n"
	"                    begin messages with the time, and with the machine's name\n"
	"-runas USER, -chroot DIR\n"
	"                    give up root's rights, also as UID:GID, and change the root folder,\n"
	"                    once images and sockets are open\n"
	"-sandbox on[,obsolete=allow|deny][,elevateprivileges=allow|deny|children]\n"
	"          [,spawn=allow|deny][,resourcecontrol=allow|deny]\n"
	"                    be killed for system calls that a device process does not need\n"
	"-help, -version     print this, or the version, and exit\n";

bool mpr_help_general(const char *option)
{
	if (!strcmp(option, "-h") || !strcmp(option, "-help"))
		fputs(usage, stdout);
	else if (!strcmp(option, "-version"))
		puts("mpring-remote " MPR_VERSION);
	else
		return false;
	return true;
}

static void list_device(const char *driver, const char *bus, const char *desc)
{
	const char *alias = mpr_driver_alias(driver);

	printf("name \"%s\", bus %s", driver, bus);
	if (alias)
		printf(", alias \"%s\"", alias);
	printf(", desc \"%s\"\n", desc);
}

static void list_devices(const struct mpr_device_ops *const *models)
{
	puts("PCI devices:");
	for (; *models; models++)
		list_device((*models)->driver, "PCI", (*models)->desc);
	puts("\nSCSI devices:");
	list_device(MPR_DISK_DRIVER, "SCSI", "SCSI disk");
}

static const struct mpr_property properties[] = {
	{"driver", "str", "name of the driver", NULL},
	{"id", "str", "name of the device", NULL},
	{"drive", "str", "id of the -drive, or node of the -blockdev, with the disk's image", NULL},
	{"bus", "str", "bus of the adapter, ID.0 (default: the first)", NULL},
	{"channel", "uint32", "0", "0"},
	{"scsi-id", "uint32", "0 to 15, but not 7 (default: the lowest free one)", NULL},
	{"lun", "uint32", "0 to 63", "0"},
	{"serial", "str", "serial number, text (default: the drive's)", NULL},
	{"vendor", "str", "8 characters", "QEMU"},
	{"product", "str", "16 characters", "QEMU HARDDISK"},
	{"ver", "str", "4 characters", "2.5+"},
	{"device_id", "str",
	 "name in VPD page 83h (default: of the serial number, else the drive's id)", NULL},
	{"wwn", "uint64", "world wide name, a 64-bit number", "0"},
	{"port_wwn", "uint64", "world wide name of the target port", "0"},
	{"port_index", "uint16", "relative number of the target port", "0"},
	{"logical_block_size", "size", "a power of two from 512 to 32768", "512"},
	{"physical_block_size", "size", "a power of two to 2 MiB (default: the logical block size)",
	 NULL},
	{"min_io_size", "size", "granularity of transfers, 0: the physical block size", "0"},
	{"opt_io_size", "size", "optimal length of a transfer, 0: not said", "0"},
	{"max_io_size", "uint64", "longest transfer in bytes, 0: no limit", "2147483647"},
	{"discard_granularity", "size",
	 "of UNMAP, 0: none (4294967295: 4096, or the logical block size)", "4294967295"},
	{"max_unmap_size", "uint64", "bytes that one UNMAP discards at most", "1073741824"},
	{"cyls", "uint32", "geometry that is told, 0: 16 heads and 63 sectors", "0"},
	{"heads", "uint32", "1 to 255", "0"},
	{"secs", "uint32", "1 to 255", "0"},
	{"lcyls", "uint32", "0: the VMM tells its BIOS the geometry", "0"},
	{"lheads", "uint32", "0", "0"},
	{"lsecs", "uint32", "0", "0"},
	{"scsi_version", "int32", "version of SPC that INQUIRY tells, 1 to 255", "5"},
	{"removable", "bool", "the guest may eject the medium, and load it", "off"},
	{"dpofua", "bool", "writes with FUA are durable; off: they are refused", "on"},
	{"share-rw", "bool", "others may write to the image that also say so", "off"},
	{"write-cache", "OnOffAuto", "writes are durable only when flushed (auto: as cache=)",
	 "auto"},
	{"account-failed", "OnOffAuto", "auto, on: failed requests are counted", "auto"},
	{"account-invalid", "OnOffAuto", "auto, on: invalid requests are counted", "auto"},
	{"backend_defaults", "OnOffAuto", "auto, off: the host device's limits are not told",
	 "auto"},
	{"quirk_mode_page_vendor_specific_apple", "bool", "off", "off"},
	{"rotation_rate", "uint16", "revolutions a minute, 1: solid state, 0: not said", "0"},
	{"rerror", "BlockdevOnError",
	 "what a failed read does: report, ignore, stop, auto (as the drive)", "auto"},
	{"werror", "BlockdevOnError",
	 "what a failed write does: report, ignore, stop, enospc, auto", "auto"},
	{"bootindex", "int32", "for the VMM: boot-order= of its pci-proxy-dev", "-1"},
};

const struct mpr_property *mpr_property(const char *name)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (!strcmp(properties[i].name, name))
			return &properties[i];
	return NULL;
}

bool mpr_property_is_number(const struct mpr_property *property)
{
	return !strncmp(property->type, "uint", 4) || !strncmp(property->type, "int", 3) ||
	       !strcmp(property->type, "size");
}

const char *const *mpr_driver_properties(const char *driver,
					 const struct mpr_device_ops *const *models)
{
	if (!strcmp(driver, MPR_DISK_DRIVER))
		return mpr_disk_properties;
	for (; *models; models++)
		if (!strcmp((*models)->driver, driver))
			return mpr_adapter_properties;
	return NULL;
}

static void list_properties(const char *driver, const char *const *names)
{
	printf("%s options:\n", driver);
	for (; *names; names++) {
		const struct mpr_property *property = mpr_property(*names);

		if (!strcmp(*names, "driver"))
			continue;
		printf("  %s=<%s>", *names, property->type);
		printf("%*s- %s", (int)(31 - strlen(*names) - strlen(property->type)), "",
		       property->description);
		if (property->value)
			printf(" (default: %s)", property->value);
		putchar('\n');
	}
}

bool mpr_help_device(const struct mpr_opts *opts, const struct mpr_device_ops *const *models)
{
	const char *driver = mpr_opts_get(opts, "driver");
	const char *const *names;

	if (!driver)
		return false;
	if (!strcmp(driver, "help") || !strcmp(driver, "?")) {
		list_devices(models);
		return true;
	}
	if (!mpr_opts_get(opts, "help"))
		return false;
	names = mpr_driver_properties(driver, models);
	if (!names)
		return false; /* an unknown driver is an error */
	list_properties(driver, names);
	return true;
}
