# SPDX-License-Identifier: MIT
"""The program mpring-remote, run as its users run it, and clients of its monitors."""

import os
import socket
import subprocess
import sys

from monitor import Hmp, Qmp, connect
from tap import TIMEOUT, check, wait_until

PROGRAM = os.path.abspath(sys.argv[1])


def make_image(folder, name):
    path = os.path.join(folder, name)
    with open(path, "wb") as image:
        image.truncate(1 << 20)
    return path


def run(*arguments, program=PROGRAM, **how):
    """A run that ends by itself."""
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=TIMEOUT,
                          check=False, **how)


class Process:
    """A device process, which must end well once those that keep it have left: their sockets."""

    def __init__(self, *arguments, keepers, fds=(), stdin=subprocess.DEVNULL, program=PROGRAM):
        self.keepers = keepers
        self.errors = None  # what it has said, when it has ended
        env = dict(os.environ)
        if "-sandbox" in arguments:
            # Leaks are looked for by ptrace(), which is denied: the process would hang.
            env["ASAN_OPTIONS"] = "detect_leaks=0"
        self.process = subprocess.Popen(
            [program, *arguments], pass_fds=[fd.fileno() for fd in fds], stdin=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for sock in self.keepers:
            sock.close()
        try:
            self.process.wait(TIMEOUT)
        finally:
            self.process.kill()
            errors = self.errors = self.process.stderr.read()
            self.process.stderr.close()
            self.process.stdout.close()
        if exception[0] is None:
            check(self.process.returncode == 0, f"exit {self.process.returncode}: {errors}")
            check("runtime error" not in errors and "Sanitizer" not in errors, errors)

    def running(self):
        return self.process.poll() is None


class Remote(Process):
    """One with an adapter, a disk, and a monitor of each kind."""

    def __init__(self, folder, *options, **how):
        self.folder = folder
        vmm, theirs = socket.socketpair()
        disk = make_image(folder, "d0.img")
        make_image(folder, "d1.img")
        with theirs:
            super().__init__(
                str(theirs.fileno()), "-device", "lsi53c895a,id=lsi0",
                "-drive", f"id=d0,file={disk},format=raw",
                "-device", "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,scsi-id=0",
                "-qmp", f"unix:{self.path('qmp')},server,nowait",
                "-chardev", f"socket,id=hmp,path={self.path('hmp')},server=on,wait=off",
                "-mon", "chardev=hmp,mode=readline", *options,
                keepers=[vmm], fds=[theirs], **how)

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        wait_until(lambda: os.path.exists(self.path("hmp")) or not self.running())
        check(self.running(), "it has not started")
        return self

    def connect(self, name):
        return connect(self.path(name), lambda: not self.running())

    def qmp(self, negotiate=True):
        return Qmp(self.connect("qmp"), negotiate)

    def hmp(self):
        return Hmp(self.connect("hmp"))


class Managed(Process):
    """As a manager starts it: a socket for the monitor and nothing else."""

    def __init__(self, *options):
        self.sock, theirs = socket.socketpair()
        with theirs:
            super().__init__(*options, "-chardev", f"socket,id=m,fd={theirs.fileno()}",
                             "-mon", "chardev=m,mode=control",
                             keepers=[self.sock], fds=[theirs])

    def qmp(self):
        return Qmp(self.sock)

    def open_fds(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))
