#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that QEMU's options which are for all disks, all devices or its own process
hold for device processes, too: with the distribution's QEMU and the real programs."""

import os
import re
import signal
import subprocess
import sys

from host import need_root
from machine import MEMORY, Machine, make_image, stopped
from monitor import Qmp
from tap import TIMEOUT, Failure, case, check, diagnose, run_cases, wait_until

REMOTE = os.path.abspath(sys.argv[2])
DISK = ["-rdevice", "lsi,id=lsi0,rid=0", "-rdrive", "id=d0,file=d0.img,format=raw,rid=0",
        "-rdevice", "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,rid=0"]


def environment(folder):
    """In it, a device process has a monitor that the test can reach."""
    program = os.path.join(folder, "remote")
    with open(program, "w", encoding="ascii") as script:
        script.write("#!/bin/sh\n"
                     f"exec {REMOTE} \"$@\" -qmp unix:{folder}/remote.qmp,server,nowait\n")
    os.chmod(program, 0o755)
    return dict(os.environ, MPRING_REMOTE=program)


def command(*options):
    return stopped("-m", "64M", *MEMORY, "-qmp", "unix:qemu.qmp,server,nowait", *options)


def refused(folder, *options):
    """What mpring says of a command line that it does not run."""
    done = subprocess.run(command(*options), cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=environment(folder), timeout=TIMEOUT, check=False)
    check(done.returncode == 1, f"status {done.returncode}: {done.stdout}")
    return done.stdout


def make_images(folder):
    for name in ("d0.img", "d1.img"):
        make_image(folder, name)


class Halves(Machine):
    """A machine whose processors do not run, and what its processes are."""

    def __init__(self, folder, *options):
        make_images(folder)
        self.output = os.path.join(folder, "output")
        with open(self.output, "wb") as output:
            super().__init__(folder, command(*options), cwd=folder, stdout=output, stderr=output,
                             env=environment(folder))

    def said(self):
        with open(self.output, encoding="utf-8", errors="replace") as output:
            return output.read()

    def __enter__(self):
        try:
            for monitor in (self.qemu, self.remote):
                with monitor() as qmp:
                    qmp.command("query-status")
        except OSError as error:
            raise Failure(self.said()) from error
        return self

    def qemu(self):
        return Qmp(self.connect("qemu.qmp"))

    def remote(self):
        return Qmp(self.connect("remote.qmp"))

    def __exit__(self, *exception):
        super().__exit__(*exception)
        if exception[0]:
            diagnose(self.said())
        check("Sanitizer" not in self.said(), self.said())


def block_sizes(machine, *disks):
    with machine.remote() as remote:
        return [remote.command("qom-get", path=f"/machine/peripheral/{disk}",
                               property="physical_block_size") for disk in disks]


# ---- -global and -set ----------------------------------------------------------

@case
def global_properties_are_those_of_remote_disks(folder):
    with Halves(folder, *DISK, "-global", "scsi-hd.physical_block_size=4096") as machine:
        with machine.qemu() as qemu:
            qemu.command("x-rdrive-add", rid=0, id="d1", file="d1.img", format="raw")
            qemu.command("x-rdevice-add", rid=0, id="disk1", driver="scsi-hd", drive="d1")
        check(block_sizes(machine, "disk0", "disk1") == [4096, 4096],
              str(block_sizes(machine, "disk0", "disk1")))


@case
def what_a_disk_says_itself_comes_before_a_global_property(folder):
    disk = [*DISK[:-1], f"{DISK[-1]},physical_block_size=1024"]
    with Halves(folder, *disk, "-global", "scsi-hd.physical_block_size=4096") as machine:
        check(block_sizes(machine, "disk0") == [1024], "not its own")


@case
def global_properties_of_the_adapter_are_those_of_its_proxy(folder):
    with Halves(folder, *DISK, "-global", "lsi53c895a.addr=0x7") as machine:
        with machine.qemu() as qemu:
            tree = qemu.human("info qtree")
            check("addr = 07.0" in tree.split('dev: pci-proxy-dev, id "lsi0"')[1], tree)


