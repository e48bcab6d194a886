#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that with the same options a guest's disks have the same names behind our adapter
as behind QEMU's own: udev's properties, the links under /dev/disk, and the INQUIRY data
from which both are made."""

import os
import subprocess

import harness

# What -drive or -blockdev, and -device scsi-hd, say of each disk.
DISKS = [
    ("id=d0", "drive=d0"),
    ("id=d1", "drive=d1,serial=S0"),
    ("id=d2", "drive=d2,serial=f3c4a1de-0000-4a3b-9d27-1f0e5ad4ef06"),
    ("id=d3", "drive=d3,serial=S3,device_id=a-device"),
    ("id=d4", "drive=d4,wwn=0x5000c50015ea71ac"),
    ("id=d5", "drive=d5,serial=S5,wwn=0x5000c50015ea71ad,port_wwn=0x5000c50015ea71ae,port_index=2"),
    (None, "drive=d6,vendor=ACME,product=Anvil,ver=9"),
]

JOB = f"""
set -e
/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --subsystem-match=block
udevadm settle --timeout=120
for n in $(seq 0 {len(DISKS) - 1}); do
	udevadm info --query=property --name=/dev/disk$n | sed "s/^/UDEV $n /"
	device=/sys/block/$(basename $(readlink /dev/disk$n))/device
	for page in inquiry vpd_pg80 vpd_pg83; do
		[ ! -e $device/$page ] || echo "DATA $n $page $(hexdump -v -e '1/1 "%02x"' $device/$page)"
	done
done
"""

# udev properties that depend on the order in which the disks were found.
BY_CHANCE = {"DEVNAME", "DEVPATH", "DISKSEQ", "MAJOR", "MINOR", "SEQNUM", "USEC_INITIALIZED"}


def blockdev(path, name):
    return f"driver=raw,node-name={name},file.driver=file,file.filename={path}"


def disk_options(disks, none):
    """The options of all disks; `none` is what a -drive has to say to have no device."""
    options = []
    for number, ((drive, device), path) in enumerate(zip(DISKS, disks)):
        options += (["-drive", f"{drive},file={path},format=raw{none}"] if drive
                    else ["-blockdev", blockdev(path, f"d{number}")])
        options += ["-device", f"scsi-hd,bus=lsi0.0,{device}"]
    return options


class OwnMachine(harness.Machine):
    """QEMU with its own adapter."""

    def __init__(self, options, folder, disks):
        super().__init__(options, folder, disks, inprocess=True)

    def _add_adapter(self):
        self.arguments += ["-device", "lsi53c895a,id=lsi0"]
        self.arguments += disk_options(self.disks, ",if=none")


class OurMachine(harness.Machine):
    """QEMU and a remote process, which also takes nodes."""

    def __init__(self, options, folder, disks):
        super().__init__(options, folder, disks, inprocess=True)
        self.build = os.path.dirname(os.path.dirname(options.mpring))

    def _add_adapter(self):
        self.adapter = self._path("lsi0")
        plugin = os.path.join(os.path.dirname(os.path.dirname(self.options.mpring)),
                              "proxy/qemu/mpring-qemu.so")
        self.arguments += ["-plugin", plugin,
                           "-device", f"pci-proxy-dev,id=lsi0,path={self.adapter}"]

    def start(self):
        said = self._path("remote-output")
        with open(said, "wb") as out:
            self.remote_process = subprocess.Popen(
                [os.path.join(self.build, "remote/mpring-remote"), "-device", "lsi53c895a,id=lsi0",
                 "-object", f"x-remote-object,id=r0,devid=lsi0,path={self.adapter}"] +
                disk_options(self.disks, ""), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        if not harness.wait_until(lambda: os.path.exists(self.adapter), 20):
            with open(said, encoding="utf-8") as f:
                raise harness.Failure(f.read())
        super().start()


def names(machine):
    """What the guest says of its disks: {number: {what: value}}."""
    machine.boot_linux(JOB, parts=["udev"])
    machine.wait_result()
    found = {number: {} for number in range(len(DISKS))}  # by SCSI ID, given in this order
    for number, key, value in machine.found(r"^UDEV (\d+) (\w+)=(.*)$"):
        if key not in BY_CHANCE:
            found[int(number)][key] = value
    for number, page, data in machine.found(r"^DATA (\d+) (\w+) (\w+)$"):
        found[int(number)][page] = data
    for disk in found.values():
        disk["inquiry"] = bytes_that_name(disk["inquiry"])
        disk["DEVLINKS"] = " ".join(sorted(link for link in disk["DEVLINKS"].split()
                                           if "by-diskseq" not in link))
    return found


def bytes_that_name(inquiry):
    """Standard INQUIRY data without its own length and what follows the strings."""
    return inquiry[:8] + inquiry[10:72]


def differences(ours, theirs):
    return "\n".join(f"{key}: {ours.get(key)} instead of {theirs.get(key)}"
                     for key in sorted(ours.keys() | theirs.keys())
                     if ours.get(key) != theirs.get(key))


with harness.session() as (options, tap, folder):
    disks = [harness.make_disk(folder, f"{number}.img", 1 << 20) for number in range(len(DISKS))]
    known = []
    for kind in (OwnMachine, OurMachine):
        with tap.case(f"the guest names its disks behind {kind.__name__}"), \
                kind(options, folder, disks) as machine:
            known.append(names(machine))
    for number, said in enumerate(DISKS):
        with tap.case(f"the names are the same for {said}"):
            theirs, ours = (machine[number] for machine in known)
            harness.check("by-path" in theirs["DEVLINKS"], f"no names at all: {theirs}")
            harness.check(ours == theirs, differences(ours, theirs))
