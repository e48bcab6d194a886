#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a guest's console is read in whole lines, however it comes."""

import os

import common  # finds harness, too
import fio
import harness

JOBS = ["randread-1", "randread-16"]
CONSOLE = "".join(f"FIO-BEGIN {job}\nFIO-END {job}\n" for job in JOBS) + "MPRING-RESULT: 0\n"


class Guest(harness.Machine):
    """A machine that does not run: whenever it is looked at, its console has grown by
    one character."""

    kind = "none"

    def __init__(self):     # pylint: disable=super-init-not-called
        self.length = 0

    def console(self):
        return CONSOLE[:self.length]

    def ended(self):
        self.length += 1    # once a look
        return self.length >= len(CONSOLE)

    def pids(self):
        return {"qemu": os.getpid()}

    def wait_result(self):
        harness.check(self.length <= len(CONSOLE), "looked at after its end")

    def check_kernel(self):
        pass


def main():
    tap = harness.Tap()
    with tap.case("no line is taken before it is whole"):
        used = fio.follow(Guest(), JOBS)
        harness.check(list(used) == JOBS, f"jobs: {list(used)}")
    tap.finish()


common.main(main)
