#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that `mpring run` gives QEMU's monitors, with mpring's commands added, where
the command line wants them: with the distribution's QEMU, as its users meet them."""

import array
import asyncio
import contextlib
import errno
import fcntl
import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

PROGRAM, LIST_ROUTES, MANUAL = map(os.path.abspath, sys.argv[1:4])
QEMU = "qemu-system-x86_64"
TIMEOUT = 60
PROMPT = "(qemu) "
OWN = ["rdevice_add", "rdevice_del", "rdrive_add", "rdrive_del", "remote_proc_list"]
cases = []


def case(function):
    cases.append(function)
    return function


class Skip(Exception):
    """What the test needs is not there."""


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def command(*options):
    return [PROGRAM, "run", "--", QEMU, "-machine", "none", "-display", "none", "-S", *options]


class Machine:
    """QEMU under mpring, without a machine: only its monitors."""

    def __init__(self, folder, *options, program=None, **popen):
        self.folder = folder
        environment = dict(os.environ, XDG_RUNTIME_DIR=folder)
        popen = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                 "stderr": subprocess.PIPE, "env": environment, **popen}
        self.process = subprocess.Popen(program or command(*options), **popen)

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if exception[0] or self.process.poll() is None:
            self.process.terminate()
        try:
            _, errors = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        errors = (errors or b"").decode()
        if exception[0]:
            print("".join(f"# {line}\n" for line in errors.splitlines()), end="")
            return
        check("runtime error" not in errors and "Sanitizer" not in errors, errors)
        check(not glob.glob(self.path("mpring-*")), "the private folder is removed")

    def connect(self, name):
        deadline = time.monotonic() + TIMEOUT
        while True:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(TIMEOUT)
            try:
                sock.connect(self.path(name))
                return sock
            except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                sock.close()
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.01)


class Text:
    """HMP on a socket."""

    def __init__(self, machine, name="hmp"):
        self.sock = machine.connect(name)
        self.banner = self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.sock.close()

    def answer(self):
        text = b""
        while not text.endswith(PROMPT.encode()):
            data = self.sock.recv(65536)
            check(data, f"no prompt after {text!r}")
            text += data
        return text.decode()[:-len(PROMPT)]

    def command(self, line):
        self.sock.sendall(line.encode() + b"\n")
        return self.answer()


class Qmp:
    """A client of QMP that hides nothing."""

    def __init__(self, machine, name="qmp", negotiate=True, sock=None):
        self.sock = sock or machine.connect(name)
        self.stream = self.sock.makefile("rb")
        self.greeting = self.read()
        if negotiate:
            check(self.command("qmp_capabilities") == {"return": {}}, "negotiation")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stream.close()
        self.sock.close()

    def line(self):
        line = self.stream.readline()
        check(line.endswith(b"\r\n"), f"no line: {line!r}")
        return line

    def read(self):
        return json.loads(self.line())

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else json.dumps(data).encode())

    def command(self, name, **members):
        self.send({"execute": name, **members})
        reply = self.read()
        while "event" in reply:
            reply = self.read()
        return reply


def both(folder):
    return (f"-monitor unix:{folder}/hmp,server,nowait "
            f"-qmp unix:{folder}/qmp,server=on,wait=off").split()


# ---- HMP ---------------------------------------------------------------------

@case
def pipe_gets_prompts_and_answers(folder):
    script = b"info status\nhelp\nhelp rdevice_add\nremote_proc_list\nquit\n"
    done = subprocess.run(command("-monitor", "stdio"), input=script, capture_output=True,
                          timeout=TIMEOUT, check=False,
                          env=dict(os.environ, XDG_RUNTIME_DIR=folder))
    shown = done.stdout.decode()
    check(done.returncode == 0, f"{done.returncode}: {done.stderr}")
    check(re.match(r"QEMU \d+\.\d+\.\d+ monitor - type 'help' for more information\r\n\(qemu\) "
                   r"VM status: paused \(prelaunch\)\r\n\(qemu\) ", shown), shown)
    names = [line.split(" ")[0] for line in shown.splitlines()]
    for name in [*OWN, "device_add", "quit|q"]:
        check(name in names, f"help lists {name}: {names}")
    check("(qemu) rdevice_add " in shown, "help of one")
    check(re.search(r"\(qemu\) +PID\s+RID", shown), "remote_proc_list")


@case
def machine_outlives_its_standard_input(folder):
    with Machine(folder, "-monitor", "stdio", *both(folder), stdin=subprocess.PIPE) as machine:
        machine.process.stdin.close()
        machine.process.stdin = None
        with Text(machine) as text:
            check("prelaunch" in text.command("info status"), "it runs")
            text.sock.sendall(b"quit\n")
            check(machine.process.wait(TIMEOUT) == 0, "quit")


