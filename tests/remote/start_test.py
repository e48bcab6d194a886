#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves how mpring-remote starts: in the background, by its other name, with the
command lines of Multi-process QEMU's manual, and with monitors that cannot be."""

import os
import shutil
import socket
import subprocess

from device_process import PROGRAM, Process, Remote, make_image, run
from monitor import Qmp, connect
from tap import TIMEOUT, case, check, run_cases, wait_until


@case
def background_process_says_when_it_is_ready(folder):
    pidfile = os.path.join(folder, "pid")
    command = ["-device", "lsi53c895a,id=lsi0", "-object",
               f"x-remote-object,id=r0,devid=lsi0,path={folder}/lsi0",
               "-qmp", f"unix:{folder}/qmp,server,nowait", "-daemonize", "-pidfile", pidfile,
               "-D", os.path.join(folder, "log"), "-d", "monitor"]
    check(run(*command).returncode == 0, "started")
    check(os.path.exists(f"{folder}/lsi0"), "the sockets are there")
    again = run(*command)
    check(again.returncode == 1 and "another process has it" in again.stderr, again.stderr)
    with Qmp(connect(f"{folder}/qmp")) as qmp:
        qmp.command("quit")
    check(wait_until(lambda: not os.path.exists(pidfile)), "it removes its file")
    with open(os.path.join(folder, "log"), encoding="utf-8") as log:
        # A thread writes the log, and may be about to.
        check(wait_until(lambda: log.seek(0) or "monitor: quit" in log.read()), "the log")


@case
def failed_start_in_the_background_is_told(folder):
    done = run("-daemonize", "-device", "lsi53c895a,id=lsi0")
    check(done.returncode == 1 and "nothing to serve" in done.stderr, done.stderr)


def ready(*options):
    """What a process whose starter has given MPRING_READY says there, and on standard error."""
    ours, theirs = os.pipe()
    sock, other = socket.socketpair()
    with sock, other, open(ours, "rb", buffering=0) as pipe:
        with subprocess.Popen([PROGRAM, str(other.fileno()), *options], stderr=subprocess.PIPE,
                              pass_fds=[theirs, other.fileno()],
                              env=dict(os.environ, MPRING_READY=str(theirs))) as process:
            os.close(theirs)
            said = pipe.read(1)
            check(pipe.read(1) == b"", "it says no more, and closes it")
            if said:
                check(process.poll() is None, "it goes on")
            process.terminate()
            return said, process.communicate(timeout=TIMEOUT)[1].decode()


@case
def starter_is_told_when_it_is_ready(folder):
    check(ready("-device", "lsi53c895a,id=lsi0")[0] == b"\0", "it is ready")
    said, errors = ready("-device", "lsi53c895a,id=lsi0", "-drive", f"id=d,file={folder}/none",
                         "-device", "scsi-hd,drive=d")
    check(said == b"" and "No such file" in errors, f"{said} {errors}")
    for odd in ["", "x", "-1", "999", "1x"]:
        done = run("-device", "lsi53c895a,id=lsi0", env=dict(os.environ, MPRING_READY=odd))
        check(done.returncode == 1 and "nothing to serve" in done.stderr, done.stderr)


@case
def other_name_wants_the_descriptor_first(folder):
    link = os.path.join(folder, "qemu-scsi-dev")
    os.symlink(PROGRAM, link)
    done = run("-device", "lsi53c895a,id=lsi0", program=link)
    check(done.returncode == 1 and "must be the first argument" in done.stderr, done.stderr)
    with Remote(folder, program=link) as remote, remote.qmp() as qmp:
        check(qmp.command("query-status")["running"], "it works")


