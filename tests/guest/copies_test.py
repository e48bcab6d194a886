#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that with direct I/O no processor copies a byte between the image and the guest's
pages: adapter and drive move the aligned requests of Linux in place."""

import os
import re
import signal

import harness

DISK_SIZE = 64 << 20
REQUESTS = 2000
LOADS = {  # name: fio's options, bytes of a request
    "read": ("--rw=randread --bs=4k --iodepth=16", 4096),
    "write": ("--rw=randwrite --bs=4k --iodepth=16", 4096),
    "alone": ("--rw=randread --bs=4k --iodepth=1", 4096),
    "long": ("--rw=read --bs=128k --iodepth=4", 131072),
}
JOB_HEAD = "cd /tmp\n"
# The host looks at the counters while the guest sleeps.
JOB_LOAD = """
echo "COUNT {name}"
sleep 3
fio --name={name} --filename=/dev/disk0 --direct=1 --ioengine=io_uring --thread \
	--number_ios={requests} --size=100% {options} >/tmp/out 2>&1 || {{ cat /tmp/out; exit 1; }}
"""
JOB_TAIL = """
echo "COUNT end"
sleep 1000
"""


def job():
    return JOB_HEAD + "".join(
        JOB_LOAD.format(name=name, requests=REQUESTS * 4096 // size, options=options)
        for name, (options, size) in LOADS.items()) + JOB_TAIL


def reports(machine):
    """Each report so far: {adapter or drive: {counter: value}}."""
    with open(machine.output, encoding="utf-8", errors="replace") as f:
        said = f.read()
    lines = re.findall(r"^mpring-remote: (lsi0|d0): ((?:\w+ \d+(?:, )?)+)$", said, re.M)
    figures = [(subject, {name: int(value) for name, value in re.findall(r"(\w+) (\d+)", text)})
               for subject, text in lines]
    return [dict(pair) for pair in zip(figures[::2], figures[1::2])]


def count(machine, place):
    """The counters when the guest has come to a place of its job."""
    machine.wait_console(f"COUNT {place}\n")
    before = len(reports(machine))
    os.kill(machine.remote(), signal.SIGUSR1)
    harness.check(harness.wait_until(lambda: len(reports(machine)) > before, 10),
                  f"no counters\n{machine.log()}")
    return reports(machine)[-1]


def difference(before, after):
    return {subject: {name: after[subject][name] - value for name, value in figures.items()}
            for subject, figures in before.items()}


def check_load(name, used):
    moved = REQUESTS * 4096 // LOADS[name][1] * LOADS[name][1]
    adapter, drive = used["lsi0"], used["d0"]
    commands = max(1, adapter["commands"])
    harness.diagnose(f"{name}: for each command " + ", ".join(
        f"{adapter[counter] / commands:.2f} {counter}" for counter in
        ("instructions", "foreseen_instructions", "reselections", "interrupts")))
    harness.check(adapter["moved_bytes"] >= moved, f"{adapter['moved_bytes']} bytes moved")
    harness.check(adapter["bounced_bytes"] == 0, f"{adapter['bounced_bytes']} in the adapter")
    harness.check(drive["bounced_bytes"] == 0, f"{drive['bounced_bytes']} in the drive")


def test_machine(tap, machine):
    with tap.case("the guest uses its disk"):
        machine.boot_linux(job(), parts=("fio",))
        counts = [count(machine, place) for place in (*LOADS, "end")]
    for number, name in enumerate(LOADS):
        with tap.case(f"{name}: no byte was copied"):
            check_load(name, difference(*counts[number:number + 2]))
    with tap.case("the machine ends and leaves nothing"):
        machine.quit()


def direct_io(path):
    """Whether the file system of a file has O_DIRECT."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECT))
        return True
    except OSError:
        return False


with harness.session() as (options, tap, folder):
    disk = harness.make_disk(folder, "disk.img", DISK_SIZE)
    if options.inprocess or not direct_io(disk):
        tap.skip("copies", "needs a device process, and O_DIRECT in /tmp")
    else:
        with harness.Machine(options, folder, [disk], cache="none") as machine:
            test_machine(tap, machine)