@case
def socket_serves_several_clients_and_others_after_them(folder):
    with Machine(folder, *both(folder)) as machine:
        with Text(machine) as one, Text(machine) as two:
            check(one.banner == two.banner and one.banner.startswith("QEMU "), one.banner)
            check(one.command("info status") == two.command("info status") ==
                  "VM status: paused (prelaunch)\r\n", "both are answered")
            check(one.command("frob") == "unknown command: 'frob'\r\n", "errors are QEMU's")
        for _ in range(20):
            with Text(machine) as text:
                check("prelaunch" in text.command("info status"), "others after them")


@case
def socat_is_a_client(folder):
    if not shutil.which("socat"):
        raise Skip("socat is not installed")
    with Machine(folder, *both(folder)) as machine:
        machine.connect("hmp").close()
        done = subprocess.run(["socat", machine.path("hmp"), "stdio"], text=True,
                              input="info status\n", capture_output=True, timeout=TIMEOUT,
                              check=False)
        check("(qemu) VM status: paused (prelaunch)\n" in done.stdout, done.stdout)
        done = subprocess.run(["socat", "-", f"UNIX-CONNECT:{machine.path('qmp')}"],
                              text=True, input='{"execute": "qmp_capabilities", "id": 7}',
                              capture_output=True, timeout=TIMEOUT, check=False)
        check('{"return": {}, "id": 7}\n' in done.stdout, done.stdout)


@case
def cpu_is_each_monitors_own(folder):
    arguments = ["run", "--", QEMU, "-accel", "tcg", "-machine", "pc", "-smp", "2", "-S",
                 "-display", "none", "-nodefaults", *both(folder)]
    with Machine(folder, program=[PROGRAM, *arguments]) as machine:
        with Text(machine) as one, Text(machine) as two:
            check("invalid" in one.command("cpu 9"), "a CPU that is not there")
            check(one.command("cpu 1") == "", "cpu 1")
            check("* CPU #1" in one.command("info cpus"), "the first user's")
            check("* CPU #0" in two.command("info cpus"), "the second user's")


# ---- QMP ---------------------------------------------------------------------

def conversation(sock):
    """What QEMU says to good and bad requests."""
    with Qmp(None, negotiate=False, sock=sock) as qmp:
        lines = [json.dumps(qmp.greeting).encode()]
        for request in [
                b'{"execute": "query-status"}', b'{"execute": "frob", "id": [1, {"a": null}]}',
                b'{"execute": "qmp_capabilities", "arguments": {"enable": ["oob"]}}',
                b'{"execute": "qmp_capabilities"}', b'{"execute": "qom-list"}',
                b'{"execute": "qom-list", "arguments": {"path": "/frob"}, "id": "\\u00e4"}',
                b"{'execute': 'query-status', 'id': 1.50}", b'{"exec-oob": "query-status"}',
                b'{"execute": "query-status", "frob": 1}', b'[]', b'7 ', b'"x"', b'{"a" 1}',
                b',', b'}', b':', b']', b'[}', b'nul ', b'-0.5e-7,', b"''", b'[1 2,]', b'{]',
                b'{"execute"}', b'"\\q"', b'"\xc3"', b'{"a": "\\ud800"}', b'[[[[[[[[]]]]]]]]',
                b'{"execute": "x-frob-add", "arguments": {}}', b'{"id": 1, "id": 2}',
                b'{"execute": "human-monitor-command", "arguments": '
                b'{"command-line": "info status"}}',
                b'{"execute": "query-qmp-schema"}']:
            qmp.send(request)
            lines.append(qmp.line())
        return lines


@case
def answers_are_qemus_byte_for_byte(folder):
    plain = ["-machine", "none", "-display", "none", "-S", "-qmp",
             f"unix:{folder}/plain,server,nowait"]
    with Machine(folder, *both(folder)) as machine:
        ours = conversation(machine.connect("qmp"))
    with Machine(folder, program=[QEMU, *plain]) as machine:
        theirs = conversation(machine.connect("plain"))
    for mine, qemus in zip(ours, theirs):
        check(mine == qemus, f"{mine!r} is not {qemus!r}")


@case
def commands_of_both_are_listed_and_run(folder):
    with Machine(folder, *both(folder)) as machine, Qmp(machine) as qmp:
        reply = qmp.command("query-commands", id={"a": 1})
        check(reply["id"] == {"a": 1}, "the id comes back")
        names = [entry["name"] for entry in reply["return"]]
        for name in OWN:
            check(names.count("x-" + name.replace("_", "-")) == 1, f"{name} is listed")
        check("device_add" in names and "human-monitor-command" in names, "QEMU's are")
        reply = qmp.command("x-remote-proc-list", id=5)
        check(reply["return"] == [] and reply["id"] == 5, f"{reply}")
        reply = qmp.command("x-rdevice-add", id=6, arguments={"frob": 1})
        check(reply["error"]["class"] == "GenericError" and reply["id"] == 6, f"{reply}")
        reply = qmp.command("human-monitor-command", arguments={"command-line": "help"})
        check("rdevice_add" in reply["return"] and "device_del" in reply["return"], f"{reply}")
        # In their order, however they are sent.
        qmp.send(b"".join(b'{"execute": "%s", "id": %d}' % (name, i) for i, name in enumerate(
            [b"query-status", b"x-remote-proc-list", b"query-commands", b"frob",
             b"x-remote-proc-list", b"query-name"] * 5)))
        check([qmp.read()["id"] for _ in range(30)] == list(range(30)), "in their order")


