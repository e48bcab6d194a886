#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that -rplugin reaches every device process, and that the properties which a
plug-in's model declares go to it, and all others to QEMU; at the monitor, too."""

import os
import subprocess
import sys

from machine import MEMORY, Machine, both, stopped
from tap import TIMEOUT, case, check, run_cases

PLUGIN = os.path.abspath(sys.argv[2])


def run(*options, print_only=False):
    command = stopped(*MEMORY, *options)
    if print_only:
        command.insert(command.index("run") + 1, "--print")
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)


def expect_refusal(said, *options):
    done = run(*options)
    check(done.returncode == 1 and said in done.stderr and done.stderr.count("\n") == 1,
          f"{options}: status {done.returncode}, {done.stderr}")


@case
def properties_go_where_they_are_known():
    device = "filler,id=f0,rid=0,size=1k,addr=5,poll-us=10"
    text = run("-rplugin", PLUGIN, "-rdevice", device, print_only=True).stdout
    remote, qemu = text.splitlines()
    check(f"-plugin {PLUGIN} -device filler,id=f0,size=1k" in remote, remote)
    check("-device pci-proxy-dev,id=f0,socket=" in qemu and ",addr=5,poll-us=10" in qemu
          and "size=1k" not in qemu and "plugin" not in qemu.replace(PLUGIN, ""), qemu)


@case
def mistakes_are_told_before_anything_runs(folder):
    expect_refusal(f"mpring: -rplugin {folder}/none.so: No such file", "-rplugin",
                   f"{folder}/none.so")
    expect_refusal("mpring: -rplugin: its value is missing", "-rplugin")
    expect_refusal('no driver "filer" (did you mean "filler"?)', "-rplugin", PLUGIN,
                   "-rdevice", "filer,id=f0,rid=0")
    expect_refusal('no driver "filler"', "-rdevice", "filler,id=f0,rid=0")


@case
def values_are_checked_by_the_model():
    done = run("-rplugin", PLUGIN, "-rdevice", "filler,id=f0,rid=0,size=8k")
    check(done.returncode != 0 and "size=8k is not a number from 1 to 4096" in done.stderr,
          f"{done.returncode}: {done.stderr}")


@case
def a_device_is_added_at_the_monitor(folder):
    with Machine(folder, stopped(*MEMORY, *both(folder), "-rplugin", PLUGIN)) as machine:
        qmp = machine.qmp()
        wrong = qmp.error("x-rdevice-add", rid=1, driver="filler", id="f1", size="8k")
        check("size=8k is not a number from 1 to 4096" in wrong, wrong)
        qmp.command("x-rdevice-add", rid=2, driver="filler", id="f2", size="2k", addr="6")
        listed = [(row["rid"], row["id"]) for row in qmp.command("x-remote-proc-list")]
        check((2, "f2") in listed, listed)
        qmp.command("quit")


run_cases()
