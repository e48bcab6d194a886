#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that no client of a monitor of mpring-remote disturbs the others, whatever it
sends and however little it reads."""

import contextlib
import time

from device_process import Remote
from tap import case, check, run_cases


@contextlib.contextmanager
def undisturbed(remote):
    """Another client is answered all the while."""
    with remote.qmp() as other:
        yield
        for _ in range(20):
            check(other.command("query-status")["running"], "the other client")


def send_until_full(sock, data):
    """Sends as long as it is taken."""
    sock.setblocking(False)
    sent = 0
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        try:
            sent += sock.send(data)
        except BlockingIOError:
            time.sleep(0.01)
        except (BrokenPipeError, ConnectionResetError):
            break
    return sent


@case
def megabyte_without_newline(folder):
    with Remote(folder) as remote, undisturbed(remote):
        with remote.qmp() as qmp:
            qmp.send(b"x" * (1 << 20))
            check("error" in qmp.answer(), "one error")
            qmp.send(b"\n")
            check(qmp.command("query-status")["running"], "and it goes on")
            qmp.send(b'{"execute": "' + b"y" * (1 << 20))
            check("too long" in qmp.answer()["error"]["desc"], "a request has a limit")
        with remote.hmp() as hmp:
            check("too long" in hmp.command("x" * (1 << 20)), "a line has a limit")
            check("running" in hmp.command("info status"), "and it goes on")


@case
def bytes_of_any_kind(folder):
    with Remote(folder) as remote, undisturbed(remote):
        for seed in range(16):
            noise = bytes((seed * 31 + i * i * 7 + i // 3) & 0xff for i in range(20000))
            for name in ("qmp", "hmp"):
                with remote.connect(name) as sock:
                    send_until_full_once(sock, noise)


def send_until_full_once(sock, data):
    sock.setblocking(False)
    try:
        sock.send(data)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        pass


@case
def client_that_never_reads(folder):
    with Remote(folder) as remote, undisturbed(remote):
        with remote.connect("qmp") as sock, remote.connect("hmp") as person:
            send_until_full(sock, b'{"execute":"qmp_capabilities"}' +
                            b'{"execute":"query-commands"}' * 1000)
            send_until_full(person, b"help\n" * 1000)
            with open(f"/proc/{remote.process.pid}/statm", encoding="ascii") as statm:
                pages = int(statm.read().split()[1])
            check(pages < 65536, f"{pages} pages")


@case
def client_that_leaves_in_the_middle(folder):
    with Remote(folder) as remote, undisturbed(remote):
        for length in range(1, 40, 3):
            with remote.connect("qmp") as sock:
                sock.send(b'{"execute": "qmp_capabilities"}{"execute": "stop'[:length])
        for _ in range(100):
            remote.connect("hmp").close()


@case
def more_clients_than_there_may_be(folder):
    with Remote(folder) as remote, undisturbed(remote):
        crowd = [remote.connect("qmp") for _ in range(100)]
        greeted = sum(1 for sock in crowd if sock.recv(4096))
        check(0 < greeted < 100, f"{greeted} greeted")
        for sock in crowd:
            sock.close()


run_cases()
