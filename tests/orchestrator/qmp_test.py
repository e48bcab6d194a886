#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that `mpring run` gives programs QEMU's monitor, with mpring's commands added,
and that no client disturbs the others: with the distribution's QEMU."""

import asyncio
import contextlib
import json
import os
import socket

from host import qemus_qmp_client
from machine import OWN, QEMU, Machine, only_monitors
from monitor import Qmp
from tap import TIMEOUT, case, check, run_cases


def conversation(sock):
    """What QEMU says to good and bad requests."""
    with Qmp(sock, negotiate=False) as qmp:
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
    with only_monitors(folder) as machine:
        ours = conversation(machine.connect("qmp"))
    with Machine(folder, [QEMU, *plain]) as machine:
        theirs = conversation(machine.connect("plain"))
    for mine, qemus in zip(ours, theirs):
        check(mine == qemus, f"{mine!r} is not {qemus!r}")


@case
def commands_of_both_are_listed_and_run(folder):
    with only_monitors(folder) as machine, machine.qmp() as qmp:
        reply = qmp.ask({"execute": "query-commands", "id": {"a": 1}})
        check(reply["id"] == {"a": 1}, "the id comes back")
        names = [entry["name"] for entry in reply["return"]]
        for name in OWN:
            check(names.count("x-" + name.replace("_", "-")) == 1, f"{name} is listed")
        check("device_add" in names and "human-monitor-command" in names, "QEMU's are")
        reply = qmp.ask({"execute": "x-remote-proc-list", "id": 5})
        check(reply["return"] == [] and reply["id"] == 5, f"{reply}")
        reply = qmp.ask({"execute": "x-rdevice-add", "id": 6, "arguments": {"frob": 1}})
        check(reply["error"]["class"] == "GenericError" and reply["id"] == 6, f"{reply}")
        text = qmp.human("help")
        check("rdevice_add" in text and "device_del" in text, text)
        # In their order, however they are sent.
        qmp.send(b"".join(b'{"execute": "%s", "id": %d}' % (name, i) for i, name in enumerate(
            [b"query-status", b"x-remote-proc-list", b"query-commands", b"frob",
             b"x-remote-proc-list", b"query-name"] * 5)))
        check([qmp.read()["id"] for _ in range(30)] == list(range(30)), "in their order")


@case
def commands_are_refused_before_negotiation(folder):
    with only_monitors(folder) as machine, machine.qmp(negotiate=False) as qmp:
        reply = qmp.ask({"execute": "x-remote-proc-list", "id": 1})
        other = qmp.ask({"execute": "query-status", "id": 1})
        check(reply["error"]["class"] == "CommandNotFound" and reply["id"] == 1, f"{reply}")
        check(reply["error"]["desc"].split()[0] == other["error"]["desc"].split()[0], f"{reply}")
        qmp.error("query-commands")


@case
def every_client_begins_anew(folder):
    with only_monitors(folder) as machine:
        for _ in range(10):
            with machine.qmp() as qmp:
                qmp.command("query-status")
        with machine.qmp() as one, machine.qmp(negotiate=False) as two, machine.qmp() as three:
            two.error("query-status")  # it has not negotiated
            for qmp in (one, three):
                qmp.command("query-status")
            one.command("cont")
            three.event("RESUME")  # is told to all


@case
def pretty_answers(folder):
    with only_monitors(folder, "-qmp-pretty", f"unix:{folder}/qmp,server,nowait") as machine:
        with machine.connect("qmp") as sock, sock.makefile("rb") as stream:
            check(stream.readline() == b"{\r\n" and stream.readline() == b'    "QMP": {\r\n',
                  "indented")


@case
def descriptors_are_handed_on(folder):
    with only_monitors(folder) as machine, machine.qmp() as qmp:
        with open(os.devnull, "rb") as file:
            qmp.getfd("null", file)
        qmp.command("closefd", fdname="null")


@case
def pythons_qmp_client(folder):
    qmp = qemus_qmp_client()

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

    with only_monitors(folder) as machine:
        machine.connect("qmp").close()
        asyncio.run(talk(machine))
        check(machine.process.wait(TIMEOUT) == 0, "exit status")


@case
def bad_clients_disturb_nobody(folder):
    with only_monitors(folder) as machine, machine.qmp() as good:
        with machine.qmp() as bad:
            bad.send(b"GET / HTTP/1.1\r\n\r\n")
            check("error" in bad.read(), "garbage")
            bad.send(b'"' + b"x" * (1 << 20) + b"\n")
            check("error" in bad.read(), "a megabyte without newline")
            bad.send(b"[" * 100000 + b"\n")
            check("error" in bad.read(), "nested too deep")
            bad.command("query-status")
            bad.sock.settimeout(1)
            with contextlib.suppress(socket.timeout):
                while True:  # and reads nothing
                    bad.send(b'{"execute": "query-qmp-schema"}')
            good.command("query-status")
            check(good.command("x-remote-proc-list") == [], "by mpring, too")
        with machine.hmp() as bad, machine.hmp() as text:
            bad.sock.settimeout(1)
            with contextlib.suppress(socket.timeout):
                while True:
                    bad.sock.sendall(b"help\n")
            check("prelaunch" in text.command("info status"), "HMP")
            check("too long" in text.command("x" * 100000), "a long line")


run_cases()
