#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that an error of a remote drive stops the machine as one of QEMU's own would:
with the distribution's QEMU."""

import contextlib
import errno
import os
import struct
import subprocess

from machine import with_disk
from tap import Skip, case, check, run_cases, wait_until


def run_until_error(qmp):
    """Has the machine run; what is told of the error that stops it."""
    qmp.send({"execute": "cont"})
    told = [qmp.read() for _ in range(4)]
    events = {message["event"]: message.get("data") for message in told if "event" in message}
    check(list(events) == ["RESUME", "BLOCK_IO_ERROR", "STOP"], f"{told}")
    return events["BLOCK_IO_ERROR"]


@case
def an_io_error_stops_the_machine_in_the_state_of_qemus_own(folder):
    with with_disk(folder, ",rerror=stop") as machine, machine.qmp() as qmp, machine.hmp() as text:
        os.truncate(f"{folder}/d0.img", 0)  # the firmware will look for a boot sector
        data = run_until_error(qmp)
        check(data["device"] == "d0" and data["action"] == "stop" and not data["nospace"] and
              data["operation"] == "read" and data["node-name"] == "#block-d0" and data["reason"],
              f"{data}")
        check(qmp.command("query-status")["status"] == "io-error", "QMP")
        check(text.command("info status") == "VM status: paused (io-error)\r\n", "HMP")
        os.truncate(f"{folder}/d0.img", 1 << 20)
        qmp.command("cont")
        check(qmp.command("query-status")["status"] == "running", "it goes on")


HOLE = 1024  # the sector that the guest writes
# Writes one sector (INT 13h, AH=43h) and halts.
WRITING = bytes.fromhex("31c0 8ed8 8ec0 be207c b80043 b280 cd13 f4ebfd").ljust(32, b"\0") + \
    struct.pack("<BBHHHQ", 16, 0, 1, 0x7c00, 0, HOLE)


@contextlib.contextmanager
def full_place(folder):
    """A file system without space, and a file that takes it."""
    place = f"{folder}/full"
    os.mkdir(place)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], check=False,
                          capture_output=True)
    if done.returncode:
        raise Skip(f"no file system can be mounted: {done.stderr.decode().strip()}")
    try:
        with open(f"{place}/d0.img", "wb") as image:
            image.write(WRITING.ljust(510, b"\0") + b"\x55\xaa")
        with contextlib.suppress(OSError), open(f"{place}/filler", "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=False)


@case
def a_full_disk_stops_the_machine_for_want_of_space(folder):
    with full_place(folder) as place, \
            with_disk(folder, ",werror=stop", place=place) as machine, machine.qmp() as qmp:
        data = run_until_error(qmp)
        check(data == {"device": "d0", "node-name": "#block-d0", "operation": "write",
                       "action": "stop", "nospace": True, "reason": os.strerror(errno.ENOSPC)},
              f"{data}")
        check(qmp.command("query-status") ==
              {"status": "io-error", "singlestep": False, "running": False}, "query-status")
        (drive,) = qmp.command("query-block")
        check(drive["io-status"] == "nospace", "query-block")
        os.unlink(f"{place}/filler")
        qmp.command("cont")
        check(qmp.command("query-status")["status"] == "running", "it goes on")
        with open(f"{place}/d0.img", "rb", buffering=0) as image:
            check(wait_until(lambda: os.pread(image.fileno(), 2, HOLE * 512 + 510) == b"\x55\xaa"),
                  "the write is not tried again")


run_cases()
