/* SPDX-License-Identifier: MIT */
#include "orchestrator/commands/routes.h"

#include <stddef.h>
#include <string.h>

#define NAMED MPR_ROUTE_NAMED
#define REFUSED MPR_ROUTE_REFUSED
#define MERGED MPR_ROUTE_MERGED
#define WORD MPR_ROUTE_WORD
#define OPTIONS MPR_ROUTE_OPTIONS

/* ---- What to do instead ------------------------------------------------- */

#define JOBS                                                                          \
	"jobs and copies are for QEMU's own drives; copy the image with the machine " \
	"stopped, or from within the guest"
#define SNAPSHOTS                                                                    \
	"snapshots and overlays are for QEMU's own drives; copy the image with the " \
	"machine stopped"
#define BITMAPS "dirty bitmaps are for QEMU's own drives"
#define MEDIA                                                                       \
	"its disks have no medium to be changed; rdevice_del, then rdrive_add and " \
	"rdevice_add, change a disk"
#define LIMITS "limits and statistics of that kind are for QEMU's own drives"
#define EXPORTS "exports are for QEMU's own drives"
#define NODES                                                                               \
	"QEMU's nodes cannot be named as, or be on, what a remote process has; rdrive_add " \
	"adds a drive there"
#define NAMES "what is in QEMU must have another name"
#define SETTINGS "properties are given when the device is added (rdevice_add)"
#define THREADS "its drives serve the guest alone, on threads of its own"
#define OTHERS "that is for devices of another kind"

/* ---- QMP ---------------------------------------------------------------- */

/* Keys of block drivers that name a node, or define one. */
#define NODE_KEYS "node-name file backing children raw test log target bottom data-file"

