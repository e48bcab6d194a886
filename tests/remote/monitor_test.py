#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that the monitors of mpring-remote speak QMP and HMP as a QEMU user and
his programs expect, and that no client disturbs the devices or the others."""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

PROGRAM = os.path.abspath(sys.argv[1])
TIMEOUT = 20
cases = []


def case(function):
    cases.append(function)
    return function


class Skip(Exception):
    """What the test needs is not there."""


def check(condition, text):
    if not condition:
        raise AssertionError(text)


class Remote:
    """mpring-remote with an adapter, a disk, and a monitor of each kind."""

    def __init__(self, folder, *options, stdin=subprocess.DEVNULL, program=PROGRAM):
        self.folder = folder
        self.vmm, theirs = socket.socketpair()
        for name in ("d0.img", "d1.img"):
            with open(self.path(name), "wb") as image:
                image.truncate(1 << 20)
        with theirs:
            self.process = subprocess.Popen(
                [program, str(theirs.fileno()), "-device", "lsi53c895a,id=lsi0",
                 "-drive", f"id=d0,file={self.path('d0.img')},format=raw",
                 "-device", "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,scsi-id=0",
                 "-qmp", f"unix:{self.path('qmp')},server,nowait",
                 "-chardev", f"socket,id=hmp,path={self.path('hmp')},server=on,wait=off",
                 "-mon", "chardev=hmp,mode=readline", *options],
                pass_fds=[theirs.fileno()], stdin=stdin, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        deadline = time.monotonic() + TIMEOUT
        while not os.path.exists(self.path("hmp")) and time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(self.process.stderr.read())
            time.sleep(0.01)
        return self

    def __exit__(self, *exception):
        self.vmm.close()
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            errors = self.process.stderr.read()
            self.process.stderr.close()
            self.process.stdout.close()
        if exception[0] is None:
            check(self.process.returncode == 0, f"exit {self.process.returncode}: {errors}")
            check("runtime error" not in errors and "Sanitizer" not in errors, errors)

    def connect(self, name):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(TIMEOUT)
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            try:
                sock.connect(self.path(name))
                return sock
            # Others wait to be accepted, or the socket has its path and does not listen yet.
            except (BlockingIOError, ConnectionRefusedError):
                time.sleep(0.01)
        raise AssertionError(f"{name}: nobody accepts")


class Qmp:
    """A client that hides nothing."""

    def __init__(self, remote, negotiate=True, sock=None):
        self.sock = sock or remote.connect("qmp")
        self.stream = self.sock.makefile("r", encoding="utf-8", newline="\n")
        self.greeting = self.read()
        self.events = []
        if negotiate:
            check(self.command("qmp_capabilities") == {}, "negotiation")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stream.close()
        self.sock.close()

    def read(self):
        line = self.stream.readline()
        check(line.endswith("\r\n"), f"no line: {line!r}")
        return json.loads(line)

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def answer(self):
        while True:
            message = self.read()
            if "event" not in message:
                return message
            self.events.append(message)

    def ask(self, request):
        self.send(request + "\n")
        return self.answer()

    def pass_fd(self, request, *fds):
        """Sends descriptors along with a request."""
        socket.send_fds(self.sock, [json.dumps(request).encode()], fds)
        return self.answer()

    def getfd(self, name, sock):
        answer = self.pass_fd({"execute": "getfd", "arguments": {"fdname": name}}, sock.fileno())
        check(answer == {"return": {}}, str(answer))

    def command(self, name, **arguments):
        request = {"execute": name}
        if arguments:
            request["arguments"] = {key.replace("_", "-") if key != "qom_type" else "qom-type":
                                    value for key, value in arguments.items()}
        answer = self.ask(json.dumps(request))
        check("return" in answer, f"{name}: {answer}")
        return answer["return"]

    def error(self, request):
        answer = self.ask(request if isinstance(request, str) else json.dumps(request))
        check("error" in answer, f"{request}: {answer}")
        check(set(answer["error"]) == {"class", "desc"}, str(answer))
        return answer

    def event(self, name):
        while True:
            for event in self.events:
                if event["event"] == name:
                    self.events.remove(event)
                    return event
            self.events.append(self.read())


class Hmp:
    """A person at a socket."""

    def __init__(self, remote):
        self.sock = remote.connect("hmp")
        self.banner = self.read()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.sock.close()

    def read(self):
        data = b""
        while not data.endswith(b"(qemu) "):
            part = self.sock.recv(65536)
            check(part, f"hung up after {data!r}")
            data += part
        return data.decode()[:-len("(qemu) ")]

    def send(self, line):
        self.sock.sendall(line.encode() + b"\n")

    def command(self, line):
        self.send(line)
        return self.read()


# ---- QMP ---------------------------------------------------------------------

@case
def greeting_comes_first_and_capabilities_must_be_negotiated(folder):
    with Remote(folder) as remote, Qmp(remote, negotiate=False) as qmp:
        version = qmp.greeting["QMP"]["version"]
        check(set(version["qemu"]) == {"major", "minor", "micro"}, str(version))
        check(isinstance(version["package"], str), str(version))
        check(qmp.greeting["QMP"]["capabilities"] == [], "capabilities")
        early = qmp.error({"execute": "query-status"})
        check(early["error"]["class"] == "CommandNotFound", str(early))
        oob = qmp.error({"execute": "qmp_capabilities", "arguments": {"enable": ["oob"]}})
        check(oob["error"]["class"] == "GenericError", str(oob))
        check(qmp.ask('{"execute": "qmp_capabilities", "id": 1}') == {"return": {}, "id": 1}, "id")
        late = qmp.error({"execute": "qmp_capabilities"})
        check(late["error"]["class"] == "CommandNotFound", str(late))


WRONG_REQUESTS = [
    # request, class
    ('{"execute": "no-such-command"}', "CommandNotFound"),
    ('{"execute": 1}', "GenericError"),
    ('{"execute": null}', "GenericError"),
    ('{}', "GenericError"),
    ('{"id": 1}', "GenericError"),
    ('{"execute": "query-status", "arguments": []}', "GenericError"),
    ('{"execute": "query-status", "surplus": 1}', "GenericError"),
    ('{"execute": "query-status", "arguments": {"surplus": 1}}', "GenericError"),
    ('{"exec-oob": "query-status"}', "GenericError"),
    ('{"execute": "device_del"}', "GenericError"),
    ('{"execute": "device_del", "arguments": {"id": 1}}', "GenericError"),
    ('{"execute": "device_del", "arguments": {"id": "none"}}', "DeviceNotFound"),
    ('{"execute": "device_add", "arguments": {"id": "x"}}', "GenericError"),
    ('{"execute": "device_add", "arguments": {"driver": "e1000", "id": "x"}}', "GenericError"),
    ('{"execute": "device_add", "arguments": {"driver": "scsi-hd", "drive": ["x"]}}',
     "GenericError"),
    ('{"execute": "device_add", "arguments": {"driver": "scsi-hd", "a=b": "x"}}', "GenericError"),
    ('{"execute": "device_add", "arguments": {"driver": "scsi\\u0000-hd"}}', "GenericError"),
    ('{"execute": "blockdev-add", "arguments": {"driver": "qed", "node-name": "n"}}',
     "GenericError"),
    ('{"execute": "blockdev-add", "arguments": {"driver": "raw", "node-name": "n",'
     ' "file": {"driver": "file", "filename": "/nowhere/x"}}}', "GenericError"),
    ('{"execute": "blockdev-del", "arguments": {"node-name": "none"}}', "GenericError"),
    ('{"execute": "block_resize", "arguments": {"device": "none", "size": 512}}',
     "GenericError"),
    ('{"execute": "qom-get", "arguments": {"path": "/machine/peripheral/none", "property": "id"}}',
     "DeviceNotFound"),
    ('{"execute": "qom-get", "arguments": {"path": "/machine/peripheral/disk0",'
     ' "property": "x"}}', "GenericError"),
    ('{"execute": "block_resize", "arguments": {"device": "d0", "size": -1}}', "GenericError"),
    ('{"execute": "block_resize", "arguments": {"size": 512}}', "GenericError"),
    ('{"execute": "block_resize", "arguments": {"device": "d0", "size": "1"}}', "GenericError"),
    ('{"execute": "qom-list", "arguments": {"path": "/nowhere"}}', "DeviceNotFound"),
    ('{"execute": "qom-get", "arguments": {"path": "/machine", "property": "x"}}',
     "GenericError"),
    ('{"execute": "device-list-properties", "arguments": {"typename": "none"}}',
     "DeviceNotFound"),
    ('{"execute": "object-add", "arguments": {"qom-type": "x-remote-object", "id": "r"}}',
     "GenericError"),
    ('{"execute": "object-del", "arguments": {"id": "none"}}', "GenericError"),
    # not requests
    ('[]', "GenericError"),
    ('"text"', "GenericError"),
    ('12', "GenericError"),
    ('null', "GenericError"),
    # not JSON
    ('garbage', "GenericError"),
    ('{"execute"; 1}', "GenericError"),
    ('{"execute": "query-status",}', "GenericError"),
    ('[' * 2000, "GenericError"),
    ('{"a":' * 2000, "GenericError"),
    ('"\x01"', "GenericError"),
]


@case
def every_wrong_request_has_an_error_of_its_class(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        for request, expected in WRONG_REQUESTS:
            answer = qmp.error(request)
            check(answer["error"]["class"] == expected, f"{request[:80]}: {answer}")
            check(qmp.command("query-status")["running"], request[:80])


@case
def id_comes_back_whatever_it_is(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        for identity in (0, "text", None, {"a": [1, 2]}, [], 1.5, True):
            for name in ("query-status", "no-such-command"):
                answer = qmp.ask(json.dumps({"execute": name, "id": identity}))
                if identity is not None:
                    check(answer.get("id") == identity, f"{identity}: {answer}")


@case
def requests_may_come_in_pieces_or_together(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        for byte in '{"execute": "query-status", "id": "slow"}\n':
            qmp.send(byte)
        check(qmp.answer()["id"] == "slow", "in pieces")
        qmp.send("".join('{"execute":"query-status","id":%d}' % i for i in range(200)))
        check([qmp.answer()["id"] for _ in range(200)] == list(range(200)), "together")


@case
def queries_say_what_the_command_line_said(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        names = {command["name"] for command in qmp.command("query-commands")}
        check({"query-block", "device_add", "quit", "stop"} <= names, str(names))
        check(qmp.command("query-version")["qemu"] == qmp.greeting["QMP"]["version"]["qemu"],
              "version")
        (block,) = qmp.command("query-block")
        check((block["device"], block["qdev"]) == ("d0", "disk0"), str(block))
        check(block["inserted"]["file"] == remote.path("d0.img"), str(block))
        check(block["inserted"]["image"]["virtual-size"] == 1 << 20, str(block))
        (node,) = qmp.command("query-named-block-nodes")
        check(node["drv"] == "raw" and node["node-name"], str(node))
        (stats,) = qmp.command("query-blockstats")
        check(stats["stats"]["rd_operations"] == 0, str(stats))
        children = qmp.command("qom-list", path="/machine/peripheral")
        check({"name": "disk0", "type": "child<scsi-hd>"} in children, str(children))
        check(qmp.command("qom-get", path="/machine/peripheral/disk0", property="scsi-id") == 0,
              "scsi-id")
        check(qmp.command("qom-get", path="/machine/peripheral/lsi0", property="type")
              == "lsi53c895a", "type")
        properties = qmp.command("device-list-properties", typename="scsi-hd")
        check("rotation_rate" in [p["name"] for p in properties], str(properties))


@case
def medium_and_zeros_are_told(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        qmp.command("x-drive-add",
                    options=f"id=d1,file={remote.path('d1.img')},detect-zeroes=on")
        answer = qmp.ask(json.dumps({"execute": "device_add", "arguments": {
            "driver": "scsi-hd", "id": "disk1", "drive": "d1", "removable": True,
            "physical_block_size": 4096, "share-rw": False}}))
        check(answer == {"return": {}}, str(answer))
        check(qmp.command("qom-get", path="disk1", property="removable") is True, "removable")
        check(qmp.command("qom-get", path="disk0", property="removable") is False, "fixed")
        fixed, removable = qmp.command("query-block")
        check(not fixed["removable"] and "tray_open" not in fixed, str(fixed))
        check(fixed["inserted"]["detect_zeroes"] == "off", str(fixed))
        check(removable["removable"] and not removable["locked"]
              and removable["tray_open"] is False, str(removable))
        check(removable["inserted"]["detect_zeroes"] == "on", str(removable))
        said = qmp.command("human-monitor-command", **{"command-line": "info block"})
        check("Removable device: not locked, tray closed" in said, said)
        check("Detect zeroes:    on" in said, said)


@case
def properties_have_the_values_that_hold(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        check(qmp.command("x-drive-add", options=f"id=d1,file={remote.path('d1.img')},serial=s1")
              == {}, "a drive")
        answer = qmp.ask(json.dumps({"execute": "device_add", "arguments": {
            "driver": "scsi-hd", "id": "disk1", "drive": "d1", "vendor": "ME",
            "logical_block_size": 4096, "wwn": "0x5000c50015ea71aa"}}))
        check(answer == {"return": {}}, str(answer))
        for path, name, value in [
                ("/machine/peripheral/disk0", "logical_block_size", 512),
                ("/machine/peripheral/disk0", "physical_block_size", 512),
                ("/machine/peripheral/disk0", "vendor", "QEMU"),
                ("/machine/peripheral/disk0", "ver", "2.5+"),
                ("/machine/peripheral/disk0", "bootindex", -1),
                ("/machine/peripheral/disk0", "werror", "auto"),
                ("disk0", "lun", 0), ("disk1", "vendor", "ME"), ("disk1", "serial", "s1"),
                ("disk1", "physical_block_size", 4096), ("disk1", "wwn", 0x5000c50015ea71aa),
                ("disk1", "type", "scsi-hd"), ("/machine", "type", "x-remote-machine"),
                ("/", "type", "container"), ("/objects", "type", "container")]:
            got = qmp.command("qom-get", path=path, property=name)
            check(got == value, f"{path}.{name} = {got}")
        for path in ("/", "/machine", "/machine/peripheral", "/objects", "disk0"):
            members = qmp.command("qom-list", path=path)
            check({"name": "type", "type": "string"} in members, f"{path}: {members}")
        (lun,) = [p for p in qmp.command("device-list-properties", typename="scsi-hd")
                  if p["name"] == "lun"]
        check((lun["type"], lun["default-value"]) == ("uint32", 0), str(lun))


@case
def statistics_are_of_drives_or_of_nodes(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        qmp.command("blockdev-add", driver="file", node_name="n1", filename=remote.path("d1.img"))
        (drive,) = qmp.command("query-blockstats")
        check(drive["device"] == "d0" and drive["stats"]["wr_highest_offset"] == 0, str(drive))
        nodes = qmp.command("query-blockstats", query_nodes=True)
        check(len(nodes) == 2 and nodes[1]["node-name"] == "n1", str(nodes))
        check("device" not in nodes[0], str(nodes))


@case
def disks_come_and_go(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        for _ in range(3):
            qmp.command("blockdev-add", driver="raw", node_name="n1",
                        file={"driver": "file", "filename": remote.path("d1.img")})
            qmp.command("device_add", driver="scsi-hd", id="disk1", drive="n1", bus="lsi0.0",
                        lun=1, **{"scsi_id": 0})
            check(len(qmp.command("query-block")) == 2, "two disks")
            qmp.error({"execute": "blockdev-del", "arguments": {"node-name": "n1"}})
            qmp.command("device_del", id="disk1")
            event = qmp.event("DEVICE_DELETED")
            check(event["data"] == {"device": "disk1", "path": "/machine/peripheral/disk1"},
                  str(event))
            check(set(event["timestamp"]) == {"seconds", "microseconds"}, str(event))
            qmp.command("blockdev-del", node_name="n1")
            check(len(qmp.command("query-named-block-nodes")) == 1, "one node")


@case
def node_may_stand_on_another(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        for _ in range(2):
            qmp.command("blockdev-add", driver="file", node_name="f1",
                        filename=remote.path("d1.img"))
            qmp.command("blockdev-add", driver="raw", node_name="n1", file="f1")
            nodes = [(node["node-name"], node["drv"])
                     for node in qmp.command("query-named-block-nodes")]
            check(nodes[1:] == [("f1", "file"), ("n1", "raw")], str(nodes))
            below = qmp.error({"execute": "device_add", "arguments": {
                "driver": "scsi-hd", "id": "x", "drive": "f1"}})
            check("is used by" in below["error"]["desc"], str(below))
            qmp.command("device_add", driver="scsi-hd", id="disk1", drive="n1", bus="lsi0.0")
            below = qmp.error({"execute": "blockdev-del", "arguments": {"node-name": "f1"}})
            check("remove that first" in below["error"]["desc"], str(below))
            qmp.command("device_del", id="disk1")
            qmp.event("DEVICE_DELETED")
            qmp.command("blockdev-del", node_name="n1")
            qmp.command("blockdev-del", node_name="f1")


@contextlib.contextmanager
def locked(path):
    """An image that somebody else writes to."""
    with open(path, "r+b") as image:
        fcntl.fcntl(image, fcntl.F_OFD_SETLK,
                    struct.pack("@hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        yield


def ways_to_add(remote):
    """A drive, by each command that adds one."""
    path = remote.path("d1.img")
    return [{"execute": "blockdev-add",
             "arguments": {"driver": "file", "node-name": "n1", "filename": path}},
            {"execute": "x-drive-add", "arguments": {"options": f"id=n1,file={path}"}},
            {"execute": "human-monitor-command",
             "arguments": {"command-line": f"drive_add 0 id=n1,file={path}"}}]


@case
def locked_image_is_waited_for_alone(folder):
    with Remote(folder, "-d", "monitor") as remote, Qmp(remote) as qmp, Qmp(remote) as other, \
            Hmp(remote) as people:
        for i, way in enumerate(ways_to_add(remote)):
            with locked(remote.path("d1.img")):
                qmp.send(json.dumps({**way, "id": i}))
                for _ in range(100):
                    check(len(other.command("query-block")) >= 1, "others are served")
            answer = qmp.answer()
            check(answer["id"] == i and answer.get("return") in ({}, "OK\n"), str(answer))
            delete = "blockdev-del" if i == 0 else "x-drive-del"
            qmp.command(delete, **{"node_name" if i == 0 else "id": "n1"})
        with locked(remote.path("d1.img")):
            people.send(f"drive_add 0 id=n1,file={remote.path('d1.img')}")
            check(len(other.command("query-block")) >= 1, "others are served")
        check(people.read().endswith("OK\r\n"), "it was added")
        check(len(other.command("query-block")) == 2, "two drives")


@case
def image_that_stays_locked_is_in_use(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        with locked(remote.path("d1.img")):
            for way in ways_to_add(remote):
                answer = str(qmp.ask(json.dumps(way)))
                check("is in use by another program" in answer, answer)
        for way in ways_to_add(remote)[:1]:
            check(qmp.ask(json.dumps(way)) == {"return": {}}, "it is free again")


@case
def client_that_waits_for_a_lock_may_leave(folder):
    with Remote(folder) as remote, Qmp(remote) as other:
        with locked(remote.path("d1.img")):
            with Qmp(remote) as qmp:
                qmp.send(json.dumps(ways_to_add(remote)[0]))
                other.command("query-block")
        other.command("query-block")


@case
def image_of_a_killed_process_is_free_for_the_next(folder):
    for _ in range(5):
        remote = Remote(folder)
        with remote, Qmp(remote):
            remote.process.kill()
            remote.process.wait(TIMEOUT)
            remote.process.returncode = 0
        for name in ("qmp", "hmp"):
            os.unlink(remote.path(name))
    with Remote(folder) as remote, Qmp(remote) as qmp:
        check(len(qmp.command("query-block")) == 1, "it has the image")


@case
def adapters_come_and_go(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        qmp.command("device_add", driver="lsi53c895a", id="lsi1")
        qmp.command("human-monitor-command",
                    command_line=f"drive_add 0 if=none,id=d1,file={remote.path('d1.img')}")
        qmp.command("device_add", driver="scsi-hd", id="disk1", drive="d1", bus="lsi1.0")
        qmp.command("device_del", id="lsi1")
        check(qmp.event("DEVICE_DELETED")["data"]["device"] == "disk1", "first the disk")
        check(qmp.event("DEVICE_DELETED")["data"]["device"] == "lsi1", "then the adapter")
        check(len(qmp.command("query-block")) == 1, "the drive went with its disk")


@case
def drivers_have_the_other_names_of_qemu(folder):
    with Remote(folder, "-device", '{"driver": "lsi", "id": "lsi1"}') as remote, \
            Qmp(remote) as qmp:
        qmp.command("device_add", driver="lsi", id="lsi2")
        for name in ("lsi1", "lsi2"):
            kind = qmp.command("qom-get", path=f"/machine/peripheral/{name}", property="type")
            check(kind == "lsi53c895a", f"{name} is a {kind}")
    for driver, said in (("help", 'name "lsi53c895a", bus PCI, alias "lsi"'),
                         ("lsi,help", "lsi53c895a options:")):
        text = subprocess.run([PROGRAM, "-device", driver], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        check(said in text, f"{driver}: {text}")


@case
def image_grows(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        qmp.command("block_resize", device="d0", size=4 << 20)
        check(os.path.getsize(remote.path("d0.img")) == 4 << 20, "the image")
        (block,) = qmp.command("query-block")
        check(block["inserted"]["image"]["virtual-size"] == 4 << 20, str(block))


@case
def stop_and_cont_are_told_to_all(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp, Qmp(remote) as other:
        qmp.command("stop")
        check(qmp.command("query-status")["status"] == "paused", "paused")
        other.event("STOP")
        qmp.command("cont")
        check(qmp.command("query-status") == {"status": "running", "singlestep": False,
                                              "running": True}, "running")
        other.event("RESUME")
        qmp.event("STOP")
        qmp.event("RESUME")


@case
def quit_ends_the_process_and_says_so(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp, Qmp(remote, negotiate=False) as silent:
        qmp.command("quit")
        event = qmp.event("SHUTDOWN")
        check(event["data"] == {"guest": False, "reason": "host-qmp-quit"}, str(event))
        check(qmp.stream.read() == "", "hung up")
        check(silent.stream.read() == "", "no events before capabilities are negotiated")
        check(remote.process.wait(TIMEOUT) == 0, "exit status")
        check(not os.path.exists(remote.path("qmp")), "the socket is removed")


@case
def signal_is_told_as_the_reason(folder):
    with Remote(folder) as remote, Qmp(remote) as qmp:
        remote.process.send_signal(signal.SIGTERM)
        check(qmp.event("SHUTDOWN")["data"]["reason"] == "host-signal", "reason")


# ---- Sockets that are passed -------------------------------------------------

class Managed:
    """mpring-remote as a manager starts it: a socket for the monitor and nothing else."""

    def __init__(self, *options):
        ours, theirs = socket.socketpair()
        ours.settimeout(TIMEOUT)
        with theirs:
            self.process = subprocess.Popen(
                [PROGRAM, *options, "-chardev", f"socket,id=m,fd={theirs.fileno()}",
                 "-mon", "chardev=m,mode=control"],
                pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True)
        self.sock = ours

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.sock.close()
        try:
            self.process.wait(TIMEOUT)
        finally:
            self.process.kill()
            errors = self.process.stderr.read()
            self.process.stderr.close()
        if exception[0] is None:
            check(self.process.returncode == 0, f"exit {self.process.returncode}: {errors}")
            check("runtime error" not in errors and "Sanitizer" not in errors, errors)


def open_fds(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def wait_until(condition, text):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        check(time.monotonic() < deadline, text)
        time.sleep(0.01)


def offer(qmp, adapter, sock):
    """An adapter on a socket that is passed."""
    qmp.command("device_add", driver="lsi53c895a", id=adapter)
    qmp.getfd(f"for-{adapter}", sock)
    qmp.command("object-add", qom_type="x-remote-object", id=f"object-{adapter}", devid=adapter,
                fd=f"for-{adapter}")


@case
def adapters_come_and_go_on_passed_sockets(folder):
    image = os.path.join(folder, "d1.img")
    with open(image, "wb") as file:
        file.truncate(1 << 20)
    with Managed("-machine", "x-remote") as remote, Qmp(remote, sock=remote.sock) as qmp:
        check(qmp.command("query-block") == [], "nothing is there")
        before = open_fds(remote.process)
        for _ in range(3):
            vmm, theirs = socket.socketpair()
            with vmm, theirs:
                offer(qmp, "lsi1", theirs)
                theirs.close()
                qmp.command("x-drive-add", options=f"id=d1,file={image},format=raw")
                qmp.command("device_add", driver="scsi-hd", id="disk1", drive="d1",
                            bus="lsi1.0", scsi_id="3")
                check(qmp.command("qom-get", path="/machine/peripheral/disk1",
                                  property="scsi-id") == 3, "a number may be a string")
                qmp.command("device_del", id="lsi1")
                check(vmm.recv(1) == b"", "hung up")
            for name in ("disk1", "lsi1"):
                check(qmp.event("DEVICE_DELETED")["data"]["device"] == name, name)
            check(len(qmp.command("qom-list", path="/objects")) == 1, "the object went, too")
        wait_until(lambda: open_fds(remote.process) == before, "descriptors are left")


@case
def object_alone_is_removed_with_its_socket(folder):
    with Managed("-machine", "x-remote") as remote, Qmp(remote, sock=remote.sock) as qmp:
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
    with Managed("-machine", "x-remote") as remote, Qmp(remote, sock=remote.sock) as qmp:
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
    manager.settimeout(TIMEOUT)
    with theirs, its:
        process = subprocess.Popen(
            [PROGRAM, str(theirs.fileno()), "-chardev", f"socket,id=m,fd={its.fileno()}",
             "-mon", "chardev=m,mode=control"], pass_fds=[theirs.fileno(), its.fileno()])
    with vmm, Qmp(None, sock=manager) as qmp:
        qmp.command("device_add", driver="lsi53c895a", id="lsi1")
        refused = {"execute": "object-add", "arguments": {
            "qom-type": "x-remote-object", "id": "o", "devid": "lsi1", "fd": str(99)}}
        check("every device is offered on" in qmp.error(refused)["error"]["desc"], "one place")
        vmm.close()
        vmm, theirs = socket.socketpair()
        with vmm, theirs:
            wait_until(lambda: "every device" not in qmp.error(refused)["error"]["desc"],
                       "once it hung up, another may come")
            qmp.getfd("s", theirs)
            qmp.command("object-add", qom_type="x-remote-object", id="o", devid="lsi1", fd="s")
    check(process.wait(TIMEOUT) == 0, "it ends when all have left")


@case
def descriptors_are_passed_by_name(folder):
    with Managed("-machine", "x-remote") as remote, Qmp(remote, sock=remote.sock) as qmp:
        before = open_fds(remote.process)
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
                answer = (qmp.pass_fd(request, *(sock.fileno() for sock in fds)) if fds
                          else qmp.ask(json.dumps(request)))
                check(text in answer["error"]["desc"], f"{request}: {answer}")
            qmp.getfd("a", null)
            answer = qmp.error({"execute": "object-add", "arguments": {
                "qom-type": "x-remote-object", "id": "o", "devid": "lsi1", "fd": "a"}})
            check("is not a socket" in answer["error"]["desc"], str(answer))
            qmp.getfd("a", theirs)  # another one of that name
            qmp.command("closefd", fdname="a")
            # Those that nobody asks for are closed.
            for _ in range(100):
                qmp.pass_fd({"execute": "query-status"}, *[theirs.fileno()] * 3)
            wait_until(lambda: open_fds(remote.process) <= before + 1, "descriptors pile up")
            for i in range(40):
                answer = qmp.pass_fd({"execute": "getfd", "arguments": {"fdname": f"n{i}"}},
                                     theirs.fileno())
            check("closefd" in answer["error"]["desc"], str(answer))


@case
def commands_that_follow_each_other_have_each_its_descriptor(folder):
    with Managed("-machine", "x-remote") as remote, Qmp(remote, sock=remote.sock) as qmp:
        pairs = [socket.socketpair() for _ in range(8)]
        for i, (_, theirs) in enumerate(pairs):
            qmp.command("device_add", driver="lsi53c895a", id=f"lsi{i}")
        for i, (_, theirs) in enumerate(pairs):
            request = {"execute": "getfd", "arguments": {"fdname": f"s{i}"}}
            socket.send_fds(qmp.sock, [json.dumps(request).encode()], [theirs.fileno()])
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


@case
def failure_of_a_drive_is_an_error(folder):
    with Managed("-machine", "x-remote") as remote, Qmp(remote, sock=remote.sock) as qmp:
        for options, text in [("id=d1,file=/nowhere/x", "No such file"),
                              ("id=d1", "file=PATH is missing"),
                              ("id=d1,file=x,caché=none", "no property")]:
            answer = qmp.error({"execute": "x-drive-add", "arguments": {"options": options}})
            check(answer["error"]["class"] == "GenericError", str(answer))
            check(text in answer["error"]["desc"], str(answer))
        answer = qmp.error({"execute": "x-drive-del", "arguments": {"id": "d1"}})
        check(answer["error"]["class"] == "DeviceNotFound", str(answer))
        image = os.path.join(folder, "d1.img")
        with open(image, "wb") as file:
            file.truncate(1 << 20)
        for _ in range(2):
            qmp.command("x-drive-add", options=f"id=d1,file={image},format=raw")
            qmp.command("x-drive-del", id="d1")
        check(qmp.command("query-named-block-nodes") == [], "closed when it is answered")


# ---- Hostile clients ---------------------------------------------------------

@contextlib.contextmanager
def undisturbed(remote):
    """Another client is answered all the while."""
    with Qmp(remote) as other:
        yield
        for _ in range(20):
            check(other.command("query-status")["running"], "the other client")


def send_until_full(sock, data):
    """Sends as long as it is taken."""
    sock.setblocking(False)
    sent = 0
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        try:
            sent += sock.send(data)
        except BlockingIOError:
            time.sleep(0.01)
        except (BrokenPipeError, ConnectionResetError):
            break
    return sent


@case
def megabyte_without_newline(folder):
    with Remote(folder) as remote, undisturbed(remote):
        with Qmp(remote) as qmp:
            qmp.send(b"x" * (1 << 20))
            check("error" in qmp.answer(), "one error")
            qmp.send(b"\n")
            check(qmp.command("query-status")["running"], "and it goes on")
            qmp.send(b'{"execute": "' + b"y" * (1 << 20))
            check("too long" in qmp.answer()["error"]["desc"], "a request has a limit")
        with Hmp(remote) as hmp:
            check("too long" in hmp.command("x" * (1 << 20)), "a line has a limit")
            check("running" in hmp.command("info status"), "and it goes on")


@case
def bytes_of_any_kind(folder):
    with Remote(folder) as remote, undisturbed(remote):
        for seed in range(16):
            noise = bytes((seed * 31 + i * i * 7 + i // 3) & 0xff for i in range(20000))
            for name in ("qmp", "hmp"):
                with remote.connect(name) as sock:
                    send_until_full_once(sock, noise)


def send_until_full_once(sock, data):
    sock.setblocking(False)
    try:
        sock.send(data)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        pass


@case
def client_that_never_reads(folder):
    with Remote(folder) as remote, undisturbed(remote):
        with remote.connect("qmp") as sock, remote.connect("hmp") as person:
            send_until_full(sock, b'{"execute":"qmp_capabilities"}' +
                            b'{"execute":"query-commands"}' * 1000)
            send_until_full(person, b"help\n" * 1000)
            with open(f"/proc/{remote.process.pid}/statm", encoding="ascii") as statm:
                pages = int(statm.read().split()[1])
            check(pages < 65536, f"{pages} pages")


@case
def client_that_leaves_in_the_middle(folder):
    with Remote(folder) as remote, undisturbed(remote):
        for length in range(1, 40, 3):
            with remote.connect("qmp") as sock:
                sock.send(b'{"execute": "qmp_capabilities"}{"execute": "stop'[:length])
        for _ in range(100):
            remote.connect("hmp").close()


@case
def more_clients_than_there_may_be(folder):
    with Remote(folder) as remote, undisturbed(remote):
        crowd = [remote.connect("qmp") for _ in range(100)]
        greeted = sum(1 for sock in crowd if sock.recv(4096))
        check(0 < greeted < 100, f"{greeted} greeted")
        for sock in crowd:
            sock.close()


# ---- HMP ---------------------------------------------------------------------

@case
def person_finds_what_he_knows(folder):
    with Remote(folder) as remote, Hmp(remote) as hmp:
        check("type 'help'" in hmp.banner, hmp.banner)
        usage = hmp.command("help")
        for name in ("device_add", "device_del", "drive_add", "drive_del", "block_resize",
                     "stop", "cont", "quit", "help", "info"):
            check(f"\n{name}" in "\n" + usage, f"help lacks {name}")
        check("drive_add [slot]" in hmp.command("help drive_add"), "help of one")
        check(hmp.command("") == "", "an empty line")
        check("unknown command: 'frob'" in hmp.command("frob"), "unknown")
        check("unknown command: 'info frob'" in hmp.command("info frob"), "unknown")
        check(hmp.command("info status") == "VM status: running\r\n", "status")
        check(hmp.command("info block") ==
              f"d0 (#block-d0): {remote.path('d0.img')} (raw)\r\n"
              "    Attached to:      disk0\r\n    Cache mode:       writeback\r\n", "block")
        check(hmp.command("info block d0") == hmp.command("info block -n #block-d0") ==
              hmp.command("info block"), "of one")
        check("virtual size: 1048576" in hmp.command("info block -v d0"), "with its image")
        check("Device 'd9' not found" in hmp.command("info block d9"), "of none")
        check("unknown command" in hmp.command("info blocks"), "another name")
        check("rd_operations=0" in hmp.command("info blockstats"), "blockstats")
        check('dev: scsi-hd, id "disk0"' in hmp.command("info qtree"), "qtree")
        tree = ("/machine (x-remote-machine)\r\n  /peripheral (container)\r\n"
                "    /lsi0 (lsi53c895a)\r\n    /disk0 (scsi-hd)\r\n")
        check(hmp.command("info qom-tree") == tree, "qom-tree")
        check(tree.replace("\n", "\n  ")[:-2] in hmp.command("info qom-tree /"), "of all")
        check(hmp.command("info qom-tree disk0") == "/disk0 (scsi-hd)\r\n", "of one")
        check("could not be resolved" in hmp.command("info qom-tree disk9"), "of none")
        check("disk0 (child<scsi-hd>)\r\n" in hmp.command("qom-list /machine/peripheral"), "list")
        check("no object" in hmp.command("qom-list disk9"), "of none")
        check(hmp.command("qom-get disk0 scsi-id") == "0\r\n", "qom-get")
        check("no property 'frob'" in hmp.command("qom-get disk0 frob"), "of none")
        check("PCI device 1000:0012" in hmp.command("info pci"), "pci")
        check("address-space: memory" in hmp.command("info mtree"), "mtree")


@case
def person_plugs(folder):
    with Remote(folder) as remote, Hmp(remote) as hmp:
        check(hmp.command(f"drive_add 0 if=none,id=d1,file={remote.path('d1.img')}") == "OK\r\n",
              "drive_add")
        check("is taken by" in hmp.command(f"drive_add 0 id=d1,file={remote.path('d1.img')}"),
              "twice")
        check(hmp.command("device_add scsi-hd,id=disk1,drive=d1,bus=lsi0.0") == "", "device_add")
        check("use device_del first" in hmp.command("drive_del d1"), "drive_del")
        check(hmp.command("block_resize d1 4") == "", "block_resize")
        check(os.path.getsize(remote.path("d1.img")) == 4 << 20, "MiB by default")
        check(hmp.command("block_resize d1 512k") == "", "block_resize")
        check(os.path.getsize(remote.path("d1.img")) == 512 << 10, "with a suffix")
        check(hmp.command('block_resize "d\\1" 1') == "", "with quotes")
        check(os.path.getsize(remote.path("d1.img")) == 1 << 20, "as QEMU reads them")
        check("is not a size" in hmp.command("block_resize d1 5x"), "no size")
        check(hmp.command("device_del disk1") == "", "device_del")
        check(hmp.command("stop") == "" and "paused" in hmp.command("info status"), "stop")
        check(hmp.command("c") == "" and "running" in hmp.command("info status"), "cont")


@case
def socat_is_a_terminal(folder):
    if not shutil.which("socat"):
        raise Skip("socat is not installed")
    with Remote(folder) as remote:
        done = subprocess.run(["socat", remote.path("hmp"), "stdio"], text=True, timeout=TIMEOUT,
                              input="info status\nquit\n", capture_output=True, check=True)
        check("VM status: running" in done.stdout, done.stdout)
        check(remote.process.wait(TIMEOUT) == 0, "exit status")


@case
def standard_input_is_a_monitor(folder):
    with Remote(folder, "-monitor", "stdio", stdin=subprocess.PIPE) as remote:
        remote.process.stdin.write("info status\nquit\n")
        remote.process.stdin.flush()
        check("VM status: running" in remote.process.stdout.read(), "answer")
        check(os.get_blocking(remote.process.stdin.fileno()), "left as it was")
        remote.process.stdin.close()


# ---- Other people's clients ---------------------------------------------------

def qemu_client():
    """QEMU's own, where scripts/fetch-qemu-headers put it."""
    home = os.environ.get("HOME") or os.path.expanduser("~")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    cache = os.environ.get("MPRING_CACHE") or os.path.join(base, "mpring")
    sys.path.insert(0, os.path.join(cache, "qemu-headers", "python"))
    try:
        from qemu import qmp
    except ImportError as error:
        raise Skip(f"QEMU's Python client is not there: {error}") from error
    return qmp


