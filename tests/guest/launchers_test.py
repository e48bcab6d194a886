#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that the two launchers run a guest that uses all their disks at once,
pass on QEMU's status and signals, and leave no process behind."""

import hashlib
import os
import signal
import subprocess

import harness

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts")
DISK_SIZE = 16 << 20
LAUNCHERS = (("mpqemu-launcher.py", 2, 1), ("mpqemu-launcher-perf-mode.py", 3, 3))

# Writes all disks at once, then reads all at once.
JOB = """
set -e
for disk in /dev/sd?; do
	head -c 8388608 /dev/urandom >/tmp/${disk##*/}
done
pids=
for disk in /dev/sd?; do
	dd if=/tmp/${disk##*/} of=$disk bs=64k conv=fsync 2>/dev/null & pids="$pids $!"
done
for pid in $pids; do wait $pid; done
echo 3 >/proc/sys/vm/drop_caches
pids=
for disk in /dev/sd?; do
	head -c 8388608 $disk | cmp - /tmp/${disk##*/} & pids="$pids $!"
done
for pid in $pids; do wait $pid; done
for disk in /dev/sd?; do
	echo "SUM $(sha256sum </tmp/${disk##*/})"
done
"""


class Launched(harness.Machine):
    """A machine that a launcher starts, with further options of QEMU."""

    def __init__(self, options, folder, disks, launcher):
        super().__init__(options, folder, disks, inprocess=False)
        self.launcher = os.path.join(SCRIPTS, launcher)
        self.arguments = [
            "-nodefaults", "-no-user-config",
            "-chardev", f"file,id=serial,path={self.serial}", "-serial", "chardev:serial",
            "-qmp", f"unix:{self.monitor},server=on,wait=off",
        ]

    def start(self):
        command = [self.launcher, "--boot-disk", "", "--memory", "512", "--accel", "tcg",
                   "--vnc", "none"]
        for number, disk in enumerate(self.disks, 1):
            command += [f"--disk{number}", disk]
        build = os.path.dirname(os.path.dirname(self.options.mpring))
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                command + ["--"] + self.arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, "PATH": harness.SEARCH_PATH,
                     "MPRING_REMOTE": os.path.join(build, "remote/mpring-remote"),
                     "MPRING_QEMU_SO": os.path.join(build, "proxy/qemu/mpring-qemu.so")})

    def answers(self):
        try:
            return bool(self.command("query-status"))
        except (OSError, harness.HungUp):
            return False

    def start_fully(self):
        """Returns when QEMU's monitor answers."""
        self.start()
        harness.check(harness.wait_until(self.answers, 30), self.log())

    def remotes(self):
        return sum(os.path.basename(line.split(" ")[0]) == "mpring-remote"
                   for line in harness.descendants().values())


def start_of(disk):
    with open(disk, "rb") as image:
        return hashlib.sha256(image.read(8 << 20)).hexdigest()


def check_guest(tap, machine, name, remotes):
    with tap.case(f"{name}: a guest uses {len(machine.disks)} disks at once"):
        machine.boot_linux(JOB)
        harness.check(harness.wait_until(lambda: machine.remotes() == remotes, 30),
                      f"{machine.remotes()} remotes instead of {remotes}\n{machine.log()}")
        machine.wait_result()
    with tap.case(f"{name}: the driver saw no reset, abort or timeout"):
        machine.check_kernel()
    with tap.case(f"{name}: the images hold what the guest wrote"):
        expected = sorted(machine.found(r"^SUM ([0-9a-f]{64})"))
        harness.check(len(expected) == len(machine.disks), machine.log())
        harness.check(sorted(map(start_of, machine.disks)) == expected, "other data")


def check_signal(tap, machine, name):
    with tap.case(f"{name}: SIGTERM ends QEMU, and all with it"):
        machine.start_fully()
        machine.process.send_signal(signal.SIGTERM)
        machine.wait_end()


def check_kill(tap, machine, name):
    with tap.case(f"{name}: QEMU's death by a signal is told as a shell does"):
        machine.start_fully()
        os.kill(machine.qemu(), signal.SIGKILL)
        machine.wait_gone()
        harness.check(machine.process.returncode == 128 + signal.SIGKILL,
                      f"status {machine.process.returncode}")


def check_launcher_killed(tap, machine, name):
    with tap.case(f"{name}: nothing is left when the launcher itself is killed"):
        machine.start_fully()
        machine.process.kill()
        machine.wait_gone()


def check_missing_image(tap, machine, name):
    with tap.case(f"{name}: a missing image is an error, and nothing is left"):
        machine.start()
        machine.wait_gone()
        harness.check(machine.process.returncode == 1, f"status {machine.process.returncode}")
        harness.check("no-such.img" in machine.log(), machine.log())


with harness.session() as (options, tap, folder):
    for name, count, remotes in LAUNCHERS:
        disks = [harness.make_disk(folder, f"{name}-{number}.img", DISK_SIZE)
                 for number in range(count)]
        with Launched(options, folder, disks, name) as machine:
            check_guest(tap, machine, name, remotes)
        for check in (check_signal, check_kill, check_launcher_killed):
            with Launched(options, folder, disks, name) as machine:
                check(tap, machine, name)
        with Launched(options, folder, disks[:-1] + ["/no-such.img"], name) as machine:
            check_missing_image(tap, machine, name)
