#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that pci-proxy-dev shows a remote's device to a guest of an unmodified QEMU."""

import contextlib
import ctypes
import errno
import os
import socket
import subprocess

from host import need_kvm
from qemu_machine import (Qemu, Remote, check_equal, check_in, shared_object_and_remote,
                          wait_for)
from tap import Skip, case, run_cases

SO, FAKE = shared_object_and_remote()

# The fake remote's registers (fake_remote.h).
LINE, WRITES, DMA_ADDRESS, DMA_DATA = 0x80, 0x84, 0x88, 0x8C
MEMORY, CONFIG, RESETS, HANG, EVENT, DIE, SIZE = 0x90, 0x94, 0x98, 0x9C, 0xA0, 0xA4, 0xA8
RAM, TRUNCATE = 0xB0, 0xBC

SLOT = 5
IO, MMIO, PLAIN = 0xC000, 0xE0000000, 0xE1000000
IRQ = 11
COMMAND, LATENCY_TIMER, BAR0, BAR1, BAR2 = 0x04, 0x0D, 0x10, 0x14, 0x18


@contextlib.contextmanager
def machine(*extra, **options):
    """A QEMU with fake0 in slot 5, its BARs mapped."""
    remote = Remote(FAKE)
    fd = remote.fileno()
    device = "pci-proxy-dev,id=fake0,socket=%d,addr=%d" % (fd, SLOT)
    with Qemu(SO, ["-device", device, *extra], fds=[fd], **options) as vm:
        remote.sock.close()
        vm.remote = remote
        if vm.qtest:
            map_bars(vm, SLOT, IO, MMIO)
        yield vm
    remote.kill()


def map_bars(vm, slot, io, mmio):
    vm.config_write(slot, BAR0, 4, io)
    vm.config_write(slot, BAR1, 4, mmio)
    vm.config_write(slot, COMMAND, 2, 7)


def watch_interrupts(vm):
    """Routes the PIRQ lines to ISA interrupt 11 and watches its pin."""
    for register in range(0x60, 0x64):
        vm.config_write(1, register, 1, IRQ)
    vm.ask("irq_intercept_in ioapic")


def line_is_high(vm):
    vm.inp(1, 0x80)  # anything: what the line did comes before the answer
    return vm.irqs.get(IRQ, False)


@case
def identity_is_the_remotes():
    with machine() as vm:
        check_equal(vm.config_read(SLOT, 0x00, 4), 0x10F01AF4)
        check_equal(vm.config_read(SLOT, 0x08, 4), 0xFF000012)
        check_equal(vm.config_read(SLOT, 0x2C, 4), 0x56781234)
        check_equal(vm.config_read(SLOT, 0x3D, 1), 1)


@case
def bars_have_the_remotes_sizes():
    with machine() as vm:
        vm.config_write(SLOT, BAR0, 4, 0xFFFFFFFF)
        vm.config_write(SLOT, BAR1, 4, 0xFFFFFFFF)
        check_equal(vm.config_read(SLOT, BAR0, 4), 0xFFFFFF01)
        check_equal(vm.config_read(SLOT, BAR1, 4), 0xFFFFF000)


@case
def config_writes_obey_the_remotes_mask():
    with machine() as vm:
        vm.config_write(SLOT, 0x40, 1, 0x5A)
        check_equal(vm.config_read(SLOT, 0x40, 1), 0xAA)


@case
def a_reset_sets_the_latency_timer_as_the_remote_does():
    with machine() as vm:
        check_equal(vm.config_read(SLOT, LATENCY_TIMER, 1), 0x40)
        vm.config_write(SLOT, LATENCY_TIMER, 1, 0x10)
        check_equal(vm.config_read(SLOT, LATENCY_TIMER, 1), 0x10)
        vm.qmp.command("system_reset")
        vm.qmp.event("RESET")
        check_equal(vm.config_read(SLOT, LATENCY_TIMER, 1), 0x40)


@case
def config_writes_reach_the_remote_as_made():
    with machine() as vm:
        vm.config_write(SLOT, 0x42, 2, 0x1234)
        check_equal(vm.read(4, MMIO + CONFIG), 0x42 << 16 | 0x1234)


@case
def accesses_keep_their_size():
    with machine() as vm:
        for size in (1, 2, 4):
            check_equal(vm.inp(size, IO + SIZE), size)
        for size in (1, 2, 4, 8):
            check_equal(vm.read(size, MMIO + SIZE), size)


