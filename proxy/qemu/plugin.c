/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the shared object gets into an unmodified QEMU: as a TCG plugin that
 * instruments nothing (-plugin mpring-qemu.so), or preloaded (LD_PRELOAD).
 * Either way its constructor registers the device type.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include <dlfcn.h>

#include "qapi/qapi-commands-control.h"
#include "qemu/qemu-plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const qemu_info_t *info G_GNUC_UNUSED, int argc,
					   char **argv)
{
	if (argc) {
		fprintf(stderr, "mpring-qemu.so: unknown plugin argument '%s'; it takes none\n",
			argv[0]);
		return -1;
	}
	proxy_halt_poll_install(id);
	return 0;
}

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/* Removes this object from LD_PRELOAD, for QEMU's children. */
static void leave_preload(void)
{
	const char *preload = getenv("LD_PRELOAD");
	g_autoptr(GString) kept = g_string_new(NULL);
	g_auto(GStrv) names = NULL;
	Dl_info self;

	if (!preload || !dladdr(&qemu_plugin_version, &self))
		return;
	names = g_strsplit_set(preload, " :", -1);
	for (char **name = names; *name; name++) {
		if (**name && !same_file(*name, self.dli_fname))
			g_string_append_printf(kept, "%s%s", kept->len ? ":" : "", *name);
	}
	if (kept->len)
		setenv("LD_PRELOAD", kept->str, 1);
	else
		unsetenv("LD_PRELOAD");
}

/* Sets close-on-exec on the sockets that mpring passed to QEMU by number, monitors
 * included: they are not for the programs that QEMU starts (network scripts, helpers,
 * exec: migration). */
static void keep_sockets(void)
{
	const char *list = getenv("MPRING_SOCKETS");

	while (list && *list) {
		char *end;
		long fd = strtol(list, &end, 10);

		if (end != list)
			(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
		list = *end ? end + 1 : end;
	}
	unsetenv("MPRING_SOCKETS");
}

/* The layout of QEMU's structs is fixed within a minor version only. */
static bool same_version(void)
{
	g_autoptr(VersionInfo) running = qmp_query_version(NULL);

	if (running->qemu->major == QEMU_VERSION_MAJOR &&
	    running->qemu->minor == QEMU_VERSION_MINOR)
		return true;
	fprintf(stderr,
		"mpring-qemu.so: built for QEMU " QEMU_VERSION ", but this is QEMU %" PRId64
		".%" PRId64 ".%" PRId64 "; " TYPE_PCI_PROXY_DEV " is not available. Run "
		"scripts/fetch-qemu-headers and build mpring anew.\n",
		running->qemu->major, running->qemu->minor, running->qemu->micro);
	return false;
}

/* The first name that this process does not have, or NULL. */
static const char *missing(const char *const *names)
{
	while (*names && dlsym(RTLD_DEFAULT, *names))
		names++;
	return *names;
}

#define NAME(symbol) #symbol,

/* A shell, a launcher, or one of QEMU's tools, which have no PCI. */
static bool is_qemu(void)
{
	static const char *const names[] = {QEMU_IDENTIFYING_SYMBOLS(NAME) NULL};

	return !missing(names);
}

/* A weak symbol that is missing would crash only when it is called. */
static bool is_complete(void)
{
	static const char *const names[] = {QEMU_SYMBOLS(NAME) GLIB_SYMBOLS(NAME) NULL};
	const char *name = missing(names);

	if (name)
		fprintf(stderr,
			"mpring-qemu.so: this QEMU lacks %s; " TYPE_PCI_PROXY_DEV
			" is not available. Run scripts/fetch-qemu-headers and build mpring anew.\n",
			name);
	return !name;
}

static void __attribute__((constructor)) register_device(void)
{
	if (!is_qemu())
		return;
	leave_preload();
	keep_sockets();
	proxy_parent_note();
	if (same_version() && is_complete())
		type_register_static(&pci_proxy_dev_info);
}
