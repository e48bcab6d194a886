#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that mpring, QEMU and each device process of a run have the descriptors that are
named here and no other, and that none but those named would outlive an exec."""

import collections
import os
import re

from host import need_kvm
from machine import MEMORY, Machine, both, make_image, stopped
from tap import case, check, run_cases

STREAMS = 3  # standard input, output and error
QMP_CLIENTS = 4  # that mpring serves at one socket, each with a monitor in QEMU
REMOTES = 2
ANY = range(1000)  # QEMU's own


def command(folder, accel):
    """Two adapters in two processes, a disk, and one user of HMP and of QMP each."""
    return stopped("-m", "64M", *MEMORY,
                   "-rdevice", "lsi53c895a,id=lsi0,rid=0", "-rdevice", "lsi53c895a,id=lsi1,rid=1",
                   "-rdrive", f"id=d0,file={folder}/d0.img,format=raw,rid=0",
                   "-rdevice", "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,rid=0", *both(folder),
                   accel=accel)


def expected(folder, kvm):
    """Of each process: what it may have, how many of it, and how many of these outlive
    an exec. Eventfds and the like are told apart by their number only."""
    lines = 2 if kvm else 0  # KVM's interrupts: raise, and resample
    mpring = {
        r"anon_inode:\[signalfd\]": (1, 0),
        r"anon_inode:\[eventfd\]": (1, 0),  # GLib's main loop
        # QMP to each process; the places of the users, the users, and a user's way to QEMU.
        r"socket:": (1 + REMOTES + 2 + 2 + 1, 0),
        r"/.*/qemu \(deleted\)": (QMP_CLIENTS, 0),  # O_PATH: where to connect to QEMU
    }
    remote = {
        r"anon_inode:\[io_uring\]": (2, 0),  # the loop's, and one for interrupts
        r"anon_inode:\[signalfd\]": (1, 0),
        r"anon_inode:\[eventfd\]": (range(lines + 1), 0),
        r"socket:": (3, 0),  # the control socket, the doorbell, QMP to mpring
    }
    qemu = {
        r"anon_inode:\[signalfd\]": (1, 0),
        r"anon_inode:\[eventfd\]": (ANY, 0),
        r"anon_inode:kvm-.*|/dev/kvm": (ANY if kvm else 0, 0),
        r"/memfd:memory-backend-memfd \(deleted\)": (1, 0),
        r"/memfd:mpring \(deleted\)": (REMOTES, 0),  # the BAR that is plain memory
        # Of each adapter the control socket and QEMU's end of the doorbell; the monitors, and
        # the one user of QMP.
        r"socket:": (2 * REMOTES + QMP_CLIENTS + 1 + 1, 0),
    }
    with_disk = {**remote, re.escape(f"{folder}/d0.img"): (1, 0)}
    return {"mpring": mpring, "qemu": qemu, "disk": with_disk, "empty": remote}


# ---- What there is -----------------------------------------------------------

def descriptors(pid):
    """(name, whether it outlives an exec) of each that is no standard stream."""
    found = []
    for entry in os.listdir(f"/proc/{pid}/fd"):
        if int(entry) < STREAMS:
            continue
        name = os.readlink(f"/proc/{pid}/fd/{entry}")
        with open(f"/proc/{pid}/fdinfo/{entry}", encoding="ascii") as info:
            flags = int(re.search(r"flags:\s*(\d+)", info.read())[1], 8)
        found.append((name, not flags & os.O_CLOEXEC))
    return found


def differences(pid, allowed):
    counts, survivors, wrong = collections.Counter(), collections.Counter(), []
    for name, survives in descriptors(pid):
        kinds = [kind for kind in allowed if re.match(f"(?:{kind})", name)]
        if not kinds:
            wrong.append(f"{name} is not to be there")
            continue
        counts[kinds[0]] += 1
        survivors[kinds[0]] += survives
    for kind, (number, survive) in allowed.items():
        numbers = number if isinstance(number, range) else [number]
        if counts[kind] not in numbers:
            wrong.append(f"{counts[kind]} of {kind}, not {number}")
        if survivors[kind] > survive:
            wrong.append(f"{survivors[kind]} of {kind} outlive an exec, not {survive}")
    return wrong


def processes(parent):
    """The names that expected() has, and the pids."""
    found = {"mpring": parent}
    with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as children:
        pids = [int(pid) for pid in children.read().split()]
    for pid in pids:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read()
        if b"mpring-remote" not in words.split(b"\0")[0]:
            found["qemu"] = pid
        else:
            found["disk" if b"scsi-hd" in words else "empty"] = pid
    return found


# ---- The run -----------------------------------------------------------------

def check_run(folder, accel):
    make_image(folder, "d0.img")
    with Machine(folder, command(folder, accel)) as machine:
        # The machine is made when QMP answers, which the HMP client shows of mpring.
        with machine.hmp(), machine.qmp() as qmp:
            qmp.command("query-status")
            there = processes(machine.process.pid)
            wrong = [f"{name}: {text}"
                     for name, allowed in expected(folder, accel == "kvm").items()
                     for text in differences(there[name], allowed)]
            check(not wrong, "\n".join(wrong))


@case
def tcg(folder):
    check_run(folder, "tcg")


@case
def kvm(folder):
    need_kvm()
    check_run(folder, "kvm")


run_cases()
