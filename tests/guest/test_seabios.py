#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that SeaBIOS finds the disk, boots from it, and reads and writes it
by INT 13h, under TCG and under KVM, on both of QEMU's PC machines."""

import harness

with harness.session() as (options, tap, folder):
    for accelerator in ("tcg", "kvm"):
        if accelerator == "kvm" and not harness.kvm_works():
            tap.skip("SeaBIOS under KVM", "/dev/kvm cannot be used here")
            continue
        for kind in ("q35", "pc"):
            disk = harness.bootable_disk(options, folder, f"{accelerator}-{kind}.img")
            with harness.Machine(options, folder, [disk], accel=accelerator,
                                 machine=kind) as machine:
                harness.check_boot(tap, machine, disk, f"{accelerator}, {kind}")
