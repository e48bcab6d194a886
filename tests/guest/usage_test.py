#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that docs/usage.md is true: runs its blocks in their order, in one
folder, and compares what they print with what is shown there."""

import os
import re
import subprocess

import harness

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/usage.md")
SECONDS = 60    # for one block
BLOCK = re.compile(r"^```(sh|output)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^##? (.*)$", re.MULTILINE)


class Block:
    """Commands, and the lines that they must print in this order, among others."""

    def __init__(self, heading, commands):
        self.heading = heading
        self.commands = commands
        self.expected = []


def read_page():
    with open(PAGE, encoding="utf-8") as f:
        text = f.read()
    blocks = []
    for found in BLOCK.finditer(text):
        if found[1] == "sh":
            headings = HEADING.findall(text, 0, found.start())
            blocks.append(Block(headings[-1], found[2]))
        else:
            blocks[-1].expected = found[2].splitlines()
    return blocks


def run_block(block, folder, environment):
    """What it printed, into a file: a pipe would be held open by what it leaves running."""
    path = os.path.join(folder, "output")
    with open(path, "wb") as out:
        shell = subprocess.Popen(["bash", "-eu", "-c", block.commands], cwd=folder, stdout=out,
                                 stderr=out, stdin=subprocess.DEVNULL, env=environment)
    try:
        status = shell.wait(SECONDS)
    except subprocess.TimeoutExpired:
        shell.kill()
        status = f"none after {SECONDS} s"
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    harness.check(status == 0, f"{block.commands}\nstatus {status}:\n{text}")
    return text


def pattern(line):
    """An expected line as a regular expression; `...` stands for anything."""
    return re.compile(".*".join(map(re.escape, line.split("..."))) + r"\s*$")


def check_output(block, text):
    lines = iter(text.splitlines())
    for expected in block.expected:
        harness.check(any(pattern(expected).match(line) for line in lines),
                      f"{block.commands}\nshould print '{expected}', and printed\n{text}")


def environment(folder):
    """As the page says: the programs are in bin/, what is built in bazel-bin/."""
    build = os.path.abspath(os.path.dirname(os.path.dirname(options.mpring)))
    os.symlink(build, os.path.join(folder, "bazel-bin"))
    return {**os.environ, "PATH": f"{folder}/bin:{harness.SEARCH_PATH}"}


with harness.session() as (options, tap, folder):
    blocks = read_page()
    env = environment(folder)
    for number, block in enumerate(blocks, 1):
        with tap.case(f"block {number}: {block.heading}"):
            check_output(block, run_block(block, folder, env))
    with tap.case("the page has blocks"):
        harness.check(len(blocks) > 10, f"{len(blocks)} blocks were found")
