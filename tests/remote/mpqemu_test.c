/* SPDX-License-Identifier: MIT */
/* Proves that stock QEMU's protocol reaches the same device as mpring's own, and that a
 * message that breaks it ends the connection and nothing else. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/mpqemu.h"
#include "tests/remote/harness.h"
#include "wire/mpqemu.h"

#define MEMORY_BAR 0xfeb00000u
#define IO_BAR 0xc000u
#define HOLD_NS 50000000u

struct mpqemu_vmm {
	struct remote remote;
	struct mpr_mpqemu *device;
	int sock; /* of `device` */
	int memfd;
	uint8_t *memory;
};

static const char *const one_device[] = {"@", "-device", "test-device,id=test0", NULL};

static const struct mpr_proxy_region whole = {.address = VMM_ADDRESS, .size = VMM_PAGES * 4096};

static struct mpqemu_vmm *start(const char *const *args)
{
	struct mpqemu_vmm *vmm = calloc(1, sizeof(*vmm));

	assert_non_null(vmm);
	remote_start(&vmm->remote, args);
	vmm->sock = vmm->remote.sock;
	vmm->remote.sock = -1;
	assert_int_equal(mpr_mpqemu_open(vmm->sock, &vmm->device), 0);
	vmm->memfd = memfd_pages(VMM_PAGES);
	vmm->memory =
		mmap(NULL, VMM_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, vmm->memfd, 0);
	assert_true(vmm->memory != MAP_FAILED);
	return vmm;
}

/* Hangs up, and expects the remote to exit with 0. Returns what it wrote; free() it. */
static char *finish(struct mpqemu_vmm *vmm)
{
	char *output;

	mpr_mpqemu_close(vmm->device);
	assert_int_equal(remote_finish(&vmm->remote), 0);
	output = remote_output(&vmm->remote);
	free(remote_print(&vmm->remote));
	munmap(vmm->memory, VMM_PAGES * 4096);
	close(vmm->memfd);
	free(vmm);
	return output;
}

static void share_memory(const struct mpqemu_vmm *vmm)
{
	struct mpr_proxy_region region = whole;

	region.fd = vmm->memfd;
	assert_int_equal(mpr_mpqemu_set_memory(vmm->device, &region, 1), 0);
}

static void place_bars(const struct mpqemu_vmm *vmm)
{
	mpr_mpqemu_config_write(vmm->device, MPR_PCI_BAR0, 4, MEMORY_BAR);
	mpr_mpqemu_config_write(vmm->device, MPR_PCI_BAR0 + 4, 4, IO_BAR);
	mpr_mpqemu_config_write(vmm->device, MPR_PCI_COMMAND, 2,
				MPR_PCI_COMMAND_MEMORY | MPR_PCI_COMMAND_IO |
					MPR_PCI_COMMAND_MASTER);
}

static int setup(void **state)
{
	struct mpqemu_vmm *vmm = start(one_device);

	share_memory(vmm);
	place_bars(vmm);
	*state = vmm;
	return 0;
}

static int teardown(void **state)
{
	free(finish(*state));
	return 0;
}

#define WITH_VMM(name) UNIT_TEST_WITH(name, setup, teardown)

static void write_register(const struct mpqemu_vmm *vmm, unsigned offset, uint64_t value)
{
	mpr_mpqemu_write(vmm->device, MPR_MPQEMU_MEMORY, MEMORY_BAR + offset, 8, value);
}

static uint64_t read_register(const struct mpqemu_vmm *vmm, unsigned offset)
{
	return mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, MEMORY_BAR + offset, 8);
}

/* ---- Commands ----------------------------------------------------------- */

WITH_VMM(config_space_is_read_and_written)
{
	const struct mpqemu_vmm *vmm = *state;

	assert_int_equal(mpr_mpqemu_config_read(vmm->device, MPR_PCI_VENDOR_ID, 4), 0x7e571af4);
	assert_int_equal(mpr_mpqemu_config_read(vmm->device, MPR_PCI_DEVICE_ID, 2), 0x7e57);
	mpr_mpqemu_config_write(vmm->device, MPR_PCI_INTERRUPT_LINE, 1, 11);
	assert_int_equal(mpr_mpqemu_config_read(vmm->device, MPR_PCI_INTERRUPT_LINE, 1), 11);
}

