#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""guest_fio: fio inside a Linux guest, on a disk of mpring and on disks of
QEMU's own adapters: the same jobs on the same image with cache=none, one boot a
configuration and run, the configurations alternating. Beside fio's figures it
shows what each process used: processor time, and how often a thread of it went
to sleep (voluntary context switches), for each request of the guest."""

import argparse
import dataclasses

import common
import fio
import harness
import machines

GUEST_MEMORY = "512M"

JOBS = {
    "read-4k-1": fio.Job("4 KiB random read, depth 1", "randread", "4k", 1),
    "write-4k-16": fio.Job("4 KiB random write, depth 16", "randwrite", "4k", 16),
    "read-4k-16": fio.Job("4 KiB random read, depth 16", "randread", "4k", 16),
    "seqread-128k-8": fio.Job("128 KiB sequential read, depth 8", "read", "128k", 8),
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


def parse_config(name):
    """A name of CONFIGS, and what follows its first comma for the -device."""
    base, comma, extra = name.partition(",")
    harness.check(base in CONFIGS, f"no configuration '{base}': {' '.join(CONFIGS)}")
    return CONFIGS[base], comma + extra


def make_guest(options, folder, name):
    config, extra = parse_config(name)
    adapter = machines.Adapter(config.kind, options.image, config.aio, extra=extra)
    return machines.Machine(options, folder, [adapter], accel=options.accel, smp=options.smp,
                            memory=GUEST_MEMORY)


def run_all(options, folder, failures):
    """{job: {configuration: [run...]}}, the configurations alternating."""
    jobs = {name: JOBS[name] for name in options.jobs}
    results = {job: {config: [] for config in options.configs} for job in jobs}

    def failed(config):
        failures[config] += 1

    for number in range(options.runs):
        for config in options.configs:
            figures = fio.run_patiently(lambda: make_guest(options, folder, config), jobs,
                                        options.seconds, lambda: failed(config))
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
    return common.for_machines(options)


def main():
    options = parse_arguments()
    with common.workplace(options.folder) as folder:
        options.image = fio.make_image(folder, "disk.img", options.size)
        failures = dict.fromkeys(options.configs, 0)
        results = run_all(options, folder, failures)
    if options.json:
        settings = {"accel": options.accel, "smp": options.smp, "seconds": options.seconds,
                    "runs": options.runs, "image_mib": options.size, "failed_runs": failures}
        common.print_json("guest_fio", settings, results)
    else:
        print_table(options, results, failures)


if __name__ == "__main__":
    common.main(main)
