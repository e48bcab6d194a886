#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a terminal of `mpring run` is as comfortable as QEMU's: editing, history,
completion, and its state before."""

import fcntl
import os
import pty
import re
import select
import termios

from machine import MEMORY, PROGRAM, Machine, stopped, without_machine
from tap import TIMEOUT, case, check, run_cases


class Terminal(Machine):
    """mpring with a pseudo-terminal; what it shows, without escape sequences."""

    def __init__(self, folder, command):
        self.master, slave = pty.openpty()
        self.shown = ""
        self.mode = termios.tcgetattr(slave)
        environment = dict(os.environ, XDG_RUNTIME_DIR=folder, TERM="vt100", LC_ALL="C.UTF-8")
        super().__init__(folder, command, stdin=slave, stdout=slave, env=environment,
                         preexec_fn=self.take_terminal)
        self.slave = slave

    @staticmethod
    def take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __exit__(self, *exception):
        super().__exit__(*exception)
        if exception[0] is None:
            check(termios.tcgetattr(self.slave) == self.mode, "the terminal is restored")
        os.close(self.master)
        os.close(self.slave)

    def read(self):
        check(select.select([self.master], [], [], TIMEOUT)[0], f"silence after {self.shown!r}")
        data = os.read(self.master, 65536).decode(errors="replace")
        self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>()][A-Z0-9]?", "", data)

    def until(self, pattern):
        """Reads until the pattern is there; returns what was shown up to its end."""
        while not re.search(pattern, self.shown):
            self.read()
        end = re.search(pattern, self.shown).end()
        shown, self.shown = self.shown[:end], self.shown[end:]
        return shown

    def type(self, keys):
        os.write(self.master, keys.encode())


@case
def terminal_has_editing_history_and_completion(folder):
    with Terminal(folder, without_machine("-monitor", "stdio")) as terminal:
        terminal.until(r"QEMU .* for more information\r\n\(qemu\) ")
        terminal.type("info stXX\b\bat\x01\x05us\r")  # editing
        terminal.until(r"VM status: paused \(prelaunch\)\r\n\(qemu\) ")
        terminal.type("\x1b[A\r")  # the line before
        terminal.until(r"VM status: paused \(prelaunch\)\r\n\(qemu\) ")
        terminal.type("remote_p\t\r")  # a command of mpring's
        terminal.until(r"roc_list.*\r\n +PID\s+RID.*\r\n(.*\r\n)*\(qemu\) ")
        terminal.type("info stat\t\t")  # two of QEMU's
        terminal.until(r"stats\b")
        terminal.type("u\t\r")
        terminal.until(r"VM status: paused \(prelaunch\)\r\n\(qemu\) ")
        terminal.type("\x04")  # no end
        terminal.until(r"\(qemu\) ")
        terminal.type("quit\r")
        check(terminal.process.wait(TIMEOUT) == 0, "exit status")


@case
def terminal_is_restored_after_a_signal(folder):
    with Terminal(folder, without_machine("-monitor", "stdio")) as terminal:
        terminal.until(r"\(qemu\) ")
        check(termios.tcgetattr(terminal.slave) != terminal.mode, "it is raw now")
        terminal.process.terminate()
        terminal.process.wait(TIMEOUT)


@case
def keys_send_signals_unless_told_not_to(folder):
    command = without_machine("-chardev", "stdio,id=c,signal=off", "-mon", "c")
    with Terminal(folder, command) as terminal:
        terminal.until(r"\(qemu\) ")
        terminal.type("\x03info status\r")
        terminal.until(r"VM status.*\r\n\(qemu\) ")
        terminal.type("quit\r")
        terminal.process.wait(TIMEOUT)
    with Terminal(folder, without_machine("-monitor", "stdio")) as terminal:
        terminal.until(r"\(qemu\) ")
        terminal.type("\x03")
        terminal.process.wait(TIMEOUT)


@case
def names_of_devices_are_completed(folder):
    command = stopped(
        "-m", "64M", *MEMORY, "-device", "pci-testdev,id=testing", "-rdevice", "lsi,id=lsi0,rid=0",
        "-rdrive", f"id=remote-drive,file={PROGRAM},format=raw,read-only=on,rid=0",
        "-rdevice", "scsi-hd,drive=remote-drive,rid=0", "-monitor", "stdio")
    with Terminal(folder, command) as terminal:
        terminal.until(r"\(qemu\) ")
        # What is asked for ahead has been answered when a later command is.
        terminal.type("info status\r")
        terminal.until(r"VM status.*\r\n\(qemu\) ")
        terminal.type("info status\r")
        terminal.until(r"VM status.*\r\n\(qemu\) ")
        terminal.type("device_del te\t\r")
        terminal.until(r"device_del te[^\n]*sting")
        terminal.until(r"\(qemu\) ")
        terminal.type("drive_del remote-d\t\r")
        terminal.until(r"drive_del remote-d[^\n]*rive")
        terminal.until(r"in use by[^\n]*\r\n\(qemu\) ")
        terminal.type("quit\r")
        terminal.process.wait(TIMEOUT)


run_cases()
