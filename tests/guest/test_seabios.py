#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that SeaBIOS finds the disk, boots from it, and reads and writes it
by INT 13h, under TCG and under KVM, on both of QEMU's PC machines."""

import fcntl
import os

import harness

TEXT = harness.BOOT_TEXT
KVM_CREATE_VM = 0xAE01


def kvm_works():
    try:
        kvm = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.close(fcntl.ioctl(kvm, KVM_CREATE_VM, 0))
        return True
    except OSError:
        return False
    finally:
        os.close(kvm)


def check_boot(tap, machine, disk, what):
    with tap.case(f"{what}: SeaBIOS boots from the disk and reads it"):
        machine.start()
        machine.wait_console("BOOTED", 60)
        machine.wait_console(TEXT.decode(), 60)
    with tap.case(f"{what}: what the BIOS writes is in the image"):
        machine.wait_console("WRITTEN", 60)
        machine.quit()
        with open(disk, "rb") as image:
            image.seek(6 * 512)
            found = image.read(len(TEXT))
        harness.check(found == TEXT, f"sector 6 holds {found}")


with harness.session() as (options, tap, folder):
    for accelerator in ("tcg", "kvm"):
        if accelerator == "kvm" and not kvm_works():
            tap.skip("SeaBIOS under KVM", "/dev/kvm cannot be used here")
            continue
        for kind in ("q35", "pc"):
            disk = harness.bootable_disk(options, folder, f"{accelerator}-{kind}.img")
            with harness.Machine(options, folder, [disk], accel=accelerator,
                                 machine=kind) as machine:
                check_boot(tap, machine, disk, f"{accelerator}, {kind}")
