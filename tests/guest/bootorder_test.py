#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that SeaBIOS boots from remote disks in the order of their bootindex=, among
each other and among QEMU's own disks, also when disks are added and removed, and that an
index that is taken is refused as QEMU refuses it."""

import contextlib
import os

import harness


def named_disk(options, folder, name):
    """A disk that boots and says its name."""
    disk = harness.bootable_disk(options, folder, f"{name}.img")
    with open(disk, "r+b") as image:
        image.seek(5 * 512)
        image.write(f"I AM {name}\n".encode().ljust(512, b"\0"))
    return disk


class Machine(harness.Machine):
    """One with disks by name, at places and with options of their own."""

    def __init__(self, options, folder, disks, *, machine="q35"):
        super().__init__(options, folder, [], machine=machine)
        device, drive, remote, interface = ("-device", "-drive", "", "if=none,") if \
            self.inprocess else ("-rdevice", "-rdrive", ",rid=0", "")
        for name, place in disks.items():
            path = named_disk(options, folder, name)
            self.arguments += [drive, f"id={name},{interface}file={path},format=raw{remote}",
                               device, f"scsi-hd,id=disk-{name},drive={name},{place}{remote}"]

    def own_disk(self, name, index):
        path = named_disk(self.options, self.folder, name)
        self.arguments += ["-drive", f"id={name},if=none,file={path},format=raw",
                           "-device", f"ide-hd,drive={name},bootindex={index}"]

    def boots(self, name, after=""):
        """Checks which disk the guest boots from; `after` is what it has said before."""
        harness.wait_until(lambda: "WRITTEN" in self.console()[len(after):] or self.ended(), 60)
        said = self.console()[len(after):]
        harness.check(f"I AM {name}\n" in said, f"not {name}: {said!r}\n{self.log()}")

    def refused(self):
        """The message that refuses the command line."""
        self.start()
        self.wait_gone()
        harness.check(self.process.returncode == 1, f"status {self.process.returncode}")
        with open(self.output, encoding="utf-8", errors="replace") as output:
            return output.read()


def test_order(tap, options, folder, kind):
    disks = {"first": "scsi-id=0,bootindex=2", "second": "scsi-id=1,bootindex=1"}
    with tap.case(f"{kind}: the lower index boots, not the lower ID"), \
            Machine(options, folder, disks, machine=kind) as machine:
        machine.start()
        machine.boots("second")
        machine.quit()
    with tap.case(f"{kind}: a remote disk boots before QEMU's own with a higher index"), \
            Machine(options, folder, {"remote": "bootindex=1"}, machine=kind) as machine:
        machine.own_disk("own", 2)
        machine.start()
        machine.boots("remote")
        machine.quit()
    with tap.case(f"{kind}: QEMU's own disk boots before a remote one with a higher index"), \
            Machine(options, folder, {"remote": "scsi-id=5,bootindex=2"},
                    machine=kind) as machine:
        machine.own_disk("own", 1)
        machine.start()
        machine.boots("own")
        machine.quit()


def test_taken(tap, options, folder):
    with tap.case("two remote disks of one index are refused"), \
            Machine(options, folder, {"a": "bootindex=1", "b": "bootindex=1"}) as machine:
        said = machine.refused()
        if not machine.inprocess:
            harness.check("bootindex=1 is taken by -rdevice scsi-hd,id=disk-a" in said, said)
    with tap.case("a remote disk of the index of QEMU's own is refused"), \
            Machine(options, folder, {"a": "bootindex=1"}) as machine:
        machine.own_disk("own", 1)
        said = machine.refused()
        if not machine.inprocess:
            harness.check("bootindex=1 is taken by -device ide-hd" in said, said)
    with tap.case("an index that only QEMU knows of is refused by it"), \
            Machine(options, folder, {"a": "bootindex=0"}) as machine:
        machine.arguments += ["-device", "e1000", "-global", "e1000.bootindex=0"]
        said = machine.refused()
        harness.check("The bootindex 0 has already been used" in said, said)


def add_disk(machine, name, path, index):
    suffix = {"driver": "scsi-hd", "id": f"disk-{name}", "drive": name, "bus": "lsi0.0",
              "bootindex": index}
    if machine.inprocess:
        machine.command("human-monitor-command",
                        command_line=f"drive_add 0 if=none,id={name},file={path},format=raw")
        machine.command("device_add", **suffix)
    else:
        with contextlib.suppress(harness.Failure):  # it is there from an attempt before
            machine.command("x-rdrive-add", rid=0, id=name, file=path, format="raw")
        machine.command("x-rdevice-add", rid=0, **suffix)


def test_hotplug(tap, options, folder):
    with Machine(options, folder, {"old": "bootindex=5"}) as machine:
        path = named_disk(options, folder, "new")
        with tap.case("a disk that was added boots at the next reset"):
            machine.start()
            machine.boots("old")
            said = machine.console()
            add_disk(machine, "new", path, 3)
            machine.command("system_reset")
            machine.boots("new", said)
        with tap.case("an index that is taken is refused, and then another holds"):
            with contextlib.suppress(harness.Failure):
                add_disk(machine, "third", named_disk(options, folder, "third"), 5)
                raise AssertionError("an index was taken twice")
            said = machine.console()
            machine.command("system_reset")
            machine.boots("new", said)
        with tap.case("when it is removed, the old one boots again"):
            said = machine.console()
            machine.command("device_del" if machine.inprocess else "x-rdevice-del",
                            id="disk-new")
            machine.command("system_reset")
            machine.boots("old", said)
            machine.quit()


def test_adapter(tap, options, folder):
    with tap.case("a disk behind an adapter that was added boots at the next reset"), \
            Machine(options, folder, {"old": "bootindex=5"}, machine="pc") as machine:
        path = named_disk(options, folder, "new")
        machine.start()
        machine.boots("old")
        said = machine.console()
        machine.command("x-rdevice-add", rid=1, id="lsi1", driver="lsi")
        machine.command("x-rdrive-add", rid=1, id="new", file=path, format="raw")
        machine.command("x-rdevice-add", rid=1, id="disk-new", driver="scsi-hd", drive="new",
                        bootindex=1)
        machine.command("system_reset")
        machine.boots("new", said)
        machine.quit()


def test_by_hand(tap, options, folder):
    with tap.case("boot-order= of a proxy does it for device processes by hand"), \
            harness.Machine(options, folder, []) as machine:
        del machine.arguments[-2:]
        remote = os.path.join(os.path.dirname(options.mpring), "..", "remote", "mpring-remote")
        path = os.path.join(machine.folder, "lsi0")
        disks = [word for number, name in enumerate(("first", "second")) for word in (
            "-drive", f"id={name},file={named_disk(options, folder, name)},format=raw",
            "-device", f"scsi-hd,drive={name},scsi-id={number}")]
        harness.run(remote, "-daemonize", "-machine", "x-remote", "-device", "lsi,id=lsi0",
                    "-object", f"x-remote-object,id=o,devid=lsi0,path={path}", *disks)
        machine.arguments += ["-device", f"pci-proxy-dev,id=lsi0,path={path},boot-order="
                              "1:/channel@0/disk@1,,0+2:/channel@0/disk@0,,0"]
        machine.start()
        machine.wait_console("WRITTEN", 60)
        harness.check("I AM second" in machine.console(), machine.console())
        machine.quit()


with harness.session() as (given, results, place):
    for board in ("q35", "pc"):
        test_order(results, given, place, board)
    test_taken(results, given, place)
    test_hotplug(results, given, place)
    if not given.inprocess:
        test_adapter(results, given, place)
        test_by_hand(results, given, place)
