# SPDX-License-Identifier: MIT
"""Gives mpring-remote and QEMU the same options, and compares what they take."""

import os
import subprocess
import sys

REMOTE = os.path.abspath(sys.argv[1])
QEMU = "qemu-system-x86_64"
QUIT = '{"execute":"qmp_capabilities"}{"execute":"quit"}'


class Results:
    """Counts results and prints them in the Test Anything Protocol."""

    def __init__(self):
        self.count = self.failed = 0

    def add(self, good, name, note=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        for line in note.splitlines() if not good else []:
            print(f"# {line}")

    def finish(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def taken(*command):
    """Whether a program with a monitor at stdio starts; and what it says."""
    done = subprocess.run([*command, "-qmp", "stdio"], input=QUIT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    return done.returncode == 0, done.stdout


def qemu_takes(*options):
    return taken(QEMU, "-machine", "q35", "-nodefaults", "-S", "-display", "none",
                 "-device", "lsi53c895a,id=lsi0", *options)


def remote_takes(*options):
    return taken(REMOTE, "-machine", "x-remote", "-device", "lsi53c895a,id=lsi0", *options)


def compare(results, values, ours, theirs):
    """Compares what is taken of `values`: {option: why it is another here, or None}.
    ours() and theirs() make the programs' options of one."""
    for value, difference in values.items():
        here, said = remote_takes(*ours(value))
        there, _ = qemu_takes(*theirs(value))
        expected = there if difference is None else not there
        results.add(here == expected, f"{value}: {'taken' if here else 'refused'}"
                    + (f" ({difference})" if difference else ""), said)
        name = value.split("=")[0]
        if not here and value.count("=") == 1:
            results.add(name in said, f"{value}: the refusal names it", said)
