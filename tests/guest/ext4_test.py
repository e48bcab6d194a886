#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that Linux makes, fills and reads back an ext4 file system on the
disk, and that the host finds it clean with the same contents."""

import hashlib
import os

import harness

DISK_SIZE = 128 << 20

JOB = """
set -e
mkfs.ext4 -q -F /dev/disk0
mount -t ext4 /dev/disk0 /mnt
mkdir -p /mnt/a/b
for i in $(seq 30); do
	head -c $((i * i * 3571)) /dev/urandom >/mnt/a/b/file$i
done
sync
(cd /mnt/a/b && sha256sum file*) >/tmp/sums
umount /mnt
echo 3 >/proc/sys/vm/drop_caches
mount -t ext4 /dev/disk0 /mnt
(cd /mnt/a/b && sha256sum -c -s /tmp/sums)
echo "READBACK good"
umount /mnt
sed 's/^/SUM /' /tmp/sums
"""


def host_sum(disk, folder, name):
    """The checksum of a file in the image, read without the guest."""
    copy = os.path.join(folder, "copy")
    harness.run("debugfs", "-R", f"dump /a/b/{name} {copy}", disk)
    with open(copy, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def test_machine(tap, machine, folder, kind):
    disk = machine.disks[0]
    with tap.case(f"{kind}: the guest makes, fills and reads an ext4 file system"):
        machine.boot_linux(JOB)
        machine.wait_result()
        harness.check("READBACK good" in machine.console(), machine.log())
    with tap.case(f"{kind}: the driver saw no reset, abort or timeout"):
        machine.check_kernel()
    with tap.case(f"{kind}: the host finds the file system clean"):
        harness.run("e2fsck", "-fn", disk)
    with tap.case(f"{kind}: the host reads the same contents"):
        sums = machine.found(r"^SUM ([0-9a-f]{64})  (file\d+)$")
        harness.check(len(sums) == 30, f"{len(sums)} checksums instead of 30")
        for expected, name in sums:
            found = host_sum(disk, folder, name)
            harness.check(found == expected, f"{name}: {found} instead of {expected}")


with harness.session() as (options, tap, folder):
    for kind in ("q35", "pc"):
        disk = harness.make_disk(folder, f"{kind}.img", DISK_SIZE)
        with harness.Machine(options, folder, [disk], machine=kind) as machine:
            test_machine(tap, machine, folder, kind)
