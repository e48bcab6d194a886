/* SPDX-License-Identifier: MIT */
/* Running mpring-remote, with the test device, in a process of its own. */
#ifndef MPR_TESTS_REMOTE_HARNESS_H
#define MPR_TESTS_REMOTE_HARNESS_H

#include <sys/types.h>

#include "proxy/proxy.h"
#include "tests/common/unit.h"
#include "tests/remote/test_device.h"

struct remote {
	pid_t pid;
	int sock;   /* the VMM's end of the socket; -1 once it is given away */
	int output; /* what the process writes to standard error */
	int print;  /* and to standard output */
};

/*
 * Starts "mpring-remote ARGS...", ended by NULL. "@" in an argument becomes the
 * number of the process' socket.
 */
void remote_start(struct remote *remote, const char *const *args);

/* Waits for the process to end by itself; its exit status, or -1 when a signal
 * ended it. Closes the VMM's end first, if it is still open. */
int remote_finish(struct remote *remote);

/* What it wrote to standard error, or output, until it ended. free() it. */
char *remote_output(struct remote *remote);
char *remote_print(struct remote *remote);

/* The voluntary context switches of the process so far, and its processor time in
 * ticks. */
uint64_t remote_sleeps(const struct remote *remote);
uint64_t remote_cpu(const struct remote *remote);

/* ---- A VMM -------------------------------------------------------------- */

#define VMM_PAGES 16
#define VMM_ADDRESS 0x100000u

/* A remote with one test device, its proxy, and guest memory of VMM_PAGES
 * pages at VMM_ADDRESS. */
struct vmm {
	struct remote remote;
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *device;
	int memfd;
	uint8_t *memory;
};

/* cmocka's set-up and tear-down; the tear-down also checks that the remote
 * ended well. */
int vmm_setup(void **state);
/* The same for a VMM that asks to be told which memory the device writes. */
int vmm_setup_reporting(void **state);
int vmm_teardown(void **state);

/* Lets the device be bus master. */
void vmm_enable_dma(struct vmm *vmm);

/* A memfd of that many pages. */
int memfd_pages(size_t pages);

/* Accesses to BAR 0 of the test device. */
void put(struct mpr_proxy_device *device, uint64_t offset, uint64_t value);
uint64_t get(struct mpr_proxy_device *device, uint64_t offset);

#endif