WITH_VMM(config_access_outside_reads_all_ones)
{
	const struct mpqemu_vmm *vmm = *state;

	assert_int_equal(mpr_mpqemu_config_read(vmm->device, 254, 4), UINT32_MAX);
	assert_int_equal(mpr_mpqemu_config_read(vmm->device, UINT32_MAX, 4), UINT32_MAX);
	assert_int_equal(mpr_mpqemu_config_read(vmm->device, 0, 3), UINT32_MAX);
	mpr_mpqemu_config_write(vmm->device, UINT32_MAX - 1, 4, 0);
	mpr_mpqemu_config_write(vmm->device, 0, UINT32_MAX, 0);
	assert_true(mpr_mpqemu_alive(vmm->device));
}

WITH_VMM(bar_size_is_found_as_qemu_does)
{
	const struct mpqemu_vmm *vmm = *state;

	mpr_mpqemu_config_write(vmm->device, MPR_PCI_BAR0, 4, UINT32_MAX);
	assert_int_equal(mpr_mpqemu_config_read(vmm->device, MPR_PCI_BAR0, 4), 0xfffff000);
	mpr_mpqemu_config_write(vmm->device, MPR_PCI_BAR0 + 4, 4, UINT32_MAX);
	assert_int_equal(mpr_mpqemu_config_read(vmm->device, MPR_PCI_BAR0 + 4, 4), 0xfffffff1);
}

WITH_VMM(memory_bar_is_found_by_its_address)
{
	const struct mpqemu_vmm *vmm = *state;

	write_register(vmm, TEST_SCRATCH, 0x0123456789abcdef);
	assert_int_equal(read_register(vmm, TEST_SCRATCH), 0x0123456789abcdef);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, MEMORY_BAR + 1, 1), 0xcd);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, MEMORY_BAR + 2, 2),
			 0x89ab);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, MEMORY_BAR + 4, 4),
			 0x01234567);
}

WITH_VMM(memory_bar_may_move)
{
	const struct mpqemu_vmm *vmm = *state;

	write_register(vmm, TEST_SCRATCH, 77);
	mpr_mpqemu_config_write(vmm->device, MPR_PCI_BAR0, 4, 0xe0000000);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, 0xe0000000, 8), 77);
	assert_int_equal(read_register(vmm, TEST_SCRATCH), UINT64_MAX);
}

WITH_VMM(io_bar_is_found_by_its_address)
{
	const struct mpqemu_vmm *vmm = *state;

	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_IO, IO_BAR, 1), 0x5a);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_IO, MEMORY_BAR, 1), UINT64_MAX);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, IO_BAR, 1), UINT64_MAX);
}

WITH_VMM(nothing_answers_outside_the_bars)
{
	const struct mpqemu_vmm *vmm = *state;

	assert_int_equal(read_register(vmm, 4096), UINT64_MAX);
	assert_int_equal(read_register(vmm, 4093), UINT64_MAX);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, MEMORY_BAR - 4, 8),
			 UINT64_MAX);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, UINT64_MAX, 8),
			 UINT64_MAX);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, MEMORY_BAR, 3),
			 UINT64_MAX);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_MEMORY, MEMORY_BAR, 0),
			 UINT64_MAX);
	write_register(vmm, 4093, 1);
	mpr_mpqemu_write(vmm->device, MPR_MPQEMU_MEMORY, UINT64_MAX, 8, 1);
	assert_true(mpr_mpqemu_alive(vmm->device));
}

WITH_VMM(disabled_bar_does_not_answer)
{
	const struct mpqemu_vmm *vmm = *state;

	mpr_mpqemu_config_write(vmm->device, MPR_PCI_COMMAND, 2, MPR_PCI_COMMAND_IO);
	assert_int_equal(read_register(vmm, TEST_SCRATCH), UINT64_MAX);
	assert_int_equal(mpr_mpqemu_read(vmm->device, MPR_MPQEMU_IO, IO_BAR, 1), 0x5a);
}

static uint64_t copy(const struct mpqemu_vmm *vmm, uint64_t from, uint64_t to, uint64_t length)
{
	write_register(vmm, TEST_COPY_FROM, from);
	write_register(vmm, TEST_COPY_TO, to);
	write_register(vmm, TEST_COPY_LENGTH, length);
	return read_register(vmm, TEST_COPY_LENGTH);
}

WITH_VMM(device_copies_guest_memory)
{
	const struct mpqemu_vmm *vmm = *state;

	strcpy((char *)vmm->memory + 100, "hello, device");
	assert_int_equal(copy(vmm, VMM_ADDRESS + 100, VMM_ADDRESS + 5000, 14), 0);
	assert_string_equal((char *)vmm->memory + 5000, "hello, device");
}

