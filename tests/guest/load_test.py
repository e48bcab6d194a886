#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that two disks of one adapter, each with sixteen jobs at once, keep
every byte, with requests of 512 bytes to 64 KiB from buffers that start
anywhere in a page, with one processor and with two."""

import harness

DISK_SIZE = 32 << 20
JOBS = 16
REQUESTS = 150

LOAD = """
set -e
for i in $(seq 2000); do
	cat /sys/block/sd*/device/device_busy
	usleep 20000
done >/tmp/busy &
diskload load {seed} {jobs} {requests} /dev/disk0 /dev/disk1
kill %1
echo "BUSY $(sort -n /tmp/busy | tail -n 1)"
"""


def test_machine(tap, machine, processors):
    what = f"-smp {processors}"
    with tap.case(f"{what}: the guest reads back what {2 * JOBS} jobs wrote"):
        machine.boot_linux(LOAD.format(seed=processors, jobs=JOBS, requests=REQUESTS),
                           programs=["diskload"])
        machine.wait_result()
    with tap.case(f"{what}: the kernel queues 16 or more commands on each disk"):
        depths = [int(d) for d in machine.found(
            r"tagged command queuing enabled, command queue depth (\d+)")]
        harness.check(len(depths) == 2 and min(depths) >= 16, f"queue depths {depths}")
        harness.diagnose(f"at once on one disk: up to {machine.found(r'^BUSY (.*)$')[0]}")
    with tap.case(f"{what}: the driver saw no reset, abort or timeout"):
        machine.check_kernel()
    with tap.case(f"{what}: the host finds the same on both images"):
        harness.run(machine.options.program("diskload"), "verify", str(processors), str(JOBS),
                    str(REQUESTS), *machine.disks)


with harness.session() as (options, tap, folder):
    for processors in (1, 2):
        disks = [harness.make_disk(folder, f"{processors}-{n}.img", DISK_SIZE) for n in (0, 1)]
        with harness.Machine(options, folder, disks, smp=processors,
                             accel="tcg,thread=multi") as machine:
            test_machine(tap, machine, processors)