@case
def client_of_qemu_is_served(folder):
    qmp = qemu_client()

    async def talk(remote):
        client = qmp.QMPClient("test")
        await client.connect(remote.path("qmp"))
        check((await client.execute("query-status"))["running"], "query-status")
        with client.listener("DEVICE_DELETED") as listener:
            await client.execute("device_del", {"id": "disk0"})
            event = await asyncio.wait_for(listener.get(), TIMEOUT)
            check(event["data"]["device"] == "disk0", str(event))
        try:
            await client.execute("device_del", {"id": "disk0"})
        except qmp.ExecuteError as error:
            check(error.error_class == "DeviceNotFound", str(error))
        else:
            raise AssertionError("no error")
        await client.execute("quit")
        with contextlib.suppress(EOFError):  # the other side was first
            await client.disconnect()

    with Remote(folder) as remote:
        asyncio.run(talk(remote))
        check(remote.process.wait(TIMEOUT) == 0, "exit status")


# ---- The process --------------------------------------------------------------

def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=TIMEOUT,
                          check=False)


@case
def background_process_says_when_it_is_ready(folder):
    pidfile = os.path.join(folder, "pid")
    with open(os.path.join(folder, "d0.img"), "wb") as image:
        image.truncate(1 << 20)
    command = ["-device", "lsi53c895a,id=lsi0", "-object",
               f"x-remote-object,id=r0,devid=lsi0,path={folder}/lsi0",
               "-qmp", f"unix:{folder}/qmp,server,nowait", "-daemonize", "-pidfile", pidfile,
               "-D", os.path.join(folder, "log"), "-d", "monitor"]
    check(run(*command).returncode == 0, "started")
    check(os.path.exists(f"{folder}/lsi0"), "the sockets are there")
    again = run(*command)
    check(again.returncode == 1 and "another process has it" in again.stderr, again.stderr)
    with open(pidfile, encoding="ascii") as file:
        pid = int(file.read())
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect(f"{folder}/qmp")
        sock.sendall(b'{"execute":"qmp_capabilities"}{"execute":"quit"}')
        while sock.recv(4096):
            pass
    deadline = time.monotonic() + TIMEOUT
    while os.path.exists(pidfile) and time.monotonic() < deadline:
        time.sleep(0.01)
    check(not os.path.exists(pidfile), f"process {pid} removed its file")
    # A thread writes the log, and may be about to.
    with open(os.path.join(folder, "log"), encoding="utf-8") as log:
        text = log.read()
        while "monitor: quit" not in text and time.monotonic() < deadline:
            time.sleep(0.01)
            text += log.read()
    check("monitor: quit" in text, "the log")


