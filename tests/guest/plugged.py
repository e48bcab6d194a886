# SPDX-License-Identifier: MIT
"""A machine whose device process has a monitor that the test talks to."""

import os
import subprocess

import harness


class Plugged(harness.Machine):
    """A machine whose device process this test has started, with a monitor."""

    def __init__(self, options, folder, disk, drive=""):
        super().__init__(options, folder, [disk], inprocess=True)
        self.adapter = self._path("lsi0")
        self.remote_monitor = self._path("remote-qmp")
        start = self.arguments.index("lsi53c895a,id=lsi0") - 1
        del self.arguments[start:]
        build = os.path.dirname(os.path.dirname(options.mpring))
        plugin = os.path.join(build, "proxy/qemu/mpring-qemu.so")
        self.arguments += ["-plugin", plugin,
                           "-device", f"pci-proxy-dev,id=lsi0,path={self.adapter}"]
        with open(self._path("remote-output"), "wb") as out:
            self.remote_process = subprocess.Popen(
                [os.path.join(build, "remote/mpring-remote"), "-device", "lsi53c895a,id=lsi0",
                 "-drive", f"id=d0,file={disk},format=raw{drive}",
                 "-device", "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,scsi-id=0",
                 "-object", f"x-remote-object,id=r0,devid=lsi0,path={self.adapter}",
                 "-qmp", f"unix:{self.remote_monitor},server,nowait"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        harness.check(harness.wait_until(lambda: os.path.exists(self.remote_monitor), 20),
                      "the device process does not start")

    def remote_qmp(self):
        """A client of the device process' monitor."""
        return harness.Qmp(harness.connect(self.remote_monitor))
