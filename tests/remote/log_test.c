/* SPDX-License-Identifier: MIT */
/* Proves that a device answers, and the process ends, while nobody reads its standard
 * error, and that the lines dropped are counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/remote/harness.h"

/* More lines than a pipe and the log's queue hold. */
#define MANY 20000

/* Seconds; a remote that blocks on the log would hang the test. */
#define PATIENCE_S 60

static void log_many(struct vmm *vmm)
{
	alarm(PATIENCE_S);
	for (unsigned i = 0; i < MANY; i++)
		put(vmm->device, TEST_LOG, i);
	put(vmm->device, TEST_SCRATCH, 1);
	assert_int_equal(get(vmm->device, TEST_SCRATCH), 1);
}

static int end(void **state)
{
	int ret = vmm_teardown(state);

	alarm(0);
	return ret;
}

UNIT_TEST_WITH(device_answers_while_nobody_reads_its_log, vmm_setup, end)
{
	struct vmm *vmm = *state;
	FILE *output = fdopen(dup(vmm->remote.output), "r");
	unsigned lines = 0, number;
	char line[128];

	assert_non_null(output);
	log_many(vmm);
	while (lines < MANY && fgets(line, sizeof(line), output)) {
		if (sscanf(line,
			   "mpring-remote: lines that could not be written and were dropped "
			   "here: %u\n",
			   &number) == 1)
			lines += number;
		else if (sscanf(line, "mpring-remote: test0: value %u\n", &number) == 1)
			assert_int_equal(number, lines++);
		else
			fail_msg("%s", line);
	}
	assert_int_equal(lines, MANY);
	fclose(output);
	alarm(0);
}

/* Nothing is read before the tear-down, when the process has ended. */
UNIT_TEST_WITH(process_ends_while_nobody_reads_its_log, vmm_setup, end)
{
	log_many(*state);
}

/* The line is written before the parent process exits. */
UNIT_TEST(what_was_said_before_the_background_is_read)
{
	char path[] = "/tmp/mpring-log.XXXXXX", drive[64];
	const char *const args[] = {
		"@", "-daemonize", "-device", "test-device,id=test0", "-drive", drive, NULL,
	};
	int image = mkstemp(path);
	struct remote remote;
	char *output;

	assert_int_equal(ftruncate(image, 4096), 0);
	snprintf(drive, sizeof(drive), "id=d0,file=%s,aio=threads", path);
	remote_start(&remote, args);
	assert_int_equal(remote_finish(&remote), 0);
	output = remote_output(&remote);
	assert_non_null(strstr(output, "io_uring is used for aio=threads"));
	free(output);
	free(remote_print(&remote));
	close(image);
	assert_int_equal(unlink(path), 0);
}
