/* SPDX-License-Identifier: MIT */
/* Prints the table of QEMU's commands for routes_test.py: "qmp NAME remote", "hmp NAME qemu". */
#include <stdio.h>

#include "orchestrator/commands/routes.h"

static void print(const char *protocol, const struct mpr_route *routes, const char *const *qemus)
{
	for (; routes->name; routes++)
		printf("%s\t%s\tremote\n", protocol, routes->name);
	for (; *qemus; qemus++)
		printf("%s\t%s\tqemu\n", protocol, *qemus);
}

int main(void)
{
	print("qmp", mpr_routes_qmp, mpr_routes_qemus_qmp);
	print("hmp", mpr_routes_hmp, mpr_routes_qemus_hmp);
	return 0;
}
