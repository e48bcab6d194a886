/* SPDX-License-Identifier: MIT */
#include "remote/help.h"

#include <stdio.h>
#include <string.h>

#include "remote/cmdline.h"

#define VERSION "0.1.0"

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
	"-drive id=NAME,file=PATH[,format=raw][,cache=writeback|none|directsync]\n"
	"       [,readonly=on]\n"
	"                    a disk image\n"
	"-object x-remote-object,id=NAME,devid=NAME,fd=N\n"
	"                    offers one device on an inherited socket\n"
	"-object x-remote-object,id=NAME,devid=NAME,path=PATH\n"
	"                    offers one device to whoever connects to a socket\n"
	"-machine x-remote   accepted, for QEMU's sake\n"
	"-help, -version     print this, or the version, and exit\n";

bool mpr_help_general(const char *option)
{
	if (!strcmp(option, "-h") || !strcmp(option, "-help"))
		fputs(usage, stdout);
	else if (!strcmp(option, "-version"))
		puts("mpring-remote " VERSION);
	else
		return false;
	return true;
}

static void list_devices(const struct mpr_device_ops *const *models)
{
	puts("PCI devices:");
	for (; *models; models++)
		printf("name \"%s\", bus PCI, desc \"%s\"\n", (*models)->driver, (*models)->desc);
	puts("\nSCSI devices:");
	puts("name \"" MPR_DISK_DRIVER "\", bus SCSI, desc \"SCSI disk\"");
}

static const char *describe_property(const char *name)
{
	static const char *const descriptions[][2] = {
		{"id", "name of the device"},
		{"drive", "id of the -drive with the disk's image"},
		{"bus", "bus of the adapter, ID.0 (default: the first)"},
		{"scsi-id", "0 to 15, but not 7 (default: the lowest free one)"},
		{"lun", "0 to 63 (default: 0)"},
		{"serial", "serial number, text"},
		{"vendor", "up to 8 characters"},
		{"product", "up to 16 characters"},
		{"ver", "up to 4 characters"},
		{"wwn", "world wide name, a 64-bit number"},
		{"logical_block_size", "bytes (default: 512)"},
		{"physical_block_size", "bytes (default: the logical block size)"},
		{"rotation_rate", "revolutions a minute, 1: solid state, 0: not said"},
	};

	for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++)
		if (!strcmp(descriptions[i][0], name))
			return descriptions[i][1];
	return "";
}

static void list_properties(const char *driver, const char *const *properties)
{
	printf("%s options:\n", driver);
	for (; *properties; properties++)
		if (strcmp(*properties, "driver"))
			printf("  %-20s %s\n", *properties, describe_property(*properties));
}

bool mpr_help_device(const struct mpr_opts *opts, const struct mpr_device_ops *const *models)
{
	const char *driver = mpr_opts_get(opts, "driver");

	if (!driver)
		return false;
	if (!strcmp(driver, "help") || !strcmp(driver, "?")) {
		list_devices(models);
		return true;
	}
	if (!mpr_opts_get(opts, "help"))
		return false;
	if (!strcmp(driver, MPR_DISK_DRIVER)) {
		list_properties(driver, mpr_disk_properties);
		return true;
	}
	for (; *models; models++) {
		if (strcmp((*models)->driver, driver))
			continue;
		list_properties(driver, mpr_adapter_properties);
		return true;
	}
	return false; /* an unknown driver is an error */
}
