/* SPDX-License-Identifier: MIT */
#include "remote/process/placement.h"

#include <ctype.h>
#include <errno.h>
#include <numa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS "/sys/devices/system/cpu/online"
#define NODES "/sys/devices/system/node/online"

/* ---- Lists: "0-3,8" ------------------------------------------------------ */

static bool parse_number(const char **at, unsigned *number)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	value = strtoul(*at, &end, 10);
	*at = end;
	*number = (unsigned)value;
	return value < CPU_SETSIZE;
}

/* False: the text is no list. */
static bool parse_list(const char *text, cpu_set_t *set)
{
	unsigned first, last;

	CPU_ZERO(set);
	for (;; text++) {
		if (!parse_number(&text, &first))
			return false;
		last = first;
		if (*text == '-' && (text++, !parse_number(&text, &last)))
			return false;
		if (last < first)
			return false;
		for (unsigned i = first; i <= last; i++)
			CPU_SET(i, set);
		if (*text != ',')
			return *text == '\0';
	}
}

static bool is_subset(const cpu_set_t *part, const cpu_set_t *whole)
{
	cpu_set_t both;

	CPU_AND(&both, part, whole);
	return CPU_EQUAL(&both, part);
}

/* What this machine has, in the kernel's words ("0-3"); empty: they cannot be read. */
struct present {
	char text[256];
	cpu_set_t set;
};

static void read_present(const char *path, struct present *present)
{
	FILE *file = fopen(path, "re");

	*present = (struct present){0};
	if (!file)
		return;
	if (fgets(present->text, sizeof(present->text), file))
		present->text[strcspn(present->text, "\n")] = '\0';
	fclose(file);
	if (!parse_list(present->text, &present->set))
		present->text[0] = '\0';
}

/* ---- The options --------------------------------------------------------- */

static int parse_cpus(const struct mpr_opts *opts, struct mpr_placement *placement, char **error)
{
	const char *text = mpr_opts_get(opts, "cpu");
	struct present present;
	cpu_set_t set;

	if (!text)
		return 0;
	if (!parse_list(text, &set)) {
		*error = mpr_errorf("%s: cpu=%s is no list of processors (\"0\", \"0-3\", "
				    "\"0,,2\")",
				    mpr_opts_text(opts), text);
		return -EINVAL;
	}
	read_present(CPUS, &present);
	if (!is_subset(&set, &present.set)) {
		*error = mpr_errorf("%s: cpu=%s: this machine has cpus %s", mpr_opts_text(opts),
				    text, present.text);
		return -EINVAL;
	}
	placement->has_cpus = true;
	placement->cpus = set;
	return 0;
}

static int parse_node(const struct mpr_opts *opts, struct mpr_placement *placement, char **error)
{
	struct present present;
	uint64_t node = 0;
	int ret;

	if (!mpr_opts_get(opts, "numa-node"))
		return 0;
	ret = mpr_opts_get_uint(opts, "numa-node", 0, CPU_SETSIZE - 1, &node, error);
	if (ret < 0)
		return ret;
	read_present(NODES, &present);
	if (numa_available() < 0) /* the kernel was built without NUMA */
		present = (struct present){0};
	if (!CPU_ISSET(node, &present.set)) {
		*error = mpr_errorf("%s: numa-node=%u: this machine has %s%s", mpr_opts_text(opts),
				    (unsigned)node, present.text[0] ? "nodes " : "no NUMA nodes",
				    present.text);
		return -EINVAL;
	}
	placement->node = (int)node;
	return 0;
}

int mpr_placement_parse(const struct mpr_opts *opts, struct mpr_placement *placement, char **error)
{
	int ret = parse_cpus(opts, placement, error);

	return ret < 0 ? ret : parse_node(opts, placement, error);
}

/* ---- Going there --------------------------------------------------------- */

static int refused(const char *what, int err, char **error)
{
	*error = mpr_errorf("-machine x-remote: this process may not run on the %s: %s (its "
			    "cpuset forbids it)",
			    what, strerror(-err));
	return err;
}

static int run_on_cpus(const cpu_set_t *cpus, char **error)
{
	cpu_set_t got;

	/* The kernel leaves out, silently, what the process may not use. */
	if (sched_setaffinity(0, sizeof(*cpus), cpus) < 0 ||
	    sched_getaffinity(0, sizeof(got), &got) < 0)
		return refused("processors of cpu=", -errno, error);
	return CPU_EQUAL(&got, cpus) ? 0 : refused("processors of cpu=", -EINVAL, error);
}

int mpr_placement_apply(const struct mpr_placement *placement, char **error)
{
	int ret = 0;

	if (placement->has_cpus)
		ret = run_on_cpus(&placement->cpus, error);
	else if (placement->node >= 0 && numa_run_on_node(placement->node) < 0)
		ret = refused("node of numa-node=", -errno, error);
	/* A preference: where the node has no room, another one serves. */
	if (ret == 0 && placement->node >= 0)
		numa_set_preferred(placement->node);
	return ret;
}

int mpr_placement_node(const struct mpr_placement *placement)
{
	int node = -1;

	if (placement->node >= 0 || !placement->has_cpus || numa_available() < 0)
		return placement->node;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int its;

		if (!CPU_ISSET(cpu, &placement->cpus))
			continue;
		its = numa_node_of_cpu(cpu);
		if (its < 0 || (node >= 0 && its != node))
			return -1;
		node = its;
	}
	return node;
}
