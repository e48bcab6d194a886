#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a monitor waits a while for an image that another program has locked, and
that nobody else waits meanwhile."""

import contextlib
import fcntl
import os
import struct

from device_process import Remote
from tap import TIMEOUT, case, check, run_cases


@contextlib.contextmanager
def locked(path):
    """An image that somebody else writes to."""
    with open(path, "r+b") as image:
        fcntl.fcntl(image, fcntl.F_OFD_SETLK,
                    struct.pack("@hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        yield


def ways_to_add(remote):
    """A drive, by each command that adds one."""
    path = remote.path("d1.img")
    return [{"execute": "blockdev-add",
             "arguments": {"driver": "file", "node-name": "n1", "filename": path}},
            {"execute": "x-drive-add", "arguments": {"id": "n1", "file": path}},
            {"execute": "human-monitor-command",
             "arguments": {"command-line": f"drive_add 0 id=n1,file={path}"}}]


@case
def locked_image_is_waited_for_alone(folder):
    with Remote(folder, "-d", "monitor") as remote, remote.qmp() as qmp, remote.qmp() as other, \
            remote.hmp() as people:
        for i, way in enumerate(ways_to_add(remote)):
            with locked(remote.path("d1.img")):
                qmp.send({**way, "id": i})
                for _ in range(100):
                    check(len(other.command("query-block")) >= 1, "others are served")
            answer = qmp.answer()
            check(answer["id"] == i and answer.get("return") in ({}, "OK\n"), str(answer))
            delete = "blockdev-del" if i == 0 else "x-drive-del"
            qmp.command(delete, **{"node_name" if i == 0 else "id": "n1"})
        with locked(remote.path("d1.img")):
            people.send(f"drive_add 0 id=n1,file={remote.path('d1.img')}")
            check(len(other.command("query-block")) >= 1, "others are served")
        check(people.answer().endswith("OK\r\n"), "it was added")
        check(len(other.command("query-block")) == 2, "two drives")


@case
def image_that_stays_locked_is_in_use(folder):
    with Remote(folder) as remote, remote.qmp() as qmp:
        with locked(remote.path("d1.img")):
            for way in ways_to_add(remote):
                answer = str(qmp.ask(way))
                check("is in use by another program" in answer, answer)
        for way in ways_to_add(remote)[:1]:
            check(qmp.ask(way) == {"return": {}}, "it is free again")


@case
def client_that_waits_for_a_lock_may_leave(folder):
    with Remote(folder) as remote, remote.qmp() as other:
        with locked(remote.path("d1.img")):
            with remote.qmp() as qmp:
                qmp.send(ways_to_add(remote)[0])
                other.command("query-block")
        other.command("query-block")


@case
def image_of_a_killed_process_is_free_for_the_next(folder):
    for _ in range(5):
        remote = Remote(folder)
        with remote, remote.qmp():
            remote.process.kill()
            remote.process.wait(TIMEOUT)
            remote.process.returncode = 0
        for name in ("qmp", "hmp"):
            os.unlink(remote.path(name))
    with Remote(folder) as remote, remote.qmp() as qmp:
        check(len(qmp.command("query-block")) == 1, "it has the image")


run_cases()
