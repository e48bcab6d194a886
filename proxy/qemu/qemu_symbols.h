/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's variables that the shim uses. Weak, so that the object loads into any
 * process: with LD_PRELOAD it also gets into the shells and launchers between
 * the user and QEMU, which lack them. QEMU's functions need no such care, they
 * are bound when first called.
 */
#ifndef MPR_PROXY_QEMU_QEMU_SYMBOLS_H
#define MPR_PROXY_QEMU_QEMU_SYMBOLS_H

#include "hw/core/cpu.h"
#include "hw/qdev-properties.h"
#include "sysemu/cpu-timers.h"
#include "sysemu/kvm.h"
#include "sysemu/tcg.h"

#pragma weak kvm_allowed
#pragma weak kvm_irqfds_allowed
#pragma weak kvm_resamplefds_allowed
#pragma weak kvm_state
#pragma weak current_cpu
#pragma weak tcg_allowed
#pragma weak mttcg_enabled
#pragma weak use_icount
#pragma weak qdev_prop_string
#pragma weak qdev_prop_uint32

#endif