@case
def failed_start_in_the_background_is_told(folder):
    done = run("-daemonize", "-device", "lsi53c895a,id=lsi0")
    check(done.returncode == 1 and "nothing to serve" in done.stderr, done.stderr)


def ready(*options):
    """What a process whose starter has given MPRING_READY says there, and on standard error."""
    ours, theirs = os.pipe()
    sock, other = socket.socketpair()
    with sock, other, open(ours, "rb", buffering=0) as pipe:
        with subprocess.Popen([PROGRAM, str(other.fileno()), *options], stderr=subprocess.PIPE,
                              pass_fds=[theirs, other.fileno()],
                              env=dict(os.environ, MPRING_READY=str(theirs))) as process:
            os.close(theirs)
            said = pipe.read(1)
            check(pipe.read(1) == b"", "it says no more, and closes it")
            if said:
                check(process.poll() is None, "it goes on")
            process.terminate()
            return said, process.communicate(timeout=TIMEOUT)[1].decode()


@case
def starter_is_told_when_it_is_ready(folder):
    check(ready("-device", "lsi53c895a,id=lsi0")[0] == b"\0", "it is ready")
    said, errors = ready("-device", "lsi53c895a,id=lsi0", "-drive", f"id=d,file={folder}/none",
                         "-device", "scsi-hd,drive=d")
    check(said == b"" and "No such file" in errors, f"{said} {errors}")
    for odd in ["", "x", "-1", "999", "1x"]:
        done = subprocess.run([PROGRAM, "-device", "lsi53c895a,id=lsi0"], capture_output=True,
                              text=True, timeout=TIMEOUT, check=False,
                              env=dict(os.environ, MPRING_READY=odd))
        check(done.returncode == 1 and "nothing to serve" in done.stderr, done.stderr)