@case
def unknown_global_properties_are_refused(folder):
    said = refused(folder, *DISK, "-global", "scsi-hd.physical_blck_size=512")
    check('-global scsi-hd.physical_blck_size=512: scsi-hd has no property "physical_blck_size" '
          '(did you mean "physical_block_size"?)' in said, said)
    said = refused(folder, *DISK, "-global", "driver=scsi-hd,property=nosuch,value=1")
    check('scsi-hd has no property "nosuch"' in said, said)
    make_images(folder)  # QEMU says this, and starts when the device process is ready
    said = refused(folder, *DISK, "-global", "lsi53c895a.nosuch=1")
    check("Property 'pci-proxy-dev.nosuch' not found" in said, said)


@case
def remote_options_can_be_set(folder):
    with Halves(folder, *DISK, "-set", "device.disk0.physical_block_size=2048") as machine:
        check(block_sizes(machine, "disk0") == [2048], "not set")
    said = refused(folder, *DISK, "-set", "device.disk9.serial=x")
    check('there is no device "disk9" defined' in said, said)


@case
def configuration_files_hold_for_both_halves(folder):
    config = os.path.join(folder, "config")
    with open(config, "w", encoding="ascii") as lines:
        lines.write('# of both\n[global]\n  driver = "scsi-hd"\n'
                    '  property = "physical_block_size"\n  value = "4096"\n'
                    '[sandbox]\n  enable = "on"\n')
    with Halves(folder, *DISK, "-readconfig", config) as machine:
        check(block_sizes(machine, "disk0") == [4096], "no global property")
        found = users(machine, "Seccomp")
        check(found["mpring-remote"] == found["qemu-system-x86"] == {("2",)}, str(found))
    with open(config, "w", encoding="ascii") as lines:
        lines.write('[device "disk0"]\n  driver = "e1000"\n')
    said = refused(folder, *DISK, "-readconfig", config)
    check("the id is taken by -device id=disk0,driver=e1000" in said, said)
    said = refused(folder, *DISK, "-readconfig", os.path.join(folder, "nowhere"))
    check(f"-readconfig {folder}/nowhere: " in said, said)
    said = refused(folder, *DISK, "-readconfig", "/dev/null")
    check("-readconfig /dev/null: it must be a file" in said, said)


@case
def messages_have_the_form_of_qemus(folder):
    begin = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z vm1 "
    form = ["-name", "vm1,process=other", "-msg", "timestamp=on,guest-name=on"]
    said = refused(folder, *DISK, *form)  # there is no image
    check(re.search(f"^{begin}mpring-remote: -drive id=d0", said, re.M), said)
    with Halves(folder, *DISK, *form) as machine:
        for name, pid in processes(machine):
            if name == "mpring-remote":
                os.kill(pid, signal.SIGUSR1)  # has it log its counters
        check(wait_until(lambda: re.search(f"^{begin}mpring-remote: ", machine.said(), re.M)),
              machine.said())


# ---- The boot order ------------------------------------------------------------

@case
def disks_of_an_adapter_that_was_added_are_in_the_boot_order(folder):
    nic = ["-device", "e1000,bootindex=2"]
    with Halves(folder, *DISK, *nic) as machine, machine.qemu() as qemu:
        os.unlink(machine.path("remote.qmp"))  # the next process makes its own
        qemu.command("x-rdevice-add", rid=1, id="lsi1", driver="lsi")
        qemu.command("x-rdrive-add", rid=1, id="d1", file="d1.img", format="raw")
        disk = {"rid": 1, "id": "disk1", "driver": "scsi-hd", "drive": "d1", "scsi-id": 11}
        error = qemu.error("x-rdevice-add", **disk, bootindex=2)
        check("The bootindex 2 has already been used" in error, error)
        qemu.command("x-rdevice-add", **disk, bootindex=1)
        order = qemu.command("qom-get", path="/machine/peripheral/lsi1", property="boot-order")
        check(order == "1:/channel@0/disk@b,0", order)
        error = qemu.error("device_add", driver="e1000", id="n1", bootindex=1)
        check("The bootindex 1 has already been used" in error, error)
        error = qemu.error("qom-set", path="/machine/peripheral/lsi1", property="boot-order",
                           value="1:nowhere")
        check("'1:nowhere' is not INDEX:/PATH" in error, error)


