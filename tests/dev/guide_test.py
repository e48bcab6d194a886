#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that the guide quotes the example whole: its blocks of that file, one after the
other, are the file's lines but for the comment on top.

usage: guide_test.py writing-a-device.md filler.c
"""

import difflib
import re
import sys

GUIDE, EXAMPLE = sys.argv[1:]
MOST = 100  # lines of the example


def lines(text):
    return [line for line in text.splitlines() if line.strip()]


def quoted():
    with open(GUIDE, encoding="utf-8") as page:
        blocks = re.findall(r"^```c dev/example/filler.c\n(.*?)^```$", page.read(), re.M | re.S)
    return [line for block in blocks for line in lines(block)]


def example():
    with open(EXAMPLE, encoding="utf-8") as source:
        return lines(re.sub(r"\A(/\*.*?\*/\n)*", "", source.read(), flags=re.S))


def main():
    difference = list(difflib.unified_diff(example(), quoted(), EXAMPLE, GUIDE, lineterm=""))
    with open(EXAMPLE, encoding="utf-8") as source:
        count = len(source.readlines())
    print("1..2")
    for line in difference:
        print("#", line)
    print("not ok" if difference else "ok", "1 - the guide quotes the example, whole and in order")
    print("ok" if count < MOST else "not ok", f"2 - the example has less than {MOST} lines")
    sys.exit(bool(difference) or count >= MOST)


main()
