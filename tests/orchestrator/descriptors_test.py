#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that mpring, QEMU and each device process of a run have the descriptors that are
named here and no other, and that none but those named would outlive an exec."""

import collections
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(sys.argv[1])
TIMEOUT = 60
STREAMS = 3  # standard input, output and error
QMP_CLIENTS = 4  # that mpring serves at one socket, each with a monitor in QEMU
REMOTES = 2
ANY = range(1000)  # QEMU's own


def arguments(folder, accel):
    """Two adapters in two processes, a disk, and one user of HMP and of QMP each."""
    memory = "memory-backend-memfd,id=mem,size=64M"
    return [PROGRAM, "run", "--", "qemu-system-x86_64", "-accel", accel, "-S", "-display", "none",
            "-nodefaults", "-m", "64M", "-object", memory, "-machine", "pc,memory-backend=mem",
            "-rdevice", "lsi53c895a,id=lsi0,rid=0", "-rdevice", "lsi53c895a,id=lsi1,rid=1",
            "-rdrive", f"id=d0,file={folder}/d0.img,format=raw,rid=0",
            "-rdevice", "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,rid=0",
            "-monitor", f"unix:{folder}/hmp,server,nowait",
            "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]


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

def connect(path, process):
    deadline = time.monotonic() + TIMEOUT
    while True:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(TIMEOUT)
        try:
            sock.connect(path)
            return sock
        except OSError:
            sock.close()
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def await_answers(hmp, qmp):
    """The machine is made when QMP answers, which the HMP client shows of mpring."""
    stream = qmp.makefile("rb")
    json.loads(stream.readline())
    qmp.sendall(b'{"execute": "qmp_capabilities"}{"execute": "query-status"}')
    for _ in range(2):
        assert "return" in json.loads(stream.readline())
    shown = b""
    while not shown.endswith(b"(qemu) "):
        shown += hmp.recv(4096)


def run(accel):
    kvm = accel == "kvm"
    with tempfile.TemporaryDirectory(prefix="mpo-", dir="/tmp") as folder:
        with open(f"{folder}/d0.img", "wb") as image:
            image.truncate(1 << 20)
        with subprocess.Popen(arguments(folder, accel), stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            try:
                with connect(f"{folder}/hmp", process) as hmp, \
                        connect(f"{folder}/qmp", process) as qmp:
                    await_answers(hmp, qmp)
                    there = processes(process.pid)
                    wrong = [f"{name}: {text}"
                             for name, allowed in expected(folder, kvm).items()
                             for text in differences(there[name], allowed)]
            finally:
                process.terminate()
                errors = process.communicate(timeout=TIMEOUT)[1].decode()
    if wrong:
        print("".join(f"# {line}\n" for line in wrong + errors.splitlines()), end="")
    return not wrong


def main():
    good = True
    print("1..2")
    for number, accel in enumerate(["tcg", "kvm"], 1):
        if accel == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
            print(f"ok {number} - {accel} # SKIP /dev/kvm cannot be used", flush=True)
            continue
        passed = run(accel)
        print(f"{'ok' if passed else 'not ok'} {number} - {accel}", flush=True)
        good &= passed
    sys.exit(0 if good else 1)


main()
