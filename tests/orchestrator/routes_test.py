#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that of each command of the distribution's QEMU that names something it is decided
whether that may be in a device process, and that the manual says so."""

import os
import re
import subprocess
import sys

from machine import OWN, only_monitors
from tap import case, check, run_cases

LIST_ROUTES, MANUAL = map(os.path.abspath, sys.argv[2:4])


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


# Arguments that may name what is in a device process.
NAMING = {"device", "devices", "id", "name", "node", "node-name", "path", "drive", "file",
          "backing", "target", "base-node", "top-node", "bottom", "parent", "child", "vmstate",
          "instances", "replaces", "overlay", "image-node-name"}


@case
def each_command_of_qemus_that_names_something_is_decided(folder):
    routes = [line.split("\t") for line in
              subprocess.run([LIST_ROUTES], check=True, capture_output=True,
                             text=True).stdout.splitlines()]
    decided = {(protocol, name) for protocol, name, _ in routes}
    check(len(decided) == len(routes), "each is decided once")
    with only_monitors(folder) as machine, machine.qmp() as qmp, machine.hmp() as text:
        commands = [entry["name"] for entry in qmp.command("query-commands")]
        schema = {entry["name"]: entry for entry in qmp.command("query-qmp-schema")}
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


run_cases()
