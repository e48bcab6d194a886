/* SPDX-License-Identifier: MIT */
/*
 * The table of QEMU's monitor commands that name a drive, a node or a device, or list all of them:
 * who runs each if some drives and devices are in remote processes. It has every such command of
 * QEMU 7.2, and, apart, all that stay QEMU's.
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_ROUTES_H
#define MPR_ORCHESTRATOR_COMMANDS_ROUTES_H

enum mpr_route_how {
	MPR_ROUTE_NAMED,      /* run by the remote that has what is named */
	MPR_ROUTE_REFUSED,    /* refused if it names what a remote has */
	MPR_ROUTE_MERGED,     /* as NAMED; if it is about all, answers are merged */
	MPR_ROUTE_EITHER,     /* QEMU's answer or, if that is an error, a remote's */
	MPR_ROUTE_DEVICE_ADD, /* rdevice_add, if it names a remote's drive or bus */
	MPR_ROUTE_DEVICE_DEL, /* rdevice_del, if it names a remote's disk */
	MPR_ROUTE_DRIVE_DEL,  /* rdrive_del, if it names a remote's drive */
};

/* As a key: the first word of an HMP line that is no flag. */
#define MPR_ROUTE_WORD "(word)"
/* Among the keys: the last word of the HMP line is an option string, which has the other keys. */
#define MPR_ROUTE_OPTIONS "(options)"

struct mpr_route {
	const char *name; /* "block_resize", "info block" */
	enum mpr_route_how how;
	/* The keys whose values are names, separated by blanks: in QMP's arguments, and in objects
	 * and lists that are values of such keys. NULL: none. */
	const char *drives;  /* of drives and nodes */
	const char *devices; /* of devices: ids, or paths of QOM */
	const char *why;     /* what to do instead, if the remote has no such command */
};

/* Each ends with name NULL. */
extern const struct mpr_route mpr_routes_qmp[], mpr_routes_hmp[];

/* The commands that are always QEMU's. Each ends with NULL. */
extern const char *const mpr_routes_qemus_qmp[], *const mpr_routes_qemus_hmp[];

/* NULL: the command is QEMU's. */
const struct mpr_route *mpr_route_find(const struct mpr_route *routes, const char *name);

#endif
