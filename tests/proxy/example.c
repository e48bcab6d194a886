/* SPDX-License-Identifier: MIT */
/*
 * A VMM in one page: one device, 16 MiB of guest memory, no processor.
 * usage: example PATH-OF-THE-REMOTES-SOCKET DEVICE-ID
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proxy/proxy.h"

#define RAM_SIZE (16u << 20)

static int fail(const char *what, int ret, char *error)
{
	fprintf(stderr, "%s: %s\n", what, error ? error : strerror(-ret));
	free(error);
	return 1;
}

/* Guest memory is a file that both processes map. */
static int share_ram(struct mpr_proxy_device *dev)
{
	int fd = memfd_create("guest-ram", MFD_CLOEXEC);
	struct mpr_proxy_region ram = {.address = 0, .size = RAM_SIZE, .offset = 0, .fd = fd};
	int ret = ftruncate(fd, RAM_SIZE) ? -1 : mpr_proxy_set_memory(dev, &ram, 1);

	close(fd); /* the remote has its own */
	return ret;
}

int main(int argc, char **argv)
{
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *dev;
	const struct mpr_wire_description *description;
	int raise = eventfd(0, EFD_CLOEXEC);
	char *error = NULL;
	const char *why;
	int ret;

	if (argc != 3)
		return fail("usage", 0, strdup("example PATH ID"));
	ret = mpr_proxy_connect_path(argv[1], &conn, &error);
	if (ret)
		return fail("connect", ret, error);
	ret = mpr_proxy_device_open(conn, argv[2], &dev, &error);
	if (ret)
		return fail("open", ret, error);

	description = mpr_proxy_description(dev);
	printf("%s: vendor %02x%02x, BAR 0 of %u bytes\n", description->driver,
	       description->config[1], description->config[0], description->bar[0].size);

	ret = share_ram(dev);
	if (ret)
		return fail("memory", ret, NULL);
	ret = mpr_proxy_set_intx(dev, raise, -1);
	if (ret)
		return fail("interrupt", ret, NULL);

	/* What the guest's processors do from now on. */
	mpr_proxy_config_write(dev, 4, 2, 7); /* command: I/O, memory, bus master */
	mpr_proxy_write(dev, 0, 0x10, 4, 0x12345678);
	printf("register: %#x\n", (unsigned)mpr_proxy_read(dev, 0, 0x10, 4));
	printf("interrupt line: %s\n", mpr_proxy_intx(dev) ? "high" : "low");

	if (!mpr_proxy_alive(dev, &why))
		return fail("the device is gone", 0, strdup(why));
	mpr_proxy_device_close(dev);
	mpr_proxy_disconnect(conn);
	close(raise);
	return 0;
}
