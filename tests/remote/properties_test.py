#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that -device scsi-hd of mpring-remote has the properties of QEMU's, of the
same types and defaults, and takes and refuses the same values, but for what is named
here with the reason."""

import re
import subprocess
import tempfile

import beside_qemu
from device_process import PROGRAM, make_image
from tap import Tap

# Properties of ours that QEMU's list does not have.
OURS = {
    "id": "QEMU's help leaves it out",
    "bus": "QEMU's help leaves it out",
}
# Properties with another default, as the two print it.
DEFAULTS = {
    "scsi-id": "a number that stands for the lowest free one",
    "lun": "a number that stands for the lowest free one; here it is 0",
    "vendor": "QEMU's help does not tell it", "product": "QEMU's help does not tell it",
    "ver": "QEMU's help does not tell it",
    "logical_block_size": "0 stands for 512",
    "physical_block_size": "0 stands for 512; here it is at least the logical block size",
    "bootindex": "QEMU's help does not tell it",
    "removable": "off, which QEMU calls false", "share-rw": "off, which QEMU calls false",
    "quirk_mode_page_vendor_specific_apple": "off, which QEMU calls false",
    "dpofua": "on: a write with FUA then needs no flush",
}
# Options, and why the answer is another here: None where it is the same.
VALUES = {
    "logical_block_size=4096": "QEMU wants physical_block_size= as well",
    "logical_block_size=65536,physical_block_size=65536": "the format page has 16 bits for it",
    "logical_block_size=4096,physical_block_size=512": None,
    "logical_block_size=4096,physical_block_size=4k": None,
    "logical_block_size=1000": None,
    "physical_block_size=2M": None,
    "physical_block_size=4M": None,
    "physical_block_size=1000": None,
    "physical_block_size=0x1000": None,
    "physical_block_size=4096x": None,
    "min_io_size=512": None,
    "min_io_size=1000": None,
    "min_io_size=33554432": None,
    "opt_io_size=64k": None,
    "opt_io_size=1000": None,
    "opt_io_size=4G": None,
    "discard_granularity=0": None,
    "discard_granularity=4k": None,
    "discard_granularity=1000": None,
    "discard_granularity=4294967295": None,
    "discard_granularity=4294967296": None,
    "max_unmap_size=0": None,
    "max_unmap_size=1000": None,
    "max_unmap_size=0x100000": None,
    "max_unmap_size=4k": None,
    "max_io_size=0": None,
    "max_io_size=100000": None,
    "max_io_size=1x": None,
    "cyls=10,heads=16,secs=63": None,
    "cyls=10": None,
    "cyls=70000,heads=16,secs=63": None,
    "cyls=1,heads=256,secs=1": None,
    "cyls=1,heads=1,secs=256": None,
    "bios-chs-trans=none": None,
    "lcyls=0,lheads=0,lsecs=0": None,
    "lcyls=5,lheads=1,lsecs=1": "the VMM tells its BIOS the geometry",
    "scsi_version=2": None,
    "scsi_version=0": "no standard",
    "scsi_version=300": "does not fit its field",
    "port_index=1": None,
    "port_index=70000": None,
    "port_wwn=0x5000c50015ea71ac": None,
    "port_wwn=x": None,
    "wwn=0x5000c50015ea71ac": None,
    "rotation_rate=1": None,
    "rotation_rate=70000": None,
    "removable=on": None,
    "removable=maybe": None,
    "dpofua=off": None,
    "dpofua=y": None,
    "write-cache=on": None,
    "write-cache=off": None,
    "write-cache=auto": None,
    "write-cache=maybe": None,
    "share-rw=on": None,
    "share-rw=2": None,
    "account-failed=on": None,
    "account-failed=off": "they are always counted",
    "account-invalid=auto": None,
    "backend_defaults=off": None,
    "backend_defaults=on": "the host's limits are not told",
    "quirk_mode_page_vendor_specific_apple=off": None,
    "quirk_mode_page_vendor_specific_apple=on": "there is no such page",
    "serial=0123456789012345678901234567890123456789": None,
    "serial=\N{LATIN SMALL LETTER A WITH DIAERESIS}": "SCSI has ASCII",
    "device_id=a-device": None,
    "vendor=longer-than-eight,product=longer-than-sixteen,ver=longer": None,
    "scsi-id=6": None,
    "scsi-id=7": "that is the adapter's own",
    "scsi-id=8": "the bus is wide enough",
    "scsi-id=16": None,
    "lun=1": "the adapter has several",
    "lun=64": None,
    "channel=1": None,
    "bootindex=-1": None,
    "bootindex=3": None,
    "bootindex=x": None,
    "rerror=stop,werror=enospc": None,
    "rerror=never": None,
    "no-such-property=1": None,
}


def properties(program):
    """{name: (type, default)} as printed by -device scsi-hd,help."""
    text = subprocess.run([program, "-device", "scsi-hd,help"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s+([\w-]+)=<(\w+)>(.*)", line)
        if match:
            default = re.search(r"\(default: (.*)\)$", match.group(3))
            found[match.group(1)] = (match.group(2), default and default.group(1).strip('"'))
    return found


def compare_help(tap):
    ours, theirs = properties(PROGRAM), properties(beside_qemu.QEMU)
    for name in sorted(theirs):
        tap.add(name in ours, f"{name} is there")
    for name in sorted(ours.keys() - theirs.keys()):
        tap.add(name in OURS, f"{name} is QEMU's, too")
    for name in sorted(ours.keys() & theirs.keys()):
        tap.add(ours[name][0] == theirs[name][0], f"{name} is of QEMU's type",
                f"{ours[name]} instead of {theirs[name]}")
        if name not in DEFAULTS and theirs[name][1]:
            tap.add(ours[name][1] == theirs[name][1], f"{name} has QEMU's default",
                    f"{ours[name]} instead of {theirs[name]}")


def compare_values(tap, disk):
    def options(value, none=""):
        return ("-drive", f"id=d0,file={disk},format=raw{none}",
                "-device", f"scsi-hd,drive=d0,{value}")
    beside_qemu.compare(tap, VALUES, options, lambda value: options(value, ",if=none"))


tap = Tap()
compare_help(tap)
with tempfile.TemporaryDirectory() as folder:
    compare_values(tap, make_image(folder, "d0.img"))
tap.finish()
