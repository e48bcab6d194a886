#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""guest_fio: fio inside a Linux guest, on a disk of mpring and on disks of
QEMU's own adapters: the same jobs on the same image with cache=none, one boot a
configuration and run, the configurations alternating. Beside fio's figures it
shows what each process used: processor time, and how often a thread of it went
to sleep (voluntary context switches), for each request of the guest."""

import argparse
import dataclasses
import json
import os
import subprocess
import time

import common
import harness
import machines

GUEST_MEMORY = "512M"
IMAGE_CHUNK = 16 << 20
ATTEMPTS = 3    # of a run


@dataclasses.dataclass
class Job:
    what: str
    pattern: str
    size: str
    depth: int


JOBS = {
    "read-4k-1": Job("4 KiB random read, depth 1", "randread", "4k", 1),
    "write-4k-16": Job("4 KiB random write, depth 16", "randwrite", "4k", 16),
    "read-4k-16": Job("4 KiB random read, depth 16", "randread", "4k", 16),
    "seqread-128k-8": Job("128 KiB sequential read, depth 8", "read", "128k", 8),
}


@dataclasses.dataclass
class Config:
    what: str
    kind: str               # of machines.Adapter
    aio: str = "io_uring"


CONFIGS = {
    "mpring": Config("mpring, LSI53C895A", "mpring"),
    "lsi-io_uring": Config("QEMU's LSI53C895A, aio=io_uring", "lsi"),
    "lsi-threads": Config("QEMU's LSI53C895A, aio=threads", "lsi", "threads"),
    "virtio-blk": Config("QEMU's virtio-blk, aio=io_uring", "virtio"),
}

# exec_prerun and exec_postrun tell the host when the job proper starts and ends.
GUEST_HEAD = """
set -e
cd /tmp
for module in $(cat /modules/virtio.order 2>/dev/null); do insmod /modules/$module.ko; done
for i in $(seq 100); do [ -b {disk} ] && break; sleep 0.1; done
"""
GUEST_JOB = """
fio --minimal --name={name} --filename={disk} --direct=1 --ioengine=io_uring --thread \
	--runtime={seconds} --time_based --rw={job.pattern} --bs={job.size} \
	--iodepth={job.depth} --group_reporting --clat_percentiles=0 --lat_percentiles=1 \
	--exec_prerun='sh -c "echo FIO-BEGIN {name} >/dev/ttyS0"' \
	--exec_postrun='sh -c "echo FIO-END {name} >/dev/ttyS0"' >/tmp/out 2>&1 ||
	{{ cat /tmp/out; exit 1; }}
