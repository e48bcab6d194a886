# SPDX-License-Identifier: MIT
"""Virtual machines with adapters of the kinds that the benches compare."""

import dataclasses
import os
import socket
import subprocess

import harness


@dataclasses.dataclass
class Adapter:
    """An adapter and, if it has one, its disk."""
    kind: str               # mpring, lsi (in QEMU's process), virtio (the same),
                            # mpqemu (Multi-process QEMU)
    image: str = None
    aio: str = "io_uring"
    process: int = 0        # mpring: the number of its remote process
    extra: str = ""         # more options of the adapter: ",name=value"


class Machine(harness.Machine):
    """A virtual machine with any number of such adapters, all of one kind."""

    def __init__(self, options, folder, adapters, **settings):
        self.adapters = adapters
        self.kind = adapters[0].kind
        self.servers = []       # the remote processes of Multi-process QEMU
        self.sockets = []       # QEMU's ends
        disks = [a.image for a in adapters if a.image and self.kind != "virtio"]
        super().__init__(options, folder, disks, inprocess=self.kind != "mpring", **settings)

    def _add_adapter(self):
        add = {"mpring": self._add_mpring, "lsi": self._add_lsi, "virtio": self._add_virtio,
               "mpqemu": self._add_mpqemu}[self.kind]
        for number, adapter in enumerate(self.adapters):
            add(number, adapter)

    # Each disk is alone on its adapter's bus.

    def _add_mpring(self, number, adapter):
        rid = f"rid={adapter.process}"
        self.arguments += ["-rdevice", f"lsi53c895a,id=lsi{number},{rid}{adapter.extra}"]
        if adapter.image:
            self.arguments += [
                "-rdrive", f"id=d{number},file={adapter.image},format=raw,cache=none,{rid}",
                "-rdevice", f"scsi-hd,drive=d{number},bus=lsi{number}.0,scsi-id=0,{rid}"]

    @staticmethod
    def _drive(number, adapter):
        return ["-drive", f"id=d{number},if=none,file={adapter.image},format=raw,cache=none,"
                f"aio={adapter.aio}"]

    @classmethod
    def _lsi(cls, number, adapter):
        arguments = ["-device", f"lsi53c895a,id=lsi{number}{adapter.extra}"]
        if adapter.image:
            arguments += cls._drive(number, adapter) + [
                "-device", f"scsi-hd,drive=d{number},bus=lsi{number}.0,scsi-id=0"]
        return arguments

    def _add_lsi(self, number, adapter):
        self.arguments += self._lsi(number, adapter)

    def _add_virtio(self, number, adapter):
        self.arguments += self._drive(number, adapter) + [
            "-device", f"virtio-blk-pci,drive=d{number}{adapter.extra}"]

    def _add_mpqemu(self, number, adapter):
        """A process of stock QEMU for the device, and its proxy."""
        ours, theirs = socket.socketpair()
        with theirs:
            with open(self._path(f"server{number}"), "wb") as out:
                self.servers.append(subprocess.Popen(
                    ["qemu-system-x86_64", "-machine", "x-remote", "-nodefaults", "-display",
                     "none", *self._lsi(number, adapter), "-object",
                     f"x-remote-object,id=r{number},devid=lsi{number},fd={theirs.fileno()}"],
                    pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                    env={**os.environ, "PATH": harness.SEARCH_PATH}))
        self.sockets.append(ours)
        self.arguments += ["-device", f"x-pci-proxy-dev,id=lsi{number},fd={ours.fileno()}"]

    def start(self):
        """As every machine, which inherits the sockets to its devices."""
        command = self.arguments
        if self.kind == "mpring":
            command = [self.options.mpring, "run", "--"] + command
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                pass_fds=[s.fileno() for s in self.sockets],
                env={**os.environ, "PATH": harness.SEARCH_PATH})
        for end in self.sockets:
            end.close()

    def quit(self):
        """Ends QEMU by its monitor, and the processes of the devices of mpqemu."""
        self.tell_to_quit()
        self.process.wait(30)
        for server in self.servers:
            server.terminate()
        self.wait_end()

    def pids(self):
        """The processes that are the virtual machine, by name."""
        found = {"qemu": self.process.pid} if self.kind != "mpring" else {"qemu": self.qemu()}
        if self.kind == "mpring":
            remotes = [pid for pid, line in harness.descendants().items()
                       if os.path.basename(line.split(" ")[0]) == "mpring-remote"]
            found.update({f"remote{n}" if n else "remote": pid
                          for n, pid in enumerate(sorted(remotes))})
        found.update({f"server{n}": server.pid for n, server in enumerate(self.servers)})
        return found
