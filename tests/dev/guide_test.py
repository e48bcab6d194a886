#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that the guide quotes the example whole: its blocks of that file, one after the
other, are the file's lines but for the comment on top.

usage: guide_test.py writing-a-device.md filler.c
"""

import difflib
import re
import sys

from tap import run_checks

GUIDE, EXAMPLE = sys.argv[1:]


def lines(text):
    return [line for line in text.splitlines() if line.strip()]


def quoted():
    with open(GUIDE, encoding="utf-8") as page:
        blocks = re.findall(r"^```c dev/example/filler.c\n(.*?)^```$", page.read(), re.M | re.S)
    return [line for block in blocks for line in lines(block)]


def example():
    with open(EXAMPLE, encoding="utf-8") as source:
        return lines(re.sub(r"\A(/\*.*?\*/\n)*", "", source.read(), flags=re.S))


def quotes():
    """the guide quotes the example, whole and in order"""
    return difflib.unified_diff(example(), quoted(), EXAMPLE, GUIDE, lineterm="")


def is_short():
    """the example has less than 100 lines"""
    with open(EXAMPLE, encoding="utf-8") as source:
        count = len(source.readlines())
    return [] if count < 100 else [f"{count} lines"]


run_checks(quotes, is_short)