@case
def other_name_wants_the_descriptor_first(folder):
    link = os.path.join(folder, "qemu-scsi-dev")
    os.symlink(PROGRAM, link)
    done = subprocess.run([link, "-device", "lsi53c895a,id=lsi0"], capture_output=True, text=True,
                          timeout=TIMEOUT, check=False)
    check(done.returncode == 1 and "must be the first argument" in done.stderr, done.stderr)
    with Remote(folder, program=link) as remote, Qmp(remote) as qmp:
        check(qmp.command("query-status")["running"], "it works")


class Line:
    """A command line of Multi-process QEMU's manual, with a disk image of each name, in
    the folder, and an inherited socket for each FD."""

    def __init__(self, folder, line, sockets=1, program=PROGRAM):
        for name in ("1.img", "2.img"):
            with open(os.path.join(folder, name), "wb") as image:
                image.truncate(1 << 20)
        pairs = [socket.socketpair() for _ in range(sockets)]
        self.vmms = [ours for ours, _ in pairs]
        numbers = [theirs.fileno() for _, theirs in pairs]
        for i, number in enumerate(numbers):
            line = line.replace(f"FD{i}", str(number))
        self.process = subprocess.Popen(
            [program, *line.replace("/build/", f"{folder}/").split()], pass_fds=numbers,
            stderr=subprocess.PIPE, text=True)
        for _, theirs in pairs:
            theirs.close()

    def check(self, monitor, expected):
        """Asks a monitor as the manual does, and lets the process end."""
        wait_until(lambda: os.path.exists(monitor) or self.process.poll() is not None, "started")
        check(self.process.poll() is None, self.process.stderr.read()
              if self.process.poll() is not None else "")
        if shutil.which("socat"):
            done = subprocess.run(["socat", monitor, "stdio"], text=True, timeout=TIMEOUT,
                                  input="info qtree\n", capture_output=True, check=True)
            for text in expected:
                check(text in done.stdout, f"{text}: {done.stdout}")
        for vmm in self.vmms:
            vmm.close()
        status = self.process.wait(TIMEOUT)
        errors = self.process.stderr.read()
        self.process.stderr.close()
        check(status == 0 and not errors, f"{status}: {errors}")


