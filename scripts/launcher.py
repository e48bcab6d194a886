# SPDX-License-Identifier: MIT
"""What the two launchers have in common: remote processes and one QEMU, joined
by socket pairs, that start and end together."""

import argparse
import collections
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys

PR_SET_PDEATHSIG = 1
HANG_UP_SECONDS = 5
TERMINATE_SECONDS = 2
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

# An LSI adapter with one disk.
Adapter = collections.namedtuple("Adapter", "number image")


def find(name, environment, build):
    """A program of mpring's: named by the environment, beside this script, in
    the build's output tree, or installed."""
    if os.environ.get(environment):
        return os.path.abspath(os.environ[environment])
    here = os.path.dirname(os.path.realpath(__file__))
    folders = (".", f"../bazel-bin/{build}", "../libexec/mpring")
    paths = [os.path.normpath(os.path.join(here, folder, name)) for folder in folders]
    for path in paths:
        if os.path.exists(path):
            return path
    sys.exit(f"{name} was not found; looked for {', '.join(paths)}. "
             f"Set {environment} to its path")


def parse(description, images):
    """The command line, for so many disk images."""
    parser = argparse.ArgumentParser(
        description=description, usage="%(prog)s [options] [-- QEMU'S OPTIONS...]",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for number in range(1, images + 1):
        parser.add_argument(f"--disk{number}", metavar="IMAGE",
                            default=f"/build/ol7-nvme-test-{number}.img",
                            help=f"raw image of the disk at adapter lsi{number}")
    parser.add_argument("--boot-disk", metavar="IMAGE", default="/home/ol7-hdd-1.qcow2",
                        help="image of the disk in QEMU itself; empty: none")
    parser.add_argument("--boot-format", metavar="FORMAT", default="qcow2", help="its format")
    parser.add_argument("--qemu", metavar="PROGRAM", default="/usr/bin/qemu-system-x86_64")
    parser.add_argument("--memory", metavar="MIB", type=int, default=2048)
    parser.add_argument("--accel", metavar="NAME", default="kvm")
    parser.add_argument("--vnc", metavar="DISPLAY", default=":0")
    argv = sys.argv[1:]
    split = argv.index("--") if "--" in argv else len(argv)
    args = parser.parse_args(argv[:split])
    args.adapters = [Adapter(number, getattr(args, f"disk{number}"))
                     for number in range(1, images + 1)]
    args.extra = argv[split + 1:]
    return args


# ---- Command lines -------------------------------------------------------


def quoted(path):
    """A value of an option string."""
    return path.replace(",", ",,")


def remote_command(fd, adapters):
    command = [find("mpring-remote", "MPRING_REMOTE", "remote"), str(fd)]
    for number, image in adapters:
        command += [
            "-device", f"lsi53c895a,id=lsi{number}",
            "-drive", f"id=drive_image{number},file={quoted(image)},format=raw",
            "-device", f"scsi-hd,id=drive{number},drive=drive_image{number},"
                       f"bus=lsi{number}.0,scsi-id=0",
        ]
    return command


def boot_disk_options(args):
    if not args.boot_disk:
        return []
    return [
        "-device", "virtio-scsi-pci,id=virtio_scsi_pci0",
        "-drive", f"id=drive_image1,if=none,format={args.boot_format},"
                  f"file={quoted(args.boot_disk)}",
        "-device", "scsi-hd,id=image1,drive=drive_image1,bus=virtio_scsi_pci0.0",
    ]


def qemu_command(args, sockets):
    """`sockets`: pairs of an adapter and the number of its socket."""
    command = [
        args.qemu,
        "-name", "OL7.4",
        "-machine", f"q35,accel={args.accel}",
        "-smp", "sockets=1,cores=1,threads=1",
        "-m", str(args.memory),
        "-object", f"memory-backend-file,id=sysmem-file,mem-path=/dev/shm,size={args.memory}M,"
                   "share=on",
        "-numa", "node,memdev=sysmem-file",
        *boot_disk_options(args),
        "-boot", "d",
        "-vnc", args.vnc,
    ]
    for adapter, fd in sockets:
        command += ["-device", f"pci-proxy-dev,id=lsi{adapter.number},socket={fd}"]
    return command + args.extra


# ---- Processes -----------------------------------------------------------


def die_with_launcher():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Forwarder:
    """Passes signals on to QEMU, also those that came before it was started."""

    def __init__(self):
        self.process = None
        self.early = []
        for number in FORWARDED:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number, _frame):
        if self.process:
            self.process.send_signal(number)
        else:
            self.early.append(number)

    def to(self, process):
        self.process = process
        for number in self.early:
            process.send_signal(number)


def start(command, **how):
    try:
        return subprocess.Popen(command, **how)
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}", file=sys.stderr)
        return None


def start_remote(end, adapters):
    """In a session of its own, so that the terminal's signals come to QEMU, with
    which it ends."""
    return start(remote_command(end.fileno(), adapters), pass_fds=[end.fileno()],
                 stdin=subprocess.DEVNULL, start_new_session=True)


def start_qemu(args, sockets, forwarder):
    device = find("mpring-qemu.so", "MPRING_QEMU_SO", "proxy/qemu")
    process = start(qemu_command(args, sockets), pass_fds=sorted({fd for _, fd in sockets}),
                    env={**os.environ, "LD_PRELOAD": device}, preexec_fn=die_with_launcher)
    if process:
        forwarder.to(process)
    return process


def end_remotes(remotes):
    """They end by themselves when QEMU has hung up."""
    for seconds, act in ((HANG_UP_SECONDS, "terminate"), (TERMINATE_SECONDS, "kill")):
        for remote in remotes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                remote.wait(seconds)
                continue
            getattr(remote, act)()
    for remote in remotes:
        remote.wait()


def run(args, groups):
    """Starts a remote for each group of adapters, and QEMU; waits until all have
    ended. QEMU's status, as a shell gives it."""
    forwarder = Forwarder()
    pairs = [socket.socketpair() for _ in groups]
    remotes = [start_remote(theirs, group) for (_, theirs), group in zip(pairs, groups)]
    sockets = [(adapter, ours.fileno()) for (ours, _), group in zip(pairs, groups)
               for adapter in group]
    qemu = start_qemu(args, sockets, forwarder) if all(remotes) else None
    for pair in pairs:
        for end in pair:
            end.close()
    status = qemu.wait() if qemu else 1
    end_remotes([remote for remote in remotes if remote])
    return 128 - status if status < 0 else status
