/* SPDX-License-Identifier: MIT */
/* Proves that the process runs where it is told to and tells the VMM, which puts the
 * channel there; that it refuses places that this machine does not have; and that it looks
 * for work as long as poll-us= says. */
#include <errno.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "remote/process/placement.h"
#include "ring/channel.h"
#include "tests/remote/harness.h"

#define ROUNDS 50

/* The first line of a file, or "". */
static const char *line_of(const char *path)
{
	static char line[256];
	FILE *file = fopen(path, "re");

	line[0] = '\0';
	if (!file)
		return line;
	assert_non_null(fgets(line, sizeof(line), file));
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
	return line;
}

static bool has_nodes(void)
{
	return line_of("/sys/devices/system/node/online")[0];
}

/* Parses "-machine TEXT"; *error must be freed. */
static int parse(const char *text, struct mpr_placement *placement, char **error)
{
	struct mpr_opts *opts;
	int ret;

	*placement = (struct mpr_placement){.node = -1};
	*error = NULL;
	assert_int_equal(mpr_opts_parse("-machine", text, "type", &opts, error), 0);
	ret = mpr_placement_parse(opts, placement, error);
	mpr_opts_free(opts);
	return ret;
}

static void assert_refused(const char *text, const char *message)
{
	struct mpr_placement placement;
	char *error;

	assert_int_equal(parse(text, &placement, &error), -EINVAL);
	assert_non_null(error);
	if (!strstr(error, message))
		fail_msg("%s: \"%s\" lacks \"%s\"", text, error, message);
	free(error);
}

UNIT_TEST(lists_that_are_none_are_refused)
{
	static const char *const lists[] = {
		"x-remote,cpu=",    "x-remote,cpu=all",
		"x-remote,cpu=1-0", "x-remote,cpu=0-",
		"x-remote,cpu=0,,", "x-remote,cpu=-1",
		"x-remote,cpu=0 1", "x-remote,cpu=99999999999999999999"};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_refused(lists[i], "is no list of processors");
	assert_refused("x-remote,numa-node=-1", "numa-node=-1");
}

UNIT_TEST(places_that_are_not_here_are_refused)
{
	char message[400];

	snprintf(message, sizeof(message),
		 "-machine x-remote,cpu=1023: cpu=1023: this machine has cpus %s",
		 line_of("/sys/devices/system/cpu/online"));
	assert_refused("x-remote,cpu=1023", message);
	if (has_nodes())
		snprintf(message, sizeof(message), "numa-node=1023: this machine has nodes %s",
			 line_of("/sys/devices/system/node/online"));
	else
		strcpy(message, "numa-node=1023: this machine has no NUMA nodes");
	assert_refused("x-remote,numa-node=1023", message);
}

UNIT_TEST(all_processors_may_be_named)
{
	char *list = strdup(line_of("/sys/devices/system/cpu/online")), *error, *text;
	struct mpr_placement placement;

	/* Commas in a value are doubled. */
	if (strchr(list, ','))
		skip();
	assert_true(asprintf(&text, "x-remote,cpu=%s", list) > 0);
	assert_int_equal(parse(text, &placement, &error), 0);
	assert_true(placement.has_cpus);
	free(text);
	free(list);
}

/* ---- A process that is placed -------------------------------------------- */

/* The last processor that this process may use. */
static int last_cpu(void)
{
	cpu_set_t mine;
	int cpu = CPU_SETSIZE;

	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	while (!CPU_ISSET(--cpu, &mine))
		;
	return cpu;
}

static bool runs_only_on(int cpu)
{
	cpu_set_t mine;

	return sched_getaffinity(0, sizeof(mine), &mine) == 0 && CPU_COUNT(&mine) == 1 &&
	       CPU_ISSET(cpu, &mine);
}

static bool prefers_node(int node)
{
	unsigned long nodes[16] = {0};
	int policy;

	return get_mempolicy(&policy, nodes, sizeof(nodes) * 8, NULL, 0) == 0 &&
	       policy == MPOL_PREFERRED && nodes[node / 64] == 1ul << node % 64;
}

