#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that disks and adapters of mpring-remote come, grow and go by its QMP monitor."""

import os

from device_process import Managed, Remote, make_image, run
from tap import case, check, run_cases


@case
def disks_come_and_go(folder):
    with Remote(folder) as remote, remote.qmp() as qmp:
        for _ in range(3):
            qmp.command("blockdev-add", driver="raw", node_name="n1",
                        file={"driver": "file", "filename": remote.path("d1.img")})
            qmp.command("device_add", driver="scsi-hd", id="disk1", drive="n1", bus="lsi0.0",
                        lun=1, **{"scsi_id": 0})
            check(len(qmp.command("query-block")) == 2, "two disks")
            qmp.error("blockdev-del", node_name="n1")
            qmp.command("device_del", id="disk1")
            event = qmp.event("DEVICE_DELETED")
            check(event["data"] == {"device": "disk1", "path": "/machine/peripheral/disk1"},
                  str(event))
            check(set(event["timestamp"]) == {"seconds", "microseconds"}, str(event))
            qmp.command("blockdev-del", node_name="n1")
            check(len(qmp.command("query-named-block-nodes")) == 1, "one node")


@case
def node_may_stand_on_another(folder):
    with Remote(folder) as remote, remote.qmp() as qmp:
        for _ in range(2):
            qmp.command("blockdev-add", driver="file", node_name="f1",
                        filename=remote.path("d1.img"))
            qmp.command("blockdev-add", driver="raw", node_name="n1", file="f1")
            nodes = [(node["node-name"], node["drv"])
                     for node in qmp.command("query-named-block-nodes")]
            check(nodes[1:] == [("f1", "file"), ("n1", "raw")], str(nodes))
            below = qmp.error("device_add", driver="scsi-hd", id="x", drive="f1")
            check("is used by" in below, below)
            qmp.command("device_add", driver="scsi-hd", id="disk1", drive="n1", bus="lsi0.0")
            below = qmp.error("blockdev-del", node_name="f1")
            check("remove that first" in below, below)
            qmp.command("device_del", id="disk1")
            qmp.event("DEVICE_DELETED")
            qmp.command("blockdev-del", node_name="n1")
            qmp.command("blockdev-del", node_name="f1")


@case
def adapters_come_and_go(folder):
    with Remote(folder) as remote, remote.qmp() as qmp:
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
            remote.qmp() as qmp:
        qmp.command("device_add", driver="lsi", id="lsi2")
        for name in ("lsi1", "lsi2"):
            kind = qmp.command("qom-get", path=f"/machine/peripheral/{name}", property="type")
            check(kind == "lsi53c895a", f"{name} is a {kind}")
    for driver, said in (("help", 'name "lsi53c895a", bus PCI, alias "lsi"'),
                         ("lsi,help", "lsi53c895a options:")):
        text = run("-device", driver).stdout
        check(said in text, f"{driver}: {text}")


@case
def image_grows(folder):
    with Remote(folder) as remote, remote.qmp() as qmp:
        qmp.command("block_resize", device="d0", size=4 << 20)
        check(os.path.getsize(remote.path("d0.img")) == 4 << 20, "the image")
        (block,) = qmp.command("query-block")
        check(block["inserted"]["image"]["virtual-size"] == 4 << 20, str(block))


@case
def failure_of_a_drive_is_an_error(folder):
    with Managed("-machine", "x-remote") as remote, remote.qmp() as qmp:
        for drive, text in [({"id": "d1", "file": "/nowhere/a,b"},
                             "x-drive-add id=d1,file=/nowhere/a,,b: /nowhere/a,b: cannot"),
                            ({"id": "d1"}, "file=PATH is missing"),
                            ({"id": "d1", "file": None}, "neither a string"),
                            ({"id": "d1", "file": "x", "caché": "none"}, "no property")]:
            error = qmp.refused({"execute": "x-drive-add", "arguments": drive})
            check(error["class"] == "GenericError" and text in error["desc"], str(error))
        error = qmp.refused({"execute": "x-drive-del", "arguments": {"id": "d1"}})
        check(error["class"] == "DeviceNotFound", str(error))
        image = make_image(folder, "d1.img")
        for _ in range(2):
            qmp.command("x-drive-add", id="d1", file=image, format="raw")
            qmp.command("x-drive-del", id="d1")
        check(qmp.command("query-named-block-nodes") == [], "closed when it is answered")


run_cases()