const struct mpr_route mpr_routes_qmp[] = {
	/* Drives and nodes. */
	{"block_resize", NAMED, "device node-name", NULL, NULL},
	{"block_set_io_throttle", NAMED, "device", "id", LIMITS},
	{"block-latency-histogram-set", NAMED, NULL, "id", LIMITS},
	{"block-set-write-threshold", NAMED, "node-name", NULL, LIMITS},
	{"blockdev-add", REFUSED, NODE_KEYS, NULL, NODES},
	{"blockdev-create", REFUSED, "job-id options " NODE_KEYS, NULL, NODES},
	{"blockdev-del", NAMED, "node-name", NULL, NULL},
	{"blockdev-reopen", REFUSED, "options " NODE_KEYS, NULL, NODES},
	{"change-backing-file", NAMED, "device image-node-name", NULL, SNAPSHOTS},
	{"query-block", MERGED, NULL, NULL, NULL},
	{"query-blockstats", MERGED, NULL, NULL, NULL},
	{"query-named-block-nodes", MERGED, NULL, NULL, NULL},
	{"x-blockdev-amend", REFUSED, "job-id node-name", NULL, NODES},
	{"x-blockdev-change", REFUSED, "parent node", NULL, NODES},
	{"x-blockdev-set-iothread", REFUSED, "node-name", NULL, THREADS},
	/* Media. */
	{"blockdev-change-medium", NAMED, "device", "id", MEDIA},
	{"blockdev-close-tray", NAMED, "device", "id", MEDIA},
	{"blockdev-insert-medium", NAMED, "node-name", "id", MEDIA},
	{"blockdev-open-tray", NAMED, "device", "id", MEDIA},
	{"blockdev-remove-medium", NAMED, NULL, "id", MEDIA},
	{"eject", NAMED, "device", "id", MEDIA},
	/* Jobs, whose ids are those of their drives by default, and copies. */
	{"block-commit", NAMED, "job-id device base-node top-node", NULL, JOBS},
	{"block-job-cancel", NAMED, "device", NULL, JOBS},
	{"block-job-complete", NAMED, "device", NULL, JOBS},
	{"block-job-dismiss", NAMED, "id", NULL, JOBS},
	{"block-job-finalize", NAMED, "id", NULL, JOBS},
	{"block-job-pause", NAMED, "device", NULL, JOBS},
	{"block-job-resume", NAMED, "device", NULL, JOBS},
	{"block-job-set-speed", NAMED, "device", NULL, JOBS},
	{"block-stream", NAMED, "job-id device base-node bottom", NULL, JOBS},
	{"blockdev-backup", NAMED, "job-id device target", NULL, JOBS},
	{"blockdev-mirror", NAMED, "job-id device target replaces", NULL, JOBS},
	{"drive-backup", NAMED, "job-id device", NULL, JOBS},
	{"drive-mirror", NAMED, "job-id device node-name replaces", NULL, JOBS},
	{"job-cancel", NAMED, "id", NULL, JOBS},
	{"job-complete", NAMED, "id", NULL, JOBS},
	{"job-dismiss", NAMED, "id", NULL, JOBS},
	{"job-finalize", NAMED, "id", NULL, JOBS},
	{"job-pause", NAMED, "id", NULL, JOBS},
	{"job-resume", NAMED, "id", NULL, JOBS},
	/* Snapshots, overlays and bitmaps. */
	{"block-dirty-bitmap-add", NAMED, "node", NULL, BITMAPS},
	{"block-dirty-bitmap-clear", NAMED, "node", NULL, BITMAPS},
	{"block-dirty-bitmap-disable", NAMED, "node", NULL, BITMAPS},
	{"block-dirty-bitmap-enable", NAMED, "node", NULL, BITMAPS},
	{"block-dirty-bitmap-merge", NAMED, "node bitmaps", NULL, BITMAPS},
	{"block-dirty-bitmap-remove", NAMED, "node", NULL, BITMAPS},
	{"blockdev-snapshot", NAMED, "node overlay", NULL, SNAPSHOTS},
	{"blockdev-snapshot-delete-internal-sync", NAMED, "device", NULL, SNAPSHOTS},
	{"blockdev-snapshot-internal-sync", NAMED, "device", NULL, SNAPSHOTS},
	{"blockdev-snapshot-sync", NAMED, "device node-name snapshot-node-name", NULL, SNAPSHOTS},
	{"migrate-set-parameters", NAMED, "block-bitmap-mapping node-name", NULL, BITMAPS},
	{"snapshot-delete", NAMED, "job-id devices", NULL, SNAPSHOTS},
	{"snapshot-load", NAMED, "job-id vmstate devices", NULL, SNAPSHOTS},
	{"snapshot-save", NAMED, "job-id vmstate devices", NULL, SNAPSHOTS},
	{"transaction", NAMED, "actions data device job-id node node-name overlay target bitmaps",
	 NULL, JOBS},
	{"x-debug-block-dirty-bitmap-sha256", NAMED, "node", NULL, BITMAPS},
	/* Exports. */
	{"block-export-add", NAMED, "node-name", NULL, EXPORTS},
	{"nbd-server-add", NAMED, "device", NULL, EXPORTS},
	{"yank", NAMED, "instances node-name", NULL, EXPORTS},
	/* Devices. */
	{"device-list-properties", MPR_ROUTE_EITHER, NULL, NULL, NULL},
	{"device_add", MPR_ROUTE_DEVICE_ADD, "drive", "id", NAMES},
	{"device_del", MPR_ROUTE_DEVICE_DEL, NULL, "id", NULL},
	{"input-send-event", NAMED, NULL, "device", OTHERS},
	{"qom-get", NAMED, NULL, "path", NULL},
	{"qom-list", MERGED, NULL, "path", NULL},
	{"qom-set", NAMED, NULL, "path", SETTINGS},
	{"query-rx-filter", NAMED, NULL, "name", OTHERS},
	{"screendump", NAMED, NULL, "device", OTHERS},
	{"set_link", NAMED, NULL, "name", OTHERS},
	{"x-query-virtio-queue-element", NAMED, NULL, "path", OTHERS},
	{"x-query-virtio-queue-status", NAMED, NULL, "path", OTHERS},
	{"x-query-virtio-status", NAMED, NULL, "path", OTHERS},
	{"x-query-virtio-vhost-queue-status", NAMED, NULL, "path", OTHERS},
	{0},
};

