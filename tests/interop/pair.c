/* SPDX-License-Identifier: MIT */
#include "tests/interop/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev/pci.h"

#define QEMU "qemu-system-x86_64"

static const char *program;

void pair_set_program(const char *path)
{
	program = path;
}

/* ---- Processes ---------------------------------------------------------- */

static bool qemu_is_there(void)
{
	return system("command -v " QEMU " > /dev/null") == 0;
}

/* A disk whose every sector says which one it is. */
static void make_disk(struct side *side)
{
	int fd;

	strcpy(side->disk, "/tmp/mpring-interop-XXXXXX");
	fd = mkstemp(side->disk);
	assert_true(fd >= 0);
	for (uint32_t sector = 0; sector < DISK_SIZE / 512; sector++) {
		char bytes[512];

		for (unsigned i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)(sector * 7 + i);
		assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	}
	close(fd);
}

static void run_stock(const char *drive, int sock)
{
	char object[64];

	snprintf(object, sizeof(object), "x-remote-object,id=r0,devid=lsi0,fd=%d", sock);
	execlp(QEMU, QEMU, "-machine", "x-remote", "-nodefaults", "-display", "none", "-device",
	       "lsi53c895a,id=lsi0", "-drive", drive, "-device", "scsi-hd,drive=d0,bus=lsi0.0",
	       "-object", object, "-qmp", "stdio", NULL);
}

/*
 * QEMU serves its socket before it resets the machine for the first time, which
 * takes the BARs away again. When it has executed a command of its monitor, that
 * is over.
 */
static void wait_for_stock(int monitor)
{
	static const char command[] = "{\"execute\":\"qmp_capabilities\"}\n";
	char said[4096] = "";
	size_t len = 0;

	assert_int_equal(write(monitor, command, strlen(command)), strlen(command));
	while (!strstr(said, "\"return\"")) {
		ssize_t n = read(monitor, said + len, sizeof(said) - 1 - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
}

static void run_ours(const char *drive, int sock)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", sock);
	execl(program, program, number, "-device", "lsi53c895a,id=lsi0", "-drive", drive, "-device",
	      "scsi-hd,drive=d0,bus=lsi0.0", NULL);
}

/* Starts a process with one end of `sock` and with `monitor` for its standard
 * input and output. */
static void start_process(struct side *side, void (*run)(const char *drive, int sock), int sock,
			  int monitor)
{
	char drive[128];

	snprintf(drive, sizeof(drive), "id=d0,if=none,format=raw,file=%s", side->disk);
	side->pid = fork();
	assert_true(side->pid >= 0);
	if (side->pid)
		return;
	dup2(monitor, STDIN_FILENO);
	dup2(monitor, STDOUT_FILENO);
	run(drive, fcntl(sock, F_DUPFD, 3));
	_exit(127);
}

static void start_side(struct pair *pair, unsigned which)
{
	struct side *side = &pair->side[which];
	int sock[2], monitor[2];

	make_disk(side);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor), 0);
	start_process(side, which == STOCK ? run_stock : run_ours, sock[1], monitor[1]);
	close(sock[1]);
	close(monitor[1]);
	side->monitor = monitor[0];
	if (which == STOCK)
		wait_for_stock(monitor[0]);
	assert_int_equal(mpr_mpqemu_open(sock[0], &side->device), 0);
}

static void share_memory(struct side *side)
{
	struct mpr_proxy_region region = {.size = MEMORY_SIZE};

	side->memfd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(side->memfd, MEMORY_SIZE), 0);
	side->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, side->memfd, 0);
	assert_true(side->memory != MAP_FAILED);
	region.fd = side->memfd;
	assert_int_equal(mpr_mpqemu_set_memory(side->device, &region, 1), 0);
	side->raise = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	side->resample = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_int_equal(mpr_mpqemu_set_intx(side->device, side->raise, side->resample), 0);
}

bool pair_start(struct pair *pair, const struct difference *known)
{
	*pair = (struct pair){.known = known};
	if (!qemu_is_there()) {
		print_message("# " QEMU " is not installed\n");
		return false;
	}
	for (unsigned i = 0; i < SIDES; i++) {
		start_side(pair, i);
		share_memory(&pair->side[i]);
	}
	return true;
}