@case
def memory_bar_keeps_values():
    with machine() as vm:
        vm.write(8, MMIO, 0x1122334455667788)
        check_equal(vm.read(4, MMIO + 4), 0x11223344)
        check_equal(vm.read(1, MMIO + 3), 0x55)


@case
def both_bars_are_one_device():
    with machine() as vm:
        vm.out(4, IO + 0x20, 0xCAFEBABE)
        check_equal(vm.read(2, MMIO + 0x22), 0xCAFE)


@case
def unaligned_accesses_arrive_whole():
    with machine() as vm:
        vm.write(4, MMIO + 1, 0xAABBCCDD)
        check_equal(vm.read(4, MMIO + WRITES), 1)
        check_equal(vm.read(4, MMIO + 1), 0xAABBCCDD)


@case
def a_read_follows_all_posted_writes():
    with machine() as vm:
        for value in range(3000):
            vm.write(4, MMIO, value)
        check_equal(vm.read(4, MMIO + WRITES), 3000)
        check_equal(vm.read(4, MMIO), 2999)


@case
def plain_memory_is_the_guests_without_an_access_to_the_remote():
    with machine() as vm:
        vm.config_write(SLOT, BAR2, 4, 0xFFFFFFFF)
        check_equal(vm.config_read(SLOT, BAR2, 4), 0xFFFFE000)
        tables = vm.read(4, MMIO + MEMORY)
        vm.config_write(SLOT, BAR2, 4, PLAIN)
        vm.write(4, MMIO, 0)
        writes = vm.read(4, MMIO + WRITES)
        vm.write(4, PLAIN, 0xC0FFEE)
        vm.write(2, PLAIN + 8190, 0xBEEF)
        check_equal(vm.read(2, PLAIN + 8190), 0xBEEF)
        check_equal(vm.read(4, MMIO + WRITES), writes)
        check_equal(vm.read(4, MMIO + RAM), 0xC0FFEE)
        vm.write(4, MMIO + RAM, 0x1234)
        vm.read(4, MMIO + WRITES)
        check_equal(vm.read(4, PLAIN), 0x1234)
        check_equal(vm.read(4, MMIO + MEMORY), tables)  # it is no memory for DMA


@case
def the_remote_reaches_guest_memory():
    with machine() as vm:
        vm.write(4, 0x100000, 0x12345678)
        vm.write(8, MMIO + DMA_ADDRESS, 0x100000)
        check_equal(vm.read(4, MMIO + DMA_DATA), 0x12345678)
        vm.write(4, MMIO + DMA_DATA, 0x87654321)
        vm.read(4, MMIO + WRITES)
        check_equal(vm.read(4, 0x100000), 0x87654321)


@case
def memory_that_is_not_ram_is_out_of_reach():
    with machine() as vm:
        vm.write(8, MMIO + DMA_ADDRESS, 0xFFFF0000)
        check_equal(vm.read(4, MMIO + DMA_DATA), 0xFFFFFFFF)


@case
def an_unchanged_memory_table_is_not_sent():
    with machine() as vm:
        before = vm.read(4, MMIO + MEMORY)
        map_bars(vm, SLOT, IO + 0x1000, MMIO + 0x100000)
        check_equal(vm.read(4, MMIO + 0x100000 + MEMORY), before)


@case
def hotplugged_memory_is_sent():
    with machine("-m", "64M,slots=2,maxmem=1G") as vm:
        before = vm.read(4, MMIO + MEMORY)
        vm.qmp.command("object-add", qom_type="memory-backend-memfd", id="more", size=128 << 20)
        vm.qmp.command("device_add", driver="pc-dimm", id="dimm0", memdev="more")
        check_equal(vm.read(4, MMIO + MEMORY), before + 1)
        vm.write(8, MMIO + DMA_ADDRESS, 0x100000000)
        vm.write(4, MMIO + DMA_DATA, 0x600DF00D)
        vm.read(4, MMIO + WRITES)
        check_equal(vm.read(4, 0x100000000), 0x600DF00D)


@case
def the_line_rises_by_itself():
    with machine() as vm:
        watch_interrupts(vm)
        vm.write(4, MMIO + LINE, 1)
        wait_for(lambda: line_is_high(vm))


@case
def a_read_that_lowers_the_line_has_lowered_it():
    with machine() as vm:
        watch_interrupts(vm)
        for _ in range(100):
            vm.write(4, MMIO + LINE, 1)
            wait_for(lambda: line_is_high(vm))
            check_equal(vm.read(4, MMIO + LINE), 1)
            check_equal(vm.irqs[IRQ], False)