const char *const mpr_routes_qemus_qmp[] = {
	"x-debug-query-block-graph",
	"query-block-jobs",
	"query-jobs",
	"block-export-del",
	"nbd-server-remove",
	"nbd-server-start",
	"query-block-exports",
	"query-yank",
	"announce-self",
	"chardev-add",
	"chardev-change",
	"chardev-remove",
	"chardev-send-break",
	"display-update",
	"netdev_add",
	"netdev_del",
	"object-add",
	"object-del",
	"ringbuf-read",
	"ringbuf-write",
	"set-numa-node",
	"trace-event-get-state",
	"trace-event-set-state",
	"query-acpi-ospm-status",
	"query-balloon",
	"query-chardev",
	"query-chardev-backends",
	"query-colo-status",
	"query-command-line-options",
	"query-commands",
	"query-cpu-definitions",
	"query-cpu-model-expansion",
	"query-cpus-fast",
	"query-current-machine",
	"query-dirty-rate",
	"query-display-options",
	"query-dump",
	"query-dump-guest-memory-capability",
	"query-fdsets",
	"query-hotpluggable-cpus",
	"query-iothreads",
	"query-kvm",
	"query-machines",
	"query-memdev",
	"query-memory-devices",
	"query-memory-size-summary",
	"query-mice",
	"query-migrate",
	"query-migrate-capabilities",
	"query-migrate-parameters",
	"query-name",
	"query-pci",
	"query-pr-managers",
	"query-qmp-schema",
	"query-replay",
	"query-rocker",
	"query-rocker-of-dpa-flows",
	"query-rocker-of-dpa-groups",
	"query-rocker-ports",
	"query-sev",
	"query-sev-attestation-report",
	"query-sev-capabilities",
	"query-sev-launch-measure",
	"query-sgx",
	"query-sgx-capabilities",
	"query-spice",
	"query-stats",
	"query-stats-schemas",
	"query-status",
	"query-target",
	"query-tpm",
	"query-tpm-models",
	"query-tpm-types",
	"query-uuid",
	"query-vcpu-dirty-limit",
	"query-version",
	"query-vm-generation-id",
	"query-vnc",
	"query-vnc-servers",
	"query-xen-replication-status",
	"x-query-irq",
	"x-query-jit",
	"x-query-numa",
	"x-query-opcount",
	"x-query-profile",
	"x-query-ramblock",
	"x-query-rdma",
	"x-query-roms",
	"x-query-usb",
	"x-query-virtio",
	NULL,
};

/* ---- HMP ---------------------------------------------------------------- */

