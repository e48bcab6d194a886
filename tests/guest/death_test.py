#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that the death of one process harms no other: the guest survives its remote, also
one that is only stopped for too long, and a remote without its QEMU ends and leaves
nothing behind."""

import os
import signal
import stat

import harness

DISK_SIZE = 32 << 20

# A pulse on the console that carries the register ISTAT0.
PULSE = """
bar=$(sed -n 2p /sys/class/scsi_host/host0/device/../resource | cut -d' ' -f1)
while sleep 0.5; do echo "PULSE $(devmem $((bar + 0x14)) 8)"; done
"""
# The same after a write to a scratch register: the read waits for the remote to do both.
PUSH = """
bar=$(sed -n 2p /sys/class/scsi_host/host0/device/../resource | cut -d' ' -f1)
while sleep 0.5; do
	devmem $((bar + 0x7c)) 32 0
	echo "PULSE $(devmem $((bar + 0x14)) 8)"
done
"""
BUSY = """
while dd if=/dev/disk0 of=/dev/null bs=64k iflag=direct 2>/dev/null; do :; done &
"""
GONE = "PULSE 0xFF"


def sockets_below(folder):
    paths = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]
    return [path for path in paths if stat.S_ISSOCK(os.lstat(path).st_mode)]


def boot(machine, job):
    machine.boot_linux(job)
    machine.wait_console("PULSE")


def kill_remote(machine):
    """Kills it, and checks that QEMU is alive and the guest runs."""
    qemu, remote = machine.qemu(), machine.remote()
    os.kill(remote, signal.SIGKILL)
    harness.check(harness.wait_until(lambda: not harness.alive(remote), 5), "it lives")
    harness.check(harness.alive(qemu), f"QEMU is gone\n{machine.log()}")
    status = machine.command("query-status")
    harness.check(status["status"] == "running", str(status))


def quit_after_death(machine):
    machine.tell_to_quit()
    machine.wait_gone()


def test_remote_dies(tap, machine):
    with tap.case("kill -9 of the remote: QEMU's monitor answers that the guest runs"):
        boot(machine, PULSE)
        harness.check(GONE not in machine.console(), "registers read all ones too early")
        kill_remote(machine)
    with tap.case("kill -9 of the remote: the guest lives on and reads all ones"):
        def reads_ones():
            return machine.console().count(GONE) >= 4
        harness.check(harness.wait_until(reads_ones, 60), f"not in 60 s\n{machine.log()}")
    with tap.case("kill -9 of the remote: QEMU ends when told, and nothing is left"):
        quit_after_death(machine)


def test_busy_remote_dies(tap, machine):
    """Under load the guest's driver may wait for its chip forever, as it does
    when a real one is pulled out; QEMU must not."""
    with tap.case("kill -9 of a busy remote: QEMU's monitor answers"):
        boot(machine, BUSY + PULSE)
        kill_remote(machine)
    with tap.case("kill -9 of a busy remote: QEMU ends when told, and nothing is left"):
        quit_after_death(machine)


def test_stopped_remote_goes_on(tap, machine):
    """A remote that does not answer for 10 seconds is given up."""
    with tap.case("kill -STOP of a remote: the guest lives on and reads all ones"):
        boot(machine, PUSH)
        harness.check(GONE not in machine.console(), "registers read all ones too early")
        remote = machine.remote()
        os.kill(remote, signal.SIGSTOP)
        harness.check(harness.wait_until(lambda: GONE in machine.console(), 60),
                      f"not in 60 s\n{machine.log()}")
        harness.check(machine.command("query-status")["status"] == "running", "it stopped")
    with tap.case("kill -CONT of a remote that was given up: it lets go of the device"):
        os.kill(remote, signal.SIGCONT)
        harness.check(harness.wait_until(lambda: "lsi0: given up by the VMM" in machine.log(), 60),
                      f"not in 60 s\n{machine.log()}")
        harness.check(machine.command("query-status")["status"] == "running", "it stopped")
    with tap.case("kill -CONT of a remote that was given up: QEMU ends when told"):
        quit_after_death(machine)


def test_qemu_dies(tap, machine):
    with tap.case("kill -9 of QEMU: the remote ends within a second"):
        boot(machine, BUSY + PULSE)
        qemu, remote = machine.qemu(), machine.remote()
        os.kill(qemu, signal.SIGKILL)
        harness.check(harness.wait_until(lambda: not harness.alive(remote), 1),
                      f"it lives\n{machine.log()}")
    with tap.case("kill -9 of QEMU: no process is left that could hold the shared memory"):
        machine.wait_gone()
    with tap.case("kill -9 of QEMU: no socket file is left"):
        left = [path for path in sockets_below(machine.folder) if path != machine.monitor]
        harness.check(not left, f"left: {left}")


def test_launcher_dies(tap, machine):
    with tap.case("kill -9 of mpring: QEMU and the remote end"):
        boot(machine, BUSY + PULSE)
        os.kill(machine.process.pid, signal.SIGKILL)
        machine.wait_gone()


with harness.session() as (options, tap, folder):
    for test in (test_remote_dies, test_busy_remote_dies, test_stopped_remote_goes_on,
                 test_qemu_dies, test_launcher_dies):
        if options.inprocess:
            tap.skip(test.__name__, "there is no other process with --inprocess")
            continue
        disk = harness.make_disk(folder, f"{test.__name__}.img", DISK_SIZE)
        with harness.Machine(options, folder, [disk]) as machine:
            test(tap, machine)
