#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""access_cost: what one access to a register of an LSI53C895A costs the guest,
with QEMU's own adapter, mpring's, and Multi-process QEMU's (x-pci-proxy-dev and
-machine x-remote), under TCG and, where it works, KVM. A guest without an
operating system (access_guest.c) times the accesses with the time stamp
counter."""

import argparse
import os
import statistics

import common
import harness
import machines

KINDS = {"lsi": "QEMU's own", "mpring": "mpring", "mpqemu": "Multi-process QEMU"}
GUEST_TIMEOUT = 180

# What the guest measures.
ACCESSES = {
    "loop": "the measuring loop alone",
    "mmio_read_istat0": "MMIO read of ISTAT0",
    "mmio_read_dstat": "MMIO read of DSTAT (clears bits)",
    "mmio_read_scratcha": "MMIO read of SCRATCHA",
    "mmio_write_scratcha": "MMIO write of SCRATCHA",
    "mmio_write_read": "MMIO write, then read of SCRATCHA",
    "mmio_write_stream": "MMIO write of SCRATCHA, thousands",
    "pio_read_istat0": "I/O read of ISTAT0",
    "pio_read_dstat": "I/O read of DSTAT (clears bits)",
    "pio_write_scratcha": "I/O write of SCRATCHA",
    "ram_read": "SCRIPTS RAM read",
    "ram_write": "SCRIPTS RAM write",
    "cold_read_istat0": "MMIO read of ISTAT0 after 4 ms",
    "cold_read_dstat": "MMIO read of DSTAT after 4 ms",
    "cold_write_scratcha": "MMIO write of SCRATCHA after 4 ms",
}


def guest_program():
    return common.built("bench/access_guest.elf")


def parse_console(machine):
    """{kind of access: ns each, the median of the rounds}."""
    ticks = [int(n) for n in machine.found(r"^TICKS (.*)$")[0].split()]
    ns_per_tick = 50e6 / statistics.median(ticks)
    costs = {}
    for kind, count, rounds in machine.found(r"^ROUNDS (\S+) (\d+) (.*)$"):
        each = [int(n) * ns_per_tick / int(count) for n in rounds.split()]
        costs[kind] = statistics.median(each[1:])  # the first fills caches
    return costs


def run_guest(options, folder, adapters, accel, memory="512M"):
    """Starts the guest with these adapters; the costs in ns."""
    with machines.Machine(options, folder, adapters, accel=accel, memory=memory) as machine:
        machine.arguments += ["-kernel", guest_program()]
        machine.start()
        machine.wait_console("DONE", GUEST_TIMEOUT)
        found = int(machine.found(r"^DEVICES (\d+)$")[0])
        harness.check(found == len(adapters), f"the guest found {found} adapters instead of "
                      f"{len(adapters)}\n{machine.log()}")
        costs = parse_console(machine)
        machine.quit()
        return costs


def works(options, folder, accel):
    """Whether the accelerator runs this guest here."""
    if accel == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        common.progress("kvm: left out, there is no /dev/kvm here that we may use")
        return False
    try:
        run_guest(options, folder, [machines.Adapter("lsi")], accel)
        return True
    except harness.Failure as failure:
        common.progress(f"{accel}: left out, the guest does not run: {failure}")
        return False


def run_all(options, folder):
    """{accel: {kind of access: {kind of adapter: [ns of each run]}}}."""
    results = {}
    for accel in options.accel:
        if not works(options, folder, accel):
            continue
        costs = {access: {kind: [] for kind in options.kinds} for access in ACCESSES}
        for number in range(options.runs):
            for kind in options.kinds:
                figures = run_guest(options, folder, [machines.Adapter(kind)], accel)
                for access in ACCESSES:
                    costs[access][kind].append(figures[access])
                common.progress(f"{accel}, run {number + 1} of {options.runs}, {kind}: MMIO read "
                                f"{figures['mmio_read_dstat']:.0f} ns, "
                                f"write {figures['mmio_write_scratcha']:.0f} ns")
        results[accel] = costs
    return results


def print_table(options, results):
    for accel, costs in results.items():
        print(f"\nOne access as the guest sees it, {accel}, ns: median (lowest to highest) of "
              f"{options.runs} runs")
        print(f"  {'':36}" + "".join(f"{KINDS[kind]:>28}" for kind in options.kinds))
        for access, kinds in costs.items():
            row = f"  {ACCESSES[access]:36}"
            for kind in options.kinds:
                figures = kinds[kind]
                between = f"({min(figures):.0f} to {max(figures):.0f})"
                row += f"{statistics.median(figures):10.0f} {between:>17}"
            print(row)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--accel", nargs="+", default=["tcg", "kvm"])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    return common.for_machines(parser.parse_args())


def main():
    options = parse_arguments()
    host = common.HostUse()
    with common.workplace(common.default_folder()) as folder:
        results = run_all(options, folder)
    busy, stolen = host.busy_and_stolen()
    if options.json:
        common.print_json("access_cost", {"runs": options.runs, "host_busy": busy,
                                          "host_stolen": stolen}, results)
    else:
        print_table(options, results)
        print(f"\nAll processors of the host: {busy:.0%} busy, {stolen:.1%} taken by others.")


if __name__ == "__main__":
    common.main(main)