# ---- Users and roots -----------------------------------------------------------

def processes(machine):
    """The program and number of what runs under mpring."""
    with open(f"/proc/{machine.process.pid}/task/{machine.process.pid}/children",
              encoding="ascii") as children:
        for pid in children.read().split():
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                yield comm.read().strip(), int(pid)


def users(machine, *names):
    """Fields of the status of each of them and of all their threads: the user, group and
    further groups."""
    names = names or ("Uid", "Gid", "Groups")
    found = {}
    for program, pid in processes(machine):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as status:
                fields = dict(line.rstrip("\n").split(":\t", 1) for line in status)
            found.setdefault(program, set()).add(
                tuple(fields[name].strip() for name in names))
    return found


NOBODY = "65534\t65534\t65534\t65534"


def check_nobody(machine, count):
    found = users(machine)
    check(len(list(processes(machine))) == count, str(found))
    for program in ("qemu-system-x86", "mpring-remote"):
        check(found[program] == {(NOBODY, NOBODY, "65534")}, str(found))


@case
def every_process_changes_its_user(folder):
    need_root()
    for user in ("nobody", "65534:65534"):
        with Halves(folder, *DISK, "-runas", user) as machine:
            os.chmod(machine.path("d1.img"), 0o600)
            with machine.qemu() as qemu:
                error = qemu.error("x-rdrive-add", rid=0, id="d1", file="d1.img", format="raw")
                check("Permission denied" in error, error)
                os.unlink(machine.path("remote.qmp"))
                qemu.command("x-rdevice-add", rid=1, id="lsi1", driver="lsi")
            check_nobody(machine, 3)


@case
def every_process_changes_its_root(folder):
    need_root()
    root = os.path.join(folder, "root")
    os.mkdir(root)
    with Halves(folder, *DISK, "-chroot", root, "-runas", "nobody") as machine:
        found = {program: (os.readlink(f"/proc/{pid}/root"), os.readlink(f"/proc/{pid}/cwd"))
                 for program, pid in processes(machine)}
        check(found == {"qemu-system-x86": (root, root), "mpring-remote": (root, root)},
              str(found))
        check_nobody(machine, 2)
        os.chmod(make_image(root, "d2.img"), 0o666)
        with machine.qemu() as qemu:
            qemu.command("x-rdrive-add", rid=0, id="d2", file="/d2.img", format="raw")


SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


@case
def every_thread_has_a_filter(folder):
    """Of processes that are started later as well, and disks can be added to both."""
    with Halves(folder, *DISK, "-sandbox", SANDBOX) as machine:
        with machine.qemu() as qemu:
            qemu.command("x-rdrive-add", rid=0, id="d1", file="d1.img", format="raw")
            qemu.command("x-rdevice-add", rid=0, id="disk1", driver="scsi-hd", drive="d1")
            os.unlink(machine.path("remote.qmp"))
            make_image(folder, "d2.img")
            qemu.command("x-rdevice-add", rid=1, id="lsi1", driver="lsi")
            qemu.command("x-rdrive-add", rid=1, id="d2", file="d2.img", format="raw")
            qemu.command("x-rdevice-add", rid=1, id="disk2", driver="scsi-hd", drive="d2")
        found = users(machine, "Seccomp", "NoNewPrivs")
        check(len(list(processes(machine))) == 3, str(found))
        check(found == {"qemu-system-x86": {("2", "1")}, "mpring-remote": {("2", "1")}},
              str(found))


@case
def a_user_that_there_is_not_is_refused(folder):
    said = refused(folder, *DISK, "-runas", "no-such-user")
    check("no-such-user" in said, said)


@case
def processes_that_changed_their_user_end_with_mpring(folder):
    need_root()
    with Halves(folder, *DISK, "-runas", "nobody") as machine:
        numbers = [pid for _, pid in processes(machine)]
        check(len(numbers) == 2, str(numbers))
        machine.process.kill()
        machine.process.wait(TIMEOUT)
        check(wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in numbers)),
              "it lives on")


run_cases()
