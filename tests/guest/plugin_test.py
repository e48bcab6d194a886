#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a guest uses a device that is a plug-in, with a property: its registers, what
it writes to memory, its interrupts, and its error at memory that is not there."""

import os
import subprocess

import harness


def run_guest(options, folder, *properties):
    """What plugin_guest.S says on the debug console."""
    console = os.path.join(folder, "console")
    plugin = os.path.join(os.path.dirname(os.path.dirname(options.programs)),
                          "dev/example/filler.so")
    device = ",".join(["filler,id=f0,rid=0,addr=5", *properties])
    with open(os.path.join(folder, "output"), "wb") as out:
        process = subprocess.Popen(
            [options.mpring, "run", "--", "qemu-system-x86_64", "-accel", "tcg", "-display", "none",
             "-nodefaults", "-object", "memory-backend-memfd,id=mem,size=64M", "-m", "64M",
             "-machine", "pc,memory-backend=mem", "-kernel", options.program("plugin_guest.elf"),
             "-chardev", f"file,id=console,path={console}",
             "-device", "isa-debugcon,iobase=0xe9,chardev=console",
             "-rplugin", plugin, "-rdevice", device],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def said():
        with open(console, encoding="ascii") as stream:
            return stream.read()

    try:
        harness.check(harness.wait_until(
            lambda: process.poll() is not None or (os.path.exists(console) and "\n" in said()),
            harness.BOOT_TIMEOUT), "the guest says nothing")
        with open(os.path.join(folder, "output"), encoding="utf-8") as out:
            harness.check(process.poll() is None, f"it ended:\n{out.read()}")
        return said()
    finally:
        process.terminate()
        process.wait(harness.BOOT_TIMEOUT)


with harness.session() as (session_options, session_tap, session_folder):
    if session_options.inprocess:
        session_tap.skip("plug-ins", "QEMU has no such device")
    else:
        for properties in ((), ("size=1k",), ("size=7",)):
            with session_tap.case(f"a plug-in fills memory and interrupts {' '.join(properties)}"):
                text = run_guest(session_options, session_folder, *properties)
                harness.check(text == "FILLED\n", f"the guest says {text!r}")
                os.remove(os.path.join(session_folder, "console"))
