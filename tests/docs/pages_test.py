#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that every page can be found from docs/README.md, that every link leads somewhere,
and that the drawings are those of their sources.

usage: pages_test.py README.md  (its real path is the top of the tree)
"""

import pathlib
import re
import subprocess
import sys
import tempfile

from tap import run_checks

TOP = pathlib.Path(sys.argv[1]).resolve().parent
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/*.md")])
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")


def text_of(page):
    """The page without what stands in code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def links_of(page):
    """The files, with anchors, to which a page's links lead."""
    for link in LINK.findall(text_of(page)):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor, link


def anchors_of(page):
    """As GitHub makes them of headings."""
    for heading in re.findall(r"^#+ (.*)$", text_of(page), flags=re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links_that_lead_nowhere():
    """every link leads to a file, and to a heading in it"""
    for page in PAGES:
        for target, anchor, link in links_of(page):
            if not target.exists() or (anchor and anchor not in anchors_of(target)):
                yield f"{page.relative_to(TOP)}: {link}"


def pages_that_are_not_on_the_map():
    """every page is on the map, docs/README.md"""
    found = {target for target, _, _ in links_of(TOP / "docs/README.md")}
    for page in sorted([*TOP.glob("docs/*.md"), *TOP.glob("docs/*.1"), TOP / "CONTRIBUTING.md"]):
        if page not in found and page.name != "README.md":
            yield str(page.relative_to(TOP))


def drawings_that_differ():
    """the drawings are those of their sources"""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([TOP / "scripts/draw", folder], check=True)
        drawn = {path.name: path.read_text() for path in pathlib.Path(folder).iterdir()}
    kept = {path.name: path.read_text() for path in TOP.glob("docs/drawings/*.svg")}
    for name in sorted(drawn.keys() | kept.keys()):
        if drawn.get(name) != kept.get(name):
            yield f"docs/drawings/{name}: run scripts/draw"


run_checks(links_that_lead_nowhere, pages_that_are_not_on_the_map, drawings_that_differ)
