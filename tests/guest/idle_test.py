#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a remote and a proxy with nothing to do use no processor time:
the guest sits in a halt loop after it has used its disk."""

import harness

SECONDS = 10
SWITCHES = 20  # a device process may look around twice a second, no more


def use(pid):
    return harness.cpu_ticks(pid), harness.context_switches(pid)


def idle_use(pids):
    """Ticks and voluntary context switches of each process in ten seconds."""
    before = {name: use(pid) for name, pid in pids.items()}
    harness.wait_until(lambda: False, SECONDS)
    after = {name: use(pid) for name, pid in pids.items()}
    return {name: tuple(b - a for a, b in zip(before[name], after[name])) for name in pids}


def start(machine):
    machine.start()
    machine.wait_console("WRITTEN", 60)
    # They poll for a moment before they sleep.
    harness.wait_until(lambda: False, 1)


def baseline(folder, options):
    """What QEMU with its own adapter uses with the same guest."""
    disk = harness.bootable_disk(options, folder, "inprocess.img")
    with harness.Machine(options, folder, [disk], inprocess=True) as machine:
        start(machine)
        measured = idle_use({"qemu": machine.qemu()})["qemu"]
        machine.quit()
    return measured


def test_idle(tap, machine, inprocess):
    with tap.case("the remote uses at most one tick in ten seconds"):
        start(machine)
        measured = idle_use({"qemu": machine.qemu(), "remote": machine.remote()})
        ticks, switches = measured["remote"]
        harness.check(ticks <= 1, f"{ticks} ticks of 10 ms")
    with tap.case("the remote sleeps without waking up"):
        harness.check(switches <= SWITCHES, f"{switches} voluntary context switches")
    with tap.case("QEMU with the proxy uses no more than with its own adapter"):
        ticks = measured["qemu"][0]
        harness.diagnose(f"ticks, context switches: proxy {measured['qemu']}, own {inprocess}")
        harness.check(ticks <= inprocess[0] + SECONDS, f"{ticks} ticks, own {inprocess[0]}")
    with tap.case("the machine ends and leaves nothing"):
        machine.quit()


with harness.session() as (options, tap, folder):
    own = baseline(folder, options)
    if options.inprocess:
        tap.skip("an idle remote", f"there is none with --inprocess; QEMU itself: {own}")
    else:
        disk = harness.bootable_disk(options, folder, "disk.img")
        with harness.Machine(options, folder, [disk]) as machine:
            test_idle(tap, machine, own)
