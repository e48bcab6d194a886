/* SPDX-License-Identifier: MIT */
/*
 * What becomes of each command of QEMU's monitor that names a drive, a node or a device, or
 * tells of all of them, in a machine some of whose drives and devices are in remote
 * processes. Every such command of QEMU 7.2 is here, those that stay QEMU's as well.
 */
#ifndef MPR_ORCHESTRATOR_COMMANDS_ROUTES_H
#define MPR_ORCHESTRATOR_COMMANDS_ROUTES_H

enum mpr_route_how {
	MPR_ROUTE_NAMED,      /* the remote runs it that has what is named */
	MPR_ROUTE_REFUSED,    /* it is refused when it names what a remote has */
	MPR_ROUTE_MERGED,     /* as NAMED; the answer about all is QEMU's and the remotes' */
	MPR_ROUTE_EITHER,     /* QEMU's answer or, when it has none, a remote's */
	MPR_ROUTE_DEVICE_ADD, /* rdevice_add if it goes to a remote's drive or bus */
	MPR_ROUTE_DEVICE_DEL, /* rdevice_del */
	MPR_ROUTE_DRIVE_DEL,  /* rdrive_del */
};

/* A key: the first word of an HMP line that is no flag. */
#define MPR_ROUTE_WORD "(word)"
/* Among the keys: HMP's last word is an option string, and the keys are of that. */
#define MPR_ROUTE_OPTIONS "(options)"

struct mpr_route {
	const char *name; /* "block_resize", "info block" */
	enum mpr_route_how how;
	/* Where names are: keys, separated by blanks, of QMP's arguments and of the objects
	 * and lists that such keys have. NULL: nowhere. */
	const char *drives;  /* of drives and nodes */
	const char *devices; /* of devices: ids, or paths of QOM */
	const char *why;     /* what to do instead, if the remote has no such command */
};

/* Each ends with name NULL. */
extern const struct mpr_route mpr_routes_qmp[], mpr_routes_hmp[];

/* Commands that are QEMU's, whatever they name or tell of. Each ends with NULL. */
extern const char *const mpr_routes_qemus_qmp[], *const mpr_routes_qemus_hmp[];

/* NULL: the command is QEMU's. */
const struct mpr_route *mpr_route_find(const struct mpr_route *routes, const char *name);

#endif
