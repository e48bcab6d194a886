/* SPDX-License-Identifier: MIT */
/*
 * Proves that a remote that was stopped while its VMM gave a device up, or closed it,
 * executes none of the requests in the ring when it continues, and writes no guest memory.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/internal.h"
#include "tests/remote/harness.h"

#define TAKEN_BACK 0xee /* what the guest's driver puts where the DMA would go */
#define PAGE 4096u

static void stop(const struct vmm *vmm)
{
	int status;

	kill(vmm->remote.pid, SIGSTOP);
	assert_int_equal(waitpid(vmm->remote.pid, &status, WUNTRACED), vmm->remote.pid);
	assert_true(WIFSTOPPED(status));
}

static void go_on(const struct vmm *vmm)
{
	kill(vmm->remote.pid, SIGCONT);
}

/* Posts requests: to say something, and to copy the first page to each of the others. */
static void post_requests(struct vmm *vmm)
{
	put(vmm->device, TEST_LOG, 7);
	put(vmm->device, TEST_COPY_FROM, VMM_ADDRESS);
	for (unsigned i = 1; i < VMM_PAGES; i++) {
		put(vmm->device, TEST_COPY_TO, VMM_ADDRESS + i * PAGE);
		put(vmm->device, TEST_COPY_LENGTH, PAGE);
	}
}

static void take_memory_back(struct vmm *vmm)
{
	memset(vmm->memory, TAKEN_BACK, (size_t)VMM_PAGES * PAGE);
}

/* The remote has ended, and nothing that it was asked for was done. */
static void assert_nothing_done(struct vmm *vmm)
{
	char *output;

	assert_int_equal(remote_finish(&vmm->remote), 0);
	output = remote_output(&vmm->remote);
	assert_null(strstr(output, "value 7"));
	free(output);
	for (size_t i = 0; i < (size_t)VMM_PAGES * PAGE; i++)
		assert_int_equal(vmm->memory[i], TAKEN_BACK);
}

/* Gives up at once on a remote that does not answer. */
static void give_up(struct vmm *vmm)
{
	mpr_proxy_conn_hurry(vmm->conn);
	assert_int_equal(get(vmm->device, TEST_SCRATCH), UINT64_MAX);
	assert_false(mpr_proxy_alive(vmm->device, NULL));
}

static int teardown(void **state)
{
	struct vmm *vmm = *state;

	if (vmm->device)
		mpr_proxy_device_close(vmm->device);
	if (vmm->conn)
		mpr_proxy_disconnect(vmm->conn);
	free(vmm);
	return 0;
}

#define TEST(name) UNIT_TEST_WITH(name, vmm_setup, teardown)

TEST(requests_of_before_are_not_executed)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	memset(vmm->memory, 0x11, PAGE);
	stop(vmm);
	post_requests(vmm);
	give_up(vmm);
	take_memory_back(vmm);
	go_on(vmm);
	assert_nothing_done(vmm); /* it has been hung up on */
}

TEST(a_device_that_was_closed_is_not_served)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	memset(vmm->memory, 0x11, PAGE);
	stop(vmm);
	post_requests(vmm);
	mpr_proxy_device_close(vmm->device);
	vmm->device = NULL;
	take_memory_back(vmm);
	go_on(vmm);
	mpr_proxy_disconnect(vmm->conn);
	vmm->conn = NULL;
	assert_nothing_done(vmm);
}

/* The connection outlives a device that was slow to close. */
TEST(a_device_that_was_slow_to_close_is_opened_again)
{
	struct vmm *vmm = *state;
	char *error = NULL;

	stop(vmm);
	post_requests(vmm);
	mpr_proxy_device_close(vmm->device);
	vmm->device = NULL;
	go_on(vmm);
	if (mpr_proxy_device_open(vmm->conn, "test0", &vmm->device, &error))
		fail_msg("%s", error);
	put(vmm->device, TEST_SCRATCH, 42);
	assert_int_equal(get(vmm->device, TEST_SCRATCH), 42);
}

/* The bound is lower for a remote that makes no progress. */
TEST(a_reset_may_wait_long_for_dma)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_MAP, VMM_ADDRESS);
	assert_int_equal(get(vmm->device, TEST_MAP), 0);
	put(vmm->device, TEST_RELEASE, (MPR_LOCKED_MS + 1000) * 1000000ull);
	assert_int_equal(mpr_proxy_reset(vmm->device), 0);
}
