/* SPDX-License-Identifier: MIT */
/*
 * libmpring-proxy for a remote that speaks stock QEMU's protocol: QEMU's own
 * `-machine x-remote`, or mpring-remote, which speaks it as well. Every access
 * is a message and its answer (docs/mpqemu.md), so this is slow; it is for
 * comparing one remote with another.
 *
 *   mpr_mpqemu_open()        one device a socket
 *   mpr_mpqemu_set_memory()  first, as mpring-remote insists
 *   mpr_mpqemu_set_intx(), mpr_mpqemu_config_*(), mpr_mpqemu_read(), ...
 *   mpr_mpqemu_close()
 *
 * A device whose remote is gone reads all ones and drops writes. One thread.
 */
#ifndef MPR_PROXY_MPQEMU_H
#define MPR_PROXY_MPQEMU_H

#include "proxy/proxy.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mpr_mpqemu;

/* Takes over one end of a socket on success. Says nothing yet. 0 or -ENOMEM. */
int mpr_mpqemu_open(int fd, struct mpr_mpqemu **device);
/* Hangs up, which ends the remote. */
void mpr_mpqemu_close(struct mpr_mpqemu *device);

/* As mpr_proxy_set_memory(), but the remote does not answer: it uses the new table
 * before it executes a later call. -E2BIG: more than 8 regions. */
int mpr_mpqemu_set_memory(struct mpr_mpqemu *device, const struct mpr_proxy_region *regions,
			  size_t count);

/* As mpr_proxy_set_intx(), with a resample eventfd always; not answered either. */
int mpr_mpqemu_set_intx(struct mpr_mpqemu *device, int raise_fd, int resample_fd);

/* Configuration space; size 1, 2 or 4. Stock QEMU refuses offsets beyond 252. */
uint32_t mpr_mpqemu_config_read(struct mpr_mpqemu *device, uint32_t offset, unsigned size);
void mpr_mpqemu_config_write(struct mpr_mpqemu *device, uint32_t offset, unsigned size,
			     uint32_t value);

enum mpr_mpqemu_space { MPR_MPQEMU_IO = 0, MPR_MPQEMU_MEMORY = 1 };

/* A guest access; size 1, 2, 4 or 8. `address` is where the BAR was put by
 * mpr_mpqemu_config_write(), and the command register must enable its space. */
uint64_t mpr_mpqemu_read(struct mpr_mpqemu *device, enum mpr_mpqemu_space space, uint64_t address,
			 unsigned size);
void mpr_mpqemu_write(struct mpr_mpqemu *device, enum mpr_mpqemu_space space, uint64_t address,
		      unsigned size, uint64_t value);

/* Resets the device. 0 or -EPIPE. */
int mpr_mpqemu_reset(struct mpr_mpqemu *device);

/* False once the remote is gone, did not answer for half a minute, or broke the
 * protocol. */
bool mpr_mpqemu_alive(const struct mpr_mpqemu *device);

#ifdef __cplusplus
}
#endif

#endif