@case
def commands_are_refused_before_negotiation(folder):
    with Machine(folder, *both(folder)) as machine, Qmp(machine, negotiate=False) as qmp:
        reply = qmp.command("x-remote-proc-list", id=1)
        other = qmp.command("query-status", id=1)
        check(reply["error"]["class"] == "CommandNotFound" and reply["id"] == 1, f"{reply}")
        check(reply["error"]["desc"].split()[0] == other["error"]["desc"].split()[0], f"{reply}")
        check("error" in qmp.command("query-commands"), "query-commands, too")


@case
def every_client_begins_anew(folder):
    with Machine(folder, *both(folder)) as machine:
        for _ in range(10):
            with Qmp(machine) as qmp:
                check("return" in qmp.command("query-status"), "negotiated")
        with Qmp(machine) as one, Qmp(machine, negotiate=False) as two, Qmp(machine) as three:
            check("error" in two.command("query-status"), "not negotiated")
            for qmp in (one, three):
                check("return" in qmp.command("query-status"), "negotiated")
            one.command("cont")
            check(three.read()["event"] == "RESUME", "events are told to all")


@case
def pretty_answers(folder):
    with Machine(folder, "-qmp-pretty", f"unix:{folder}/qmp,server,nowait") as machine:
        with machine.connect("qmp") as sock, sock.makefile("rb") as stream:
            check(stream.readline() == b"{\r\n" and stream.readline() == b'    "QMP": {\r\n',
                  "indented")