/* Runs a check in a process of its own that was placed. */
static void assert_goes(const char *text, bool (*there)(int), int where)
{
	struct mpr_placement placement;
	char *error;
	int status;
	pid_t pid;

	assert_int_equal(parse(text, &placement, &error), 0);
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(mpr_placement_apply(&placement, &error) == 0 && there(where) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

UNIT_TEST(process_runs_on_its_processor)
{
	char text[64];

	snprintf(text, sizeof(text), "x-remote,cpu=%d", last_cpu());
	assert_goes(text, runs_only_on, last_cpu());
}

UNIT_TEST(process_allocates_on_its_node)
{
	if (!has_nodes())
		skip();
	assert_goes("x-remote,numa-node=0", prefers_node, 0);
}

UNIT_TEST(forbidden_processor_is_an_error)
{
	struct mpr_placement placement = {.has_cpus = true, .node = -1};
	char *error = NULL;

	/* Passes the check against this machine, as what a cpuset forbids does. */
	CPU_SET(CPU_SETSIZE - 1, &placement.cpus);
	assert_true(mpr_placement_apply(&placement, &error) < 0);
	assert_non_null(strstr(error, "may not run on the processors of cpu="));
	free(error);
}

/* ---- A VMM --------------------------------------------------------------- */

struct pair {
	struct remote remote;
	struct mpr_proxy_conn *conn;
	struct mpr_proxy_device *device;
};

static void start(struct pair *pair, const char *machine)
{
	const char *const args[] = {"@", "-machine", machine, "-device", "test-device,id=test0",
				    NULL};
	char *error = NULL;

	remote_start(&pair->remote, args);
	if (mpr_proxy_connect_fd(pair->remote.sock, &pair->conn, &error) < 0)
		fail_msg("%s", error);
	pair->remote.sock = -1;
	if (mpr_proxy_device_open(pair->conn, "test0", &pair->device, &error) < 0)
		fail_msg("%s", error);
}

static void finish(struct pair *pair)
{
	mpr_proxy_device_close(pair->device);
	mpr_proxy_disconnect(pair->conn);
	assert_int_equal(remote_finish(&pair->remote), 0);
	free(remote_output(&pair->remote));
	free(remote_print(&pair->remote));
}

/* True when a memory policy of the mapping itself puts it on node 0. */
static unsigned mappings_on_node_0(void)
{
	FILE *file = fopen("/proc/self/numa_maps", "re");
	unsigned count = 0;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		count += strstr(line, "prefer") && strstr(line, ":0 ") && strstr(line, "mpring");
	if (file)
		fclose(file);
	return count;
}

UNIT_TEST(channel_lies_where_it_is_polled)
{
	struct pair pair;

	if (!has_nodes())
		skip();
	start(&pair, "x-remote,numa-node=0");
	assert_int_equal(mpr_proxy_description(pair.device)->node, 1);
	/* The channel, and the BAR that is plain memory. */
	assert_int_equal(mappings_on_node_0(), 2);
	finish(&pair);
}

UNIT_TEST(processors_of_one_node_say_which)
{
	struct pair pair;
	char text[64];

	if (!has_nodes() || strcmp(line_of("/sys/devices/system/node/online"), "0"))
		skip();
	snprintf(text, sizeof(text), "x-remote,cpu=%d", last_cpu());
	start(&pair, text);
	assert_int_equal(mpr_proxy_description(pair.device)->node, 1);
	finish(&pair);
}

UNIT_TEST(nothing_said_is_anywhere)
{
	struct pair pair;

	start(&pair, "x-remote");
	assert_int_equal(mpr_proxy_description(pair.device)->node, 0);
	assert_int_equal(mappings_on_node_0(), 0);
	finish(&pair);
}

/* ---- Waiting ------------------------------------------------------------- */

/* How often the remote slept during reads with pauses between them. */
static uint64_t reads_with_pauses(const char *machine)
{
	struct mpr_channel_stats before, after;
	struct pair pair;

	start(&pair, machine);
	(void)get(pair.device, TEST_SCRATCH);
	mpr_proxy_stats(pair.device, &before);
	for (unsigned i = 0; i < ROUNDS; i++) {
		usleep(2000);
		(void)get(pair.device, TEST_SCRATCH);
	}
	mpr_proxy_stats(pair.device, &after);
	finish(&pair);
	return after.remote_sleeps - before.remote_sleeps;
}

UNIT_TEST(remote_looks_as_long_as_it_may)
{
	assert_true(reads_with_pauses("x-remote,poll-us=0") >= ROUNDS / 2);
	assert_true(reads_with_pauses("x-remote,poll-us=1000000") <= ROUNDS / 2);
}
