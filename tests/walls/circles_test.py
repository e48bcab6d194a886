#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that no sources call each other in a circle but those that the architecture page
lists, with the reason, as natural."""

import re
import sys

import walls
from tap import run_checks

PRODUCT = walls.Calls(sys.argv[1])
MADE = walls.Calls(sys.argv[2])
PAGE = sys.argv[3]


def natural():
    """Lines "- `a`, `b`: reason" of the page."""
    return [frozenset(re.findall(r"`([^`]+)`", line.split(": ")[0]))
            for line in walls.section(PAGE, "Circles that are natural") if line.startswith("- ")]


def circle_that_was_made():
    """a circle that was made for this test is found, and no more than it"""
    made = "tests/walls/made_"
    expected = {(f"{made}a", f"{made}b"): {"made_b"}, (f"{made}b", f"{made}a"): {"made_a"}}
    found = MADE.circles()
    if list(found.values()) == [expected]:
        return []
    return ["found:"] + [line for calls in found.values() for line in walls.shown(calls)]


def unlisted():
    """no circle but those that are natural"""
    allowed, wrong = natural(), []
    for circle, calls in PRODUCT.circles().items():
        if circle not in allowed:
            wrong += [f"a circle: {' '.join(sorted(circle))}"] + walls.shown(calls)
    return wrong


def listed():
    """each circle that is listed is there"""
    found = PRODUCT.circles()
    gone = [circle for circle in natural() if circle not in found]
    return [f"listed, but no circle any more: {' '.join(sorted(circle))}" for circle in gone]


run_checks(circle_that_was_made, unlisted, listed)