@case
def descriptors_are_handed_on(folder):
    with Machine(folder, *both(folder)) as machine, Qmp(machine) as qmp:
        with open(os.devnull, "rb") as file:
            fds = array.array("i", [file.fileno()])
            qmp.sock.sendmsg([b'{"execute": "getfd", "arguments": {"fdname": "null"}}'],
                             [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        check(qmp.read() == {"return": {}}, "getfd")
        check("return" in qmp.command("closefd", arguments={"fdname": "null"}), "closefd")


@case
def pythons_qmp_client(folder):
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = os.environ.get("MPRING_CACHE") or os.path.join(base, "mpring")
    sys.path.insert(0, os.path.join(cache, "qemu-headers", "python"))
    try:
        from qemu import qmp  # pylint: disable=import-outside-toplevel
    except ImportError:
        raise Skip("QEMU's Python QMP client is not there: run scripts/setup") from None

    async def talk(machine):
        client = qmp.QMPClient("test")
        await client.connect(machine.path("qmp"))
        commands = await client.execute("query-commands")
        check({"name": "x-rdevice-add"} in commands, "query-commands")
        with client.listener("RESUME") as listener:
            await client.execute("cont")
            await asyncio.wait_for(listener.get(), TIMEOUT)
        check(await client.execute("x-remote-proc-list") == [], "x-remote-proc-list")
        await client.execute("quit")
        with contextlib.suppress(EOFError):  # the other side was first
            await client.disconnect()

    with Machine(folder, *both(folder)) as machine:
        machine.connect("qmp").close()
        asyncio.run(talk(machine))
        check(machine.process.wait(TIMEOUT) == 0, "exit status")


@case
def bad_clients_disturb_nobody(folder):
    with Machine(folder, *both(folder)) as machine, Qmp(machine) as good:
        with Qmp(machine) as bad:
            bad.send(b"GET / HTTP/1.1\r\n\r\n")
            check("error" in bad.read(), "garbage")
            bad.send(b'"' + b"x" * (1 << 20) + b"\n")
            check("error" in bad.read(), "a megabyte without newline")
            bad.send(b"[" * 100000 + b"\n")
            check("error" in bad.read(), "nested too deep")
            check("return" in bad.command("query-status"), "it goes on")
            bad.sock.settimeout(1)
            with contextlib.suppress(socket.timeout):
                while True:  # and reads nothing
                    bad.send(b'{"execute": "query-qmp-schema"}')
            check("return" in good.command("query-status"), "the other is answered")
            check(good.command("x-remote-proc-list") == {"return": []}, "by mpring, too")
        with Text(machine) as bad, Text(machine) as text:
            bad.sock.settimeout(1)
            with contextlib.suppress(socket.timeout):
                while True:
                    bad.sock.sendall(b"help\n")
            check("prelaunch" in text.command("info status"), "HMP")
            check("too long" in text.command("x" * 100000), "a long line")


# ---- Remote drives -----------------------------------------------------------

def machine_with_disk(folder, drive="", *options, place=None):
    """A PC, stopped, with the disk of image d0.img in a remote process."""
    place = place or folder
    with open(f"{place}/d0.img", "ab") as image:
        image.truncate(1 << 20)
    arguments = ["run", "--", QEMU, "-accel", "tcg", "-S", "-display", "none", "-nodefaults",
                 "-m", "64M,slots=8,maxmem=1G", "-object", "memory-backend-memfd,id=mem,size=64M",
                 "-machine", "pc,memory-backend=mem", "-rdevice", "lsi53c895a,id=lsi0,rid=0",
                 "-rdrive", f"id=d0,file={place}/d0.img,format=raw,rid=0{drive}",
                 "-rdevice", "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,rid=0", *options,
                 *both(folder)]
    return Machine(folder, program=[PROGRAM, *arguments])


@case
def an_io_error_stops_the_machine_in_the_state_of_qemus_own(folder):
    with machine_with_disk(folder, ",rerror=stop") as machine, Qmp(machine) as qmp, \
            Text(machine) as text:
        os.truncate(f"{folder}/d0.img", 0)  # the firmware will look for a boot sector
        qmp.send({"execute": "cont"})
        told = [qmp.read() for _ in range(4)]
        events = [message["event"] for message in told if "event" in message]
        check(events == ["RESUME", "BLOCK_IO_ERROR", "STOP"], f"{told}")
        (data,) = [message["data"] for message in told if message.get("event") == events[1]]
        check(data["device"] == "d0" and data["action"] == "stop" and not data["nospace"] and
              data["operation"] == "read" and data["node-name"] == "#block-d0" and data["reason"],
              f"{data}")
        check(qmp.command("query-status")["return"]["status"] == "io-error", "QMP")
        check(text.command("info status") == "VM status: paused (io-error)\r\n", "HMP")
        os.truncate(f"{folder}/d0.img", 1 << 20)
        check(qmp.command("cont") == {"return": {}}, "cont")
        check(qmp.command("query-status")["return"]["status"] == "running", "it goes on")


HOLE = 1024  # the sector that the guest writes
# Writes one sector (INT 13h, AH=43h) and halts.
WRITING = bytes.fromhex("31c0 8ed8 8ec0 be207c b80043 b280 cd13 f4ebfd").ljust(32, b"\0") + \
    struct.pack("<BBHHHQ", 16, 0, 1, 0x7c00, 0, HOLE)


@contextlib.contextmanager
def full_place(folder):
    """A file system without space, and a file that takes it."""
    place = f"{folder}/full"
    os.mkdir(place)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], check=False,
                          capture_output=True)
    if done.returncode:
        raise Skip(f"no file system can be mounted: {done.stderr.decode().strip()}")
    try:
        with open(f"{place}/d0.img", "wb") as image:
            image.write(WRITING.ljust(510, b"\0") + b"\x55\xaa")
        with contextlib.suppress(OSError), open(f"{place}/filler", "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=False)


@case
def a_full_disk_stops_the_machine_for_want_of_space(folder):
    with full_place(folder) as place, \
            machine_with_disk(folder, ",werror=stop", place=place) as machine, Qmp(machine) as qmp:
        qmp.send({"execute": "cont"})
        told = [qmp.read() for _ in range(4)]
        events = [message["event"] for message in told if "event" in message]
        check(events == ["RESUME", "BLOCK_IO_ERROR", "STOP"], f"{told}")
        (data,) = [message["data"] for message in told if message.get("event") == events[1]]
        check(data == {"device": "d0", "node-name": "#block-d0", "operation": "write",
                       "action": "stop", "nospace": True, "reason": os.strerror(errno.ENOSPC)},
              f"{data}")
        check(qmp.command("query-status")["return"] ==
              {"status": "io-error", "singlestep": False, "running": False}, "query-status")
        (drive,) = qmp.command("query-block")["return"]
        check(drive["io-status"] == "nospace", "query-block")
        os.unlink(f"{place}/filler")
        check(qmp.command("cont") == {"return": {}}, "cont")
        check(qmp.command("query-status")["return"]["status"] == "running", "it goes on")
        with open(f"{place}/d0.img", "rb", buffering=0) as image:
            deadline = time.monotonic() + TIMEOUT
            while os.pread(image.fileno(), 512, HOLE * 512)[510:] != b"\x55\xaa":
                check(time.monotonic() < deadline, "the write is not tried again")
                time.sleep(0.01)


def human(qmp, line):
    return qmp.command("human-monitor-command", arguments={"command-line": line})["return"]


def error_of(qmp, name, **arguments):
    return qmp.command(name, arguments=arguments)["error"]["desc"]


LOCAL = ["-drive", "driver=null-co,id=l0,if=none,size=1M", "-device", "virtio-blk,drive=l0,id=disk1"]


@case
def commands_of_qemus_reach_remote_drives_and_devices(folder):
    with machine_with_disk(folder, "", *LOCAL) as machine, Qmp(machine) as qmp, \
            Text(machine) as text:
        image = machine.path("d0.img")
        check(text.command("block_resize d0 32") == "", "block_resize")
        check(os.path.getsize(image) == 32 << 20, "HMP")
        check(human(qmp, 'block_resize "d0" 16') == "" and os.path.getsize(image) == 16 << 20,
              "human-monitor-command")
        reply = qmp.command("block_resize", id=7, arguments={"device": "d0", "size": 8 << 20})
        check(reply == {"return": {}, "id": 7} and os.path.getsize(image) == 8 << 20, "QMP")
        check("return" in qmp.command("block_resize", arguments={
            "node-name": "#block-d0", "size": 9 << 20}), "by its node")
        check("a multiple of 512" in error_of(qmp, "block_resize", device="d0", size=7), "size")
        check("which has no such command" in text.command("eject d0"), "HMP refuses")
        check(error_of(qmp, "blockdev-snapshot-sync", device="d0", **{"snapshot-file": "x"})
              .startswith('blockdev-snapshot-sync: "d0" is in the remote process of rid 0, '
                          "which has no such command: "), "QMP refuses")
        check(text.command("qom-get disk0 scsi-id") == "0\r\n", "qom-get")
        check(qmp.command("qom-get", arguments={"path": "/machine/peripheral/disk0",
                                                "property": "type"})["return"] == "scsi-hd", "type")
        check("d0 (#block-d0): " in text.command("info block d0"), "info block")
        check(text.command("info block l0").startswith("l0 ") and
              text.command("info block frob") == "", "QEMU's")
        check(text.command("drive_del d0").startswith("Error: "), "it is in use")
        check(qmp.command("device_del", arguments={"id": "disk0"}) == {"return": {}}, "device_del")
        check("d0" not in text.command("remote_proc_list"), "its drive is gone, too")
        check("remote" not in error_of(qmp, "block_resize", device="d0", size=512), "now QEMU's")


@case
def answers_about_all_have_the_remotes_in_qemus_way(folder):
    with machine_with_disk(folder, "", *LOCAL) as machine, Qmp(machine) as qmp, \
            Text(machine) as text:
        for name, key in [("query-block", "device"), ("query-blockstats", "device"),
                          ("query-named-block-nodes", "node-name")]:
            qmp.send({"execute": name, "id": name})
            line = qmp.line().decode()
            reply = json.loads(line)
            check(reply["id"] == name, "id")
            check(line == json.dumps(reply) + "\r\n", f"it is written as by QEMU: {line}")
            names = [entry[key].replace("#block-", "") for entry in reply["return"]]
            check(names[-1] == "d0" and len(names) > 1, f"{name}: {names}")
            check(names[0] == "l0" or name == "query-named-block-nodes", f"{names}")
        listed = qmp.command("qom-list", arguments={"path": "/machine/peripheral"})["return"]
        names = sorted(entry["name"] for entry in listed)
        check(names == ["disk0", "disk1", "lsi0", "type"], f"{names}")
        check(re.match(r"l0 .*\r\n(    .*\r\n)*\r\nd0 \(#block-d0\): ", text.command("info block")),
              "info block")
        check(re.match("l0: .*\r\nd0: .*\r\n$", text.command("info blockstats")), "info blockstats")
        for line in ("info qtree", "info qom-tree", "qom-list /machine/peripheral"):
            for protocol in (text.command, lambda line: human(qmp, line)):
                shown = protocol(line)
                check("lsi0" in shown and "disk0" in shown and "disk1" in shown, shown)
        check(qmp.command("query-block", arguments={"frob": 1})["error"]["desc"] ==
              "Parameter 'frob' is unexpected", "QEMU's errors")


@case
def memory_that_is_not_shared_is_refused_before_the_guest_has_it(folder):
    size = 128 << 20
    with machine_with_disk(folder, "", "-machine", "nvdimm=on") as machine, Qmp(machine) as qmp, Text(machine) as text:
        def add(kind, name, **properties):
            reply = qmp.command("object-add", arguments={
                "qom-type": f"memory-backend-{kind}", "id": name, "size": size, **properties})
            check(reply == {"return": {}}, f"{reply}")

        add("ram", "ram")
        add("ram", "shared-ram", share=True)
        add("file", "private", **{"mem-path": folder, "share": False})
        add("memfd", "private-memfd", share=False)
        check(text.command(f"object_add memory-backend-ram,id=ram2,size={size}") == "", "object_add")
        for name in ("ram", "shared-ram", "private", "private-memfd", "ram2"):
            for driver in ("pc-dimm", "nvdimm", "virtio-pmem-pci", "virtio-mem-pci"):
                wrong = error_of(qmp, "device_add", driver=driver, id="dimm", memdev=name)
                check(f'memory "{name}" is not shared' in wrong and "memory-backend-memfd" in wrong, wrong)
                for line in (text.command, lambda line: human(qmp, line)):
                    wrong = line(f"device_add {driver},id=dimm,memdev={name}")
                    check(f'memory "{name}" is not shared' in wrong, wrong)
        check(text.command("info memory-devices") == "", "there are none")
        add("memfd", "good")
        add("file", "good-file", **{"mem-path": folder, "share": True})
        add("memfd", "good-mem")
        for number, (driver, name) in enumerate([("pc-dimm", "good"), ("pc-dimm", "good-file"),
                                                 ("virtio-mem-pci", "good-mem")]):
            reply = qmp.command("device_add", arguments={
                "driver": driver, "id": f"m{number}", "memdev": name})
            check(reply == {"return": {}}, f"{reply}")
        check(text.command("info memory-devices").count("Memory device") == 3, "what is shared")
    machine = machine_with_disk(folder, "", "-object", f"memory-backend-ram,id=ram,size={size}",
                                "-device", "pc-dimm,memdev=ram")
    _, errors = machine.process.communicate(timeout=TIMEOUT)
    check(machine.process.returncode == 1 and b'memory "ram" is not shared' in errors, errors)


@case
def a_device_process_that_hangs_is_left_out_until_it_answers(folder):
    def drives():
        return [drive["device"] for drive in qmp.command("query-block")["return"]]

    with machine_with_disk(folder, "", *LOCAL) as machine, Qmp(machine) as qmp:
        pid = qmp.command("x-remote-proc-list")["return"][0]["pid"]
        os.kill(pid, signal.SIGSTOP)
        check(drives() == ["l0"] and drives() == ["l0"], "QEMU's own")
        os.kill(pid, signal.SIGCONT)
        deadline = time.monotonic() + TIMEOUT
        while drives() != ["l0", "d0"]:
            check(time.monotonic() < deadline, "it is left out for ever")
            time.sleep(0.01)


def argument_names(schema, name, seen=None):
    """The names of all members of a type of QEMU's, and of theirs."""
    seen = set() if seen is None else seen
    if name in seen:
        return set()
    seen.add(name)
    entry = schema[name]
    names = {member["name"] for member in entry.get("members", []) if "name" in member}
    if entry["meta-type"] == "enum":
        return set()
    for member in entry.get("members", []) + entry.get("variants", []):
        names |= argument_names(schema, member["type"], seen)
    if entry["meta-type"] == "array":
        names |= argument_names(schema, entry["element-type"], seen)
    return names


NAMING = {"device", "devices", "id", "name", "node", "node-name", "path", "drive", "file", "backing",
          "target", "base-node", "top-node", "bottom", "parent", "child", "vmstate", "instances",
          "replaces", "overlay", "image-node-name"}


@case
def each_command_of_qemus_that_names_something_is_decided(folder):
    routes = [line.split("\t") for line in
              subprocess.run([LIST_ROUTES], check=True, capture_output=True,
                             text=True).stdout.splitlines()]
    decided = {(protocol, name) for protocol, name, _ in routes}
    check(len(decided) == len(routes), "each is decided once")
    with Machine(folder, *both(folder)) as machine, Qmp(machine) as qmp, Text(machine) as text:
        commands = [entry["name"] for entry in qmp.command("query-commands")["return"]]
        schema = {entry["name"]: entry for entry in qmp.command("query-qmp-schema")["return"]}
        lines = [re.match(r"([a-z][\w|?-]*)( .*?)? -- ", line) or re.match(r"(drive_add)()", line)
                 for line in text.command("help").splitlines()]
        topics = re.findall(r"^info ([\w-]+)", text.command("help info"), re.M)
    for name in commands:
        names = name in schema and argument_names(schema, schema[name]["arg-type"]) & NAMING
        if names or re.match("(x-)?query-", name):
            check(("qmp", name) in decided, f"QMP's {name} ({names}) is not decided")
    own = [name.replace("_", "-") for name in OWN]
    for line in lines:
        for name in line[1].split("|") if line else []:
            if name.replace("_", "-") not in own and \
                    re.search(r"\b(device|id|name|path|driver)\b", line[2] or ""):
                check(("hmp", name) in decided, f"HMP's {name}{line[2]} is not decided")
    check(len(commands) > 150 and len(topics) > 50 and sum(map(bool, lines)) > 80, "all are listed")
    for topic in topics:
        check(("hmp", "info " + topic) in decided, f"info {topic} is not decided")
    with open(MANUAL, encoding="utf-8") as manual:
        words = set(re.findall(r"`([^` ]+(?: [a-z-]+)?)[^`]*`", manual.read()))
    missing = [name for _, name, whose in routes if whose == "remote" and name not in words and
               name.split(" ")[0] not in words]
    check(not missing, f"the manual does not say what becomes of {missing}")


# ---- Where they are ----------------------------------------------------------

@case
def character_devices_inherited_sockets_and_tcp(folder):
    with socket.socket(socket.AF_UNIX) as listener, socket.socket() as probe:
        listener.bind(f"{folder}/qmp")
        listener.listen()
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        options = ["-chardev", f"socket,id=c0,fd={listener.fileno()},server=on,wait=off",
                   "-mon", "chardev=c0,mode=control", "-chardev",
                   f"socket,id=c1,path={folder}/hmp,server=on,wait=off", "-mon", "chardev=c1",
                   "-qmp", f"tcp:127.0.0.1:{port},server,nowait"]
        machine = Machine(folder, *options, pass_fds=[listener.fileno()])
    with machine, Qmp(machine) as qmp, Text(machine) as text:
        with Qmp(machine, sock=socket.create_connection(("127.0.0.1", port))) as tcp:
            check("return" in tcp.command("query-status"), "TCP")
        check("return" in qmp.command("query-status"), "inherited")
        shown = text.command("info chardev")
        check("c0" not in shown.split() and "remote_proc_list" in text.command("help"), shown)


@case
def client_form_connects(folder):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/there")
        listener.listen()
        listener.settimeout(TIMEOUT)
        with Machine(folder, "-qmp", f"unix:{folder}/there") as machine:
            with Qmp(machine, sock=listener.accept()[0]) as qmp:
                qmp.command("quit")
                check(machine.process.wait(TIMEOUT) == 0, "exit status")


@case
def waits_for_a_client(folder):
    options = f"-monitor unix:{folder}/hmp,server,nowait -qmp unix:{folder}/qmp,server".split()
    with Machine(folder, *options) as machine:
        with machine.connect("hmp") as early:
            check(not select.select([early], [], [], 0.5)[0], "QEMU has not begun")
            with Qmp(machine) as qmp:
                check(early.recv(4096).startswith(b"QEMU "), "it has now")
                check("return" in qmp.command("query-status"), "QMP")


@case
def other_monitors_stay_qemus_own(folder):
    with Machine(folder, "-monitor", "vc", *both(folder)) as machine:
        with Text(machine) as text:
            text.sock.sendall(b"quit\n")
        machine.process.wait(TIMEOUT)
        errors = machine.process.stderr.read().decode()
        check(errors.startswith("mpring: -monitor vc: ") and "remote_proc_list" in errors and
              errors.count("\n") == 1, errors)


@case
def what_cannot_be_is_refused(folder):
    for options, text in [
            (["-monitor", f"unix:{folder}/m,sever,nowait"], "did you mean \"server\""),
            (["-monitor", "unix:/nowhere/m,server,nowait"], "No such file"),
            (["-qmp", f"unix:{folder}/nobody"], "No such file"),
            (["-chardev", "socket,id=c,fd=99,server=on", "-qmp", "chardev:c"], "descriptor")]:
        done = subprocess.run(command(*options), capture_output=True, text=True,
                              timeout=TIMEOUT, check=False,
                              env=dict(os.environ, XDG_RUNTIME_DIR=folder))
        check(done.returncode == 1 and text in done.stderr, f"{options}: {done.stderr}")
        check(not glob.glob(f"{folder}/mpring-*"), "nothing is left")


@case
def nothing_is_left_after_a_signal(folder):
    with Machine(folder, *both(folder)) as machine:
        with Text(machine), Qmp(machine) as qmp:
            check(not glob.glob(machine.path("mpring-*")), "a place for others to connect to")
            machine.process.send_signal(signal.SIGTERM)
            machine.process.wait(TIMEOUT)
            check(qmp.read()["event"] == "SHUTDOWN", "the last event")
        check(not os.path.exists(machine.path("hmp")), "the sockets are removed")


@case
def nothing_private_is_left_after_sigkill(folder):
    with Machine(folder, *both(folder)) as machine:
        with Text(machine), Qmp(machine):
            machine.process.kill()
            machine.process.wait(TIMEOUT)
        check(not glob.glob(machine.path("mpring-*")), "nothing is left")


# ---- The terminal ------------------------------------------------------------

class Terminal(Machine):
    """mpring with a pseudo-terminal; what it shows, without escape sequences."""

    def __init__(self, folder, *options, **popen):
        self.master, slave = pty.openpty()
        self.shown = ""
        self.mode = termios.tcgetattr(slave)
        environment = dict(os.environ, XDG_RUNTIME_DIR=folder, TERM="vt100", LC_ALL="C.UTF-8")
        super().__init__(folder, *options, stdin=slave, stdout=slave, env=environment,
                         preexec_fn=self.take_terminal, **popen)
        self.slave = slave

    @staticmethod
    def take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __exit__(self, *exception):
        super().__exit__(*exception)
        if exception[0] is None:
            check(termios.tcgetattr(self.slave) == self.mode, "the terminal is restored")
        os.close(self.master)
        os.close(self.slave)

    def read(self):
        check(select.select([self.master], [], [], TIMEOUT)[0], f"silence after {self.shown!r}")
        data = os.read(self.master, 65536).decode(errors="replace")
        self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>()][A-Z0-9]?", "", data)

    def until(self, pattern):
        """Reads until the pattern is there; returns what was shown up to its end."""
        while not re.search(pattern, self.shown):
            self.read()
        end = re.search(pattern, self.shown).end()
        shown, self.shown = self.shown[:end], self.shown[end:]
        return shown

    def type(self, keys):
        os.write(self.master, keys.encode())


