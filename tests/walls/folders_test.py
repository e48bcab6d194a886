#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that folders use each other only downward in the architecture page's table, and
that none has too many files. Reads the tree in which the page is."""

import collections
import os
import re
import sys

import walls
from tap import run_checks

PRODUCT = walls.Calls(sys.argv[1])
PAGE = sys.argv[2]
TREE = walls.tree(PAGE)
MOST = 25  # files of C in a folder
NOT_PRODUCT = ("bench", "scripts", "tests")


def files():
    """All files of C, relative to the tree."""
    for folder, below, names in os.walk(TREE):
        below[:] = [name for name in below if not name.startswith(".")]
        yield from (os.path.relpath(os.path.join(folder, name), TREE) for name in names
                    if name.endswith((".c", ".h")))


FILES = list(files())
OURS = [path for path in FILES if path.split("/")[0] not in NOT_PRODUCT]


def table():
    """The folders of the page's table, from top to bottom."""
    return [match[1] for line in walls.section(PAGE, "The folders")
            if (match := re.match(r"\| `([^`]+)` \|", line))]


def uses():
    """{(user, used): why} of folders: symbols that are called, and headers."""
    found = collections.defaultdict(set)
    for (caller, called), names in PRODUCT.edges().items():
        found[os.path.dirname(caller), os.path.dirname(called)] |= names
    for path in OURS:
        for header in walls.includes(TREE, path):
            if header in OURS:
                found[os.path.dirname(path), os.path.dirname(header)].add(header)
    return {(user, used): why for (user, used), why in found.items() if user != used}


def all_looked_at():
    """the objects of all sources are looked at"""
    sources = {path.removesuffix(".c") for path in OURS if path.endswith(".c")}
    return [f"in no program: {source}.c" for source in sorted(sources - PRODUCT.sources())]


def all_in_table():
    """the table has all folders with code, and no other"""
    there = {os.path.dirname(path) for path in OURS}
    return [f"not in both, the tree and the table: {folder}"
            for folder in sorted(there ^ set(table()))]


def upward():
    """what a folder uses is below it in the table"""
    rows = table()
    return walls.shown({(user, used): why for (user, used), why in uses().items()
                        if user in rows and used in rows and rows.index(user) > rows.index(used)})


def too_many():
    """no folder has more than 25 files of C, sources and headers"""
    counts = collections.Counter(os.path.dirname(path) for path in FILES)
    return [f"{folder}: {count}" for folder, count in counts.items() if count > MOST]


run_checks(all_looked_at, all_in_table, upward, too_many)
