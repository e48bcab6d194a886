#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that QEMU's own x-pci-proxy-dev, with nothing loaded into QEMU, works
with mpring-remote: SeaBIOS boots from the disk, under TCG and under KVM, and a
reset of the machine does not disturb it."""

import os
import socket
import subprocess

import harness


class MpqemuMachine(harness.Machine):
    """An unmodified QEMU and one remote, each with its end of a socket pair."""

    def _add_adapter(self):
        self.ends = socket.socketpair()
        self.remote_process = None
        self.remote_output = self._path("remote")
        self.arguments += ["-device", f"x-pci-proxy-dev,id=lsi0,fd={self.ends[0].fileno()}"]

    def start(self):
        ours, theirs = (end.fileno() for end in self.ends)
        program = os.path.join(os.path.dirname(self.options.mpring), "../remote/mpring-remote")
        command = [program, str(theirs), "-device", "lsi53c895a,id=lsi0"]
        for number, path in enumerate(self.disks):
            command += ["-drive", f"id=d{number},file={path},format=raw",
                        "-device", f"scsi-hd,drive=d{number},bus=lsi0.0,scsi-id={number}"]
        with open(self.remote_output, "wb") as out:
            self.remote_process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                                   stderr=out, pass_fds=[theirs])
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                pass_fds=[ours], env={**os.environ, "PATH": harness.SEARCH_PATH})
        for end in self.ends:
            end.close()

    def wait_remote(self):
        """Waits until the remote has ended, as it does with QEMU; what it said."""
        harness.check(self.remote_process.wait(30) == 0, "the remote ended badly")
        with open(self.remote_output, encoding="utf-8") as said:
            return said.read()


def check_reset(tap, options, folder, accelerator):
    disk = harness.bootable_disk(options, folder, f"{accelerator}-reset.img")
    with MpqemuMachine(options, folder, [disk], accel=accelerator) as machine:
        with tap.case(f"{accelerator}: SeaBIOS boots again after system_reset"):
            machine.start()
            machine.wait_console("WRITTEN", 60)
            machine.command("system_reset")
            harness.check(harness.wait_until(lambda: machine.console().count("WRITTEN") == 2, 60),
                          machine.log())
            machine.quit()
        with tap.case(f"{accelerator}: the log says once that there are no rings"):
            said = machine.wait_remote()
            harness.check(said.count("there are no rings") == 1, said)


with harness.session() as (options, tap, folder):
    for accelerator in ("tcg", "kvm"):
        if accelerator == "kvm" and not harness.kvm_works():
            tap.skip("x-pci-proxy-dev under KVM", "/dev/kvm cannot be used here")
            continue
        disk = harness.bootable_disk(options, folder, f"{accelerator}.img")
        with MpqemuMachine(options, folder, [disk], accel=accelerator) as machine:
            harness.check_boot(tap, machine, disk, f"{accelerator}, x-pci-proxy-dev")
        check_reset(tap, options, folder, accelerator)