WITH_VMM(memory_table_has_offsets_and_any_order)
{
	const struct mpqemu_vmm *vmm = *state;
	const struct mpr_proxy_region regions[] = {
		{.address = 0x200000, .size = 4096, .offset = 4096, .fd = vmm->memfd},
		{.address = 0x4000, .size = 4096, .offset = 8192, .fd = vmm->memfd},
	};

	memcpy(vmm->memory + 4096, "second", 7);
	assert_int_equal(mpr_mpqemu_set_memory(vmm->device, regions, 2), 0);
	assert_int_equal(copy(vmm, 0x200000, 0x4000, 7), 0);
	assert_string_equal((char *)vmm->memory + 8192, "second");
	assert_int_equal(copy(vmm, VMM_ADDRESS, 0x4000, 7), EFAULT);
}

static uint32_t first_word(const struct mpqemu_vmm *vmm)
{
	return __atomic_load_n((uint32_t *)vmm->memory, __ATOMIC_RELAXED);
}

static void hold_first_page(const struct mpqemu_vmm *vmm)
{
	write_register(vmm, TEST_MAP, VMM_ADDRESS);
	assert_int_equal(read_register(vmm, TEST_MAP), 0);
	write_register(vmm, TEST_RELEASE, HOLD_NS);
}

WITH_VMM(dma_goes_on_when_the_table_changes)
{
	const struct mpqemu_vmm *vmm = *state;
	const struct mpr_proxy_region elsewhere = {
		.address = 0x800000, .size = 4096, .offset = 4096, .fd = vmm->memfd};

	hold_first_page(vmm);
	assert_int_equal(mpr_mpqemu_set_memory(vmm->device, &elsewhere, 1), 0);
	/* A reset is answered once the device has released the page. */
	assert_int_equal(mpr_mpqemu_reset(vmm->device), 0);
	assert_int_equal(first_word(vmm), TEST_MARKER);
}

WITH_VMM(reset_is_answered_after_dma)
{
	const struct mpqemu_vmm *vmm = *state;

	hold_first_page(vmm);
	assert_int_equal(mpr_mpqemu_reset(vmm->device), 0);
	assert_int_equal(first_word(vmm), TEST_MARKER);
}

WITH_VMM(a_write_that_ends_dma_is_answered_after_it)
{
	const struct mpqemu_vmm *vmm = *state;

	write_register(vmm, TEST_MAP, VMM_ADDRESS);
	write_register(vmm, TEST_RECLAIM, HOLD_NS);
	assert_int_equal(first_word(vmm), TEST_MARKER);
}

WITH_VMM(so_is_a_write_that_ends_bus_mastering)
{
	const struct mpqemu_vmm *vmm = *state;

	hold_first_page(vmm);
	mpr_mpqemu_config_write(vmm->device, MPR_PCI_COMMAND, 2, 0);
	assert_int_equal(first_word(vmm), TEST_MARKER);
}

WITH_VMM(reset_takes_the_bars_away)
{
	const struct mpqemu_vmm *vmm = *state;

	write_register(vmm, TEST_SCRATCH, 5);
	assert_int_equal(mpr_mpqemu_reset(vmm->device), 0);
	assert_int_equal(mpr_mpqemu_config_read(vmm->device, MPR_PCI_BAR0, 4), 0);
	place_bars(vmm);
	assert_int_equal(read_register(vmm, TEST_SCRATCH), 0);
}

static uint64_t count(int fd)
{
	uint64_t value = 0;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

static void wait_readable(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&pfd, 1, -1), 1);
}

WITH_VMM(interrupt_is_raised_and_resampled)
{
	const struct mpqemu_vmm *vmm = *state;
	int raise = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	int resample = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	assert_int_equal(mpr_mpqemu_set_intx(vmm->device, raise, resample), 0);
	write_register(vmm, TEST_INTX, 1);
	assert_int_equal(count(raise), 1);
	assert_int_equal(eventfd_write(resample, 1), 0);
	wait_readable(raise);
	assert_int_equal(count(raise), 1);
	write_register(vmm, TEST_INTX, 0);
	assert_int_equal(count(raise), 0);
	close(raise);
	close(resample);
}

WITH_VMM(model_works_between_messages)
{
	const struct mpqemu_vmm *vmm = *state;

	write_register(vmm, TEST_WORK, 1000);
	while (read_register(vmm, TEST_WORK))
		;
}

/* ---- The connection ----------------------------------------------------- */

UNIT_TEST(log_says_once_that_there_are_no_rings)
{
	struct mpqemu_vmm *vmm = start(one_device);
	char *output;

	share_memory(vmm);
	share_memory(vmm);
	(void)mpr_mpqemu_config_read(vmm->device, 0, 4);
	output = finish(vmm);
	assert_non_null(strstr(output, "there are no rings"));
	assert_null(strstr(strstr(output, "there are no rings") + 1, "there are no rings"));
	free(output);
}