static void end_side(struct side *side)
{
	int status;

	assert_true(mpr_mpqemu_alive(side->device));
	mpr_mpqemu_close(side->device);
	assert_int_equal(waitpid(side->pid, &status, 0), side->pid);
	close(side->monitor);
	munmap(side->memory, MEMORY_SIZE);
	close(side->memfd);
	close(side->raise);
	close(side->resample);
	unlink(side->disk);
	assert_int_equal(status, 0);
}

void pair_finish(struct pair *pair)
{
	for (unsigned i = 0; i < SIDES; i++)
		end_side(&pair->side[i]);
	for (unsigned i = 0; pair->known[i].where; i++) {
		if (pair->seen[i])
			continue;
		print_message("# differs no more: %s\n", pair->known[i].where);
		pair->unknown++;
	}
	assert_int_equal(pair->unknown, 0);
}

/* ---- Comparing ---------------------------------------------------------- */

/* The bits at a place that are known to differ. */
static uint64_t known_bits(struct pair *pair, const char *where, uint64_t differ)
{
	uint64_t bits = 0;

	for (unsigned i = 0; pair->known[i].where; i++) {
		const struct difference *d = &pair->known[i];

		if (!(d->bits & differ) || fnmatch(d->where, where, 0))
			continue;
		pair->seen[i] = true;
		bits |= d->bits;
	}
	return bits;
}

void same(struct pair *pair, uint64_t stock, uint64_t ours, const char *where, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, where);
	vsnprintf(text, sizeof(text), where, ap);
	va_end(ap);
	if (!((stock ^ ours) & ~known_bits(pair, text, stock ^ ours)))
		return;
	print_message("# %s: stock 0x%llx, ours 0x%llx\n", text, (unsigned long long)stock,
		      (unsigned long long)ours);
	pair->unknown++;
}

uint32_t config_read(struct pair *pair, uint32_t offset, unsigned size, const char *when)
{
	uint32_t value[SIDES];

	for (unsigned i = 0; i < SIDES; i++)
		value[i] = mpr_mpqemu_config_read(pair->side[i].device, offset, size);
	same(pair, value[STOCK], value[OURS], "%s: config 0x%02x/%u", when, offset, size);
	return value[STOCK];
}

void config_write(struct pair *pair, uint32_t offset, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < SIDES; i++)
		mpr_mpqemu_config_write(pair->side[i].device, offset, size, value);
}

static const uint32_t base[] = {IO_BASE, REGS_BASE, RAM_BASE};

static enum mpr_mpqemu_space space_of(unsigned bar)
{
	return bar ? MPR_MPQEMU_MEMORY : MPR_MPQEMU_IO;
}

uint64_t side_read(const struct side *side, unsigned bar, uint32_t offset, unsigned size)
{
	return mpr_mpqemu_read(side->device, space_of(bar), base[bar] + offset, size);
}

uint64_t bar_read(struct pair *pair, unsigned bar, uint32_t offset, unsigned size, const char *when)
{
	uint64_t value[SIDES];

	for (unsigned i = 0; i < SIDES; i++)
		value[i] = side_read(&pair->side[i], bar, offset, size);
	same(pair, value[STOCK], value[OURS], "%s: BAR%u 0x%02x/%u", when, bar, offset, size);
	return value[STOCK];
}

void bar_write(struct pair *pair, unsigned bar, uint32_t offset, unsigned size, uint64_t value)
{
	for (unsigned i = 0; i < SIDES; i++)
		mpr_mpqemu_write(pair->side[i].device, space_of(bar), base[bar] + offset, size,
				 value);
}

void enable(struct pair *pair)
{
	for (unsigned bar = 0; bar < 3; bar++)
		config_write(pair, MPR_PCI_BAR0 + 4 * bar, 4, base[bar]);
	config_write(pair, MPR_PCI_COMMAND, 2,
		     MPR_PCI_COMMAND_IO | MPR_PCI_COMMAND_MEMORY | MPR_PCI_COMMAND_MASTER);
}

/* ---- Guest memory ------------------------------------------------------- */

void put_bytes(struct pair *pair, uint32_t address, const void *bytes, size_t size)
{
	for (unsigned i = 0; i < SIDES; i++)
		memcpy(pair->side[i].memory + address, bytes, size);
}

void put32(struct pair *pair, uint32_t address, uint32_t value)
{
	put_bytes(pair, address, &value, sizeof(value));
}

void same_memory(struct pair *pair, uint32_t address, size_t size, const char *what)
{
	for (uint32_t i = 0; i < size; i++)
		same(pair, pair->side[STOCK].memory[address + i],
		     pair->side[OURS].memory[address + i], "%s: byte %u", what, i);
}
