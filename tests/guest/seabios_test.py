#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that SeaBIOS finds the disk, boots from it, and reads and writes it
by INT 13h, and that the guest runs code that the disk has just overwritten, not the old,
under TCG and under KVM, on both of QEMU's PC machines, and in a sandbox."""

import shutil

import harness


def check_overlays(tap, machine, what):
    with tap.case(f"{what}: code that the disk overwrites is seen changed"):
        machine.start()
        machine.wait_console("DONE", 60)
        machine.quit()
        found = machine.console()
        harness.check("OVERLAYS: AB DONE" in found, f"instead of AB ran: {found[-80:]!r}")


# What libvirt says by default.
SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"

with harness.session() as (options, tap, folder):
    disk = harness.bootable_disk(options, folder, "sandbox.img")
    with harness.Machine(options, folder, [disk]) as machine:
        machine.arguments += ["-sandbox", SANDBOX]
        harness.check_boot(tap, machine, disk, "in a sandbox")
    for accelerator in ("tcg", "kvm"):
        if accelerator == "kvm" and not harness.kvm_works():
            tap.skip("SeaBIOS under KVM", "/dev/kvm cannot be used here")
            continue
        for kind in ("q35", "pc"):
            disk = harness.bootable_disk(options, folder, f"{accelerator}-{kind}.img")
            with harness.Machine(options, folder, [disk], accel=accelerator,
                                 machine=kind) as machine:
                harness.check_boot(tap, machine, disk, f"{accelerator}, {kind}")
            disk = harness.make_disk(folder, f"{accelerator}-{kind}-overlay.img", 8 << 20)
            with open(disk, "r+b") as image, open(options.program("overlay.bin"), "rb") as code:
                shutil.copyfileobj(code, image)
            with harness.Machine(options, folder, [disk], accel=accelerator,
                                 machine=kind) as machine:
                check_overlays(tap, machine, f"{accelerator}, {kind}")