@case
def lines_of_the_manual_work(folder):
    monitor = f"-monitor unix:{folder}/qmp-sock,server,nowait"
    link = os.path.join(folder, "qemu-scsi-dev")
    os.symlink(PROGRAM, link)
    for line, sockets, program, expected in [
            ("FD0 -device lsi53c895a,id=lsi0 -drive id=drive_image2,file=/build/1.img "
             "-device scsi-hd,id=drive2,drive=drive_image2,bus=lsi0.0,scsi-id=0", 1, link,
             ['id "lsi0"', 'drive = "drive_image2"']),
            ("-machine x-remote -device lsi53c895a,id=lsi0 "
             "-drive id=drive_image2,file=/build/1.img "
             "-device scsi-hd,id=drive2,drive=drive_image2,bus=lsi0.0,scsi-id=0 "
             "-object x-remote-object,id=robj1,devid=lsi0,fd=FD0,", 1, PROGRAM,
             ['id "lsi0"', 'drive = "drive_image2"']),
            ("-machine x-remote -device lsi53c895a,id=lsi0 -device lsi53c895a,id=lsi1 "
             "-object x-remote-object,id=robj1,devid=lsi0,fd=FD0 "
             "-object x-remote-object,id=robj2,devid=lsi1,fd=FD1", 2, PROGRAM,
             ['id "lsi0"', 'id "lsi1"']),
            ("FD0 -device lsi53c895a,id=lsi1 -drive id=drive_image1,file=/build/1.img "
             "-device scsi-hd,id=drive1,drive=drive_image1,bus=lsi1.0,scsi-id=0 "
             "-device lsi53c895a,id=lsi2 -drive id=drive_image2,file=/build/2.img "
             "-device scsi-hd,id=drive2,drive=drive_image2,bus=lsi2.0,scsi-id=0", 1, link,
             ['id "lsi1"', 'id "lsi2"', 'drive = "drive_image1"', 'drive = "drive_image2"'])]:
        Line(folder, f"{line} {monitor}", sockets, program).check(f"{folder}/qmp-sock", expected)