@case
def a_masked_line_stays_low():
    with machine() as vm:
        watch_interrupts(vm)
        vm.config_write(SLOT, COMMAND, 2, 0x407)
        vm.write(4, MMIO + LINE, 1)
        vm.read(4, MMIO + WRITES)
        check_equal(line_is_high(vm), False)
        vm.config_write(SLOT, COMMAND, 2, 7)
        check_equal(line_is_high(vm), True)


@case
def reset_reaches_the_remote_and_lowers_the_line():
    with machine() as vm:
        watch_interrupts(vm)
        before = vm.read(4, MMIO + RESETS)
        vm.write(4, MMIO, 0x55)
        vm.write(4, MMIO + LINE, 1)
        wait_for(lambda: line_is_high(vm))
        vm.qmp.command("system_reset")
        vm.qmp.event("RESET")
        map_bars(vm, SLOT, IO, MMIO)
        check_equal(vm.read(4, MMIO + RESETS), before + 1)
        check_equal(vm.read(4, MMIO), 0)
        check_equal(line_is_high(vm), False)


@case
def io_errors_are_reported():
    with machine() as vm:
        vm.write(4, MMIO + EVENT, 1)
        vm.read(4, MMIO + WRITES)
        wait_for(lambda: "pci-proxy-dev fake0: I/O error: disk0: write?failed" in vm.messages())


