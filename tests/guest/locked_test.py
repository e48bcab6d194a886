#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a Linux guest's disk works with the guest's memory registered for direct
I/O, and that all of that memory is locked."""

import hashlib
import re

import harness

MIB = 1024 * 1024
MEMORY = 256
SIZE = 32 * MIB

JOB = f"""
set -e
echo START
dd if=/dev/urandom of=/tmp/data bs=1M count={SIZE // MIB} 2>/dev/null
dd if=/tmp/data of=/dev/disk0 bs=64k oflag=direct 2>/dev/null
dd if=/dev/disk0 bs=128k iflag=direct 2>/dev/null | cmp - /tmp/data
dd if=/dev/disk0 bs=4k iflag=direct count=256 2>/dev/null | cmp -n {MIB} - /tmp/data
echo "SUM $(sha256sum /tmp/data)"
"""


def pinned(pid):
    """Bytes that a process has locked for I/O."""
    status = harness.read_proc(pid, "status").decode()
    return int(re.search(r"^VmPin:\s+(\d+) kB$", status, re.MULTILINE).group(1)) * 1024


def test_machine(tap, machine, disk):
    locked = 0
    with tap.case("the guest reads what it wrote"):
        machine.boot_linux(JOB)
        machine.wait_console("START")
        locked = pinned(machine.remote())
        machine.wait_result()
    with tap.case("the driver saw no reset, abort or timeout"):
        machine.check_kernel()
    with tap.case("the host reads what the guest wrote"):
        expected = machine.found(r"^SUM ([0-9a-f]{64})")[0]
        with open(disk, "rb") as f:
            found = hashlib.sha256(f.read()).hexdigest()
        harness.check(found == expected, f"{found} instead of {expected}")
    name = "all of the guest's memory was locked"
    if not locked and "guest memory is not locked" in machine.log():
        tap.skip(name, "memory may not be locked here")
        return
    with tap.case(name):
        harness.check(locked >= MEMORY * MIB, f"{locked // MIB} MiB of {MEMORY} MiB")


with harness.session() as (options, tap, folder):
    image = harness.make_disk(folder, "disk.img", SIZE)
    with harness.Machine(options, folder, [image], memory=f"{MEMORY}M", cache="none") as vm:
        vm.arguments += ["-overcommit", "mem-lock=on"]
        test_machine(tap, vm, image)
