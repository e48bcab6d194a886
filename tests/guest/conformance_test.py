#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that of libiscsi's conformance suite for SCSI disks, iscsi-test-cu, at least as
many tests pass as docs/conformance.md says, and that the tools of sg3-utils find what
they expect. With --update the page gets the figures that were found; with --inprocess
they are only printed."""

import os
import re
import sys

import harness

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/conformance.md")
SIZE = 64 << 20
# The disks: how the page calls each, and options of its drive and device. More than
# 1 Mi blocks in one UNMAP are too many for the suite.
DISKS = {
    "disk": ("", ",serial=S0"),
    "thin": (",discard=unmap", ",serial=S1,physical_block_size=4096,max_unmap_size=536870912"),
    "read-only": (",readonly=on", ",serial=S2"),
}
SUITE = {"disk": "ALL", "thin": "ALL", "read-only": "LINUX.ReadOnly"}

# What each tool of sg3-utils ends with, in this order, on the disk of this name.
# Statuses: 2 not ready, 6 unit attention, 9 no such command, 14 miscompare, 22 range.
TOOLS = [
    (0, "disk", "sg_turs {}"),
    (0, "disk", "sg_inq {}"),
    (0, "disk", "sg_inq -e -p 0x83 {}"),
    (0, "disk", "sg_vpd -a {}"),
    (0, "disk", "sg_vpd -p sv {}"),
    (0, "disk", "sg_vpd -p sn {}"),
    (0, "disk", "sg_vpd -p di {}"),
    (0, "disk", "sg_vpd -p bl {}"),
    (0, "disk", "sg_vpd -p bdc {}"),
    (0, "disk", "sg_vpd -p lbpv {}"),
    (0, "disk", "sg_readcap {}"),
    (0, "disk", "sg_readcap -l {}"),
    (0, "disk", "sg_luns {}"),
    (0, "disk", "sg_requests {}"),
    (0, "disk", "sg_requests -d {}"),
    (0, "disk", "sg_modes -a {}"),
    (0, "disk", "sg_modes -a -6 {}"),
    (0, "disk", "sg_wr_mode -p 0xa --contents=0 {}"),
    (0, "disk", "sg_opcodes {}"),
    (0, "disk", "sg_opcodes -o 0x28 {}"),
    (0, "disk", "sg_map"),
    (0, "disk", "sg_scan -i {}"),
    (0, "disk", "sg_verify --lba=0 --count=64 {}"),
    (22, "disk", "sg_verify --lba=0x7fffffff --count=1 {}"),
    (0, "disk", "sg_verify -16 --lba=0 --count=64 {}"),
    (0, "disk", "sg_sync {}"),
    (0, "disk", "sg_sync -16 {}"),
    (0, "disk", "sg_seek -l 5 {}"),
    (0, "disk", "sg_prevent {}"),
    (0, "disk", "sg_prevent --allow {}"),
    (0, "disk", "sg_start --stop {}"),
    (2, "disk", "sg_turs {}"),
    (0, "disk", "sg_start --start {}"),
    (0, "disk", "sg_turs {}"),
    (0, "disk", "dd if=/dev/urandom of=/tmp/data bs=64k count=4"),
    (0, "disk", "sg_dd if=/tmp/data of={} bs=512 count=512 oflag=dpo,fua"),
    (0, "disk", "sg_dd if={} of=/tmp/back bs=512 count=512 iflag=dpo,fua"),
    (0, "disk", "cmp /tmp/data /tmp/back"),
    (0, "disk", "sgp_dd if=/tmp/data of={} bs=512 count=512 seek=1024 thr=4"),
    (0, "disk", "sgp_dd if={} of=/tmp/back bs=512 count=512 skip=1024 thr=4"),
    (0, "disk", "cmp /tmp/data /tmp/back"),
    (0, "disk", "sg_read if={} bs=512 count=1024 bpt=64"),
    (0, "disk", "dd if=/tmp/data of=/tmp/pair bs=512 count=2"),
    (0, "disk", "sg_compare_and_write --in=/tmp/pair --lba=0 --num=1 --xferlen=1024 {}"),
    (14, "disk", "sg_compare_and_write --in=/tmp/pair --lba=0 --num=1 --xferlen=1024 {}"),
    (0, "disk", "sg_write_verify --in=/tmp/data --lba=2048 --num=8 --ilen=4096 {}"),
    (0, "disk", "sg_write_verify -16 --bytchk=1 --in=/tmp/data --lba=2048 --num=8 --ilen=4096 {}"),
    (9, "disk", "sg_unmap --lba=4096 --num=256 {}"),
    (0, "thin", "sg_unmap --lba=4096 --num=256 {}"),
    (0, "disk", "sg_reset -d {}"),
    (6, "disk", "sg_turs {}"),
    (0, "disk", "sg_reset -b {}"),
    (6, "disk", "sg_turs {}"),
    (0, "disk", "sg_reset -H {}"),
    (6, "disk", "sg_turs {}"),
    (0, "disk", "sg_turs {}"),
]


def job():
    lines = ["insmod /modules/sg.ko || exit 1",
             "sg() { echo /dev/$(ls /sys/block/$(basename $(readlink /dev/disk$1))"
             "/device/scsi_generic); }"]
    for number, name in enumerate(DISKS):
        lines.append(f"echo SUITE-BEGIN {name}; iscsi-test-cu -f -v -d -t {SUITE[name]} "
                     f"$(sg {number}) 2>&1; echo SUITE-END {name} $?")
    for number, (_, name, command) in enumerate(TOOLS):
        node = f"$(sg {list(DISKS).index(name)})"
        lines.append(f"{command.format(node)} >/tmp/said 2>&1; "
                     f"echo TOOL {number} $? $(head -n 2 /tmp/said)")
    return "\n".join(lines) + "\n"


class Machine(harness.Machine):
    """A machine whose disks are those of DISKS."""

    def _add_adapter(self):
        super()._add_adapter()
        for number, (drive, device) in enumerate(DISKS.values()):
            for i, argument in enumerate(self.arguments):
                if argument.startswith(f"id=d{number},"):
                    self.arguments[i] += drive
                elif f"drive=d{number}," in argument:
                    self.arguments[i] += device


class Ran:
    """What the suite said about one disk."""

    def __init__(self, said):
        self.suites = {}  # name: [passed, skipped]
        self.failed = []
        self.reasons = set(re.findall(r"\[SKIPPED\] (.*?)\s*$", said, re.M))
        for part in re.split(r"^Suite: ", said, flags=re.M)[1:]:
            name, _, rest = part.partition("\n")
            counts = self.suites[name] = [0, 0]
            for test, output, end in re.findall(
                    r"^  Test: (\S+) \.\.\.(.*?)(passed|FAILED)", rest, re.M | re.S):
                if end == "FAILED":
                    self.failed.append(f"{name}.{test}")
                else:
                    counts["[SKIPPED]" in output] += 1

    def total(self):
        return [sum(column) for column in zip(*self.suites.values())]


def suite_of(machine, name):
    found = re.search(rf"^SUITE-BEGIN {name}$(.*)^SUITE-END {name} \d+$", machine.console(),
                      re.M | re.S)
    harness.check(found, f"the suite has not ended on '{name}'\n{machine.log()}")
    ran = Ran(found[1])
    harness.check(ran.suites, f"no suite has run on '{name}'")
    return ran


# ---- The page --------------------------------------------------------------


def read_page():
    with open(PAGE, encoding="utf-8") as page:
        return page.read()


def rows(page, heading):
    """The table under a heading: lists of cells, without the head."""
    table = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def documented(page, name):
    """What the page says of a disk: {suite: (passed, skipped)}."""
    column = 1 + list(DISKS).index(name)
    return {row[0]: tuple(int(n) for n in row[column].split(" / "))
            for row in rows(page, "Suites") if row[column]}


def table(ran):
    """The page's table, as found."""
    lines = ["| suite | " + " | ".join(DISKS) + " |", "|---|" + "---|" * len(DISKS)]
    suites = list(ran["disk"].suites)
    for suite in suites:
        cells = [ran[name].suites.get(suite) for name in DISKS]
        lines.append(f"| {suite} | " + " | ".join(
            f"{cell[0]} / {cell[1]}" if cell else "" for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def update(ran):
    page = read_page()
    head, heading, rest = page.partition("## Suites\n")
    text, bar, after = rest.partition("| suite |")
    tail = (bar + after).split("\n\n", 1)
    with open(PAGE, "w", encoding="utf-8") as out:
        out.write(head + heading + text + table(ran) + ("\n" + tail[1] if len(tail) > 1 else ""))


# ---- Test cases --------------------------------------------------------------


def test_suite(tap, name, ran, page):
    with tap.case(f"{name}: no test of the suite fails"):
        harness.check(not ran.failed, "failed: " + ", ".join(ran.failed))
    with tap.case(f"{name}: as many tests pass as docs/conformance.md says"):
        for suite, (passed, _) in documented(page, name).items():
            found = ran.suites.get(suite, [0, 0])[0]
            harness.check(found >= passed, f"{suite}: {passed} passed, now {found}")
        harness.check(documented(page, name), "the page says nothing")
    if documented(page, name) != {suite: tuple(n) for suite, n in ran.suites.items()}:
        harness.diagnose("docs/conformance.md is out of date: "
                         "run tests/guest/conformance_test.py --update")


def test_reasons(tap, ran, page):
    known = [row[0].strip("`") for row in rows(page, "Skipped")]
    with tap.case("what is skipped has a reason on the page"):
        unknown = {reason for one in ran.values() for reason in one.reasons
                   if not any(word in reason for word in known)}
        harness.check(known and not unknown, "unknown: " + "; ".join(sorted(unknown)))


def test_tools(tap, machine):
    ended = {int(number): (int(status), said) for number, status, said in
             machine.found(r"^TOOL (\d+) (\d+) ?(.*)$")}
    with tap.case("the tools of sg3-utils end as they should"):
        wrong = [f"{command.format(name)}: {ended.get(number)}, not {status}"
                 for number, (status, name, command) in enumerate(TOOLS)
                 if ended.get(number, (None,))[0] != status]
        harness.check(not wrong, "\n".join(wrong))


def test_kernel(tap, machine):
    with tap.case("the guest's driver aborted nothing"):
        lines = machine.found(r"^kernel: .*(?:ABORT|abort|timed out|I/O error|offline).*$")
        harness.check(not lines, "\n".join(lines))


def show(name, ran):
    passed, skipped = ran.total()
    harness.diagnose(f"{name}: {passed} passed, {skipped} skipped, {len(ran.failed)} failed"
                     + "".join(f"\n  {test}" for test in ran.failed))


def main():
    updating = "--update" in sys.argv
    if updating:
        sys.argv.remove("--update")
    with harness.session() as (options, tap, folder):
        disks = [harness.make_disk(folder, f"{name}.img", SIZE) for name in DISKS]
        with Machine(options, folder, disks) as machine:
            with tap.case("the suite and the tools run in a Linux guest"):
                machine.boot_linux(job(), parts=("conformance",))
                machine.wait_result()
                ran = {name: suite_of(machine, name) for name in DISKS}
            for name, one in ran.items():
                show(name, one)
            if options.inprocess:
                return
            if updating:
                update(ran)
            for name, one in ran.items():
                test_suite(tap, name, one, read_page())
            test_reasons(tap, ran, read_page())
            test_tools(tap, machine)
            test_kernel(tap, machine)


if __name__ == "__main__":
    main()
