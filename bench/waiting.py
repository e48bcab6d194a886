#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""waiting: what looking for work instead of sleeping brings, and what it costs:
fio inside a Linux guest with several bounds for how long both sides look
(poll-us=), and the same guest with nothing to do; and with only the remote
looking, so that each interrupt goes through QEMU's main loop. One boot a bound and
run, the bounds alternating."""

import argparse

import common
import fio
import guest_fio
import harness
import machines

JOBS = ("read-4k-1", "read-4k-16")
BOUNDS = (0, 20, 50, 100, 200, 500, 2000)
MAIN_LOOP = "remote only"   # in place of a bound: QEMU's side does not look
IDLE = "idle"


def measure(options, folder, bound, failed):
    """The figures of each job, and of an idle guest, with one bound."""
    def make_guest():
        extra = "" if bound == MAIN_LOOP else f",poll-us={bound}"
        adapter = machines.Adapter("mpring", options.image, extra=extra)
        guest = machines.Machine(options, folder, [adapter], memory=guest_fio.GUEST_MEMORY)
        if bound == MAIN_LOOP:
            guest.arguments += ["-global", "pci-proxy-dev.poll-us=0"]
        return guest

    jobs = {name: guest_fio.JOBS[name] for name in JOBS}
    figures = fio.run_patiently(make_guest, jobs, options.seconds, failed, idle=IDLE)
    common.progress(f"poll-us={bound}: " + ", ".join(f"{job} {figures[job]['iops']:.0f}"
                                                     for job in JOBS))
    return figures


def run_all(options, folder):
    """{job or IDLE: {bound: [run...]}}, and how many runs failed."""
    bounds = [*options.bounds, MAIN_LOOP]
    results = {job: {str(bound): [] for bound in bounds} for job in (*JOBS, IDLE)}
    failures = []
    for _ in range(options.runs):
        for bound in bounds:
            figures = measure(options, folder, bound, lambda: failures.append(1))
            for job, run in figures.items():
                results[job][str(bound)].append(run)
    return results, len(failures)


def print_table(options, results):
    print(f"fio in a Linux guest (tcg, 1 vCPU), {options.seconds} s a job, median of "
          f"{options.runs} runs")
    for job in JOBS:
        print(f"\n{guest_fio.JOBS[job].what}")
        print(f"  {'poll-us':>12}{'IOPS':>8}{'of the runs':>16}{'p50 us':>8}{'p99 us':>8}"
              f"{'QEMU CPU':>10}{'remote':>8}{'sleeps/IO':>11}{'remote':>8}")
        for bound, runs in results[job].items():
            low, middle, high = common.spread(runs, "iops")
            run = common.median_run(runs, "iops")
            print(f"  {bound:>12}{middle:8.0f}{f'{low:.0f}-{high:.0f}':>16}{run['p50_us']:8.0f}"
                  f"{run['p99_us']:8.0f}{run['cpu']['qemu']:10.1%}{run['cpu']['remote']:8.1%}"
                  f"{run['sleeps_per_request']['qemu']:11.2f}"
                  f"{run['sleeps_per_request']['remote']:8.2f}")
    print("\nA guest with nothing to do")
    print(f"  {'poll-us':>12}{'QEMU CPU':>10}{'remote':>8}{'sleeps/s':>11}{'remote':>8}")
    for bound, runs in results[IDLE].items():
        run = runs[len(runs) // 2]
        print(f"  {bound:>12}{run['cpu']['qemu']:10.1%}{run['cpu']['remote']:8.1%}"
              f"{run['sleeps']['qemu'] / run['seconds']:11.1f}"
              f"{run['sleeps']['remote'] / run['seconds']:8.1f}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each job (default 4)")
    parser.add_argument("--bounds", type=int, nargs="+", default=BOUNDS, metavar="US",
                        help=f"for poll-us= (default {' '.join(map(str, BOUNDS))})")
    parser.add_argument("--size", type=int, default=1024, help="of the image in MiB (default 1024)")
    parser.add_argument("--folder", default=common.default_folder(),
                        help="for the image; on a file system that has O_DIRECT")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    return common.for_machines(parser.parse_args())


def main():
    options = parse_arguments()
    with common.workplace(options.folder) as folder:
        options.image = fio.make_image(folder, "disk.img", options.size)
        results, failures = run_all(options, folder)
    harness.check(all(all(runs.values()) for runs in results.values()), "a run is missing")
    if options.json:
        settings = {"seconds": options.seconds, "runs": options.runs, "failed_runs": failures}
        common.print_json("waiting", settings, results)
    else:
        print_table(options, results)


if __name__ == "__main__":
    common.main(main)
