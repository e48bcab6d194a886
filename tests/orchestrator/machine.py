# SPDX-License-Identifier: MIT
"""QEMU run by `mpring run`, and clients of its monitors."""

import glob
import os
import subprocess
import sys

from monitor import Hmp, Qmp, connect
from tap import TIMEOUT, check, diagnose

PROGRAM = os.path.abspath(sys.argv[1])
QEMU = "qemu-system-x86_64"
OWN = ["rdevice_add", "rdevice_del", "rdrive_add", "rdrive_del", "remote_proc_list"]
MEMORY = ["-object", "memory-backend-memfd,id=mem,size=64M", "-machine", "pc,memory-backend=mem"]


def make_image(folder, name):
    path = os.path.join(folder, name)
    with open(path, "ab") as image:
        image.truncate(1 << 20)
    return path


def both(folder):
    """A monitor for people and one for programs."""
    return (f"-monitor unix:{folder}/hmp,server,nowait "
            f"-qmp unix:{folder}/qmp,server=on,wait=off").split()


def without_machine(*options):
    return [PROGRAM, "run", "--", QEMU, "-machine", "none", "-display", "none", "-S", *options]


def stopped(*options, accel="tcg"):
    """A machine whose processors do not run."""
    return [PROGRAM, "run", "--", QEMU, "-accel", accel, "-S", "-display", "none", "-nodefaults",
            *options]


def run(*options, folder, **how):
    """A run that ends by itself."""
    return subprocess.run(without_machine(*options), capture_output=True, timeout=TIMEOUT,
                          check=False, env=dict(os.environ, XDG_RUNTIME_DIR=folder), **how)


class Machine:
    """A run, with the sockets of its monitors in a folder."""

    def __init__(self, folder, command, **popen):
        self.folder = folder
        self.process = subprocess.Popen(command, **{
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
            "env": dict(os.environ, XDG_RUNTIME_DIR=folder), **popen})

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if exception[0] or self.process.poll() is None:
            self.process.terminate()
        try:
            _, errors = self.process.communicate(timeout=TIMEOUT)
        finally:
            self.process.kill()
        errors = (errors or b"").decode()
        if exception[0]:
            diagnose(errors)
            return
        check("runtime error" not in errors and "Sanitizer" not in errors, errors)
        check(not self.private_folders(), "the private folder is removed")

    def private_folders(self):
        """What mpring makes for itself."""
        return glob.glob(self.path("mpring-*"))

    def connect(self, name):
        return connect(self.path(name), lambda: self.process.poll() is not None)

    def qmp(self, negotiate=True):
        return Qmp(self.connect("qmp"), negotiate)

    def hmp(self):
        return Hmp(self.connect("hmp"))


def only_monitors(folder, *options, **popen):
    """A QEMU without a machine, by default with a monitor of each kind."""
    return Machine(folder, without_machine(*options or both(folder)), **popen)


def with_disk(folder, drive="", *options, place=None):
    """A stopped PC with the disk of image d0.img in a remote process."""
    image = make_image(place or folder, "d0.img")
    return Machine(folder, stopped(
        "-m", "64M,slots=8,maxmem=1G", *MEMORY, "-rdevice", "lsi53c895a,id=lsi0,rid=0",
        "-rdrive", f"id=d0,file={image},format=raw,rid=0{drive}",
        "-rdevice", "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,rid=0", *options, *both(folder)))
