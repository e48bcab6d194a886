#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that with rerror=stop and werror=stop a guest's failed read or write waits until
the image is repaired and the device process is told to continue, and that with
discard=unmap the guest gives space back."""

import hashlib
import os
import subprocess

import harness
from plugged import Plugged

SIZE = 16 << 20
SPACE = 4 << 20
JOB = """
set -e
disk=/dev/disk0
echo STEP-begun
until dd if=$disk bs=512 count=1 iflag=direct 2>/dev/null | grep -q go; do sleep 0.1; done
head -c 65536 /dev/urandom > /tmp/data
dd if=$disk of=/tmp/back bs=64k skip=64 count=1 iflag=direct
echo STEP-read $(sha256sum < /tmp/back | cut -d' ' -f1)
for i in $(seq 128); do
	dd if=/tmp/data of=$disk bs=64k seek=$((i + 96)) oflag=direct 2>/dev/null
done
echo STEP-written
dd if=$disk of=/tmp/back bs=64k skip=224 count=1 iflag=direct
cmp /tmp/data /tmp/back
echo STEP-compared
blkdiscard $disk
"""


def mounted(folder):
    """A file system with little space, or None."""
    place = os.path.join(folder, "small")
    os.mkdir(place)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SPACE}", "none", place],
                          check=False, capture_output=True)
    return place if done.returncode == 0 else None


def test_errors(tap, machine, image, place):
    with tap.case("a read that fails stops the device process, which says why"):
        machine.boot_linux(JOB)
        qmp = machine.remote_qmp()
        machine.wait_console("STEP-begun")
        with open(image, "r+b") as file:
            file.truncate(1 << 20)  # a file that ends early gives EIO
            file.write(b"go")
        event = qmp.event("BLOCK_IO_ERROR")["data"]
        harness.check((event["action"], event["operation"], event["nospace"]) ==
                      ("stop", "read", False), str(event))
        harness.check(qmp.command("query-status")["status"] == "io-error", "status")
        (block,) = qmp.command("query-block")
        harness.check(block["io-status"] == "failed", str(block))
        harness.check("STEP-read" not in machine.console(), "the guest waits")
    with tap.case("it is tried again, and the guest has its data"):
        with open(image, "r+b") as file:
            file.truncate(SIZE)
            file.seek(64 * 65536)
            file.write(data := os.urandom(65536))
        qmp.command("cont")
        machine.wait_console("STEP-read")
        (read,) = machine.found(r"^STEP-read (\w+)")
        harness.check(read == hashlib.sha256(data).hexdigest(), "the data differ")
    with tap.case("a write without space waits for space"):
        event = qmp.event("BLOCK_IO_ERROR")["data"]
        harness.check((event["action"], event["operation"], event["nospace"]) ==
                      ("stop", "write", True), str(event))
        (block,) = qmp.command("query-block")
        harness.check(block["io-status"] == "nospace", str(block))
        harness.run("mount", "-o", f"remount,size={2 * SIZE}", place)
        qmp.command("cont")
        machine.wait_console("STEP-written")
    with tap.case("nothing is lost"):
        machine.wait_console("STEP-compared")
    with tap.case("what the guest discards takes no space, and it has seen no error"):
        qmp.close()
        machine.wait_result()
        machine.check_kernel()
        harness.check(os.stat(image).st_blocks == 0, f"{os.stat(image).st_blocks} blocks")


def run_in(place, options, tap, folder):
    image = harness.make_disk(place, "d0.img", SIZE)
    with Plugged(options, folder, image, ",rerror=stop,werror=stop,discard=unmap") as machine:
        test_errors(tap, machine, image, place)


with harness.session() as (session_options, session_tap, session_folder):
    small = None if session_options.inprocess else mounted(session_folder)
    if not small:
        session_tap.skip("errors", "there is no device process, or no right to mount")
    else:
        try:
            run_in(small, session_options, session_tap, session_folder)
        finally:
            subprocess.run(["umount", small], check=False)