UNIT_TEST(device_that_dies_with_dma_under_way_ends_well)
{
	struct mpqemu_vmm *vmm = start(one_device);

	share_memory(vmm);
	place_bars(vmm);
	hold_first_page(vmm);
	free(finish(vmm));
}

/* Expects the remote to hang up and to say why. */
static void expect_end(struct mpqemu_vmm *vmm, const char *why)
{
	struct pollfd pfd = {.fd = vmm->sock, .events = POLLRDHUP};
	char *output;

	assert_int_equal(poll(&pfd, 1, -1), 1);
	output = finish(vmm);
	if (!strstr(output, why))
		fail_msg("the remote said: %s", output);
	free(output);
}

UNIT_TEST(several_devices_on_a_socket_are_refused)
{
	static const char *const two[] = {
		"@", "-device", "test-device,id=test0", "-device", "test-device,id=test1", NULL};
	struct mpqemu_vmm *vmm = start(two);

	share_memory(vmm);
	expect_end(vmm, "-object x-remote-object");
}

UNIT_TEST(memory_that_is_not_shared_is_named)
{
	struct mpqemu_vmm *vmm = start(one_device);
	int fd = eventfd(0, EFD_CLOEXEC);

	/* QEMU did not send its first message, having no descriptor to pass. */
	assert_int_equal(mpr_mpqemu_set_intx(vmm->device, fd, fd), 0);
	close(fd);
	expect_end(vmm, "memory-backend-memfd");
}

