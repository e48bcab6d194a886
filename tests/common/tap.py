# SPDX-License-Identifier: MIT
"""Test cases and their results in the Test Anything Protocol.

A program whose cases stand by themselves marks functions by @case and ends with
run_cases(); one that looks for faults gives run_checks() the functions that find them;
one whose cases build on each other reports them to a Tap of its own.
"""

import contextlib
import inspect
import sys
import tempfile
import time
import traceback

TIMEOUT = 60  # seconds for what takes a moment, even under a sanitizer on a busy machine


class Failure(Exception):
    """A check that did not hold, with a text for a person."""


class Skip(Exception):
    """What a test case needs is not there: the reason."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def wait_until(condition, seconds=TIMEOUT):
    """Polls until condition() is true. False if it never was."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def diagnose(text):
    for line in text.rstrip().splitlines():
        print(f"# {line}", flush=True)


class Tap:
    """Counts test cases and prints them."""

    def __init__(self, plan=None):
        """With a plan, a program that ends too early is found out by its number of cases."""
        self.count = self.failed = 0
        self.plan = plan
        if plan is not None:
            print(f"1..{plan}", flush=True)

    def add(self, good, name, note=""):
        """A result; the note is for one that is not good."""
        self.count += 1
        if not good:
            self.failed += 1
            diagnose(note)
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}", flush=True)

    def skip(self, name, reason):
        """A test case whose need is absent here."""
        self.add(True, f"{name} # SKIP {reason}")

    @contextlib.contextmanager
    def case(self, name):
        """A test case: fails with any exception, as a fault of the test is one, too."""
        try:
            yield
        except Skip as reason:
            self.skip(name, reason)
        except Exception:
            self.add(False, name, traceback.format_exc())
        else:
            self.add(True, name)

    def finish(self):
        """Ends the program."""
        if self.plan is None:
            print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


def run_checks(*checks):
    """Each check is a case, with its documentation for a name: it returns lines of what
    is wrong."""
    tap = Tap(len(checks))
    for find in checks:
        faults = list(find())
        tap.add(not faults, find.__doc__, "\n".join(faults))
    tap.finish()


CASES = {}


def case(function):
    """Marks a test case; it is called with an empty folder if it has a parameter."""
    CASES[function.__name__] = function
    return function


def run_cases():
    """Runs the cases, or those that the command line names behind its paths."""
    names = [word for word in sys.argv[1:] if "/" not in word] or CASES
    tap = Tap(len(names))
    for name in names:
        with tap.case(name), tempfile.TemporaryDirectory(prefix="mpt-", dir="/tmp") as folder:
            function = CASES[name]
            function(*[folder] if inspect.signature(function).parameters else [])
    tap.finish()
