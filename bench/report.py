#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""report: runs the benches and writes docs/performance.md with its tables and
plots. The results are kept as JSON in a folder, so that a bench which is there
already is not run again; they are what the page is made of."""

import argparse
import json
import os
import subprocess
import time

import common
import harness
import page

BENCHES = {
    "ring_latency": ["ring_latency"],
    "ring_peers": ["ring_latency", "--peers"],
    "access_cost": ["access_cost"],
    "blk_iops": ["blk_iops"],
    "guest_fio": ["guest_fio"],
    "waiting": ["waiting"],
    "scale": ["scale"],
}


def version():
    """The commit that is measured; + if the tree differs from it."""
    def git(*arguments):
        return subprocess.run(["git", "-C", common.SOURCES, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout.decode().strip()
    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def measure(name, options):
    """Runs one bench in the folder of the results and keeps what it says."""
    program, *arguments = BENCHES[name]
    command = [common.built(f"bench/{program}"), *arguments, "--json"]
    if options.runs:
        command += ["--runs", str(options.runs)]
    common.progress(f"{name}: {' '.join(command)}")
    start = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=options.folder, check=False)
    harness.check(done.returncode == 0, f"{name}: status {done.returncode}")
    result = {"machine": common.describe_machine(), "version": version(),
              "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
              "data": json.loads(done.stdout)}
    path = result_path(name, options)
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
    os.replace(path + ".new", path)
    common.progress(f"{name}: done after {time.monotonic() - start:.0f} s")


def result_path(name, options):
    return os.path.join(options.folder, f"{name}.json")


def load(options):
    results = {}
    for name in BENCHES:
        if os.path.exists(result_path(name, options)):
            with open(result_path(name, options), encoding="utf-8") as f:
                results[name] = json.load(f)
    return results


def wanted(options):
    """The benches to run: those named, else those whose results are not there."""
    if options.page:
        return []
    if options.again:
        return options.again
    return [name for name in BENCHES if not os.path.exists(result_path(name, options))]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=os.path.join(harness.cache(), "bench"),
                        help="for the results (default %(default)s)")
    parser.add_argument("--again", nargs="+", choices=BENCHES, metavar="BENCH",
                        help=f"measure only these, even if results are there: {' '.join(BENCHES)}")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--runs", type=int, help="of each bench, instead of its own default")
    parser.add_argument("--output", default=os.path.join(common.SOURCES, "docs"),
                        help="folder for performance.md (default %(default)s)")
    return parser.parse_args()


def main():
    options = parse_arguments()
    options.folder = os.path.abspath(options.folder)
    os.makedirs(options.folder, exist_ok=True)
    for name in wanted(options):
        measure(name, options)
    results = load(options)
    harness.check(results, f"no results in {options.folder}")
    page.write(options.output, results)
    print(os.path.join(options.output, "performance.md"))


if __name__ == "__main__":
    common.main(main)
