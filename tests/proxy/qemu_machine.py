# SPDX-License-Identifier: MIT
"""A QEMU under test: driven through the qtest protocol and QMP, with fake remotes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from monitor import Qmp
from tap import TIMEOUT, Failure, Skip, check, diagnose, wait_until

QEMU = "qemu-system-x86_64"
MEMORY = ["-m", "64M", "-object", "memory-backend-memfd,id=mem,size=64M",
          "-machine", "memory-backend=mem"]


def check_equal(actual, expected):
    shown = [hex(v) if isinstance(v, int) else repr(v) for v in (actual, expected)]
    check(actual == expected, "got %s, expected %s" % tuple(shown))


def check_in(part, text):
    check(part in text, "%r is not in %r" % (part, text))


def wait_for(condition, what="what must happen"):
    check(wait_until(condition), "not within %d s: %s" % (TIMEOUT, what))


class Lines:
    """Lines of text to and from a socket."""

    def __init__(self, sock):
        self.sock = sock
        # Two files: writing to one that also reads drops what it has read ahead.
        self.reader = sock.makefile("r")
        self.writer = sock.makefile("w")

    def send(self, line):
        self.writer.write(line + "\n")
        self.writer.flush()

    def receive(self):
        """A line, or "" when the peer is gone."""
        try:
            return self.reader.readline()
        except ConnectionResetError:
            return ""


class Remote:
    """A fake remote on one end of a socket pair."""

    def __init__(self, program):
        self.sock, theirs = socket.socketpair()
        self.process = subprocess.Popen([program, str(theirs.fileno())],
                                        pass_fds=[theirs.fileno()],
                                        stdout=subprocess.PIPE, text=True)
        theirs.close()

    def fileno(self):
        return self.sock.fileno()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.sock.close()
        self.kill()

    def stop(self):
        """Keeps it from running, and returns when it does not run."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def release(self):
        """Answers the read that is held back."""
        self.process.send_signal(signal.SIGUSR1)

    def last_words(self):
        """What it says when QEMU has hung up."""
        return self.process.communicate(timeout=TIMEOUT)[0]


class Qemu:
    """
    A QEMU with the device's shared object loaded. Its processors are stopped
    and the test takes their place, unless the test gives it an image to run.
    """

    def __init__(self, shared_object, args, fds=(), accel="tcg", stopped=True, memory=MEMORY,
                 preload=False, starts=True, stderr=None):
        if not shutil.which(QEMU):
            raise Skip(QEMU + " is not installed")
        self.dir = tempfile.TemporaryDirectory()
        self.listeners = {name: self._listen(name) for name in ("qmp", "qtest")}
        command = [QEMU, "-nodefaults", "-display", "none", "-accel", accel,
                   "-qmp", "unix:" + self._path("qmp")]
        if stopped:
            command += ["-S", "-qtest", "unix:" + self._path("qtest"),
                        "-qtest-log", "/dev/null"]
        env = dict(os.environ)
        if preload:
            env["LD_PRELOAD"] = shared_object
        else:
            command += ["-plugin", shared_object]
        self.stderr = open(self._path("stderr"), "w+")
        self.process = subprocess.Popen(command + list(memory) + list(args), pass_fds=fds,
                                        stderr=stderr or self.stderr, env=env,
                                        stdin=subprocess.DEVNULL)
        self.qmp = self.qtest = None
        self.irqs = {}
        self.irq_log = []
        if starts:
            self.qmp = Qmp(self._accept(self.listeners["qmp"]))
            if stopped:
                self.qtest = Lines(self._accept(self.listeners["qtest"]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _path(self, name):
        return os.path.join(self.dir.name, name)

    def _listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self._path(name))
        listener.listen(1)
        listener.settimeout(0.1)
        return listener

    def _accept(self, listener):
        """QEMU's connection."""
        for _ in range(TIMEOUT * 10):
            try:
                sock, _ = listener.accept()
                sock.settimeout(TIMEOUT)
                return sock
            except socket.timeout:
                check(self.process.poll() is None, "QEMU exited: " + self.messages())
        raise Failure("QEMU does not connect")

    def close(self):
        self.process.kill()
        self.process.wait()
        for listener in self.listeners.values():
            listener.close()
        if sys.exc_info()[0]:
            diagnose("qemu: " + self.messages().replace("\n", "\nqemu: "))

    def wait(self):
        return self.process.wait(TIMEOUT)

    def messages(self):
        """What QEMU wrote to stderr so far."""
        with open(self._path("stderr")) as f:
            return f.read()

    # qtest

    def ask(self, line):
        self.qtest.send(line)
        while True:
            words = self.qtest.receive().split()
            if not words:
                raise Failure("QEMU closed the qtest socket")
            if words[0] == "IRQ":
                self.irqs[int(words[2])] = words[1] == "raise"
                self.irq_log.append((words[1], int(words[2])))
                continue
            if words[0] != "OK":
                raise Failure("%s: %s" % (line, " ".join(words)))
            return int(words[1], 0) if len(words) > 1 else 0

    def read(self, size, addr):
        return self.ask("read%s 0x%x" % ("bwlq"[size.bit_length() - 1], addr))

    def write(self, size, addr, value):
        self.ask("write%s 0x%x 0x%x" % ("bwlq"[size.bit_length() - 1], addr, value))

    def inp(self, size, port):
        return self.ask("in%s 0x%x" % ("bwl"[size.bit_length() - 1], port))

    def out(self, size, port, value):
        self.ask("out%s 0x%x 0x%x" % ("bwl"[size.bit_length() - 1], port, value))

    def config_address(self, slot, offset):
        self.out(4, 0xCF8, 0x80000000 | slot << 11 | offset & 0xFC)
        return 0xCFC + (offset & 3)

    def config_read(self, slot, offset, size):
        return self.inp(size, self.config_address(slot, offset))

    def config_write(self, slot, offset, size, value):
        self.out(size, self.config_address(slot, offset), value)


def shared_object_and_remote():
    return [os.path.abspath(path) for path in sys.argv[1:3]]
