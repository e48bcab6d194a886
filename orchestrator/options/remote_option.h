/* SPDX-License-Identifier: MIT */
/*
 * One -rdevice or -rdrive: a drive, an adapter or another device in the remote process of number
 * `rid`.
 *
 * An adapter is a PCI device, for which QEMU gets a pci-proxy-dev. An -rdevice is one unless it is
 * on an adapter's bus: its driver is a SCSI device ("scsi-hd"), or its bus= is "ID.N" with ID an
 * -rdevice of the same rid.
 */
#ifndef MPR_ORCHESTRATOR_OPTIONS_REMOTE_OPTION_H
#define MPR_ORCHESTRATOR_OPTIONS_REMOTE_OPTION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "opts/opts.h"

/* In the order of a remote's command line: what is used comes before its user. */
enum mpr_remote_kind { MPR_REMOTE_DRIVE, MPR_REMOTE_ADAPTER, MPR_REMOTE_DEVICE, MPR_REMOTE_KINDS };

/* In a running machine: there, being added, or being removed. */
enum mpr_remote_state { MPR_REMOTE_HERE, MPR_REMOTE_COMING, MPR_REMOTE_GOING };

struct mpr_remote_option {
	enum mpr_remote_kind kind;
	enum mpr_remote_state state;
	struct mpr_opts *opts; /* without rid= */
	int scsi_id;	       /* of a disk, after mpr_boot_place() */
	uint64_t rid;
	/* The properties of the adapter's model, ended by NULL (drivers.h); NULL: not known. All
	 * others are the proxy's. */
	const char *const *own;
};

/* Makes the option of a device, or of a drive; takes over `opts`, even on failure. 0, or a negative
 * errno with *error set to a message that quotes the option (free() it). */
int mpr_remote_option_create(struct mpr_opts *opts, bool device, struct mpr_remote_option **option,
			     char **error);
/* The same from text: the value of option `name` ("-rdevice"). */
int mpr_remote_option_parse(const char *name, const char *text, bool device,
			    struct mpr_remote_option **option, char **error);
/* Options are counted: the last unref frees. */
struct mpr_remote_option *mpr_remote_option_ref(struct mpr_remote_option *option);
void mpr_remote_option_unref(struct mpr_remote_option *option);

const char *mpr_remote_option_get(const struct mpr_remote_option *option, const char *key);

/* The drive with that id on a list, or the adapter or device; or NULL. */
struct mpr_remote_option *mpr_remote_option_find(const GPtrArray *options, bool drive,
						 const char *id);

/* The first adapter of a process, which devices without bus= are on, or NULL. */
const struct mpr_remote_option *mpr_remote_option_first_adapter(const GPtrArray *options,
								uint64_t rid);

/* Whether it is an adapter whose bus has that name, "ID.0". */
bool mpr_remote_option_has_bus(const struct mpr_remote_option *option, const char *bus);

/* The node name of a drive (free() it): node-name=, or derived from the id as the remote does it
 * (remote/storage/drives.c). NULL: the remote generates one. */
char *mpr_remote_option_node(const struct mpr_remote_option *drive);

/* Sets the kind of option `index` of a list, and checks that no option before it has its id.
 * Devices share one name space, drives another. Results as of mpr_remote_option_create(). */
int mpr_remote_option_check(const GPtrArray *options, size_t index, char **error);

/* ---- Options for the processes (mpr_opts_free() them) ---- */

/* The remote's -device or -drive. An adapter's has driver, id and the properties of the model. */
struct mpr_opts *mpr_remote_option_told(const struct mpr_remote_option *option);

/* The remote's -object, which offers the adapter on its socket `fd`. */
struct mpr_opts *mpr_remote_option_object(const struct mpr_remote_option *adapter, const char *fd);

/* QEMU's -device, the adapter's proxy, on QEMU's descriptor `socket`. It has the properties that
 * are neither the model's nor about where the process runs: bus=pci.0,addr=5. */
struct mpr_opts *mpr_remote_option_proxy(const struct mpr_remote_option *adapter,
					 const char *socket);

#endif
