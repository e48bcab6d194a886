#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that mpring-remote gives up its user, root and system calls once its files and
sockets are open, and goes on to work: -runas, -chroot and -sandbox."""

import contextlib
import os
import shutil
import signal
import subprocess

from device_process import PROGRAM, make_image, run
from host import need_root
from monitor import Qmp, connect
from tap import TIMEOUT, case, check, run_cases, wait_until


def start(folder, *options):
    """A process in the background, by its pid file."""
    need_root()
    disk = make_image(folder, "disk.img")
    os.chmod(disk, 0o600)
    subprocess.run([PROGRAM, "-machine", "x-remote", "-daemonize", "-pidfile", f"{folder}/pid",
                    "-device", "lsi53c895a,id=lsi0", "-drive", f"id=d0,file={disk}",
                    "-device", "scsi-hd,drive=d0", "-object",
                    f"x-remote-object,id=r,devid=lsi0,path={folder}/lsi0",
                    "-qmp", f"unix:{folder}/qmp,server,nowait", *options],
                   check=True, timeout=TIMEOUT)
    with open(f"{folder}/pid", encoding="ascii") as number:
        return int(number.read())


def monitor(folder):
    return Qmp(connect(f"{folder}/qmp"))


@contextlib.contextmanager
def running(folder, *options):
    pid = start(folder, *options)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGTERM)
        check(wait_until(lambda: not os.path.exists(f"/proc/{pid}")), "it does not end")


def status(pid, name):
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        return next(line.split()[1:] for line in lines if line.startswith(f"{name}:"))


@case
def a_user_has_his_groups_and_no_rights(folder):
    with running(folder, "-runas", "daemon") as pid:
        expected = [str(group) for group in sorted(set(os.getgrouplist("daemon", 1)))]
        check(status(pid, "Uid") == ["1"] * 4 and status(pid, "Gid") == ["1"] * 4, "no user")
        check(sorted(status(pid, "Groups")) == sorted(expected), str(status(pid, "Groups")))
        check(status(pid, "CapEff") == ["0" * 16] and status(pid, "CapPrm") == ["0" * 16], "rights")
        with monitor(folder) as qmp:
            qmp.command("query-block")
            error = qmp.error("x-drive-add", id="d1", file=f"{folder}/disk.img")
            check("Permission denied" in error, f"a file of root's: {error}")


@case
def files_of_the_same_path_in_the_new_root_stay(folder):
    root = f"{folder}/root"
    os.makedirs(root + folder)
    paths = [f"{root}{folder}/{name}" for name in ("pid", "lsi0", "qmp")]
    for path in paths:
        with open(path, "wb"):
            pass
    with running(folder, "-chroot", root) as pid:
        check(os.readlink(f"/proc/{pid}/root") == root, "no new root")
        for number in range(3):
            null = os.stat(f"/proc/{pid}/fd/{number}")
            check(null.st_rdev == os.stat("/dev/null").st_rdev, "the terminal is let go")
    check(all(os.path.exists(path) for path in paths), str(os.listdir(root + folder)))


@case
def the_filter_is_that_of_every_thread_and_comes_after_the_user(folder):
    os.chmod(folder, 0o755)
    with running(folder, "-runas", "daemon", "-sandbox", "on,obsolete=deny,elevateprivileges=deny,"
                 "spawn=deny,resourcecontrol=deny") as pid:
        check(status(pid, "Uid") == ["1"] * 4, "no user")
        threads = os.listdir(f"/proc/{pid}/task")
        check(len(threads) > 1, "no thread but one")
        filtered = [status(thread, "Seccomp") for thread in threads]
        check(all(mode == ["2"] for mode in filtered), str(filtered))
        disk = make_image(folder, "disk2.img")
        os.chmod(disk, 0o666)
        with monitor(folder) as qmp:
            qmp.command("x-drive-add", id="d1", file=disk)
            qmp.command("device_add", driver="scsi-hd", id="disk1", drive="d1")
            check("d1" in str(qmp.command("query-block")), "the disk is there")


@case
def what_cannot_be_given_up_is_an_error(folder):
    need_root()
    options = ["-machine", "x-remote", "-device", "lsi53c895a,id=lsi0", "-object",
               f"x-remote-object,id=r,devid=lsi0,path={folder}/lsi0"]
    done = run(*options, "-chroot", f"{folder}/nowhere")
    check(done.returncode == 1 and f"-chroot {folder}/nowhere: No such file" in done.stderr,
          done.stderr)
    program = shutil.copy(PROGRAM, folder)  # where nobody may read it
    os.chmod(folder, 0o777)
    done = run(*options, "-runas", "0:0", program=program, user=65534, group=65534,
               extra_groups=[])
    check(done.returncode == 1 and "-runas 0:0: " in done.stderr, done.stderr)


run_cases()
