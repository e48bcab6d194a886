#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a vCPU that waits for a remote does so without QEMU's big lock: the
monitor, the other vCPUs and the device itself can be used meanwhile, the device can be
unplugged, and QEMU can quit."""

import contextlib
import os
import select
import sys
import time

from host import need_kvm
from qemu_machine import Qemu, Remote, check_equal, shared_object_and_remote, wait_for
from tap import TIMEOUT, case, run_cases

SO, FAKE = shared_object_and_remote()
GUEST = os.path.abspath(sys.argv[3])

SLOT, BAR1 = 5, 0x14
HELD = 0x4E1D  # what FAKE_HOLD reads as (fake_remote.h)
COUNT, READY, GO, DONE, RESULT = 0x9000, 0x200000, 0x200004, 0x200008, 0x20000C  # lock_guest.S
IS_READY = 0x5EC0D


@contextlib.contextmanager
def waiting_guest(accel, *more):
    """A machine whose first vCPU waits for the fake remote's answer."""
    remote = Remote(FAKE)
    fd = remote.fileno()
    args = [*more, "-smp", "2", "-kernel", GUEST,
            "-device", "pci-proxy-dev,id=fake0,socket=%d,addr=%d" % (fd, SLOT)]
    with Qemu(SO, args, fds=[fd], accel=accel) as vm:
        remote.sock.close()
        vm.remote = remote
        vm.qmp.command("cont")
        wait_for(lambda: vm.read(4, READY) == IS_READY, "the guest starts")
        vm.bar = vm.config_read(SLOT, BAR1, 4)
        vm.write(4, GO, 1)
        check_equal(bool(select.select([remote.process.stdout], [], [], TIMEOUT)[0]), True)
        check_equal(remote.process.stdout.readline(), "# held\n")
        yield vm
    remote.kill()


def finish(vm):
    """Has the read answered, and checks that the wait was not given up before."""
    vm.remote.release()
    wait_for(lambda: vm.read(4, DONE), "the read ends")
    check_equal(vm.read(4, RESULT), HELD)


def the_monitor_answers(accel):
    with waiting_guest(accel) as vm:
        check_equal(vm.qmp.command("query-status")["status"], "running")
        finish(vm)


def another_vcpu_uses_another_device(accel):
    with waiting_guest(accel) as vm:
        before = vm.read(4, COUNT)
        wait_for(lambda: vm.read(4, COUNT) - before > 100, "the second vCPU gets on")
        check_equal(vm.read(4, DONE), 0)
        finish(vm)


def somebody_else_uses_the_same_device(accel):
    with waiting_guest(accel) as vm:
        vm.write(4, vm.bar, 0xCAFE)
        check_equal(vm.read(4, DONE), 0)
        finish(vm)
        check_equal(vm.read(4, vm.bar), 0xCAFE)


def the_device_is_unplugged(accel):
    with waiting_guest(accel) as vm:
        vm.qmp.command("device_del", id="fake0")
        vm.out(4, 0xAE08, 1 << SLOT)  # ACPI: the guest ejects the slot
        check_equal(vm.config_read(SLOT, 0, 4), 0xFFFFFFFF)
        check_equal(vm.qmp.command("query-status")["status"], "running")
        check_equal("DEVICE_DELETED" in str(vm.qmp.events), False)
        check_equal(vm.remote.process.poll(), None)
        finish(vm)
        check_equal(vm.remote.process.wait(TIMEOUT), 0)
        vm.qmp.command("stop")  # under TCG a vCPU that loops keeps what it could still use
        vm.qmp.event("DEVICE_DELETED")


def the_machine_is_reset(accel):
    with waiting_guest(accel) as vm:
        vm.qmp.command("system_reset")
        vm.remote.release()
        vm.qmp.event("RESET")
        check_equal(vm.qmp.command("query-status")["status"], "running")


def qemu_quits_though_no_answer_comes(accel):
    with waiting_guest(accel) as vm:
        vm.qmp.send({"execute": "quit"})
        check_equal(vm.wait(), 0)
        # Nor was the device given up after the time that a remote has to answer.
        check_equal("pci-proxy-dev" in vm.messages(), False)


def a_machine_that_is_kept_after_its_shutdown_keeps_its_device(accel):
    with waiting_guest(accel, "-no-shutdown") as vm:
        vm.out(2, 0x604, 0x2000)  # ACPI, where SeaBIOS puts it: the guest shuts down
        vm.qmp.event("SHUTDOWN")
        time.sleep(0.2)  # many times what a vCPU that is hurried takes
        vm.remote.release()
        check_equal(vm.qmp.command("query-status")["status"], "shutdown")
        vm.write(4, vm.bar, 0xCAFE)
        check_equal(vm.read(4, vm.bar), 0xCAFE)


def the_device_of_a_stopped_remote_is_unplugged(accel):
    with waiting_guest(accel) as vm:
        finish(vm)
        vm.remote.stop()
        vm.qmp.command("device_del", id="fake0")
        vm.out(4, 0xAE08, 1 << SLOT)  # ACPI: the guest ejects the slot
        check_equal(vm.config_read(SLOT, 0, 4), 0xFFFFFFFF)
        vm.qmp.command("stop")
        vm.qmp.event("DEVICE_DELETED")
        vm.remote.go_on()
        check_equal(vm.remote.process.wait(TIMEOUT), 0)


def qemu_quits(accel):
    with waiting_guest(accel) as vm:
        vm.qmp.send({"execute": "quit"})
        vm.qmp.event("SHUTDOWN")
        vm.remote.release()
        check_equal(vm.wait(), 0)
        check_equal("pci-proxy-dev" in vm.messages(), False)


def under(accel, test):
    def run():
        if accel == "kvm":
            need_kvm()
        test(accel)
    run.__name__ = "%s_under_%s" % (test.__name__, accel)
    return run


for accelerator in ("tcg", "kvm"):
    for waiting in (
            the_monitor_answers,
            another_vcpu_uses_another_device,
            somebody_else_uses_the_same_device,
            the_device_is_unplugged,
            the_machine_is_reset,
            qemu_quits,
            qemu_quits_though_no_answer_comes,
            a_machine_that_is_kept_after_its_shutdown_keeps_its_device,
            the_device_of_a_stopped_remote_is_unplugged,
    ):
        case(under(accelerator, waiting))
run_cases()
