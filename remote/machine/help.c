/* SPDX-License-Identifier: MIT */
#include "remote/machine/help.h"

#include <stdio.h>
#include <string.h>

#include "remote/models/models.h"

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
	"-plugin FILE        a shared object with further devices\n"
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

static void list_bus(const struct mpr_model *const *models, const char *bus)
{
	printf("%s devices:\n", bus);
	for (; *models; models++)
		if (!strcmp((*models)->bus, bus))
			list_device((*models)->driver, bus, (*models)->desc);
}

/* Whether no model before number `i` is on its bus. */
static bool is_first(const struct mpr_model *const *models, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (!strcmp(models[before]->bus, models[i]->bus))
			return false;
	return true;
}

static void list_devices(const struct mpr_model *const *models)
{
	for (size_t i = 0; models[i]; i++) {
		if (!is_first(models, i))
			continue;
		if (i)
			putchar('\n');
		list_bus(models, models[i]->bus);
	}
}

static void list_properties(const struct mpr_model *model)
{
	const struct mpr_property *property;

	printf("%s options:\n", model->driver);
	for (size_t i = 0; (property = mpr_model_property(model, i)); i++) {
		const char *type = mpr_property_type_name(property);

		printf("  %s=<%s>", property->name, type);
		printf("%*s- %s", (int)(31 - strlen(property->name) - strlen(type)), "",
		       property->description);
		if (property->value)
			printf(" (default: %s)", property->value);
		putchar('\n');
	}
}

bool mpr_help_device(const struct mpr_opts *opts, const struct mpr_model *const *models)
{
	const char *driver = mpr_opts_get(opts, "driver");
	const struct mpr_model *model;

	if (!driver)
		return false;
	if (!strcmp(driver, "help") || !strcmp(driver, "?")) {
		list_devices(models);
		return true;
	}
	if (!mpr_opts_get(opts, "help"))
		return false;
	model = mpr_model_find(models, driver);
	if (!model)
		return false; /* an unknown driver is an error */
	list_properties(model);
	return true;
}