WITH_VMM(message_in_single_bytes_is_understood)
{
	const struct mpqemu_vmm *vmm = *state;
	struct {
		struct mpr_mpqemu_header header;
		struct mpr_mpqemu_config config;
	} __attribute__((packed))
	msg = {{.command = MPR_MPQEMU_CONFIG_READ, .size = 12}, {.offset = 0, .size = 4}};
	uint64_t reply[3];

	for (size_t i = 0; i < sizeof(msg); i++)
		assert_int_equal(send(vmm->sock, (char *)&msg + i, 1, 0), 1);
	assert_int_equal(recv(vmm->sock, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	assert_int_equal(reply[0], MPR_MPQEMU_RET);
	assert_int_equal(reply[1], 8);
	assert_int_equal(reply[2], 0x7e571af4);
}

WITH_VMM(several_messages_at_once_are_answered_in_order)
{
	const struct mpqemu_vmm *vmm = *state;
	const struct mpr_mpqemu_config config[] = {{.offset = 0, .size = 2},
						   {.offset = 2, .size = 2}};
	uint64_t reply[3];

	for (int i = 0; i < 2; i++)
		assert_int_equal(mpr_mpqemu_send(vmm->sock, MPR_MPQEMU_CONFIG_READ, &config[i],
						 sizeof(config[i]), NULL, 0),
				 0);
	assert_int_equal(recv(vmm->sock, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	assert_int_equal(reply[2], 0x1af4);
	assert_int_equal(recv(vmm->sock, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	assert_int_equal(reply[2], 0x7e57);
}

/* ---- What is malformed -------------------------------------------------- */

/* A device in use, to which a message is sent that must end the connection. */
static void expect_refusal(int command, size_t size, unsigned nfds, const char *why)
{
	struct mpqemu_vmm *vmm = start(one_device);
	const uint8_t data[sizeof(struct mpr_mpqemu_memory)] = {0};
	int fds[MPR_MPQEMU_MAX_FDS];

	share_memory(vmm);
	for (unsigned i = 0; i < nfds; i++)
		fds[i] = vmm->memfd;
	assert_int_equal(
		mpr_mpqemu_send(vmm->sock, (enum mpr_mpqemu_command)command, data, size, fds, nfds),
		0);
	expect_end(vmm, why);
}

UNIT_TEST(unknown_commands_are_refused)
{
	expect_refusal(8, 0, 0, "unknown command");
	expect_refusal(-1, 0, 0, "unknown command");
}

UNIT_TEST(answers_are_refused)
{
	expect_refusal(MPR_MPQEMU_RET, 8, 0, "an answer where a command belongs");
	expect_refusal(MPR_MPQEMU_RET, 0, 0, "an answer where a command belongs");
}

UNIT_TEST(wrong_sizes_are_refused)
{
	expect_refusal(MPR_MPQEMU_SYNC_SYSMEM, 184, 1, "wrong size");
	expect_refusal(MPR_MPQEMU_CONFIG_READ, 11, 0, "wrong size");
	expect_refusal(MPR_MPQEMU_CONFIG_WRITE, 16, 0, "wrong size");
	expect_refusal(MPR_MPQEMU_BAR_READ, 0, 0, "wrong size");
	expect_refusal(MPR_MPQEMU_BAR_WRITE, 25, 0, "wrong size");
	expect_refusal(MPR_MPQEMU_SET_IRQFD, 8, 2, "wrong size");
	expect_refusal(MPR_MPQEMU_DEVICE_RESET, 8, 0, "wrong size");
}

UNIT_TEST(wrong_numbers_of_descriptors_are_refused)
{
	expect_refusal(MPR_MPQEMU_SYNC_SYSMEM, 192, 0, "number of file descriptors");
	expect_refusal(MPR_MPQEMU_CONFIG_READ, 12, 1, "number of file descriptors");
	expect_refusal(MPR_MPQEMU_BAR_READ, 24, 1, "number of file descriptors");
	expect_refusal(MPR_MPQEMU_SET_IRQFD, 0, 1, "number of file descriptors");
	expect_refusal(MPR_MPQEMU_SET_IRQFD, 0, 3, "number of file descriptors");
	expect_refusal(MPR_MPQEMU_DEVICE_RESET, 0, 1, "number of file descriptors");
}

UNIT_TEST(interrupt_must_be_an_eventfd)
{
	expect_refusal(MPR_MPQEMU_SET_IRQFD, 0, 2, "not an eventfd");
}

UNIT_TEST(size_beyond_every_message_is_refused)
{
	const struct mpr_mpqemu_header header = {.command = MPR_MPQEMU_SYNC_SYSMEM,
						 .size = UINT64_MAX};
	struct mpqemu_vmm *vmm = start(one_device);

	assert_int_equal(send(vmm->sock, &header, sizeof(header), 0), sizeof(header));
	expect_end(vmm, "malformed");
}

/* Sends bytes with so many descriptors, which mpr_mpqemu_send() would not. */
static void send_fds(int sock, const void *bytes, size_t size, int fd, unsigned nfds)
{
	char control[CMSG_SPACE(sizeof(int) * 16)] = {0};
	struct iovec iov = {(void *)bytes, size};
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = CMSG_SPACE(sizeof(int) * nfds)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&mh);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
	for (unsigned i = 0; i < nfds; i++)
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd, sizeof(fd));
	assert_int_equal(sendmsg(sock, &mh, 0), size);
}

UNIT_TEST(too_many_descriptors_are_refused)
{
	const uint8_t message[208] = {[8] = 192};
	struct mpqemu_vmm *vmm = start(one_device);

	send_fds(vmm->sock, message, sizeof(message), vmm->memfd, 9);
	expect_end(vmm, "malformed");
}

UNIT_TEST(descriptors_within_the_data_are_refused)
{
	const uint8_t message[208] = {[8] = 192};
	struct mpqemu_vmm *vmm = start(one_device);

	send_fds(vmm->sock, message, 16, vmm->memfd, 1);
	send_fds(vmm->sock, message + 16, 192, vmm->memfd, 1);
	expect_end(vmm, "malformed");
}

static void expect_table_refused(struct mpr_proxy_region first, struct mpr_proxy_region second,
				 const char *why)
{
	struct mpqemu_vmm *vmm = start(one_device);
	struct mpr_proxy_region regions[] = {first, second};

	regions[0].fd = regions[1].fd = vmm->memfd;
	assert_int_equal(mpr_mpqemu_set_memory(vmm->device, regions, 2), 0);
	expect_end(vmm, why);
}

UNIT_TEST(wrong_tables_are_refused)
{
	const struct mpr_proxy_region page = {.address = 0x1000, .size = 4096};

	expect_table_refused(page, page, "overlap");
	expect_table_refused(page, (struct mpr_proxy_region){.address = 0x2000, .size = 0},
			     "whole pages");
	expect_table_refused(page, (struct mpr_proxy_region){.address = 0x2001, .size = 4096},
			     "whole pages");
	expect_table_refused(page,
			     (struct mpr_proxy_region){.address = UINT64_MAX - 4095, .size = 8192},
			     "last address");
	expect_table_refused(
		page,
		(struct mpr_proxy_region){.address = 0x2000, .size = 4096, .offset = 1u << 30},
		"exceeds");
}

UNIT_TEST(half_a_message_and_a_hang_up_end_the_remote)
{
	struct mpqemu_vmm *vmm = start(one_device);

	assert_int_equal(send(vmm->sock, "\0\0\0\0\0", 5, 0), 5);
	free(finish(vmm));
}

UNIT_TEST(hang_up_without_a_word_ends_the_remote)
{
	free(finish(start(one_device)));
}
