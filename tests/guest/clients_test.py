#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a guest's disk goes on while clients of the device process' monitor
send garbage, requests without end, or requests whose answers they never read."""

import contextlib
import socket
import threading

import harness
from plugged import Plugged

SIZE = 16 << 20
ROUNDS = 10
JOB = """
set -e
round=0
until [ -e /tmp/last ]; do
	dd if=/dev/disk0 of=/dev/null bs=64k count=64 iflag=direct 2>/dev/null
	round=$((round + 1))
	echo STEP-round $round end
	dd if=/dev/disk0 bs=512 count=1 iflag=direct 2>/dev/null | grep -q last && touch /tmp/last
	true
done
"""
FLOODS = (
    b"\xff\x00garbage\n" * 4096,
    b"x" * (1 << 20),  # without a newline
    b'{"a":' * 65536 + b"\n",  # deep
    b'{"execute":"qmp_capabilities"}' + b'{"execute":"query-named-block-nodes"}' * 4096,
)


def flood(machine, data, over):
    """Sends without end, reads nothing, and reconnects when it is disconnected."""
    while not over.is_set():
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(0.2)
            sock.connect(machine.remote_monitor)
            while not over.is_set():
                sock.sendall(data)


@contextlib.contextmanager
def flooded(machine):
    over = threading.Event()
    threads = [threading.Thread(target=flood, args=(machine, data, over)) for data in FLOODS]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def rounds(machine):
    return len(machine.found(r"^STEP-round \d+ end"))


def test_clients(tap, machine, disk):
    with tap.case("a guest reads its disk while clients flood the monitor"):
        machine.boot_linux(JOB)
        machine.wait_console("STEP-round 3 end")
        with flooded(machine):
            before = rounds(machine)
            harness.check(harness.wait_until(lambda: rounds(machine) >= before + ROUNDS, 60),
                          f"{rounds(machine) - before} rounds\n{machine.log()}")
    with tap.case("a client that behaves is served, and all ends well"):
        qmp = machine.remote_qmp()
        harness.check(qmp.command("query-status")["running"], "status")
        qmp.close()
        with open(disk, "r+b") as image:
            image.write(b"last")
        machine.wait_result()
        machine.check_kernel()
        harness.check(machine.remote_process.wait(20) == 0, "status of the device process")


with harness.session() as (session_options, session_tap, session_folder):
    if session_options.inprocess:
        session_tap.skip("clients", "there is no device process with --inprocess")
    else:
        only = harness.make_disk(session_folder, "d0.img", SIZE)
        with Plugged(session_options, session_folder, only) as plugged:
            test_clients(session_tap, plugged, only)
