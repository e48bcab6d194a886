#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Shows a Linux guest whose disks live in a process of their own, and measures
them beside QEMU's own adapter. Called by scripts/demo."""

import hashlib
import os
import sys

import harness

DISK_SIZE = 128 << 20
FILES = 20

JOB = """
set -e
say() { echo "SAY $*"; }
say "Linux $(uname -r) is up; $(cat /sys/class/scsi_host/host0/proc_name) drives the adapter"
mkfs.ext4 -q -F /dev/disk0
mount -t ext4 /dev/disk0 /mnt
say "mkfs.ext4 and mount: done"
for i in $(seq 20); do head -c $((i * 49999)) /dev/urandom >/mnt/file$i; done
sync
(cd /mnt && sha256sum file*) >/tmp/sums
umount /mnt
say "20 files written and synced"
echo 3 >/proc/sys/vm/drop_caches
mount -t ext4 /dev/disk0 /mnt
(cd /mnt && sha256sum -c -s /tmp/sums)
umount /mnt
say "read back from the disk: all checksums are right"
sed 's/^/SUM /' /tmp/sums
say "measuring the cost of one access"
bar=$(readlink -f /sys/class/scsi_host/host0/device/..)/resource1
accesscost $bar
measure() {
	say "measuring $1"
	fio --minimal --name=x --filename=/dev/disk1 --direct=1 --ioengine=io_uring --thread \
		--runtime=4 --time_based --rw=$2 --bs=$3 --iodepth=$4 >/tmp/fio 2>&1 ||
		{ cat /tmp/fio; exit 1; }
	awk -F ';' -v name="$2-$3-$4" '/^3;/ { print "FIO " name " " $7 + $48 " " $8 + $49 }' /tmp/fio
}
measure "random reads of 4 KiB, one at a time" randread 4k 1
measure "random reads of 4 KiB, 16 at a time" randread 4k 16
measure "reads of 64 KiB, 4 at a time" read 64k 4
measure "writes of 64 KiB, 4 at a time" write 64k 4
"""

ROWS = (
    ("register read", "us", "access read", 3),
    ("register write", "us", "access write", 3),
    ("4 KiB random reads, depth 1", "per s", "randread-4k-1 iops", 0),
    ("4 KiB random reads, depth 16", "per s", "randread-4k-16 iops", 0),
    ("64 KiB reads, depth 4", "MiB/s", "read-64k-4 mib", 0),
    ("64 KiB writes, depth 4", "MiB/s", "write-64k-4 mib", 0),
)


def say(text):
    print(f"  {text}", flush=True)


def follow(machine):
    """Prints what the guest says, until it has ended."""
    shown = 0
    def news():
        nonlocal shown
        lines = machine.found(r"^SAY (.*)$")
        for line in lines[shown:]:
            say(f"guest: {line}")
        shown = len(lines)
        return "MPRING-RESULT:" in machine.console() or machine.ended()
    harness.wait_until(news, harness.JOB_TIMEOUT)
    machine.wait_result()
    machine.check_kernel()


def measurements(machine):
    figures = {}
    read, write = machine.found(r"^ACCESS read ([\d.]+) us write ([\d.]+) us$")[0]
    figures["access read"], figures["access write"] = float(read), float(write)
    for name, kib, iops in machine.found(r"^FIO (\S+) ([\d.]+) ([\d.]+)$"):
        figures[f"{name} iops"], figures[f"{name} mib"] = float(iops), float(kib) / 1024
    return figures


def make_disks(folder, name):
    disks = [harness.make_disk(folder, f"{name}{n}.img", DISK_SIZE) for n in (0, 1)]
    with open(disks[1], "r+b") as f:
        f.write(os.urandom(DISK_SIZE))
    return disks


def host_checks(machine, folder):
    harness.run("e2fsck", "-fn", machine.disks[0])
    say("host: e2fsck finds the file system clean")
    sums = machine.found(r"^SUM ([0-9a-f]{64})  (file\d+)$")
    harness.check(len(sums) == FILES, f"{len(sums)} checksums instead of {FILES}")
    copy = os.path.join(folder, "copy")
    for expected, name in sums:
        harness.run("debugfs", "-R", f"dump /{name} {copy}", machine.disks[0])
        with open(copy, "rb") as f:
            harness.check(hashlib.sha256(f.read()).hexdigest() == expected, f"{name} differs")
    say(f"host: the image holds the same {FILES} files")


def run_remote(options, folder):
    disks = make_disks(folder, "remote")
    with harness.Machine(options, folder, disks) as machine:
        machine.boot_linux(JOB, programs=["accesscost"], parts=["fio"])
        say(f"mpring runs QEMU (pid {machine.wait_process('qemu-system-x86_64')}) and the "
            f"adapter with its disks (pid {machine.wait_process('mpring-remote')})")
        follow(machine)
        host_checks(machine, folder)
        return measurements(machine)


def run_inprocess(options, folder):
    disks = make_disks(folder, "own")
    with harness.Machine(options, folder, disks, inprocess=True) as machine:
        machine.boot_linux(JOB, programs=["accesscost"], parts=["fio"])
        follow(machine)
        return measurements(machine)


def table(remote, own):
    print(f"\n  {'':32}{'mpring':>12}{'QEMU itself':>14}")
    for title, unit, key, digits in ROWS:
        print(f"  {title:32}{remote[key]:12.{digits}f}{own[key]:14.{digits}f}  {unit}")
    print("\n  Emulated processor (TCG), one vCPU, both with their default cache mode.")


def main():
    with harness.workplace() as (options, folder):
        print("A guest whose disks live in a process of their own")
        remote = run_remote(options, folder)
        print("The same guest with QEMU's own adapter, to compare with")
        own = run_inprocess(options, folder)
        table(remote, own)


try:
    main()
except harness.Failure as failure:
    print(f"demo: FAILED: {failure}", file=sys.stderr)
    sys.exit(1)
print("demo: good")
