#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that QEMU's commands and events hold for drives and devices in device processes:
with the distribution's QEMU."""

import json
import os
import re
import signal

from machine import with_disk
from tap import TIMEOUT, case, check, run_cases, wait_until


# A drive and a disk of QEMU's own.
LOCAL = ["-drive", "driver=null-co,id=l0,if=none,size=1M",
         "-device", "virtio-blk,drive=l0,id=disk1"]


@case
def commands_of_qemus_reach_remote_drives_and_devices(folder):
    with with_disk(folder, "", *LOCAL) as machine, machine.qmp() as qmp, machine.hmp() as text:
        image = machine.path("d0.img")
        check(text.command("block_resize d0 32") == "", "block_resize")
        check(os.path.getsize(image) == 32 << 20, "HMP")
        check(qmp.human('block_resize "d0" 16') == "" and os.path.getsize(image) == 16 << 20,
              "human-monitor-command")
        reply = qmp.ask({"execute": "block_resize", "id": 7,
                         "arguments": {"device": "d0", "size": 8 << 20}})
        check(reply == {"return": {}, "id": 7} and os.path.getsize(image) == 8 << 20, "QMP")
        qmp.command("block_resize", node_name="#block-d0", size=9 << 20)
        check("a multiple of 512" in qmp.error("block_resize", device="d0", size=7), "size")
        check("which has no such command" in text.command("eject d0"), "HMP refuses")
        check(qmp.error("blockdev-snapshot-sync", device="d0", snapshot_file="x")
              .startswith('blockdev-snapshot-sync: "d0" is in the remote process of rid 0, '
                          "which has no such command: "), "QMP refuses")
        check(text.command("qom-get disk0 scsi-id") == "0\r\n", "qom-get")
        check(qmp.command("qom-get", path="/machine/peripheral/disk0", property="type")
              == "scsi-hd", "type")
        check("d0 (#block-d0): " in text.command("info block d0"), "info block")
        check(text.command("info block l0").startswith("l0 ") and
              text.command("info block frob") == "", "QEMU's")
        check(text.command("drive_del d0").startswith("Error: "), "it is in use")
        qmp.command("device_del", id="disk0")
        check("d0" not in text.command("remote_proc_list"), "its drive is gone, too")
        check("remote" not in qmp.error("block_resize", device="d0", size=512), "now QEMU's")


@case
def answers_about_all_have_the_remotes_in_qemus_way(folder):
    with with_disk(folder, "", *LOCAL) as machine, machine.qmp() as qmp, machine.hmp() as text:
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
        listed = qmp.command("qom-list", path="/machine/peripheral")
        names = sorted(entry["name"] for entry in listed)
        check(names == ["disk0", "disk1", "lsi0", "type"], f"{names}")
        check(re.match(r"l0 .*\r\n(    .*\r\n)*\r\nd0 \(#block-d0\): ", text.command("info block")),
              "info block")
        check(re.match("l0: .*\r\nd0: .*\r\n$", text.command("info blockstats")), "info blockstats")
        for line in ("info qtree", "info qom-tree", "qom-list /machine/peripheral"):
            for protocol in (text.command, qmp.human):
                shown = protocol(line)
                check("lsi0" in shown and "disk0" in shown and "disk1" in shown, shown)
        error = qmp.error("query-block", frob=1)
        check(error == "Parameter 'frob' is unexpected", f"not QEMU's: {error}")


@case
def memory_that_is_not_shared_is_refused_before_the_guest_has_it(folder):
    size = 128 << 20
    with with_disk(folder, "", "-machine", "nvdimm=on") as machine, machine.qmp() as qmp, \
            machine.hmp() as text:
        def add(kind, name, **properties):
            qmp.command("object-add", qom_type=f"memory-backend-{kind}", id=name, size=size,
                        **properties)

        add("ram", "ram")
        add("ram", "shared-ram", share=True)
        add("file", "private", mem_path=folder, share=False)
        add("memfd", "private-memfd", share=False)
        added = text.command(f"object_add memory-backend-ram,id=ram2,size={size}")
        check(added == "", added)
        for name in ("ram", "shared-ram", "private", "private-memfd", "ram2"):
            for driver in ("pc-dimm", "nvdimm", "virtio-pmem-pci", "virtio-mem-pci"):
                wrong = qmp.error("device_add", driver=driver, id="dimm", memdev=name)
                check(f'memory "{name}" is not shared' in wrong, wrong)
                check("memory-backend-memfd" in wrong, wrong)
                for line in (text.command, qmp.human):
                    wrong = line(f"device_add {driver},id=dimm,memdev={name}")
                    check(f'memory "{name}" is not shared' in wrong, wrong)
        check(text.command("info memory-devices") == "", "there are none")
        add("memfd", "good")
        add("file", "good-file", mem_path=folder, share=True)
        add("memfd", "good-mem")
        for number, (driver, name) in enumerate([("pc-dimm", "good"), ("pc-dimm", "good-file"),
                                                 ("virtio-mem-pci", "good-mem")]):
            qmp.command("device_add", driver=driver, id=f"m{number}", memdev=name)
        check(text.command("info memory-devices").count("Memory device") == 3, "what is shared")
    machine = with_disk(folder, "", "-object", f"memory-backend-ram,id=ram,size={size}",
                        "-device", "pc-dimm,memdev=ram")
    _, errors = machine.process.communicate(timeout=TIMEOUT)
    check(machine.process.returncode == 1 and b'memory "ram" is not shared' in errors, errors)


@case
def a_device_process_that_hangs_is_left_out_until_it_answers(folder):
    def drives():
        return [drive["device"] for drive in qmp.command("query-block")]

    with with_disk(folder, "", *LOCAL) as machine, machine.qmp() as qmp:
        pid = qmp.command("x-remote-proc-list")[0]["pid"]
        os.kill(pid, signal.SIGSTOP)
        check(drives() == ["l0"] and drives() == ["l0"], "QEMU's own")
        os.kill(pid, signal.SIGCONT)
        check(wait_until(lambda: drives() == ["l0", "d0"]), "it is left out for ever")


run_cases()
