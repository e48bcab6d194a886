# SPDX-License-Identifier: MIT
"""Gives mpring-remote and QEMU the same options, and compares what they take."""

import subprocess

from device_process import PROGRAM
from tap import TIMEOUT

QEMU = "qemu-system-x86_64"
QUIT = '{"execute":"qmp_capabilities"}{"execute":"quit"}'


def taken(*command):
    """Whether a program with a monitor at stdio starts; and what it says."""
    done = subprocess.run([*command, "-qmp", "stdio"], input=QUIT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT, check=False)
    return done.returncode == 0, done.stdout


def qemu_takes(*options):
    return taken(QEMU, "-machine", "q35", "-nodefaults", "-S", "-display", "none",
                 "-device", "lsi53c895a,id=lsi0", *options)


def remote_takes(*options):
    return taken(PROGRAM, "-machine", "x-remote", "-device", "lsi53c895a,id=lsi0", *options)


def compare(tap, values, ours, theirs):
    """Compares what is taken of `values`: {option: why it is another here, or None}.
    ours() and theirs() make the programs' options of one."""
    for value, difference in values.items():
        here, said = remote_takes(*ours(value))
        there, _ = qemu_takes(*theirs(value))
        expected = there if difference is None else not there
        tap.add(here == expected, f"{value}: {'taken' if here else 'refused'}"
                    + (f" ({difference})" if difference else ""), said)
        name = value.split("=")[0]
        if not here and value.count("=") == 1:
            tap.add(name in said, f"{value}: the refusal names it", said)
