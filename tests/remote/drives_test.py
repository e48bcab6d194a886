#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that -drive and -blockdev of mpring-remote take and refuse what QEMU's do
for raw files, but for what is named here with the reason."""

import tempfile

import beside_qemu
from device_process import make_image
from tap import Tap

THROTTLED = "I/O is not throttled here"

# Of -drive, behind file=IMAGE,format=raw; then without. None: the answer is the same.
DRIVE = {
    "media=disk": None,
    "media=cdrom": "there are only disks",
    "cache=none": None,
    "cache=off": None,
    "cache=writethrough": None,
    "cache=sometimes": None,
    "cache.direct=on": None,
    "cache.no-flush=on": None,
    "cache.direct=on,cache.no-flush=on": "flushes are made with direct I/O",
    "cache.writeback=off": None,
    "cache.direct=maybe": None,
    "aio=threads": None,
    "aio=io_uring": None,
    "aio=native,cache.direct=on": None,
    "aio=native": "io_uring takes the page cache, too",
    "aio=posix": None,
    "readonly=on": None,
    "read-only=on": None,
    "read-only=2": None,
    "auto-read-only=on": None,
    "auto-read-only=off": None,
    "force-share=on,read-only=on": None,
    "force-share=on": None,
    "discard=unmap": None,
    "discard=on": None,
    "discard=never": None,
    "detect-zeroes=on": None,
    "detect-zeroes=off": None,
    "detect-zeroes=unmap,discard=unmap": None,
    "detect-zeroes=unmap": None,
    "detect-zeroes=yes": None,
    "werror=enospc,rerror=stop": None,
    "werror=never": None,
    "node-name=n0": None,
    "file.locking=off": None,
    "file.locking=auto": None,
    "file.locking=maybe": None,
    "file.aio=threads": None,
    "file.aio-max-batch=0": None,
    "file.aio-max-batch=8": "the size of rounds is not set",
    "file.drop-cache=off": None,
    "file.pr-manager=pr0": None,
    "offset=0": None,
    "offset=512,size=512": "the disk is the whole file",
    "snapshot=off": None,
    "snapshot=on": "there is no place for it",
    "copy-on-read=off": None,
    "copy-on-read=on": "there is nothing to copy from",
    "stats-account-invalid=on": None,
    "stats-account-failed=off": "they are always counted",
    "throttling.bps-total=0": None,
    "throttling.bps-total=1000000": THROTTLED,
    "throttling.iops-read=10": THROTTLED,
    "bps=1000000": THROTTLED,
    "iops_wr=10": THROTTLED,
    "serial=S0": "QEMU has given that up",
    "bus=0": "QEMU ignores where a drive without a device is",
    "unit=3": "QEMU ignores where a drive without a device is",
    "index=3": "QEMU ignores where a drive without a device is",
    "iopoll=off": "it is ours",
    "cyls=10": None,
    "boot=on": None,
    "no-such-option=1": None,
}
IMAGES = {
    "file=IMAGE": None,
    "file=file:IMAGE,format=raw": None,
    "file=host_device:IMAGE,format=raw": "QEMU wants a device there",
    "file.filename=IMAGE,format=raw": None,
    "file.driver=file,file.filename=IMAGE,format=raw": None,
    "file.driver=file,file.filename=IMAGE,driver=raw": None,
    "file.driver=nbd,file.filename=IMAGE,format=raw": None,
    "file=IMAGE,file.filename=IMAGE,format=raw": None,
    "file=nbd:localhost:1,format=raw": None,
    "file=json:{},format=raw": None,
    "file=http://localhost/,format=raw": None,
    "file=IMAGE,format=qcow2": None,
    "format=raw": None,
}
# Of -blockdev, behind node-name=n0.
BLOCKDEV = {
    "driver=file,filename=IMAGE": None,
    "driver=raw,file.driver=file,file.filename=IMAGE": None,
    "driver=raw,file.driver=file,file.filename=IMAGE,detect-zeroes=on": None,
    "driver=raw,file.driver=file,file.filename=IMAGE,file.detect-zeroes=on": None,
    "driver=raw,file.driver=file,file.filename=IMAGE,detect-zeroes=unmap": None,
    "driver=raw,file.driver=file,file.filename=IMAGE,detect-zeroes=unmap,discard=unmap": None,
    "driver=file,filename=IMAGE,auto-read-only=on": None,
    "driver=file,filename=IMAGE,read-only=on,force-share=on": None,
    "driver=file,filename=IMAGE,force-share=on": None,
    "driver=file,filename=IMAGE,locking=off": None,
    "driver=file,filename=IMAGE,locking=2": None,
    "driver=file,filename=IMAGE,drop-cache=on": None,
    "driver=file,filename=IMAGE,aio-max-batch=8": "the size of rounds is not set",
    "driver=file,filename=IMAGE,x-check-cache-dropped=off": None,
    "driver=file,filename=IMAGE,x-check-cache-dropped=on": "there is no migration",
    "driver=file,filename=IMAGE,cache.direct=on": None,
    "driver=raw,file.driver=file,file.filename=IMAGE,offset=0": None,
    "driver=raw,file.driver=file,file.filename=IMAGE,size=512": "the disk is the whole file",
    "driver=raw,file.driver=file,file.filename=IMAGE,cache=none": None,
    "driver=qcow2,file.driver=file,file.filename=IMAGE": None,
    "driver=file": None,
    "filename=IMAGE": None,
}
# Of a node on the node n0, which is a file that is told discard=unmap.
ON_NODE = {
    "detect-zeroes=unmap,discard=unmap": None,
    "detect-zeroes=on,discard=unmap": None,
    "auto-read-only=off,discard=unmap": None,
    "cache.direct=off,cache.no-flush=off,discard=unmap": None,
    "discard=ignore": "the two nodes are one here",
    "detect-zeroes=unmap": None,
    "offset=0,discard=unmap": None,
    "size=512,discard=unmap": "the disk is the whole file",
    "no-such-option=1,discard=unmap": None,
}

tap = Tap()
with tempfile.TemporaryDirectory() as folder:
    image = make_image(folder, "d0.img")

    def drive(value):
        return ("-drive", f"id=d0,if=none,file={image},format=raw,{value}")

    def whole_drive(value):
        return ("-drive", f"id=d0,if=none,{value}".replace("IMAGE", image))

    def node(value):
        return ("-blockdev", f"node-name=n0,{value}".replace("IMAGE", image))

    def node_on_node(value):
        return ("-blockdev", f"driver=file,node-name=n0,filename={image},discard=unmap",
                "-blockdev", f"driver=raw,node-name=n1,file=n0,{value}")

    for values, options in ((DRIVE, drive), (IMAGES, whole_drive), (BLOCKDEV, node),
                            (ON_NODE, node_on_node)):
        beside_qemu.compare(tap, values, options, options)
tap.finish()
