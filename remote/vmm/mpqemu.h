/* SPDX-License-Identifier: MIT */
/*
 * A connection of stock QEMU's x-pci-proxy-dev (wire/mpqemu.h): guest accesses, guest
 * memory and interrupt eventfds all come over the socket, for the one device that is
 * offered on it. There is no channel. The functions do for this protocol what their
 * namesakes in remote/vmm/session.h do.
 */
#ifndef MPR_REMOTE_VMM_MPQEMU_H
#define MPR_REMOTE_VMM_MPQEMU_H

#include "remote/vmm/session.h"

struct mpr_mpqemu_session;

int mpr_mpqemu_session_create(int sock, const struct mpr_hosted_list *offer,
			      struct mpr_watcher *watcher, struct mpr_ram_pool *pool,
			      struct mpr_mpqemu_session **result);
void mpr_mpqemu_session_destroy(struct mpr_mpqemu_session *session);
bool mpr_mpqemu_session_step(struct mpr_mpqemu_session *session);
void mpr_mpqemu_session_end(struct mpr_mpqemu_session *session, const char *why);
bool mpr_mpqemu_session_ended(const struct mpr_mpqemu_session *session);
bool mpr_mpqemu_session_greeted(const struct mpr_mpqemu_session *session);
void mpr_mpqemu_session_check(struct mpr_mpqemu_session *session);

#endif
