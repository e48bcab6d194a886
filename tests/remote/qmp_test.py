#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a QMP monitor of mpring-remote speaks as a program that knows QEMU's
expects: negotiation, errors, answers to queries, events."""

import asyncio
import contextlib
import os
import signal

from device_process import Remote
from host import qemus_qmp_client
from tap import TIMEOUT, case, check, run_cases


@case
def greeting_comes_first_and_capabilities_must_be_negotiated(folder):
    with Remote(folder) as remote, remote.qmp(negotiate=False) as qmp:
        version = qmp.greeting["QMP"]["version"]
        check(set(version["qemu"]) == {"major", "minor", "micro"}, str(version))
        check(isinstance(version["package"], str), str(version))
        check(qmp.greeting["QMP"]["capabilities"] == [], "capabilities")
        early = qmp.refused({"execute": "query-status"})
        check(early["class"] == "CommandNotFound", str(early))
        oob = qmp.refused({"execute": "qmp_capabilities", "arguments": {"enable": ["oob"]}})
        check(oob["class"] == "GenericError", str(oob))
        check(qmp.ask('{"execute": "qmp_capabilities", "id": 1}') == {"return": {}, "id": 1}, "id")
        late = qmp.refused({"execute": "qmp_capabilities"})
        check(late["class"] == "CommandNotFound", str(late))


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
    with Remote(folder) as remote, remote.qmp() as qmp:
        for request, expected in WRONG_REQUESTS:
            error = qmp.refused(request)
            check(error["class"] == expected, f"{request[:80]}: {error}")
            check(qmp.command("query-status")["running"], request[:80])


@case
def id_comes_back_whatever_it_is(folder):
    with Remote(folder) as remote, remote.qmp() as qmp:
        for identity in (0, "text", None, {"a": [1, 2]}, [], 1.5, True):
            for name in ("query-status", "no-such-command"):
                answer = qmp.ask({"execute": name, "id": identity})
                if identity is not None:
                    check(answer.get("id") == identity, f"{identity}: {answer}")


@case
def requests_may_come_in_pieces_or_together(folder):
    with Remote(folder) as remote, remote.qmp() as qmp:
        for byte in b'{"execute": "query-status", "id": "slow"}\n':
            qmp.send(bytes([byte]))
        check(qmp.answer()["id"] == "slow", "in pieces")
        qmp.send("".join('{"execute":"query-status","id":%d}' % i for i in range(200)))
        check([qmp.answer()["id"] for _ in range(200)] == list(range(200)), "together")


@case
def queries_say_what_the_command_line_said(folder):
    with Remote(folder) as remote, remote.qmp() as qmp:
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
    with Remote(folder) as remote, remote.qmp() as qmp:
        qmp.command("x-drive-add", id="d1", file=remote.path("d1.img"), detect_zeroes="on")
        answer = qmp.ask({"execute": "device_add", "arguments": {
            "driver": "scsi-hd", "id": "disk1", "drive": "d1", "removable": True,
            "physical_block_size": 4096, "share-rw": False}})
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
    with Remote(folder) as remote, remote.qmp() as qmp:
        check(qmp.command("x-drive-add", id="d1", file=remote.path("d1.img"), serial="s1")
              == {}, "a drive")
        answer = qmp.ask({"execute": "device_add", "arguments": {
            "driver": "scsi-hd", "id": "disk1", "drive": "d1", "vendor": "ME",
            "logical_block_size": 4096, "wwn": "0x5000c50015ea71aa"}})
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
    with Remote(folder) as remote, remote.qmp() as qmp:
        qmp.command("blockdev-add", driver="file", node_name="n1", filename=remote.path("d1.img"))
        (drive,) = qmp.command("query-blockstats")
        check(drive["device"] == "d0" and drive["stats"]["wr_highest_offset"] == 0, str(drive))
        nodes = qmp.command("query-blockstats", query_nodes=True)
        check(len(nodes) == 2 and nodes[1]["node-name"] == "n1", str(nodes))
        check("device" not in nodes[0], str(nodes))


@case
def stop_and_cont_are_told_to_all(folder):
    with Remote(folder) as remote, remote.qmp() as qmp, remote.qmp() as other:
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
    with Remote(folder) as remote, remote.qmp() as qmp, remote.qmp(negotiate=False) as silent:
        qmp.command("quit")
        event = qmp.event("SHUTDOWN")
        check(event["data"] == {"guest": False, "reason": "host-qmp-quit"}, str(event))
        check(qmp.stream.read() == b"", "hung up")
        check(silent.stream.read() == b"", "no events before capabilities are negotiated")
        check(remote.process.wait(TIMEOUT) == 0, "exit status")
        check(not os.path.exists(remote.path("qmp")), "the socket is removed")


@case
def signal_is_told_as_the_reason(folder):
    with Remote(folder) as remote, remote.qmp() as qmp:
        remote.process.send_signal(signal.SIGTERM)
        check(qmp.event("SHUTDOWN")["data"]["reason"] == "host-signal", "reason")


@case
def client_of_qemu_is_served(folder):
    qmp = qemus_qmp_client()

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


run_cases()
