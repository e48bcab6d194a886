#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""scale: what one access and one disk request cost as the work grows: more
adapters, in one remote process and in as many; more commands in flight; more
guest memory. Under TCG."""

import argparse
import statistics

import access_cost
import common
import fio
import machines

DEVICES = (1, 2, 4, 8)
DEPTHS = (1, 2, 4, 8, 16, 32, 64)
MEMORIES = (256, 512, 1024, 2048, 4096, 8192)
IMAGE_MIB = 128
FIO_FROM = 512  # MiB of guest memory: the guest's root with fio does not fit into less
SMALL = 512     # MiB of guest memory, where it is not what is measured

# How the adapters are spread over processes: the process of number n.
LAYOUTS = {
    "mpring, one remote": lambda n: machines.Adapter("mpring", process=0),
    "mpring, one each": lambda n: machines.Adapter("mpring", process=n),
    "QEMU's own": lambda n: machines.Adapter("lsi"),
}
FOUR_EACH = "4 KiB random read, depth 4 on each disk"


def with_images(adapters, images):
    for adapter, image in zip(adapters, images):
        adapter.image = image
    return adapters


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.images = [fio.make_image(folder, f"disk{n}.img", IMAGE_MIB)
                       for n in range(max(DEVICES) if "devices" in options.parts else 1)]
        self.failures = 0

    def _failed(self):
        self.failures += 1

    def access(self, adapters, memory=SMALL):
        """Costs in ns: a read and a posted write, on one adapter after the other."""
        costs = access_cost.run_guest(self.options, self.folder, adapters, "tcg", f"{memory}M")
        return {"read_ns": costs["all_read_dstat"], "write_ns": costs["all_write_scratcha"]}

    def requests(self, adapters, jobs, memory=SMALL):
        """fio's figures and the processes' of each job."""
        runs = fio.run_patiently(
            lambda: machines.Machine(self.options, self.folder, adapters, memory=f"{memory}M"),
            jobs, self.options.seconds, self._failed)
        return {name: {"iops": run["iops"], "p50_us": run["p50_us"], "p99_us": run["p99_us"],
                       "qemu_cpu_us": run["cpu_us_per_request"]["qemu"],
                       "remote_cpu_us": sum(run["cpu_us_per_request"].values()) -
                                        run["cpu_us_per_request"]["qemu"]}
                for name, run in runs.items()}

    def repeat(self, what, measure):
        """The median of each figure over the runs."""
        runs = []
        for number in range(self.options.runs):
            runs.append(measure())
            common.progress(f"{what}, run {number + 1} of {self.options.runs}: " + ", ".join(
                f"{name} {value:.0f}" for name, value in runs[-1].items()))
        return {name: statistics.median(run[name] for run in runs) for name in runs[0]}

    # -- What grows

    def devices(self):
        """{layout: {number of adapters: figures}}"""
        results = {layout: {} for layout in LAYOUTS}
        for count in DEVICES:
            job = {"all": fio.Job(FOUR_EACH, "randread", "4k", 4 * count)}
            for layout, make in LAYOUTS.items():
                def measure():
                    adapters = [make(n) for n in range(count)]
                    return {**self.access(adapters), **self.requests(
                        with_images(adapters, self.images), job)["all"]}
                results[layout][count] = self.repeat(f"{count} adapters, {layout}", measure)
        return results

    def depths(self):
        """{kind of adapter: {commands in flight: figures}}; one boot for all depths."""
        jobs = {f"depth{n}": fio.Job(f"4 KiB random read, depth {n}", "randread", "4k", n)
                for n in DEPTHS}
        results = {}
        for kind in ("mpring", "lsi", "virtio"):
            runs = []
            for number in range(self.options.runs):
                runs.append(self.requests([machines.Adapter(kind, self.images[0])], jobs))
                common.progress(f"depths, {kind}, run {number + 1} of {self.options.runs}: " +
                                ", ".join(f"{run['iops']:.0f}" for run in runs[-1].values()))
            results[kind] = {n: {name: statistics.median(run[f"depth{n}"][name] for run in runs)
                                 for name in runs[0][f"depth{n}"]} for n in DEPTHS}
        return results

    def memory(self):
        """{MiB of guest memory: figures}, for mpring."""
        available = int(common.first_match(r"^MemAvailable:\s+(\d+)",
                                           common.read_file("/proc/meminfo"), "0")) // 1024
        job = {"one": fio.Job("4 KiB random read, depth 16", "randread", "4k", 16)}
        results = {}
        for mib in MEMORIES:
            if mib > available * 3 // 4:
                common.progress(f"{mib} MiB of guest memory: left out, the host has "
                                f"{available} MiB to spare")
                continue
            def measure():
                adapters = [machines.Adapter("mpring")]
                figures = self.access(adapters, mib)
                if mib >= FIO_FROM:
                    figures.update(self.requests(with_images(adapters, self.images), job,
                                                 mib)["one"])
                return figures
            results[mib] = self.repeat(f"{mib} MiB of guest memory", measure)
        return results


HEAD = (f"{'read ns':>10}{'write ns':>10}{'IOPS':>10}{'p50 us':>10}{'p99 us':>10}"
        f"{'QEMU us/IO':>12}{'remote us/IO':>14}")


def row(figures):
    def cell(name, width):
        return f"{figures[name]:{width}.0f}" if name in figures else " " * width
    return (cell("read_ns", 10) + cell("write_ns", 10) + cell("iops", 10) + cell("p50_us", 10) +
            cell("p99_us", 10) + cell("qemu_cpu_us", 12) + cell("remote_cpu_us", 14))


def print_tables(options, results):
    print(f"Median of {options.runs} runs, {options.seconds} s a job; us/IO is processor time")
    if "devices" in results:
        print(f"\nAdapters; accesses to one after the other; {FOUR_EACH}\n{'':24}{HEAD}")
        for layout, counts in results["devices"].items():
            for count, figures in counts.items():
                print(f"  {count:3} {layout:18}{row(figures)}")
    if "depths" in results:
        print(f"\nCommands in flight, 4 KiB random read\n{'':24}{HEAD}")
        for kind, depths in results["depths"].items():
            for depth, figures in depths.items():
                print(f"  {depth:3} {kind:18}{row(figures)}")
    if "memory" in results:
        print(f"\nGuest memory, mpring, 4 KiB random read at depth 16\n{'':24}{HEAD}")
        for mib, figures in results["memory"].items():
            print(f"  {f'{mib} MiB':22}{row(figures)}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each fio job (default 3)")
    parser.add_argument("--parts", nargs="+", choices=("devices", "depths", "memory"),
                        default=("devices", "depths", "memory"))
    parser.add_argument("--folder", default=common.default_folder(),
                        help="for the images; on a file system that has O_DIRECT")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    return common.for_machines(parser.parse_args())


def main():
    options = parse_arguments()
    host = common.HostUse()
    with common.workplace(options.folder) as folder:
        bench = Bench(options, folder)
        results = {part: getattr(bench, part)() for part in options.parts}
    busy, stolen = host.busy_and_stolen()
    if options.json:
        common.print_json("scale", {"runs": options.runs, "seconds": options.seconds,
                                    "failed_runs": bench.failures, "host_busy": busy,
                                    "host_stolen": stolen}, results)
        return
    print_tables(options, results)
    print(f"\nAll processors of the host: {busy:.0%} busy, {stolen:.1%} taken by others"
          + (f"; {bench.failures} runs failed and were repeated" if bench.failures else ""))


if __name__ == "__main__":
    common.main(main)
