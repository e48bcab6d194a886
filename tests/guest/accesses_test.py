#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves how few of the guest's accesses reach the device process: none of those to
SCRIPTS RAM, and none of the status reads of a successful command."""

import json
import os
import subprocess

import harness

DISK_SIZE = 64 << 20
COMMANDS = 2000
FEW = 1000  # a boot writes some 700 times to registers, and 1069 times to SCRIPTS RAM
# The host looks at the counters while the guest sleeps.
JOB = f"""
cd /tmp
echo "COUNT booted"
sleep 3
fio --name=read --filename=/dev/disk0 --direct=1 --ioengine=psync --thread --rw=randread \\
	--bs=4k --number_ios={COMMANDS} --size=100% >/tmp/out 2>&1 || {{ cat /tmp/out; exit 1; }}
echo "COUNT end"
sleep 1000
"""


def count(options, machine, place):
    """The channel's counters when the guest has come to a place of its job."""
    machine.wait_console(f"COUNT {place}\n")
    folder = os.path.dirname(os.path.dirname(options.mpring))
    done = subprocess.run([os.path.join(folder, "bench", "channel_stats"), str(machine.qemu())],
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)[0]


def test_machine(options, tap, machine):
    with tap.case("loading SCRIPTS reaches nobody"):
        machine.boot_linux(JOB, parts=("fio",))
        before = count(options, machine, "booted")
        harness.diagnose(f"the boot posted {before['posted']} writes")
        harness.check(before["posted"] < FEW, f"{before['posted']} writes")
    with tap.case("a command takes two writes and two reads, both from the shadow"):
        after = count(options, machine, "end")
        used = {name: (after[name] - before[name]) / COMMANDS for name in after}
        harness.diagnose("for each command " + ", ".join(
            f"{value:.2f} {name}" for name, value in used.items() if value))
        harness.check(used["posted"] < 2.2, f"{used['posted']} writes")
        harness.check(used["reads"] + used["shadow_reads"] < 2.2, "more reads")
        # On a busy machine some do, when the process was preempted in the middle of an
        # update of the shadow. Without the shadow each command has at least one.
        harness.check(used["reads"] < 0.3, f"{used['reads']} reads waited for the process")
    with tap.case("the machine ends and leaves nothing"):
        machine.quit()


with harness.session() as (options, tap, folder):
    if options.inprocess:
        tap.skip("accesses", "needs a device process")
    else:
        disk = harness.make_disk(folder, "disk.img", DISK_SIZE)
        with harness.Machine(options, folder, [disk]) as machine:
            test_machine(options, tap, machine)
