#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that QEMU's options which are for all disks, all devices or its own process
hold for device processes, too: with the distribution's QEMU and the real programs."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

PROGRAM = os.path.abspath(sys.argv[1])
REMOTE = os.path.abspath(sys.argv[2])
TIMEOUT = 60
cases = []


def case(function):
    cases.append(function)
    return function


class Skip(Exception):
    """What the test needs is not there."""


def check(condition, text):
    if not condition:
        raise AssertionError(text)


MEMORY = ["-machine", "pc,accel=tcg,memory-backend=mem", "-m", "64M",
          "-object", "memory-backend-memfd,id=mem,size=64M"]
DISK = ["-rdevice", "lsi,id=lsi0,rid=0", "-rdrive", "id=d0,file=d0.img,format=raw,rid=0",
        "-rdevice", "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,rid=0"]


def environment(folder):
    """In it, a device process has a monitor that the test can reach."""
    program = os.path.join(folder, "remote")
    with open(program, "w", encoding="ascii") as script:
        script.write(f"#!/bin/sh\nexec {REMOTE} \"$@\" -qmp unix:{folder}/remote.qmp,server,nowait\n")
    os.chmod(program, 0o755)
    return dict(os.environ, MPRING_REMOTE=program)


def command(*options):
    return [PROGRAM, "run", "--", "qemu-system-x86_64", "-nodefaults", "-display", "none", "-S",
            *MEMORY, "-qmp", "unix:qemu.qmp,server,nowait", *options]


def refused(folder, *options):
    """What mpring says of a command line that it does not run."""
    done = subprocess.run(command(*options), cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=environment(folder), timeout=TIMEOUT, check=False)
    check(done.returncode == 1, f"status {done.returncode}: {done.stdout}")
    return done.stdout


class Qmp:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(path)
        self.stream = self.sock.makefile("rw", encoding="utf-8", newline="\n")
        self.stream.readline()
        self.command("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stream.close()
        self.sock.close()

    def ask(self, name, **arguments):
        arguments = {key.replace("_", "-"): value for key, value in arguments.items()}
        self.stream.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.stream.flush()
        for line in self.stream:
            message = json.loads(line)
            if "event" not in message:
                return message
        raise AssertionError(f"{name}: hung up")

    def command(self, name, **arguments):
        answer = self.ask(name, **arguments)
        check("return" in answer, f"{name}: {answer}")
        return answer["return"]

    def error(self, name, **arguments):
        answer = self.ask(name, **arguments)
        check("error" in answer, f"{name}: {answer}")
        return answer["error"]["desc"]


def make_images(folder):
    for name in ("d0.img", "d1.img"):
        with open(os.path.join(folder, name), "wb") as image:
            image.truncate(1 << 20)


class Machine:
    """A machine whose processors do not run, and what its processes are."""

    def __init__(self, folder, *options):
        self.folder = folder
        make_images(folder)
        self.output = self.path("output")
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                command(*options), cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env=environment(folder))

    def path(self, name):
        return os.path.join(self.folder, name)

    def said(self):
        with open(self.output, encoding="utf-8", errors="replace") as output:
            return output.read()

    def __enter__(self):
        deadline = time.monotonic() + TIMEOUT
        while not self.reachable():
            check(self.process.poll() is None, self.said())
            check(time.monotonic() < deadline, f"not there: {self.said()}")
            time.sleep(0.02)
        return self

    def reachable(self):
        with contextlib.suppress(OSError):
            for name in ("qemu.qmp", "remote.qmp"):
                with self.monitor(name) as monitor:
                    monitor.command("query-status")
            return True
        return False

    def monitor(self, name):
        return Qmp(self.path(name))

    def qemu(self):
        return self.monitor("qemu.qmp")

    def remote(self):
        return self.monitor("remote.qmp")

    def __exit__(self, *exception):
        self.process.terminate()
        self.process.wait(TIMEOUT)
        check("Sanitizer" not in self.said(), self.said())


def block_sizes(machine, *disks):
    with machine.remote() as remote:
        return [remote.command("qom-get", path=f"/machine/peripheral/{disk}",
                               property="physical_block_size") for disk in disks]


# ---- -global and -set ----------------------------------------------------------

@case
def global_properties_are_those_of_remote_disks(folder):
    with Machine(folder, *DISK, "-global", "scsi-hd.physical_block_size=4096") as machine:
        with machine.qemu() as qemu:
            qemu.command("x-rdrive-add", rid=0, id="d1", file="d1.img", format="raw")
            qemu.command("x-rdevice-add", rid=0, id="disk1", driver="scsi-hd", drive="d1")
        check(block_sizes(machine, "disk0", "disk1") == [4096, 4096],
              str(block_sizes(machine, "disk0", "disk1")))


@case
def what_a_disk_says_itself_comes_before_a_global_property(folder):
    disk = [*DISK[:-1], f"{DISK[-1]},physical_block_size=1024"]
    with Machine(folder, *disk, "-global", "scsi-hd.physical_block_size=4096") as machine:
        check(block_sizes(machine, "disk0") == [1024], "not its own")


