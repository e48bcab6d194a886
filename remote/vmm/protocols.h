/* SPDX-License-Identifier: MIT */
/* The protocols that VMMs speak. */
#ifndef MPR_REMOTE_VMM_PROTOCOLS_H
#define MPR_REMOTE_VMM_PROTOCOLS_H

#include "remote/vmm/connection.h"

/*
 * mpring's own (wire/protocol.h), over which a VMM's proxy sets devices up. A request is
 * checked, done and answered, or refused with MPR_WIRE_ERROR. A message that breaks the
 * protocol ends the connection: the devices that it had open are detached, and nothing
 * else is harmed.
 */
extern const struct mpr_protocol mpr_mpring_protocol;

/* Stock QEMU's x-pci-proxy-dev (wire/mpqemu.h): guest accesses, guest memory and interrupt
 * eventfds all come over the socket, for the one device that is offered on it. There is
 * no channel. */
extern const struct mpr_protocol mpr_mpqemu_protocol;

/* Becomes the one of the two that the first byte belongs to. */
extern const struct mpr_protocol mpr_any_protocol;

#endif
