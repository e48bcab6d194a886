# SPDX-License-Identifier: MIT
"""What the tests of the walls share: who calls whom among the sources, circles and lists."""

import collections
import os
import re
import subprocess
import sys

DEFINED = "TDBRVWCGi"  # nm's letters for symbols that others can use


class Calls:
    """Of each program, which source uses which symbols of which other: calls[a][b] is a set
    of names. Sources are paths without ".c"."""

    def __init__(self, listing):
        self.programs = collections.defaultdict(dict)
        with open(listing, encoding="utf-8") as lines:
            for line in lines:
                program, source, obj = line.split()
                self.programs[program][obj] = source.removesuffix(".c")
        objects = sorted({obj for some in self.programs.values() for obj in some})
        self.defines, self.wants = symbols(objects)

    def sources(self):
        return {source for some in self.programs.values() for source in some.values()}

    def of(self, program):
        """Each program by itself, for two may have functions of one name."""
        objects = self.programs[program]
        where = {name: obj for obj in objects for name in self.defines[obj]}
        calls = {source: collections.defaultdict(set) for source in objects.values()}
        for obj, source in objects.items():
            for name in self.wants[obj]:
                if name in where and objects[where[name]] != source:
                    calls[source][objects[where[name]]].add(name)
        return calls

    def edges(self):
        """{(caller, called): names} of all programs."""
        found = collections.defaultdict(set)
        for program in self.programs:
            for caller, some in self.of(program).items():
                for called, names in some.items():
                    found[caller, called] |= names
        return found

    def circles(self):
        """{the sources of a circle: the calls in it} of all programs."""
        found = {}
        for program in self.programs:
            calls = self.of(program)
            for circle in components(calls):
                found[circle] = {(a, b): names for a in circle for b, names in calls[a].items()
                                 if b in circle}
        return found


def symbols(objects):
    """What each object defines, and what it wants of others."""
    defines, wants = ({obj: set() for obj in objects} for _ in range(2))
    output = subprocess.run(["nm", "-A", "-P", *objects], check=True, capture_output=True,
                            text=True).stdout
    for line in output.splitlines():
        where, name, letter = line.split()[:3]
        obj = where.rstrip(":")
        if letter in DEFINED:
            defines[obj].add(name)
        elif letter in "Uwv":
            wants[obj].add(name)
    return defines, wants


def components(calls):
    """Strongly connected components of more than one source (Tarjan's algorithm)."""
    number, low, stack, found = {}, {}, [], []

    def visit(source):
        number[source] = low[source] = len(number)
        stack.append(source)
        for called in calls[source]:
            if called not in number:
                visit(called)
                low[source] = min(low[source], low[called])
            elif called in stack:
                low[source] = min(low[source], number[called])
        if low[source] == number[source]:
            at = stack.index(source)
            if len(stack) - at > 1:
                found.append(frozenset(stack[at:]))
            del stack[at:]

    sys.setrecursionlimit(10000)
    for source in calls:
        if source not in number:
            visit(source)
    return found


def section(page, heading):
    """The lines of a page under a heading, up to the next heading."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    match = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    if not match:
        sys.exit(f"{page} has no section '{heading}'")
    return match[1].splitlines()


def tree(page):
    """The root of the tree in which a page of docs/ is."""
    return os.path.dirname(os.path.dirname(os.path.realpath(page)))


def includes(root, path):
    """The headers that a file of the tree includes by their paths."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return re.findall(r'^#include "([^"]+)"', file.read(), re.M)


def shown(edges):
    """Lines that say who uses what of whom."""
    return [f"{a} -> {b}: {' '.join(sorted(names))}" for (a, b), names in sorted(edges.items())]
