# SPDX-License-Identifier: MIT
"""fio inside a Linux guest, and what it costs the host."""

import dataclasses
import json
import os
import subprocess
import time

import common
import harness

ATTEMPTS = 3    # of a run
IMAGE_CHUNK = 16 << 20


@dataclasses.dataclass
class Job:
    what: str
    pattern: str            # fio's rw=
    size: str
    depth: int


# exec_prerun and exec_postrun tell the host when the job proper starts and ends.
GUEST_HEAD = """
set -e
cd /tmp
for module in $(cat /modules/virtio.order 2>/dev/null); do insmod /modules/$module.ko; done
for i in $(seq 100); do [ -b {disk} ] && break; sleep 0.1; done
"""
GUEST_JOB = """
fio --minimal --name={name} --filename={disks} --direct=1 --ioengine=io_uring --thread \
	--runtime={seconds} --time_based --rw={job.pattern} --bs={job.size} \
	--iodepth={job.depth} --group_reporting --clat_percentiles=0 --lat_percentiles=1 \
	--exec_prerun='sh -c "echo FIO-BEGIN {name} >/dev/ttyS0"' \
	--exec_postrun='sh -c "echo FIO-END {name} >/dev/ttyS0"' >/tmp/out 2>&1 ||
	{{ cat /tmp/out; exit 1; }}
echo "FIO-RESULT {name} $(grep '^3;' /tmp/out)"
"""
# Waiters that adapt need a moment before they sleep.
GUEST_IDLE = """
sleep 2
echo FIO-BEGIN {name} >/dev/ttyS0
sleep {seconds}
echo FIO-END {name} >/dev/ttyS0
"""


def make_image(folder, name, mib):
    """Random bytes throughout: neither holes nor compression help anybody."""
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        for _ in range(0, mib << 20, IMAGE_CHUNK):
            f.write(os.urandom(IMAGE_CHUNK))
        os.fsync(f.fileno())
    return path


# ---- What a job costs the host -------------------------------------------


def channel_counters(pid):
    """The counters of the channels that a process has open, added up, or {}."""
    done = subprocess.run([common.built("bench/channel_stats"), str(pid)],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    channels = json.loads(done.stdout or b"[]")
    return {name: sum(c[name] for c in channels) for name in (channels[0] if channels else {})}


class Use:
    """What a guest's processes have used up to now."""

    def __init__(self, guest):
        pids = guest.pids()
        self.time = time.monotonic()
        self.ticks = {name: harness.cpu_ticks(pid) for name, pid in pids.items()}
        self.sleeps = {name: harness.context_switches(pid) for name, pid in pids.items()}
        self.channel = channel_counters(pids["qemu"]) if guest.kind == "mpring" else {}
        self.host = common.HostUse()

    def since(self, before):
        seconds = self.time - before.time
        hertz = os.sysconf("SC_CLK_TCK")
        busy, stolen = before.host.busy_and_stolen()
        return {
            "seconds": seconds,
            "cpu": {name: (self.ticks[name] - before.ticks[name]) / hertz / seconds
                    for name in self.ticks},
            "sleeps": {name: self.sleeps[name] - before.sleeps[name] for name in self.sleeps},
            "channel": {name: self.channel[name] - before.channel.get(name, 0)
                        for name in self.channel},
            "host_busy": busy,
            "host_stolen": stolen,
        }


def follow(guest, jobs):
    """Waits for the jobs' ends; what each of them used."""
    begun, used = {}, {}

    def look():
        # Whole lines: the last one may still be growing.
        for name in guest.found(r"^FIO-BEGIN (\S+)\n"):
            if name not in begun:
                begun[name] = Use(guest)
        for name in guest.found(r"^FIO-END (\S+)\n"):
            if name not in used:
                used[name] = Use(guest).since(begun[name])
        return len(used) == len(jobs) or "MPRING-RESULT:" in guest.console() or guest.ended()

    harness.wait_until(look, harness.JOB_TIMEOUT)
    guest.wait_result()
    guest.check_kernel()
    return used


# ---- One run -------------------------------------------------------------


def percentile(fields, wanted):
    """A latency in us from fio's terse lists of percentiles."""
    for field in fields:
        share, _, value = field.partition("%=")
        if value and float(share) == wanted:
            return float(value)
    return None


def parse_terse(line):
    """Figures of fio's terse output, version 3, of a job that only reads or only
    writes."""
    fields = line.split(";")
    first = 5 if int(fields[5]) else 46  # total KiB of the reads, or of the writes
    return {"kib_per_second": float(fields[first + 1]), "iops": float(fields[first + 2]),
            "p50_us": percentile(fields[first + 12:first + 32], 50.0),
            "p99_us": percentile(fields[first + 12:first + 32], 99.0)}


def per_request(run):
    """Adds what one request cost."""
    requests = run["iops"] * run["seconds"]
    run["cpu_us_per_request"] = {name: part * run["seconds"] * 1e6 / requests
                                 for name, part in run["cpu"].items()}
    run["sleeps_per_request"] = {name: n / requests for name, n in run["sleeps"].items()}
    run["channel_per_request"] = {name: n / requests for name, n in run["channel"].items()}
    return run


def run(guest, jobs, seconds, idle=None):
    """Boots a machines.Machine and runs the jobs {name: Job} one after the other,
    each on all its disks at once; the figures of each job. With `idle`, the guest
    then does nothing for as long; what that uses, by this name."""
    virtio = guest.kind == "virtio"
    count = sum(adapter.image is not None for adapter in guest.adapters)
    disks = [("/dev/vd" if virtio else "/dev/sd") + chr(ord("a") + n) for n in range(count)]
    guest.boot_linux(GUEST_HEAD.format(disk=disks[-1]) + "".join(
        GUEST_JOB.format(name=name, disks=":".join(disks), seconds=seconds, job=job)
        for name, job in jobs.items()) +
        (GUEST_IDLE.format(name=idle, seconds=seconds) if idle else ""),
        parts=("fio", "virtio") if virtio else ("fio",))
    used = follow(guest, [*jobs, idle] if idle else jobs)
    lines = dict(guest.found(r"^FIO-RESULT (\S+) (3;.*)$"))
    figures = {name: per_request({**parse_terse(lines[name]), **used[name]}) for name in jobs}
    return {**figures, idle: used[idle]} if idle else figures


def run_patiently(make_guest, jobs, seconds, failed, idle=None):
    """The same, tried again when the guest's kernel had trouble with its disk or
    did not come up; failed() is called for each time."""
    for _ in range(ATTEMPTS - 1):
        try:
            with make_guest() as guest:
                return run(guest, jobs, seconds, idle)
        except harness.Failure as failure:
            failed()
            common.progress(f"this run failed, another one follows: {failure}")
    with make_guest() as guest:
        return run(guest, jobs, seconds, idle)
