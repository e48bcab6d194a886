#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a manager passes sockets by a QMP monitor, that adapters are offered on
them, and that no descriptor is left behind."""

import socket

from device_process import Managed, Process, make_image
from monitor import Qmp
from tap import TIMEOUT, case, check, run_cases, wait_until


def offer(qmp, adapter, sock):
    """An adapter on a socket that is passed."""
    qmp.command("device_add", driver="lsi53c895a", id=adapter)
    qmp.getfd(f"for-{adapter}", sock)
    qmp.command("object-add", qom_type="x-remote-object", id=f"object-{adapter}", devid=adapter,
                fd=f"for-{adapter}")


@case
def adapters_come_and_go_on_passed_sockets(folder):
    image = make_image(folder, "d1.img")
    with Managed("-machine", "x-remote") as remote, remote.qmp() as qmp:
        check(qmp.command("query-block") == [], "nothing is there")
        before = remote.open_fds()
        for _ in range(3):
            vmm, theirs = socket.socketpair()
            with vmm, theirs:
                offer(qmp, "lsi1", theirs)
                theirs.close()
                qmp.command("x-drive-add", id="d1", file=image, format="raw")
                qmp.command("device_add", driver="scsi-hd", id="disk1", drive="d1",
                            bus="lsi1.0", scsi_id="3")
                check(qmp.command("qom-get", path="/machine/peripheral/disk1",
                                  property="scsi-id") == 3, "a number may be a string")
                qmp.command("device_del", id="lsi1")
                check(vmm.recv(1) == b"", "hung up")
            for name in ("disk1", "lsi1"):
                check(qmp.event("DEVICE_DELETED")["data"]["device"] == name, name)
            check(len(qmp.command("qom-list", path="/objects")) == 1, "the object went, too")
        check(wait_until(lambda: remote.open_fds() == before), "descriptors are left")


@case
def object_alone_is_removed_with_its_socket(folder):
    with Managed("-machine", "x-remote") as remote, remote.qmp() as qmp:
        vmm, theirs = socket.socketpair()
        with vmm:
            with theirs:
                offer(qmp, "lsi1", theirs)
            qmp.command("object-del", id="object-lsi1")
            check(vmm.recv(1) == b"", "hung up")
        again, theirs = socket.socketpair()
        with again, theirs:
            qmp.getfd("again", theirs)
            qmp.command("object-add", qom_type="x-remote-object", id="o", devid="lsi1", fd="again")


@case
def process_outlives_its_vmm_while_its_manager_is_there(folder):
    with Managed("-machine", "x-remote") as remote, remote.qmp() as qmp:
        vmm, theirs = socket.socketpair()
        with theirs:
            offer(qmp, "lsi1", theirs)
        vmm.close()
        check(qmp.command("query-status")["running"], "it goes on")
        vmm, theirs = socket.socketpair()
        with vmm, theirs:
            qmp.command("object-del", id="object-lsi1")
            qmp.getfd("again", theirs)
            qmp.command("object-add", qom_type="x-remote-object", id="o", devid="lsi1", fd="again")
            qmp.command("device_del", id="lsi1")
            qmp.event("DEVICE_DELETED")


@case
def descriptor_that_stands_alone_may_have_no_device_yet(folder):
    vmm, theirs = socket.socketpair()
    manager, its = socket.socketpair()
    with theirs, its:
        process = Process(str(theirs.fileno()), "-chardev", f"socket,id=m,fd={its.fileno()}",
                          "-mon", "chardev=m,mode=control", keepers=[vmm], fds=[theirs, its])

    def refusal():
        return qmp.error("object-add", qom_type="x-remote-object", id="o", devid="lsi1", fd="99")

    with process, Qmp(manager) as qmp:  # it ends when all have left
        qmp.command("device_add", driver="lsi53c895a", id="lsi1")
        check("every device is offered on" in refusal(), "one place")
        vmm.close()
        vmm, theirs = socket.socketpair()
        with vmm, theirs:
            check(wait_until(lambda: "every device" not in refusal()),
                  "once it hung up, another may come")
            qmp.getfd("s", theirs)
            qmp.command("object-add", qom_type="x-remote-object", id="o", devid="lsi1", fd="s")


@case
def descriptors_are_passed_by_name(folder):
    with Managed("-machine", "x-remote") as remote, remote.qmp() as qmp:
        before = remote.open_fds()
        vmm, theirs = socket.socketpair()
        with vmm, theirs, open("/dev/null", "rb") as null:
            qmp.command("device_add", driver="lsi53c895a", id="lsi1")
            for request, fds, text in [
                    ({"execute": "getfd", "arguments": {"fdname": "a"}}, [], "came with"),
                    ({"execute": "getfd", "arguments": {"fdname": "1a"}}, [theirs], "digit"),
                    ({"execute": "getfd", "arguments": {"fdname": ""}}, [theirs], "digit"),
                    ({"execute": "closefd", "arguments": {"fdname": "a"}}, [], "named 'a'"),
                    ({"execute": "object-add", "arguments": {
                        "qom-type": "x-remote-object", "id": "o", "devid": "lsi1", "fd": "a"}},
                     [], "named 'a'")]:
                answer = qmp.ask(request, *(sock.fileno() for sock in fds))
                check(text in answer["error"]["desc"], f"{request}: {answer}")
            qmp.getfd("a", null)
            error = qmp.error("object-add", qom_type="x-remote-object", id="o", devid="lsi1",
                              fd="a")
            check("is not a socket" in error, error)
            qmp.getfd("a", theirs)  # another one of that name
            qmp.command("closefd", fdname="a")
            # Those that nobody asks for are closed.
            for _ in range(100):
                qmp.ask({"execute": "query-status"}, *[theirs.fileno()] * 3)
            check(wait_until(lambda: remote.open_fds() <= before + 1), "descriptors pile up")
            for i in range(40):
                answer = qmp.ask({"execute": "getfd", "arguments": {"fdname": f"n{i}"}},
                                 theirs.fileno())
            check("closefd" in answer["error"]["desc"], str(answer))


@case
def commands_that_follow_each_other_have_each_its_descriptor(folder):
    with Managed("-machine", "x-remote") as remote, remote.qmp() as qmp:
        pairs = [socket.socketpair() for _ in range(8)]
        for i, (_, theirs) in enumerate(pairs):
            qmp.command("device_add", driver="lsi53c895a", id=f"lsi{i}")
        for i, (_, theirs) in enumerate(pairs):
            request = {"execute": "getfd", "arguments": {"fdname": f"s{i}"}}
            qmp.send(request, theirs.fileno())
            theirs.close()
        for _ in pairs:
            check(qmp.answer() == {"return": {}}, "getfd")
        for i, (vmm, _) in enumerate(pairs):
            qmp.command("object-add", qom_type="x-remote-object", id=f"o{i}", devid=f"lsi{i}",
                        fd=f"s{i}")
            qmp.command("object-del", id=f"o{i}")
            vmm.settimeout(TIMEOUT)
            check(vmm.recv(1) == b"", f"socket {i}")
            vmm.close()


run_cases()
