# SPDX-License-Identifier: MIT
"""What the benches that start virtual machines share: their places, the
machine they run on, its noise, medians."""

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

SOURCES = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(SOURCES, "tests", "guest"))

import harness  # found by the line above


def built(name):
    """A program that Bazel builds, beside this one or in bazel-bin."""
    beside = os.path.dirname(os.path.dirname(os.path.abspath(sys.argv[0])))
    for folder in (beside, os.path.join(SOURCES, "bazel-bin")):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    raise harness.Failure(f"{name} is not built: bazel build //...")


def default_folder():
    return os.environ.get("TMPDIR", "/var/tmp")


@contextlib.contextmanager
def workplace(folder):
    """A working folder; leaves neither files nor processes."""
    harness.become_subreaper()
    work = tempfile.mkdtemp(prefix="mpring-bench-", dir=folder)
    try:
        yield work
    finally:
        harness.end_descendants("still running at the end, ended now")
        shutil.rmtree(work, ignore_errors=True)


def for_machines(options):
    """Adds what a harness.Machine wants to know to a command line's options."""
    options.mpring = built("orchestrator/mpring")
    options.inprocess = False
    return options


def progress(text):
    print(f"# {text}", file=sys.stderr, flush=True)


def main(function):
    """Runs a bench; a Failure ends it with a message and status 1. A request to
    end leaves nothing behind."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        function()
    except harness.Failure as failure:
        print(f"{os.path.basename(sys.argv[0])}: {failure}", file=sys.stderr)
        sys.exit(1)


# ---- The machine ---------------------------------------------------------


def first_match(pattern, text, otherwise="unknown"):
    found = re.search(pattern, text, re.M)
    return found.group(1).strip() if found else otherwise


def read_file(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def describe_machine():
    """What the figures depend on, as name and value."""
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE,
                          check=False).stdout.decode()
    memory = int(first_match(r"^MemTotal:\s+(\d+)", read_file("/proc/meminfo"), "0"))
    return {
        "processor": first_match(r"^model name\s*:(.*)$", read_file("/proc/cpuinfo")),
        "processors": os.cpu_count(),
        "virtual": "hypervisor" in first_match(r"^flags\s*:(.*)$", read_file("/proc/cpuinfo")),
        "memory_gib": round(memory / 2**20, 1),
        "kernel": platform.release(),
        "system": first_match(r'^PRETTY_NAME="(.*)"', read_file("/etc/os-release")),
        "qemu": first_match(r"version (.*)$", qemu),
    }


class HostUse:
    """Processor time of the whole host since this object was made."""

    def __init__(self):
        self.start = self._now()

    @staticmethod
    def _now():
        return [int(n) for n in read_file("/proc/stat").split("\n", 1)[0].split()[1:9]]

    def busy_and_stolen(self):
        """Parts of all processors' time: used by anybody here, taken by other
        virtual machines."""
        spent = [after - before for before, after in zip(self.start, self._now())]
        total = max(1, sum(spent))
        idle, stolen = spent[3] + spent[4], spent[7]
        return (total - idle - stolen) / total, stolen / total


# ---- Figures -------------------------------------------------------------


def median_run(runs, key):
    """The run whose figure is in the middle."""
    return sorted(runs, key=lambda run: run[key])[len(runs) // 2]


def spread(runs, key):
    figures = [run[key] for run in runs]
    return min(figures), statistics.median(figures), max(figures)


def print_json(bench, settings, results):
    json.dump({"bench": bench, "machine": describe_machine(), "settings": settings,
               "results": results}, sys.stdout, indent=1)
    print()
