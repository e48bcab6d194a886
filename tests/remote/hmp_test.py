#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a monitor for people of mpring-remote has the commands that they know."""

import os
import shutil
import subprocess

from device_process import Remote
from tap import TIMEOUT, Skip, case, check, run_cases


@case
def person_finds_what_he_knows(folder):
    with Remote(folder) as remote, remote.hmp() as hmp:
        check("type 'help'" in hmp.banner, hmp.banner)
        usage = hmp.command("help")
        for name in ("device_add", "device_del", "drive_add", "drive_del", "block_resize",
                     "stop", "cont", "quit", "help", "info"):
            check(f"\n{name}" in "\n" + usage, f"help lacks {name}")
        check("drive_add [slot]" in hmp.command("help drive_add"), "help of one")
        check(hmp.command("") == "", "an empty line")
        check("unknown command: 'frob'" in hmp.command("frob"), "unknown")
        check("unknown command: 'info frob'" in hmp.command("info frob"), "unknown")
        check(hmp.command("info status") == "VM status: running\r\n", "status")
        check(hmp.command("info block") ==
              f"d0 (#block-d0): {remote.path('d0.img')} (raw)\r\n"
              "    Attached to:      disk0\r\n    Cache mode:       writeback\r\n", "block")
        check(hmp.command("info block d0") == hmp.command("info block -n #block-d0") ==
              hmp.command("info block"), "of one")
        check("virtual size: 1048576" in hmp.command("info block -v d0"), "with its image")
        check("Device 'd9' not found" in hmp.command("info block d9"), "of none")
        check("unknown command" in hmp.command("info blocks"), "another name")
        check("rd_operations=0" in hmp.command("info blockstats"), "blockstats")
        check('dev: scsi-hd, id "disk0"' in hmp.command("info qtree"), "qtree")
        tree = ("/machine (x-remote-machine)\r\n  /peripheral (container)\r\n"
                "    /lsi0 (lsi53c895a)\r\n    /disk0 (scsi-hd)\r\n")
        check(hmp.command("info qom-tree") == tree, "qom-tree")
        check(tree.replace("\n", "\n  ")[:-2] in hmp.command("info qom-tree /"), "of all")
        check(hmp.command("info qom-tree disk0") == "/disk0 (scsi-hd)\r\n", "of one")
        check("could not be resolved" in hmp.command("info qom-tree disk9"), "of none")
        check("disk0 (child<scsi-hd>)\r\n" in hmp.command("qom-list /machine/peripheral"), "list")
        check("no object" in hmp.command("qom-list disk9"), "of none")
        check(hmp.command("qom-get disk0 scsi-id") == "0\r\n", "qom-get")
        check("no property 'frob'" in hmp.command("qom-get disk0 frob"), "of none")
        check("PCI device 1000:0012" in hmp.command("info pci"), "pci")
        check("address-space: memory" in hmp.command("info mtree"), "mtree")


@case
def person_plugs(folder):
    with Remote(folder) as remote, remote.hmp() as hmp:
        check(hmp.command(f"drive_add 0 if=none,id=d1,file={remote.path('d1.img')}") == "OK\r\n",
              "drive_add")
        check("is taken by" in hmp.command(f"drive_add 0 id=d1,file={remote.path('d1.img')}"),
              "twice")
        check(hmp.command("device_add scsi-hd,id=disk1,drive=d1,bus=lsi0.0") == "", "device_add")
        check("use device_del first" in hmp.command("drive_del d1"), "drive_del")
        check(hmp.command("block_resize d1 4") == "", "block_resize")
        check(os.path.getsize(remote.path("d1.img")) == 4 << 20, "MiB by default")
        check(hmp.command("block_resize d1 512k") == "", "block_resize")
        check(os.path.getsize(remote.path("d1.img")) == 512 << 10, "with a suffix")
        check(hmp.command('block_resize "d\\1" 1') == "", "with quotes")
        check(os.path.getsize(remote.path("d1.img")) == 1 << 20, "as QEMU reads them")
        check("is not a size" in hmp.command("block_resize d1 5x"), "no size")
        check(hmp.command("device_del disk1") == "", "device_del")
        check(hmp.command("stop") == "" and "paused" in hmp.command("info status"), "stop")
        check(hmp.command("c") == "" and "running" in hmp.command("info status"), "cont")


@case
def socat_is_a_terminal(folder):
    if not shutil.which("socat"):
        raise Skip("socat is not installed")
    with Remote(folder) as remote:
        done = subprocess.run(["socat", remote.path("hmp"), "stdio"], text=True, timeout=TIMEOUT,
                              input="info status\nquit\n", capture_output=True, check=True)
        check("VM status: running" in done.stdout, done.stdout)
        check(remote.process.wait(TIMEOUT) == 0, "exit status")


@case
def standard_input_is_a_monitor(folder):
    with Remote(folder, "-monitor", "stdio", stdin=subprocess.PIPE) as remote:
        remote.process.stdin.write("info status\nquit\n")
        remote.process.stdin.flush()
        check("VM status: running" in remote.process.stdout.read(), "answer")
        check(os.get_blocking(remote.process.stdin.fileno()), "left as it was")
        remote.process.stdin.close()


run_cases()