@case
def terminal_has_editing_history_and_completion(folder):
    with Terminal(folder, "-monitor", "stdio") as terminal:
        terminal.until(r"QEMU .* for more information\r\n\(qemu\) ")
        terminal.type("info stXX\b\bat\x01\x05us\r")  # editing
        terminal.until(r"VM status: paused \(prelaunch\)\r\n\(qemu\) ")
        terminal.type("\x1b[A\r")  # the line before
        terminal.until(r"VM status: paused \(prelaunch\)\r\n\(qemu\) ")
        terminal.type("remote_p\t\r")  # a command of mpring's
        terminal.until(r"roc_list.*\r\n +PID\s+RID.*\r\n(.*\r\n)*\(qemu\) ")
        terminal.type("info stat\t\t")  # two of QEMU's
        terminal.until(r"stats\b")
        terminal.type("u\t\r")
        terminal.until(r"VM status: paused \(prelaunch\)\r\n\(qemu\) ")
        terminal.type("\x04")  # no end
        terminal.until(r"\(qemu\) ")
        terminal.type("quit\r")
        check(terminal.process.wait(TIMEOUT) == 0, "exit status")


@case
def terminal_is_restored_after_a_signal(folder):
    with Terminal(folder, "-monitor", "stdio") as terminal:
        terminal.until(r"\(qemu\) ")
        check(termios.tcgetattr(terminal.slave) != terminal.mode, "it is raw now")
        terminal.process.terminate()
        terminal.process.wait(TIMEOUT)


