# SPDX-License-Identifier: MIT
"""Clients of monitors, for programs (QMP) and for people (HMP)."""

import json
import socket
import time

from tap import TIMEOUT, Failure, check

PROMPT = "(qemu) "


class HungUp(Failure):
    """The monitor's end of the connection is closed."""


def connect(path, hopeless=lambda: False):
    """A connection to a Unix socket, once somebody listens there; hopeless() tells
    when nobody ever will."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(TIMEOUT)
        try:
            sock.connect(path)
            return sock
        except (BlockingIOError, ConnectionRefusedError, FileNotFoundError):
            sock.close()
            if hopeless() or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def request_of(name, arguments):
    request = {"execute": name}
    if arguments:
        request["arguments"] = {key.replace("_", "-"): value for key, value in arguments.items()}
    return request


class Qmp:
    """A client of QMP that hides nothing."""

    def __init__(self, sock, negotiate=True):
        sock.settimeout(TIMEOUT)
        self.sock = sock
        self.stream = sock.makefile("rb")
        self.events = []  # that have come and nobody has asked for
        self.greeting = self.read()
        if negotiate:
            self.command("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.stream.close()
        self.sock.close()

    def line(self):
        line = self.stream.readline()
        if not line:
            raise HungUp("the monitor hung up")
        check(line.endswith(b"\r\n"), f"no line: {line!r}")
        return line

    def read(self):
        return json.loads(self.line())

    def answer(self):
        """The next message that is no event."""
        while True:
            message = self.read()
            if "event" not in message:
                return message
            self.events.append(message)

    def event(self, name):
        """The first event of this name, which may have come before; others are kept."""
        kept = 0
        while True:
            while kept == len(self.events):
                self.events.append(self.read())
            if self.events[kept].get("event") == name:
                return self.events.pop(kept)
            kept += 1

    def send(self, request, *fds):
        """Sends bytes as they are, or text or an object as a line; and descriptors."""
        if not isinstance(request, bytes):
            text = request if isinstance(request, str) else json.dumps(request)
            request = text.encode() + b"\n"
        if fds:
            socket.send_fds(self.sock, [request], fds)
        else:
            self.sock.sendall(request)

    def ask(self, request, *fds):
        """Sends a request as it is; the whole answer."""
        self.send(request, *fds)
        return self.answer()

    def refused(self, request):
        """The class and the text of the error that a request must get."""
        answer = self.ask(request)
        check("error" in answer, f"{request}: {answer}")
        check(set(answer["error"]) == {"class", "desc"}, str(answer))
        return answer["error"]

    def command(self, name, **arguments):
        """What a command that must succeed returns. An argument's "_" stands for "-"."""
        answer = self.ask(request_of(name, arguments))
        check("return" in answer, f"{name}: {answer}")
        return answer["return"]

    def error(self, name, **arguments):
        """What is said of a command that must fail."""
        return self.refused(request_of(name, arguments))["desc"]

    def human(self, line):
        """What a person would be shown."""
        return self.command("human-monitor-command", command_line=line)

    def getfd(self, name, file):
        """Gives the monitor a descriptor."""
        answer = self.ask({"execute": "getfd", "arguments": {"fdname": name}}, file.fileno())
        check(answer == {"return": {}}, f"getfd {name}: {answer}")


class Hmp:
    """A person at a socket."""

    def __init__(self, sock):
        self.sock = sock
        self.banner = self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.sock.close()

    def answer(self):
        """What is shown before the next prompt."""
        data = b""
        while not data.endswith(PROMPT.encode()):
            part = self.sock.recv(65536)
            check(part, f"hung up after {data!r}")
            data += part
        return data.decode()[:-len(PROMPT)]

    def send(self, line):
        self.sock.sendall(line.encode() + b"\n")

    def command(self, line):
        self.send(line)
        return self.answer()