def check_line(folder, line, sockets, program, expected):
    """Runs a command line of Multi-process QEMU's manual, with a disk image of each name and
    an inherited socket for each FD, and asks its monitor as the manual does."""
    pairs = [socket.socketpair() for _ in range(sockets)]
    monitor = f"{folder}/qmp-sock"
    words = f"{line} -monitor unix:{monitor},server,nowait".replace("/build/", f"{folder}/")
    for name in ("1.img", "2.img"):
        make_image(folder, name)
    for i, (_, theirs) in enumerate(pairs):
        words = words.replace(f"FD{i}", str(theirs.fileno()))
    with Process(*words.split(), keepers=[vmm for vmm, _ in pairs],
                 fds=[theirs for _, theirs in pairs], program=program) as process:
        for _, theirs in pairs:
            theirs.close()
        wait_until(lambda: os.path.exists(monitor) or not process.running())
        check(process.running(), "started")
        if shutil.which("socat"):
            done = subprocess.run(["socat", monitor, "stdio"], text=True, timeout=TIMEOUT,
                                  input="info qtree\n", capture_output=True, check=True)
            for text in expected:
                check(text in done.stdout, f"{text}: {done.stdout}")
    check(not process.errors, process.errors)


@case
def lines_of_the_manual_work(folder):
    link = os.path.join(folder, "qemu-scsi-dev")
    os.symlink(PROGRAM, link)
    for line, sockets, program, expected in [
            ("FD0 -device lsi53c895a,id=lsi0 -drive id=drive_image2,file=/build/1.img "
             "-device scsi-hd,id=drive2,drive=drive_image2,bus=lsi0.0,scsi-id=0", 1, link,
             ['id "lsi0"', 'drive = "drive_image2"']),
            ("-machine x-remote -device lsi53c895a,id=lsi0 "
             "-drive id=drive_image2,file=/build/1.img "
             "-device scsi-hd,id=drive2,drive=drive_image2,bus=lsi0.0,scsi-id=0 "
             "-object x-remote-object,id=robj1,devid=lsi0,fd=FD0,", 1, PROGRAM,
             ['id "lsi0"', 'drive = "drive_image2"']),
            ("-machine x-remote -device lsi53c895a,id=lsi0 -device lsi53c895a,id=lsi1 "
             "-object x-remote-object,id=robj1,devid=lsi0,fd=FD0 "
             "-object x-remote-object,id=robj2,devid=lsi1,fd=FD1", 2, PROGRAM,
             ['id "lsi0"', 'id "lsi1"']),
            ("FD0 -device lsi53c895a,id=lsi1 -drive id=drive_image1,file=/build/1.img "
             "-device scsi-hd,id=drive1,drive=drive_image1,bus=lsi1.0,scsi-id=0 "
             "-device lsi53c895a,id=lsi2 -drive id=drive_image2,file=/build/2.img "
             "-device scsi-hd,id=drive2,drive=drive_image2,bus=lsi2.0,scsi-id=0", 1, link,
             ['id "lsi1"', 'id "lsi2"', 'drive = "drive_image1"', 'drive = "drive_image2"'])]:
        check_line(folder, line, sockets, program, expected)


@case
def monitors_that_cannot_be_are_refused(folder):
    device = ["-device", "lsi53c895a,id=lsi0", "-object",
              f"x-remote-object,id=r0,devid=lsi0,path={folder}/lsi0"]
    for option, text in [
            (["-monitor", "tcp:localhost:1"], "give unix:PATH,server,nowait"),
            (["-qmp", f"unix:{folder}/q,server"], "add wait=off"),
            (["-chardev", "socket,id=c0,fd=999", "-mon", "chardev=c0"], "999 is not open"),
            (["-chardev", "socket,id=c0,fd=x", "-mon", "chardev=c0"], "\"x\" is not a file"),
            (["-chardev", "socket,id=c0,fd=0,server=on", "-mon", "chardev=c0"],
             "leave server out"),
            (["-qmp", "chardev:c0"], "no -chardev \"c0\""),
            (["-mon", "chardev=c0"], "no -chardev \"c0\""),
            (["-monitor", "stdio", "-qmp", "stdio"], "are used by -monitor stdio"),
            (["-monitor", "stdio", "-daemonize"], "closed by -daemonize"),
            (["-monitor", f"unix:{folder}/q,sever,nowait"], "did you mean \"server\""),
            (["-monitor", f"unix:{'x' * 200},server,nowait"], "path must have"),
            (["-d", "monitor,frob"], "no log item \"frob\""),
            (["-D", "/nowhere/log"], "No such file"),
            (["-pidfile", "/nowhere/pid"], "No such file")]:
        done = run(*device, *option)
        check(done.returncode == 1 and text in done.stderr, f"{option}: {done.stderr}")


run_cases()