@case
def keys_send_signals_unless_told_not_to(folder):
    with Terminal(folder, "-chardev", "stdio,id=c,signal=off", "-mon", "c") as terminal:
        terminal.until(r"\(qemu\) ")
        terminal.type("\x03info status\r")
        terminal.until(r"VM status.*\r\n\(qemu\) ")
        terminal.type("quit\r")
        terminal.process.wait(TIMEOUT)
    with Terminal(folder, "-monitor", "stdio") as terminal:
        terminal.until(r"\(qemu\) ")
        terminal.type("\x03")
        terminal.process.wait(TIMEOUT)


@case
def names_of_devices_are_completed(folder):
    arguments = [PROGRAM, "run", "--", QEMU, "-accel", "tcg", "-machine", "pc", "-S",
                 "-display", "none", "-nodefaults", "-device", "pci-testdev,id=testing",
                 "-m", "64M", "-object", "memory-backend-memfd,id=mem,size=64M",
                 "-machine", "memory-backend=mem", "-rdevice", "lsi,id=lsi0,rid=0",
                 "-rdrive", f"id=remote-drive,file={PROGRAM},format=raw,read-only=on,rid=0",
                 "-rdevice", "scsi-hd,drive=remote-drive,rid=0", "-monitor", "stdio"]
    with Terminal(folder, program=arguments) as terminal:
        terminal.until(r"\(qemu\) ")
        # What is asked for ahead has been answered when a later command is.
        terminal.type("info status\r")
        terminal.until(r"VM status.*\r\n\(qemu\) ")
        terminal.type("info status\r")
        terminal.until(r"VM status.*\r\n\(qemu\) ")
        terminal.type("device_del te\t\r")
        terminal.until(r"device_del te[^\n]*sting")
        terminal.until(r"\(qemu\) ")
        terminal.type("drive_del remote-d\t\r")
        terminal.until(r"drive_del remote-d[^\n]*rive")
        terminal.until(r"in use by[^\n]*\r\n\(qemu\) ")
        terminal.type("quit\r")
        terminal.process.wait(TIMEOUT)


# ---- TAP ---------------------------------------------------------------------

def run_case(number, function):
    name = function.__name__
    try:
        with tempfile.TemporaryDirectory(prefix="mpo-", dir="/tmp") as folder:
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
    only = sys.argv[4:]
    chosen = [function for function in cases if not only or function.__name__ in only]
    print(f"1..{len(chosen)}", flush=True)
    results = [run_case(i + 1, function) for i, function in enumerate(chosen)]
    sys.exit(0 if all(results) else 1)


main()
