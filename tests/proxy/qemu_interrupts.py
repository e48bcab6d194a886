#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that a guest gets every interrupt of a remote device, and gets it again
while the line stays high, under TCG and through KVM's irqfd."""

import os
import select
import sys

from qemu_machine import TIMEOUT, Qemu, Remote, Tap, check, shared_object_and_remote

SO, FAKE = shared_object_and_remote()
GUEST = os.path.abspath(sys.argv[3])
ROUNDS = 200  # intx_guest.S


def console(stream):
    """What the guest says, up to the end of a line."""
    text = b""
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([stream], [], [], TIMEOUT)
        if not ready:
            return "nothing for %d s after %r" % (TIMEOUT, text)
        text += os.read(stream, 100)
    return text.decode().strip()


def resamples(accel):
    """Runs the guest: how often the remote was asked to raise its line again."""
    remote = Remote(FAKE)
    fd = remote.fileno()
    ours, guests = os.pipe()
    args = ["-kernel", GUEST, "-chardev", "file,id=console,path=/dev/fd/%d" % guests,
            "-device", "isa-debugcon,iobase=0xe9,chardev=console",
            "-device", "pci-proxy-dev,id=fake0,socket=%d,addr=5" % fd]
    with Qemu(SO, args, fds=[fd, guests], accel=accel, stopped=False):
        os.close(guests)
        remote.sock.close()
        check(console(ours), "INTERRUPTED")
    os.close(ours)
    return int(remote.last_words().split()[-1])


def kvm_is_missing():
    return None if os.access("/dev/kvm", os.R_OK | os.W_OK) else "no /dev/kvm"


def under_tcg():
    check(resamples("tcg"), 0)


def under_kvm_by_irqfd():
    if kvm_is_missing():
        return kvm_is_missing()
    # Each of the guest's ends of interrupt asks again: two for each rise.
    check(resamples("kvm") >= 2 * ROUNDS - 1, True)


def under_kvm_without_its_interrupt_controller():
    if kvm_is_missing():
        return kvm_is_missing()
    check(resamples("kvm,kernel-irqchip=off"), 0)


sys.exit(Tap([under_tcg, under_kvm_by_irqfd,
              under_kvm_without_its_interrupt_controller]).run())
