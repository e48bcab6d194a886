#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that pci-proxy-dev shows a remote's device to a guest of an unmodified QEMU."""

import contextlib
import ctypes
import errno
import os
import socket
import subprocess
import sys
import time

from qemu_machine import Qemu, Remote, Tap, check, check_in, shared_object_and_remote

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


def wait_for(condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError("waited in vain")


def identity_is_the_remotes():
    with machine() as vm:
        check(vm.config_read(SLOT, 0x00, 4), 0x10F01AF4)
        check(vm.config_read(SLOT, 0x08, 4), 0xFF000012)
        check(vm.config_read(SLOT, 0x2C, 4), 0x56781234)
        check(vm.config_read(SLOT, 0x3D, 1), 1)


def bars_have_the_remotes_sizes():
    with machine() as vm:
        vm.config_write(SLOT, BAR0, 4, 0xFFFFFFFF)
        vm.config_write(SLOT, BAR1, 4, 0xFFFFFFFF)
        check(vm.config_read(SLOT, BAR0, 4), 0xFFFFFF01)
        check(vm.config_read(SLOT, BAR1, 4), 0xFFFFF000)


def config_writes_obey_the_remotes_mask():
    with machine() as vm:
        vm.config_write(SLOT, 0x40, 1, 0x5A)
        check(vm.config_read(SLOT, 0x40, 1), 0xAA)


def a_reset_sets_the_latency_timer_as_the_remote_does():
    with machine() as vm:
        check(vm.config_read(SLOT, LATENCY_TIMER, 1), 0x40)
        vm.config_write(SLOT, LATENCY_TIMER, 1, 0x10)
        check(vm.config_read(SLOT, LATENCY_TIMER, 1), 0x10)
        vm.qmp("system_reset")
        vm.qmp_event("RESET")
        check(vm.config_read(SLOT, LATENCY_TIMER, 1), 0x40)


def config_writes_reach_the_remote_as_made():
    with machine() as vm:
        vm.config_write(SLOT, 0x42, 2, 0x1234)
        check(vm.read(4, MMIO + CONFIG), 0x42 << 16 | 0x1234)


def accesses_keep_their_size():
    with machine() as vm:
        for size in (1, 2, 4):
            check(vm.inp(size, IO + SIZE), size)
        for size in (1, 2, 4, 8):
            check(vm.read(size, MMIO + SIZE), size)


def memory_bar_keeps_values():
    with machine() as vm:
        vm.write(8, MMIO, 0x1122334455667788)
        check(vm.read(4, MMIO + 4), 0x11223344)
        check(vm.read(1, MMIO + 3), 0x55)


def both_bars_are_one_device():
    with machine() as vm:
        vm.out(4, IO + 0x20, 0xCAFEBABE)
        check(vm.read(2, MMIO + 0x22), 0xCAFE)


def unaligned_accesses_arrive_whole():
    with machine() as vm:
        vm.write(4, MMIO + 1, 0xAABBCCDD)
        check(vm.read(4, MMIO + WRITES), 1)
        check(vm.read(4, MMIO + 1), 0xAABBCCDD)


def a_read_follows_all_posted_writes():
    with machine() as vm:
        for value in range(3000):
            vm.write(4, MMIO, value)
        check(vm.read(4, MMIO + WRITES), 3000)
        check(vm.read(4, MMIO), 2999)


def plain_memory_is_the_guests_without_an_access_to_the_remote():
    with machine() as vm:
        vm.config_write(SLOT, BAR2, 4, 0xFFFFFFFF)
        check(vm.config_read(SLOT, BAR2, 4), 0xFFFFE000)
        tables = vm.read(4, MMIO + MEMORY)
        vm.config_write(SLOT, BAR2, 4, PLAIN)
        vm.write(4, MMIO, 0)
        writes = vm.read(4, MMIO + WRITES)
        vm.write(4, PLAIN, 0xC0FFEE)
        vm.write(2, PLAIN + 8190, 0xBEEF)
        check(vm.read(2, PLAIN + 8190), 0xBEEF)
        check(vm.read(4, MMIO + WRITES), writes)
        check(vm.read(4, MMIO + RAM), 0xC0FFEE)
        vm.write(4, MMIO + RAM, 0x1234)
        vm.read(4, MMIO + WRITES)
        check(vm.read(4, PLAIN), 0x1234)
        check(vm.read(4, MMIO + MEMORY), tables)  # it is no memory for DMA


def the_remote_reaches_guest_memory():
    with machine() as vm:
        vm.write(4, 0x100000, 0x12345678)
        vm.write(8, MMIO + DMA_ADDRESS, 0x100000)
        check(vm.read(4, MMIO + DMA_DATA), 0x12345678)
        vm.write(4, MMIO + DMA_DATA, 0x87654321)
        vm.read(4, MMIO + WRITES)
        check(vm.read(4, 0x100000), 0x87654321)


def memory_that_is_not_ram_is_out_of_reach():
    with machine() as vm:
        vm.write(8, MMIO + DMA_ADDRESS, 0xFFFF0000)
        check(vm.read(4, MMIO + DMA_DATA), 0xFFFFFFFF)


def an_unchanged_memory_table_is_not_sent():
    with machine() as vm:
        before = vm.read(4, MMIO + MEMORY)
        map_bars(vm, SLOT, IO + 0x1000, MMIO + 0x100000)
        check(vm.read(4, MMIO + 0x100000 + MEMORY), before)


def hotplugged_memory_is_sent():
    with machine("-m", "64M,slots=2,maxmem=1G") as vm:
        before = vm.read(4, MMIO + MEMORY)
        vm.qmp("object-add", **{"qom-type": "memory-backend-memfd", "id": "more",
                                "size": 128 << 20})
        vm.qmp("device_add", driver="pc-dimm", id="dimm0", memdev="more")
        check(vm.read(4, MMIO + MEMORY), before + 1)
        vm.write(8, MMIO + DMA_ADDRESS, 0x100000000)
        vm.write(4, MMIO + DMA_DATA, 0x600DF00D)
        vm.read(4, MMIO + WRITES)
        check(vm.read(4, 0x100000000), 0x600DF00D)


def the_line_rises_by_itself():
    with machine() as vm:
        watch_interrupts(vm)
        vm.write(4, MMIO + LINE, 1)
        wait_for(lambda: line_is_high(vm))


def a_read_that_lowers_the_line_has_lowered_it():
    with machine() as vm:
        watch_interrupts(vm)
        for _ in range(100):
            vm.write(4, MMIO + LINE, 1)
            wait_for(lambda: line_is_high(vm))
            check(vm.read(4, MMIO + LINE), 1)
            check(vm.irqs[IRQ], False)


def a_masked_line_stays_low():
    with machine() as vm:
        watch_interrupts(vm)
        vm.config_write(SLOT, COMMAND, 2, 0x407)
        vm.write(4, MMIO + LINE, 1)
        vm.read(4, MMIO + WRITES)
        check(line_is_high(vm), False)
        vm.config_write(SLOT, COMMAND, 2, 7)
        check(line_is_high(vm), True)


def reset_reaches_the_remote_and_lowers_the_line():
    with machine() as vm:
        watch_interrupts(vm)
        before = vm.read(4, MMIO + RESETS)
        vm.write(4, MMIO, 0x55)
        vm.write(4, MMIO + LINE, 1)
        wait_for(lambda: line_is_high(vm))
        vm.qmp("system_reset")
        vm.qmp_event("RESET")
        map_bars(vm, SLOT, IO, MMIO)
        check(vm.read(4, MMIO + RESETS), before + 1)
        check(vm.read(4, MMIO), 0)
        check(line_is_high(vm), False)


def io_errors_are_reported():
    with machine() as vm:
        vm.write(4, MMIO + EVENT, 1)
        vm.read(4, MMIO + WRITES)
        wait_for(lambda: "pci-proxy-dev fake0: I/O error: disk0: write?failed" in vm.messages())


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
            vm.qmp("query-status")
        # They were to be written all the time.
        text = b""
        while text.count(b"I/O error: disk0") < 20:
            text = text.lstrip(b"x") + os.read(theirs, 65536)
    os.close(theirs)


def a_dead_remote_reads_all_ones():
    with machine() as vm:
        vm.write(4, MMIO + DIE, 1)
        check(vm.read(4, MMIO), 0xFFFFFFFF)
        check(vm.read(1, MMIO), 0xFF)
        check(vm.inp(2, IO), 0xFFFF)
        vm.write(4, MMIO, 1)
        vm.out(1, IO, 1)
        check(vm.config_read(SLOT, 0x00, 4), 0x10F01AF4)


def a_dead_remote_is_reported_once():
    with machine() as vm:
        vm.remote.kill()
        said = "pci-proxy-dev fake0: the remote closed the connection"
        wait_for(lambda: said in vm.messages())
        vm.read(4, MMIO)
        vm.read(4, MMIO)
        check(vm.messages().count(said), 1)
        check(vm.qmp("query-status")["return"]["status"], "prelaunch")


def a_remote_killed_during_a_read_does_not_hang_the_guest():
    with machine() as vm:
        vm.qtest.send("readl 0x%x" % (MMIO + HANG))
        vm.remote.kill()
        check(vm.qtest.receive().split(), ["OK", "0x00000000ffffffff"])


def a_changed_route_does_not_wait_for_a_stopped_remote():
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "no /dev/kvm"
    with machine(accel="kvm") as vm:
        vm.remote.stop()
        vm.config_write(1, 0x60, 1, IRQ)  # PIIX3: INTA# of slot 5
        vm.config_write(1, 0x60, 1, 0x80)  # nowhere
        vm.config_write(1, 0x60, 1, IRQ)
        vm.remote.go_on()
        # It was not given up, and what it answers to that is no hang-up.
        check(vm.read(4, MMIO + SIZE), 4)
        check(vm.qmp("query-status")["return"]["status"], "prelaunch")
        check(vm.read(4, MMIO + SIZE), 4)
        check("pci-proxy-dev" in vm.messages(), False)
    return None


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
        check(vm.read(4, MMIO), 0x11111111)
        check(vm.read(4, MMIO + 0x100000), 0x22222222)
        remote.kill()
        for n in (0, 1):
            said = "pci-proxy-dev fake%d: the remote closed" % n
            wait_for(lambda: said in vm.messages())


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
        vm.qmp("device_del", id="fake1")
        vm.out(4, 0xAE08, 1 << SLOT + 1)  # ACPI: the guest ejects it
        vm.qmp_event("DEVICE_DELETED")
        remote.go_on()
        check(vm.read(4, MMIO + SIZE), 4)
        check(vm.messages(), "")
    remote.kill()


def a_device_comes_and_goes():
    with machine() as vm:
        path = os.path.join(vm.dir.name, "remote")
        listening = subprocess.Popen([FAKE, path])
        wait_for(lambda: os.path.exists(path))
        reply = vm.qmp("device_add", driver="pci-proxy-dev", id="fake1", path=path, addr="7")
        check(reply, {"return": {}})
        map_bars(vm, 7, IO + 0x1000, MMIO + 0x100000)
        check(vm.read(4, MMIO + 0x100000 + SIZE), 4)
        vm.qmp("device_del", id="fake1")
        vm.out(4, 0xAE08, 1 << 7)  # ACPI: the guest ejects slot 7
        vm.qmp_event("DEVICE_DELETED")
        check(listening.wait(10), 0)
        check(vm.read(4, MMIO + SIZE), 4)


def a_device_takes_a_socket_that_the_monitor_was_given():
    with machine() as vm:
        remote = Remote(FAKE)
        vm.qmp_pass("given", remote.fileno())
        remote.sock.close()
        reply = vm.qmp("device_add", driver="pci-proxy-dev", id="fake1", socket="given", addr="7")
        check(reply, {"return": {}})
        map_bars(vm, 7, IO + 0x1000, MMIO + 0x100000)
        check(vm.read(4, MMIO + 0x100000 + SIZE), 4)
        vm.qmp("device_del", id="fake1")
        vm.out(4, 0xAE08, 1 << 7)  # ACPI: the guest ejects slot 7
        vm.qmp_event("DEVICE_DELETED")
        check(remote.process.wait(10), 0)


def a_socket_that_the_monitor_was_given_is_closed_on_failure():
    with machine() as vm:
        remote = Remote(FAKE)
        vm.qmp_pass("given", remote.fileno())
        remote.sock.close()
        reply = vm.qmp("device_add", driver="pci-proxy-dev", id="lsi7", socket="given", addr="7")
        check_in("remote device 'lsi7': no such device", reply["error"]["desc"])
        check(remote.process.wait(10), 0)
        ours, theirs = socket.socketpair()
        ours.settimeout(10)
        ours.shutdown(socket.SHUT_WR)
        vm.qmp_pass("mute", theirs.fileno())
        theirs.close()
        reply = vm.qmp("device_add", driver="pci-proxy-dev", id="lsi7", socket="mute", addr="7")
        check_in("lsi7", reply["error"]["desc"])
        while ours.recv(1000):  # its hello, and then that it has hung up
            pass


def an_unknown_name_of_a_socket_is_named():
    with machine() as vm:
        reply = vm.qmp("device_add", driver="pci-proxy-dev", id="fake1", socket="none", addr="7")
        check_in("none", reply["error"]["desc"])
    check_in("none", refused(["-device", "pci-proxy-dev,id=fake1,socket=none"]))


def eventfds(vm):
    """How many QEMU has."""
    folder = "/proc/%d/fd/" % vm.process.pid
    return sum("eventfd" in os.readlink(folder + fd) for fd in os.listdir(folder))


def a_line_that_cannot_be_connected_anew_keeps_no_eventfd():
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "no /dev/kvm"
    remote = Remote(FAKE)
    fd = remote.fileno()
    device = "pci-proxy-dev,id=fake-once,socket=%d,addr=%d" % (fd, SLOT)
    with Qemu(SO, ["-device", device], fds=[fd], accel="kvm") as vm:
        remote.sock.close()
        before = eventfds(vm)
        # With a route there is an irqfd.
        for register in range(0x60, 0x64):
            vm.config_write(1, register, 1, IRQ)
        check(eventfds(vm), before - 2)
    remote.kill()


def landlock_knows_truncation():
    create_ruleset, version = 444, 1
    return ctypes.CDLL(None).syscall(create_ruleset, None, 0, version) >= 3


def memory_in_a_file_cannot_be_truncated():
    if not landlock_knows_truncation():
        return "the kernel has no Landlock that knows truncation"
    memory = ["-m", "96M", "-machine", "memory-backend=mem", "-object",
              "memory-backend-file,id=mem,size=96M,mem-path=/dev/shm/,share=on"]
    with machine(memory=memory) as vm:
        check(vm.read(4, MMIO + TRUNCATE), errno.EACCES)
        vm.write(4, 0x100000, 1234)
        check(vm.read(4, 0x100000), 1234)
        check("truncate" in vm.messages(), False)


def memory_in_a_memfd_cannot_be_truncated():
    # As QEMU seals it unless it is told not to.
    with machine() as vm:
        check(vm.read(4, MMIO + TRUNCATE), errno.EPERM)
        check("truncate" in vm.messages(), False)


def memory_that_can_be_truncated_is_told_of():
    memory = ["-m", "96M", "-machine", "memory-backend=mem", "-object",
              "memory-backend-memfd,id=mem,size=96M,seal=off"]
    with machine(memory=memory) as vm:
        check_in("the remote can truncate the file of the guest's memory", vm.messages())


def migration_is_refused():
    with machine() as vm:
        reply = vm.qmp("migrate", uri="exec:cat >/dev/null")
        check_in("pci-proxy-dev fake0", reply["error"]["desc"])
        check_in("cannot be migrated", reply["error"]["desc"])


def preloading_works_and_is_not_inherited():
    with machine(preload=True) as vm:
        check(vm.read(4, MMIO + SIZE), 4)
        with open("/proc/%d/maps" % vm.process.pid) as maps:
            check_in(os.path.basename(SO), maps.read())


def refused(args, fds=(), **options):
    """The message of a QEMU that must not start."""
    with Qemu(SO, args, fds=fds, starts=False, **options) as vm:
        check(vm.wait(), 1)
        return vm.messages()


def an_id_is_required():
    check_in("'id' is missing", refused(["-device", "pci-proxy-dev,socket=0"]))


def socket_or_path_is_required():
    check_in("either 'socket'", refused(["-device", "pci-proxy-dev,id=fake0"]))
    check_in("either 'socket'",
             refused(["-device", "pci-proxy-dev,id=fake0,socket=0,path=/x"]))


def a_descriptor_that_is_no_socket_is_named():
    check_in("pci-proxy-dev fake0: file descriptor 0 is no socket",
             refused(["-device", "pci-proxy-dev,id=fake0,socket=0"]))


def an_absent_path_is_named():
    check_in("cannot connect to '/nonexistent/s'",
             refused(["-device", "pci-proxy-dev,id=fake0,path=/nonexistent/s"]))


def an_id_that_the_remote_does_not_know_is_named():
    remote = Remote(FAKE)
    fd = remote.fileno()
    text = refused(["-device", "pci-proxy-dev,id=lsi7,socket=%d" % fd], fds=[fd])
    remote.close()
    check_in("remote device 'lsi7': no such device", text)


def unshared_memory_is_refused_with_the_remedy():
    remote = Remote(FAKE)
    fd = remote.fileno()
    text = refused(["-device", "pci-proxy-dev,id=fake0,socket=%d" % fd], fds=[fd],
                   memory=["-m", "96"])
    remote.close()
    check_in("-object memory-backend-memfd,id=mem,size=96M", text)
    check_in("-machine memory-backend=mem", text)


def an_iommu_is_refused():
    remote = Remote(FAKE)
    fd = remote.fileno()
    text = refused(["-machine", "q35", "-device", "intel-iommu",
                    "-device", "pci-proxy-dev,id=fake0,socket=%d" % fd], fds=[fd])
    remote.close()
    check_in("IOMMU", text)


sys.exit(Tap([
    identity_is_the_remotes,
    bars_have_the_remotes_sizes,
    config_writes_obey_the_remotes_mask,
    a_reset_sets_the_latency_timer_as_the_remote_does,
    config_writes_reach_the_remote_as_made,
    accesses_keep_their_size,
    memory_bar_keeps_values,
    both_bars_are_one_device,
    unaligned_accesses_arrive_whole,
    a_read_follows_all_posted_writes,
    plain_memory_is_the_guests_without_an_access_to_the_remote,
    the_remote_reaches_guest_memory,
    memory_that_is_not_ram_is_out_of_reach,
    an_unchanged_memory_table_is_not_sent,
    hotplugged_memory_is_sent,
    the_line_rises_by_itself,
    a_read_that_lowers_the_line_has_lowered_it,
    a_masked_line_stays_low,
    reset_reaches_the_remote_and_lowers_the_line,
    io_errors_are_reported,
    messages_that_nobody_reads_do_not_stop_qemu,
    a_dead_remote_reads_all_ones,
    a_dead_remote_is_reported_once,
    a_remote_killed_during_a_read_does_not_hang_the_guest,
    a_changed_route_does_not_wait_for_a_stopped_remote,
    two_devices_share_a_socket,
    one_of_two_is_unplugged_from_a_stopped_remote,
    a_device_comes_and_goes,
    a_device_takes_a_socket_that_the_monitor_was_given,
    a_socket_that_the_monitor_was_given_is_closed_on_failure,
    an_unknown_name_of_a_socket_is_named,
    a_line_that_cannot_be_connected_anew_keeps_no_eventfd,
    memory_in_a_file_cannot_be_truncated,
    memory_in_a_memfd_cannot_be_truncated,
    memory_that_can_be_truncated_is_told_of,
    migration_is_refused,
    preloading_works_and_is_not_inherited,
    an_id_is_required,
    socket_or_path_is_required,
    a_descriptor_that_is_no_socket_is_named,
    an_absent_path_is_named,
    an_id_that_the_remote_does_not_know_is_named,
    unshared_memory_is_refused_with_the_remedy,
    an_iommu_is_refused,
]).run())
