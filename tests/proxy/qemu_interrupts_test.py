#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a guest gets every interrupt of a remote device, gets it again
while the line stays high, and then runs the code that the device wrote before
it, under TCG and through KVM's irqfd."""

import os
import select
import sys

from host import need_kvm
from qemu_machine import Qemu, Remote, check_equal, shared_object_and_remote
from tap import TIMEOUT, case, check, run_cases

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


def run_guest(accel, device="fake0"):
    """How often the remote was asked to raise its line again, and of how many
    devices it was asked to tell what they write."""
    remote = Remote(FAKE)
    fd = remote.fileno()
    ours, guests = os.pipe()
    args = ["-kernel", GUEST, "-chardev", "file,id=console,path=/dev/fd/%d" % guests,
            "-device", "isa-debugcon,iobase=0xe9,chardev=console",
            "-device", "pci-proxy-dev,id=%s,socket=%d,addr=5" % (device, fd)]
    with Qemu(SO, args, fds=[fd, guests], accel=accel, stopped=False):
        os.close(guests)
        remote.sock.close()
        check_equal(console(ours), "INTERRUPTED")
    os.close(ours)
    return [int(word) for word in remote.last_words().split() if word.isdigit()]


@case
def under_tcg():
    check_equal(run_guest("tcg"), [0, 1])


@case
def under_kvm_by_irqfd():
    need_kvm()
    # Each of the guest's ends of interrupt asks again: two for each rise.
    resamples, reporting = run_guest("kvm")
    check(resamples >= 2 * ROUNDS - 1, "%d resamples" % resamples)
    check_equal(reporting, 0)


@case
def under_kvm_without_its_interrupt_controller():
    need_kvm()
    check_equal(run_guest("kvm,kernel-irqchip=off"), [0, 0])


@case
def under_kvm_with_a_part_of_the_interrupt_controller_in_qemu():
    need_kvm()
    # QEMU would be the one to write to the eventfd that asks again.
    check_equal(run_guest("kvm,kernel-irqchip=split"), [0, 0])


@case
def by_eventfds_that_the_remote_made_blocking():
    check_equal(run_guest("tcg", device="fake-blocking"), [0, 1])
    need_kvm()
    resamples, _ = run_guest("kvm", device="fake-blocking")
    check(resamples >= 2 * ROUNDS - 1, "%d resamples" % resamples)


run_cases()