echo "FIO-RESULT {name} $(grep '^3;' /tmp/out)"
"""


def parse_config(name):
    """A name of CONFIGS, and what follows its first comma for the -device."""
    base, comma, extra = name.partition(",")
    harness.check(base in CONFIGS, f"no configuration '{base}': {' '.join(CONFIGS)}")
    return CONFIGS[base], comma + extra


class Guest(machines.Machine):
    """One boot of one configuration."""

    def __init__(self, options, folder, name):
        config, extra = parse_config(name)
        self.disk = "/dev/vda" if config.kind == "virtio" else "/dev/disk0"
        super().__init__(options, folder, [machines.Adapter(
            config.kind, options.image, config.aio, extra=extra)],
                         accel=options.accel, smp=options.smp, memory=GUEST_MEMORY)

    def boot(self, jobs, seconds):
        script = GUEST_HEAD.format(disk=self.disk) + "".join(
            GUEST_JOB.format(name=name, disk=self.disk, seconds=seconds, job=JOBS[name])
            for name in jobs)
        self.boot_linux(script, parts=("fio", "virtio") if self.kind == "virtio" else ("fio",))


# ---- What a job costs the host -------------------------------------------


def channel_counters(pid):
    """The counters of the channel that a process has open, or {}."""
    done = subprocess.run([common.built("bench/channel_stats"), str(pid)],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    channels = json.loads(done.stdout or b"[]")
    return channels[0] if channels else {}


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
        for name in guest.found(r"^FIO-BEGIN (\S+)$"):
            if name not in begun:
                begun[name] = Use(guest)
        for name in guest.found(r"^FIO-END (\S+)$"):
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


def run_once(options, folder, config):
    """One boot; the figures of each job."""
    with Guest(options, folder, config) as guest:
        guest.boot(options.jobs, options.seconds)
        used = follow(guest, options.jobs)
        lines = dict(guest.found(r"^FIO-RESULT (\S+) (3;.*)$"))
        return {name: per_request({**parse_terse(lines[name]), **used[name]})
                for name in options.jobs}


def run_patiently(options, folder, config, failures):
    """The same, tried again when the guest's kernel had trouble with its disk or
    did not come up. The failures are counted."""
    for _ in range(ATTEMPTS - 1):
        try:
            return run_once(options, folder, config)
        except harness.Failure as failure:
            failures[config] += 1
            common.progress(f"{config}: this run failed, another one follows: {failure}")
    return run_once(options, folder, config)


def run_all(options, folder, failures):
    """{job: {configuration: [run...]}}, the configurations alternating."""
    results = {job: {config: [] for config in options.configs} for job in options.jobs}
    for number in range(options.runs):
        for config in options.configs:
            figures = run_patiently(options, folder, config, failures)
            for job, run in figures.items():
                results[job][config].append(run)
            common.progress(f"run {number + 1} of {options.runs}, {config}: " + ", ".join(
                f"{job} {run['iops']:.0f}" for job, run in figures.items()))
    return results


# ---- Output --------------------------------------------------------------


def print_job(job, configs):
    print(f"\n{JOBS[job].what}")
    print(f"  {'':28}{'IOPS':>8}{'of the runs':>16}{'mpring is':>11}{'p50 us':>8}{'p99 us':>8}"
          f"{'QEMU CPU':>10}{'remote':>8}{'sleeps/IO':>11}{'remote':>8}{'host':>6}{'stolen':>8}")
    ours = common.spread(configs["mpring"], "iops")[1] if "mpring" in configs else None
    for config, runs in configs.items():
        low, middle, high = common.spread(runs, "iops")
        run = common.median_run(runs, "iops")
        ratio = f"{ours / middle:.2f} x" if ours and config != "mpring" else ""
        print(f"  {config:28}{middle:8.0f}{f'{low:.0f}-{high:.0f}':>16}{ratio:>11}"
              f"{run['p50_us']:8.0f}{run['p99_us']:8.0f}{run['cpu']['qemu']:10.0%}"
              f"{run['cpu'].get('remote', 0):8.0%}{run['sleeps_per_request']['qemu']:11.2f}"
              f"{run['sleeps_per_request'].get('remote', 0):8.2f}"
              f"{run['host_busy']:6.0%}{run['host_stolen']:8.1%}")
    for config, runs in configs.items():
        counters = common.median_run(runs, "iops")["channel_per_request"]
        if counters:
            print(f"  {config}, channel per IO: " + ", ".join(
                f"{name} {value:.2f}" for name, value in counters.items() if value >= 0.005))


def print_table(options, results, failures):
    print(f"fio in a Linux guest ({options.accel}, {options.smp} vCPU), {options.seconds} s a job, "
          f"median of {options.runs} runs")
    for job, configs in results.items():
        print_job(job, configs)
    for config, count in failures.items():
        if count:
            print(f"\n{config}: {count} more runs failed and were repeated; see above")
    print("\nCPU: of one processor. sleeps/IO: voluntary context switches for each request. "
          "host: part of all\nprocessors' time that anybody used; stolen: taken by other virtual "
          "machines.")


# ---- Main ----------------------------------------------------------------


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of each job (default 5)")
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--configs", nargs="+", default=list(CONFIGS), metavar="CONFIG",
                        help=f"of {' '.join(CONFIGS)}; what follows a comma is added to the "
                        "options of the adapter (mpring,poll-us=0)")
    parser.add_argument("--accel", default="tcg")
    parser.add_argument("--smp", type=int, default=1)
    parser.add_argument("--size", type=int, default=1024, help="of the image in MiB (default 1024)")
    parser.add_argument("--folder", default=common.default_folder(),
                        help="for the image; on a file system that has O_DIRECT")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    options = parser.parse_args()
    for config in options.configs:
        parse_config(config)
    options.mpring = common.built("orchestrator/mpring")
    return options


def make_image(options, folder):
    """Random bytes throughout: neither holes nor compression help anybody."""
    path = os.path.join(folder, "disk.img")
    with open(path, "wb") as f:
        for _ in range(0, options.size << 20, IMAGE_CHUNK):
            f.write(os.urandom(IMAGE_CHUNK))
        os.fsync(f.fileno())
    return path


def main():
    options = parse_arguments()
    with common.workplace(options.folder) as folder:
        options.image = make_image(options, folder)
        failures = dict.fromkeys(options.configs, 0)
        results = run_all(options, folder, failures)
    if options.json:
        settings = {"accel": options.accel, "smp": options.smp, "seconds": options.seconds,
                    "runs": options.runs, "image_mib": options.size, "failed_runs": failures}
        common.print_json("guest_fio", settings, results)
    else:
        print_table(options, results, failures)


common.main(main)
