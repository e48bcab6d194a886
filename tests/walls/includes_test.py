#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a target includes headers of its own, and those that the targets it names
offer, but no header that they keep to themselves or that it does not say it needs. Bazel
lets both pass."""

import json
import os
import sys

import walls
from tap import run_checks

TREE = walls.tree(sys.argv[2])
with open(sys.argv[1], encoding="utf-8") as lines:
    TARGETS = {target["label"]: target for target in map(json.loads, lines)}


def offered(label):
    """The headers for those who depend on a target; one without files stands for its deps."""
    target = TARGETS[label]
    if target["hdrs"] or target["srcs"]:
        return set(target["hdrs"])
    return set().union(*map(offered, target["deps"]))


def not_allowed(label):
    target = TARGETS[label]
    own = set(target["srcs"] + target["hdrs"])
    allowed = own.union(*map(offered, target["deps"]))
    return [f"{label}: {path} includes {header}" for path in sorted(own)
            for header in walls.includes(TREE, path)
            if header not in allowed and os.path.exists(os.path.join(TREE, header))]


def beyond_deps():
    """what a target includes is its own, or offered by one that it names in deps"""
    return [line for label in TARGETS for line in not_allowed(label)]


run_checks(beyond_deps)