@case
def messages_that_nobody_reads_do_not_stop_qemu():
    theirs, ours = os.pipe()
    os.set_blocking(ours, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(ours, b"x" * 4096)
    os.set_blocking(ours, True)
    with machine(stderr=ours) as vm:
        os.close(ours)
        for _ in range(20):
            vm.write(4, MMIO + EVENT, 1)
            vm.read(4, MMIO + WRITES)
            vm.qmp.command("query-status")
        # They were to be written all the time.
        text = b""
        while text.count(b"I/O error: disk0") < 20:
            text = text.lstrip(b"x") + os.read(theirs, 65536)
    os.close(theirs)


@case
def a_dead_remote_reads_all_ones():
    with machine() as vm:
        vm.write(4, MMIO + DIE, 1)
        check_equal(vm.read(4, MMIO), 0xFFFFFFFF)
        check_equal(vm.read(1, MMIO), 0xFF)
        check_equal(vm.inp(2, IO), 0xFFFF)
        vm.write(4, MMIO, 1)
        vm.out(1, IO, 1)
        check_equal(vm.config_read(SLOT, 0x00, 4), 0x10F01AF4)


@case
def a_dead_remote_is_reported_once():
    with machine() as vm:
        vm.remote.kill()
        said = "pci-proxy-dev fake0: the remote closed the connection"
        wait_for(lambda: said in vm.messages())
        vm.read(4, MMIO)
        vm.read(4, MMIO)
        check_equal(vm.messages().count(said), 1)
        check_equal(vm.qmp.command("query-status")["status"], "prelaunch")


@case
def a_remote_killed_during_a_read_does_not_hang_the_guest():
    with machine() as vm:
        vm.qtest.send("readl 0x%x" % (MMIO + HANG))
        vm.remote.kill()
        check_equal(vm.qtest.receive().split(), ["OK", "0x00000000ffffffff"])


@case
def a_changed_route_does_not_wait_for_a_stopped_remote():
    need_kvm()
    with machine(accel="kvm") as vm:
        vm.remote.stop()
        vm.config_write(1, 0x60, 1, IRQ)  # PIIX3: INTA# of slot 5
        vm.config_write(1, 0x60, 1, 0x80)  # nowhere
        vm.config_write(1, 0x60, 1, IRQ)
        vm.remote.go_on()
        # It was not given up, and what it answers to that is no hang-up.
        check_equal(vm.read(4, MMIO + SIZE), 4)
        check_equal(vm.qmp.command("query-status")["status"], "prelaunch")
        check_equal(vm.read(4, MMIO + SIZE), 4)
        check_equal("pci-proxy-dev" in vm.messages(), False)


@case
def two_devices_share_a_socket():
    remote = Remote(FAKE)
    fd = remote.fileno()
    args = []
    for n in (0, 1):
        args += ["-device", "pci-proxy-dev,id=fake%d,socket=%d,addr=%d" % (n, fd, SLOT + n)]
    with Qemu(SO, args, fds=[fd]) as vm:
        remote.sock.close()
        for n in (0, 1):
            map_bars(vm, SLOT + n, IO + n * 0x1000, MMIO + n * 0x100000)
        vm.write(4, MMIO, 0x11111111)
        vm.write(4, MMIO + 0x100000, 0x22222222)
        check_equal(vm.read(4, MMIO), 0x11111111)
        check_equal(vm.read(4, MMIO + 0x100000), 0x22222222)
        remote.kill()
        for n in (0, 1):
            said = "pci-proxy-dev fake%d: the remote closed" % n
            wait_for(lambda: said in vm.messages())


@case
def one_of_two_is_unplugged_from_a_stopped_remote():
    remote = Remote(FAKE)
    fd = remote.fileno()
    args = []
    for n in (0, 1):
        args += ["-device", "pci-proxy-dev,id=fake%d,socket=%d,addr=%d" % (n, fd, SLOT + n)]
    with Qemu(SO, args, fds=[fd]) as vm:
        remote.sock.close()
        map_bars(vm, SLOT, IO, MMIO)
        remote.stop()
        vm.qmp.command("device_del", id="fake1")
        vm.out(4, 0xAE08, 1 << SLOT + 1)  # ACPI: the guest ejects it
        vm.qmp.event("DEVICE_DELETED")
        remote.go_on()
        check_equal(vm.read(4, MMIO + SIZE), 4)
        check_equal(vm.messages(), "")
    remote.kill()


@case
def a_device_comes_and_goes():
    with machine() as vm:
        path = os.path.join(vm.dir.name, "remote")
        listening = subprocess.Popen([FAKE, path])
        wait_for(lambda: os.path.exists(path))
        vm.qmp.command("device_add", driver="pci-proxy-dev", id="fake1", path=path, addr="7")
        map_bars(vm, 7, IO + 0x1000, MMIO + 0x100000)
        check_equal(vm.read(4, MMIO + 0x100000 + SIZE), 4)
        vm.qmp.command("device_del", id="fake1")
        vm.out(4, 0xAE08, 1 << 7)  # ACPI: the guest ejects slot 7
        vm.qmp.event("DEVICE_DELETED")
        check_equal(listening.wait(10), 0)
        check_equal(vm.read(4, MMIO + SIZE), 4)


@case
def a_device_takes_a_socket_that_the_monitor_was_given():
    with machine() as vm:
        remote = Remote(FAKE)
        vm.qmp.getfd("given", remote)
        remote.sock.close()
        vm.qmp.command("device_add", driver="pci-proxy-dev", id="fake1", socket="given", addr="7")
        map_bars(vm, 7, IO + 0x1000, MMIO + 0x100000)
        check_equal(vm.read(4, MMIO + 0x100000 + SIZE), 4)
        vm.qmp.command("device_del", id="fake1")
        vm.out(4, 0xAE08, 1 << 7)  # ACPI: the guest ejects slot 7
        vm.qmp.event("DEVICE_DELETED")
        check_equal(remote.process.wait(10), 0)


@case
def a_socket_that_the_monitor_was_given_is_closed_on_failure():
    with machine() as vm:
        remote = Remote(FAKE)
        vm.qmp.getfd("given", remote)
        remote.sock.close()
        error = vm.qmp.error("device_add", driver="pci-proxy-dev", id="lsi7", socket="given",
                             addr="7")
        check_in("remote device 'lsi7': no such device", error)
        check_equal(remote.process.wait(10), 0)
        ours, theirs = socket.socketpair()
        ours.settimeout(10)
        ours.shutdown(socket.SHUT_WR)
        vm.qmp.getfd("mute", theirs)
        theirs.close()
        error = vm.qmp.error("device_add", driver="pci-proxy-dev", id="lsi7", socket="mute",
                             addr="7")
        check_in("lsi7", error)
        while ours.recv(1000):  # its hello, and then that it has hung up
            pass


@case
def an_unknown_name_of_a_socket_is_named():
    with machine() as vm:
        error = vm.qmp.error("device_add", driver="pci-proxy-dev", id="fake1", socket="none",
                             addr="7")
        check_in("none", error)
    check_in("none", refused(["-device", "pci-proxy-dev,id=fake1,socket=none"]))


def eventfds(vm):
    """How many QEMU has."""
    folder = "/proc/%d/fd/" % vm.process.pid
    return sum("eventfd" in os.readlink(folder + fd) for fd in os.listdir(folder))


@case
def a_line_that_cannot_be_connected_anew_keeps_no_eventfd():
    need_kvm()
    remote = Remote(FAKE)
    fd = remote.fileno()
    device = "pci-proxy-dev,id=fake-once,socket=%d,addr=%d" % (fd, SLOT)
    with Qemu(SO, ["-device", device], fds=[fd], accel="kvm") as vm:
        remote.sock.close()
        before = eventfds(vm)
        # With a route there is an irqfd.
        for register in range(0x60, 0x64):
            vm.config_write(1, register, 1, IRQ)
        check_equal(eventfds(vm), before - 2)
    remote.kill()


def landlock_knows_truncation():
    create_ruleset, version = 444, 1
    return ctypes.CDLL(None).syscall(create_ruleset, None, 0, version) >= 3


@case
def memory_in_a_file_cannot_be_truncated():
    if not landlock_knows_truncation():
        raise Skip("the kernel has no Landlock that knows truncation")
    memory = ["-m", "96M", "-machine", "memory-backend=mem", "-object",
              "memory-backend-file,id=mem,size=96M,mem-path=/dev/shm/,share=on"]
    with machine(memory=memory) as vm:
        check_equal(vm.read(4, MMIO + TRUNCATE), errno.EACCES)
        vm.write(4, 0x100000, 1234)
        check_equal(vm.read(4, 0x100000), 1234)
        check_equal("truncate" in vm.messages(), False)


@case
def memory_in_a_memfd_cannot_be_truncated():
    # As QEMU seals it unless it is told not to.
    with machine() as vm:
        check_equal(vm.read(4, MMIO + TRUNCATE), errno.EPERM)
        check_equal("truncate" in vm.messages(), False)


@case
def memory_that_can_be_truncated_is_told_of():
    memory = ["-m", "96M", "-machine", "memory-backend=mem", "-object",
              "memory-backend-memfd,id=mem,size=96M,seal=off"]
    with machine(memory=memory) as vm:
        check_in("the remote can truncate the file of the guest's memory", vm.messages())


@case
def migration_is_refused():
    with machine() as vm:
        error = vm.qmp.error("migrate", uri="exec:cat >/dev/null")
        check_in("pci-proxy-dev fake0", error)
        check_in("cannot be migrated", error)


@case
def preloading_works_and_is_not_inherited():
    with machine(preload=True) as vm:
        check_equal(vm.read(4, MMIO + SIZE), 4)
        with open("/proc/%d/maps" % vm.process.pid) as maps:
            check_in(os.path.basename(SO), maps.read())


def refused(args, fds=(), **options):
    """The message of a QEMU that must not start."""
    with Qemu(SO, args, fds=fds, starts=False, **options) as vm:
        check_equal(vm.wait(), 1)
        return vm.messages()


@case
def an_id_is_required():
    check_in("'id' is missing", refused(["-device", "pci-proxy-dev,socket=0"]))


@case
def socket_or_path_is_required():
    check_in("either 'socket'", refused(["-device", "pci-proxy-dev,id=fake0"]))
    check_in("either 'socket'",
             refused(["-device", "pci-proxy-dev,id=fake0,socket=0,path=/x"]))


@case
def a_descriptor_that_is_no_socket_is_named():
    check_in("pci-proxy-dev fake0: file descriptor 0 is no socket",
             refused(["-device", "pci-proxy-dev,id=fake0,socket=0"]))


@case
def an_absent_path_is_named():
    check_in("cannot connect to '/nonexistent/s'",
             refused(["-device", "pci-proxy-dev,id=fake0,path=/nonexistent/s"]))


@case
def an_id_that_the_remote_does_not_know_is_named():
    remote = Remote(FAKE)
    fd = remote.fileno()
    text = refused(["-device", "pci-proxy-dev,id=lsi7,socket=%d" % fd], fds=[fd])
    remote.close()
    check_in("remote device 'lsi7': no such device", text)


@case
def unshared_memory_is_refused_with_the_remedy():
    remote = Remote(FAKE)
    fd = remote.fileno()
    text = refused(["-device", "pci-proxy-dev,id=fake0,socket=%d" % fd], fds=[fd],
                   memory=["-m", "96"])
    remote.close()
    check_in("-object memory-backend-memfd,id=mem,size=96M", text)
    check_in("-machine memory-backend=mem", text)


@case
def an_iommu_is_refused():
    remote = Remote(FAKE)
    fd = remote.fileno()
    text = refused(["-machine", "q35", "-device", "intel-iommu",
                    "-device", "pci-proxy-dev,id=fake0,socket=%d" % fd], fds=[fd])
    remote.close()
    check_in("IOMMU", text)


run_cases()