@case
def global_properties_of_the_adapter_are_those_of_its_proxy(folder):
    with Machine(folder, *DISK, "-global", "lsi53c895a.addr=0x7") as machine:
        with machine.qemu() as qemu:
            tree = qemu.command("human-monitor-command", command_line="info qtree")
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
    with Machine(folder, *DISK, "-set", "device.disk0.physical_block_size=2048") as machine:
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
    with Machine(folder, *DISK, "-readconfig", config) as machine:
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
    with Machine(folder, *DISK, *form) as machine:
        for name, pid in processes(machine):
            if name == "mpring-remote":
                os.kill(pid, signal.SIGUSR1)  # has it log its counters
        deadline = time.monotonic() + TIMEOUT
        while not re.search(f"^{begin}mpring-remote: ", machine.said(), re.M):
            check(time.monotonic() < deadline, machine.said())
            time.sleep(0.02)


# ---- The boot order ------------------------------------------------------------

@case
def disks_of_an_adapter_that_was_added_are_in_the_boot_order(folder):
    nic = ["-device", "e1000,bootindex=2"]
    with Machine(folder, *DISK, *nic) as machine, machine.qemu() as qemu:
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


def needs_root():
    if os.getuid() != 0:
        raise Skip("only root can change its user and root")


NOBODY = "65534\t65534\t65534\t65534"


def check_nobody(machine, count):
    found = users(machine)
    check(len(list(processes(machine))) == count, str(found))
    for program in ("qemu-system-x86", "mpring-remote"):
        check(found[program] == {(NOBODY, NOBODY, "65534")}, str(found))


@case
def every_process_changes_its_user(folder):
    needs_root()
    for user in ("nobody", "65534:65534"):
        with Machine(folder, *DISK, "-runas", user) as machine:
            os.chmod(machine.path("d1.img"), 0o600)
            with machine.qemu() as qemu:
                error = qemu.error("x-rdrive-add", rid=0, id="d1", file="d1.img", format="raw")
                check("Permission denied" in error, error)
                os.unlink(machine.path("remote.qmp"))
                qemu.command("x-rdevice-add", rid=1, id="lsi1", driver="lsi")
            check_nobody(machine, 3)


@case
def every_process_changes_its_root(folder):
    needs_root()
    root = os.path.join(folder, "root")
    os.mkdir(root)
    with Machine(folder, *DISK, "-chroot", root, "-runas", "nobody") as machine:
        found = {program: (os.readlink(f"/proc/{pid}/root"), os.readlink(f"/proc/{pid}/cwd"))
                 for program, pid in processes(machine)}
        check(found == {"qemu-system-x86": (root, root), "mpring-remote": (root, root)},
              str(found))
        check_nobody(machine, 2)
        with open(os.path.join(root, "d2.img"), "wb") as image:
            image.truncate(1 << 20)
        os.chmod(image.name, 0o666)
        with machine.qemu() as qemu:
            qemu.command("x-rdrive-add", rid=0, id="d2", file="/d2.img", format="raw")


SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


@case
def every_thread_has_a_filter(folder):
    """Of processes that are started later as well, and disks can be added to both."""
    with Machine(folder, *DISK, "-sandbox", SANDBOX) as machine:
        with machine.qemu() as qemu:
            qemu.command("x-rdrive-add", rid=0, id="d1", file="d1.img", format="raw")
            qemu.command("x-rdevice-add", rid=0, id="disk1", driver="scsi-hd", drive="d1")
            os.unlink(machine.path("remote.qmp"))
            with open(machine.path("d2.img"), "wb") as image:
                image.truncate(1 << 20)
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
    needs_root()
    with Machine(folder, *DISK, "-runas", "nobody") as machine:
        numbers = [pid for _, pid in processes(machine)]
        check(len(numbers) == 2, str(numbers))
        machine.process.kill()
        machine.process.wait(TIMEOUT)
        deadline = time.monotonic() + TIMEOUT
        while any(os.path.exists(f"/proc/{pid}") for pid in numbers):
            check(time.monotonic() < deadline, "it lives on")
            time.sleep(0.02)


# ---- TAP ---------------------------------------------------------------------

def run_case(number, function):
    name = function.__name__
    try:
        with tempfile.TemporaryDirectory(prefix="mph-", dir="/tmp") as folder:
            function(folder)
    except Skip as reason:
        print(f"# {reason}\nok {number} - {name} # SKIP {reason}", flush=True)
    except Exception:
        print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
        print(f"not ok {number} - {name}", flush=True)
        return False
    else:
        print(f"ok {number} - {name}", flush=True)
    return True


def main():
    only = sys.argv[3:]
    chosen = [function for function in cases if not only or function.__name__ in only]
    print(f"1..{len(chosen)}", flush=True)
    results = [run_case(i + 1, function) for i, function in enumerate(chosen)]
    sys.exit(0 if all(results) else 1)


main()