@case
def monitors_that_cannot_be_are_refused(folder):
    device = ["-device", "lsi53c895a,id=lsi0", "-object",
              f"x-remote-object,id=r0,devid=lsi0,path={folder}/lsi0"]
    for option, text in [
            (["-monitor", "tcp:localhost:1"], "give unix:PATH,server,nowait"),
            (["-qmp", f"unix:{folder}/q,server"], "add wait=off"),
            (["-chardev", "socket,id=c0,fd=999", "-mon", "chardev=c0"], "999 is not open"),
            (["-chardev", "socket,id=c0,fd=x", "-mon", "chardev=c0"], "\"x\" is not a file"),
            (["-chardev", "socket,id=c0,fd=0,server=on", "-mon", "chardev=c0"],
             "leave server out"),
            (["-qmp", "chardev:c0"], "no -chardev \"c0\""),
            (["-mon", "chardev=c0"], "no -chardev \"c0\""),
            (["-monitor", "stdio", "-qmp", "stdio"], "are used by -monitor stdio"),
            (["-monitor", "stdio", "-daemonize"], "closed by -daemonize"),
            (["-monitor", f"unix:{folder}/q,sever,nowait"], "did you mean \"server\""),
            (["-monitor", f"unix:{'x' * 200},server,nowait"], "path must have"),
            (["-d", "monitor,frob"], "no log item \"frob\""),
            (["-D", "/nowhere/log"], "No such file"),
            (["-pidfile", "/nowhere/pid"], "No such file")]:
        done = run(*device, *option)
        check(done.returncode == 1 and text in done.stderr, f"{option}: {done.stderr}")


# ---- TAP ---------------------------------------------------------------------

def run_case(number, function):
    name = function.__name__
    try:
        with tempfile.TemporaryDirectory(prefix="mpm-", dir="/tmp") as folder:
            function(folder)
    except Skip as reason:
        print(f"# {reason}\nok {number} - {name} # SKIP {reason}", flush=True)
    except Exception:
        print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
        print(f"not ok {number} - {name}", flush=True)
        return False
    else:
        print(f"ok {number} - {name}", flush=True)
    return True


def main():
    only = sys.argv[2:]
    chosen = [function for function in cases if not only or function.__name__ in only]
    print(f"1..{len(chosen)}", flush=True)
    results = [run_case(i + 1, function) for i, function in enumerate(chosen)]
    sys.exit(0 if all(results) else 1)


main()
