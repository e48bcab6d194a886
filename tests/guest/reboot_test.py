#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that the disks work again, with their data intact, after a reset of
the machine in the middle of a load and after a reboot by the guest."""

import harness

DISK_SIZE = 32 << 20

# One script for three boots: the file system on the first disk tells which it is.
JOB = """
fill() {
	mkfs.ext4 -q -F /dev/disk0 && mount -t ext4 /dev/disk0 /mnt || return
	for i in $(seq 20); do head -c $((i * 9973)) /dev/urandom >/mnt/file$i; done
	(cd /mnt && sha256sum file* >sums) && sync
}
intact() {
	(cd /mnt && sha256sum -c -s sums) || return
	echo "$1"
}
fresh_load() {
	dd if=/dev/zero of=/dev/disk1 bs=1M count=16 oflag=direct 2>/dev/null &&
		diskload load $1 16 60 /dev/disk1
}
first_boot() {
	fill || exit
	echo "LOADING"
	diskload load 1 16 1000000 /dev/disk1
	exit 1
}
second_boot() {
	intact "AFTER RESET intact" && fresh_load 2 || exit
	touch /mnt/rebooted
	umount /mnt
	dmesg | sed 's/^/kernel: /'
	reboot -f
}
third_boot() {
	intact "AFTER REBOOT intact" && fresh_load 3 || exit
	umount /mnt
	exit 0
}
mount -t ext4 /dev/disk0 /mnt 2>/dev/null || first_boot
[ -e /mnt/rebooted ] || second_boot
third_boot
"""


def test_machine(tap, machine):
    with tap.case("a reset of the machine in the middle of a load: the guest boots again"):
        machine.boot_linux(JOB, programs=["diskload"])
        machine.wait_console("LOADING")
        # Some requests must be under way; how many does not matter.
        harness.wait_until(machine.ended, 2)
        machine.command("system_reset")
        machine.wait_console("AFTER RESET intact")
    with tap.case("after the reset: data is intact and a load succeeds"):
        machine.wait_console("diskload: load: 16 jobs on each of 1 disks, 60 requests each: good")
    with tap.case("after the guest's own reboot: data is intact and a load succeeds"):
        machine.wait_console("AFTER REBOOT intact")
        machine.wait_result()
    with tap.case("the driver saw no reset, abort or timeout"):
        machine.check_kernel()
    with tap.case("the host finds both disks as they should be"):
        harness.run("e2fsck", "-fn", machine.disks[0])
        harness.run(machine.options.program("diskload"), "verify", "3", "16", "60",
                    machine.disks[1])


with harness.session() as (options, tap, folder):
    disks = [harness.make_disk(folder, f"{n}.img", DISK_SIZE) for n in (0, 1)]
    with harness.Machine(options, folder, disks) as machine:
        test_machine(tap, machine)