const struct mpr_route mpr_routes_hmp[] = {
	/* Drives and nodes. */
	{"block_resize", NAMED, WORD, NULL, NULL},
	{"block_set_io_throttle", NAMED, WORD, NULL, LIMITS},
	{"drive_add", REFUSED, OPTIONS " id node-name", NULL, NAMES},
	{"drive_del", MPR_ROUTE_DRIVE_DEL, WORD, NULL, NULL},
	{"info block", MERGED, WORD, NULL, NULL},
	{"info blockstats", MERGED, NULL, NULL, NULL},
	{"qemu-io", NAMED, WORD, WORD, THREADS},
	/* Media. */
	{"change", NAMED, WORD, NULL, MEDIA},
	{"eject", NAMED, WORD, NULL, MEDIA},
	/* Jobs, copies and snapshots. */
	{"block_job_cancel", NAMED, WORD, NULL, JOBS},
	{"block_job_complete", NAMED, WORD, NULL, JOBS},
	{"block_job_pause", NAMED, WORD, NULL, JOBS},
	{"block_job_resume", NAMED, WORD, NULL, JOBS},
	{"block_job_set_speed", NAMED, WORD, NULL, JOBS},
	{"block_stream", NAMED, WORD, NULL, JOBS},
	{"commit", NAMED, WORD, NULL, JOBS},
	{"drive_backup", NAMED, WORD, NULL, JOBS},
	{"drive_mirror", NAMED, WORD, NULL, JOBS},
	{"snapshot_blkdev", NAMED, WORD, NULL, SNAPSHOTS},
	{"snapshot_blkdev_internal", NAMED, WORD, NULL, SNAPSHOTS},
	{"snapshot_delete_blkdev_internal", NAMED, WORD, NULL, SNAPSHOTS},
	/* Exports. */
	{"nbd_server_add", NAMED, WORD, NULL, EXPORTS},
	/* Devices. */
	{"device_add", MPR_ROUTE_DEVICE_ADD, OPTIONS " drive", OPTIONS " id", NAMES},
	{"device_del", MPR_ROUTE_DEVICE_DEL, NULL, WORD, NULL},
	{"info qom-tree", MERGED, NULL, WORD, NULL},
	{"info qtree", MERGED, NULL, NULL, NULL},
	{"info virtio-queue-element", NAMED, NULL, WORD, OTHERS},
	{"info virtio-queue-status", NAMED, NULL, WORD, OTHERS},
	{"info virtio-status", NAMED, NULL, WORD, OTHERS},
	{"info virtio-vhost-queue-status", NAMED, NULL, WORD, OTHERS},
	{"pcie_aer_inject_error", NAMED, NULL, WORD, OTHERS},
	{"qom-get", NAMED, NULL, WORD, NULL},
	{"qom-list", MERGED, NULL, WORD, NULL},
	{"qom-set", NAMED, NULL, WORD, SETTINGS},
	{"set_link", NAMED, NULL, WORD, OTHERS},
	{0},
};

const char *const mpr_routes_qemus_hmp[] = {
	"info block-jobs",
	"info snapshots",
	"nbd_server_remove",
	"announce_self",
	"chardev-change",
	"chardev-remove",
	"chardev-send-break",
	"closefd",
	"gdbserver",
	"getfd",
	"netdev_add",
	"netdev_del",
	"object_add",
	"object_del",
	"ringbuf_read",
	"ringbuf_write",
	"screendump",
	"trace-event",
	"wavcapture",
	"info balloon",
	"info capture",
	"info chardev",
	"info cpus",
	"info dirty_rate",
	"info dump",
	"info history",
	"info hotpluggable-cpus",
	"info iothreads",
	"info irq",
	"info jit",
	"info kvm",
	"info lapic",
	"info mem",
	"info memdev",
	"info memory-devices",
	"info memory_size_summary",
	"info mice",
	"info migrate",
	"info migrate_capabilities",
	"info migrate_parameters",
	"info mtree",
	"info name",
	"info network",
	"info numa",
	"info opcount",
	"info pci",
	"info pic",
	"info profile",
	"info qdm",
	"info ramblock",
	"info rdma",
	"info registers",
	"info replay",
	"info rocker",
	"info rocker-of-dpa-flows",
	"info rocker-of-dpa-groups",
	"info rocker-ports",
	"info roms",
	"info sev",
	"info sgx",
	"info spice",
	"info stats",
	"info status",
	"info sync-profile",
	"info tlb",
	"info tpm",
	"info trace-events",
	"info usb",
	"info usbhost",
	"info usernet",
	"info uuid",
	"info vcpu_dirty_limit",
	"info version",
	"info virtio",
	"info vm-generation-id",
	"info vnc",
	NULL,
};

const struct mpr_route *mpr_route_find(const struct mpr_route *routes, const char *name)
{
	for (; routes->name; routes++)
		if (!strcmp(routes->name, name))
			return routes;
	return NULL;
}
