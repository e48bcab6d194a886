#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that mpring-remote gives up its user, root and system calls once its files and
sockets are open, and goes on to work: -runas, -chroot and -sandbox."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

PROGRAM = os.path.abspath(sys.argv[1])
TIMEOUT = 20
cases = []


def case(function):
    cases.append(function)
    return function


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def wait_until(condition, text):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        check(time.monotonic() < deadline, text)
        time.sleep(0.01)


def start(folder, *options):
    """A process in the background, by its pid file."""
    with open(os.path.join(folder, "disk.img"), "wb") as image:
        image.truncate(1 << 20)
    os.chmod(image.name, 0o600)
    subprocess.run([PROGRAM, "-machine", "x-remote", "-daemonize", "-pidfile", f"{folder}/pid",
                    "-device", "lsi53c895a,id=lsi0", "-drive", f"id=d0,file={image.name}",
                    "-device", "scsi-hd,drive=d0", "-object",
                    f"x-remote-object,id=r,devid=lsi0,path={folder}/lsi0",
                    "-qmp", f"unix:{folder}/qmp,server,nowait", *options],
                   check=True, timeout=TIMEOUT)
    with open(f"{folder}/pid", encoding="ascii") as number:
        return int(number.read())


def ask(folder, name, **arguments):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect(f"{folder}/qmp")
        stream = sock.makefile("rw", encoding="utf-8", newline="\n")
        stream.readline()
        for command in ({"execute": "qmp_capabilities"},
                        {"execute": name, "arguments": arguments}):
            stream.write(json.dumps(command) + "\n")
            stream.flush()
            answer = json.loads(stream.readline())
        return answer


@contextlib.contextmanager
def running(folder, *options):
    pid = start(folder, *options)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "it does not end")


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
        check("return" in ask(folder, "query-block"), "it works")
        answer = ask(folder, "x-drive-add", options=f"id=d1,file={folder}/disk2.img")
        check("error" in answer, f"a file of root's was opened: {answer}")


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
        with open(f"{folder}/disk2.img", "wb") as image:
            image.truncate(1 << 20)
        os.chmod(image.name, 0o666)
        for answer in (ask(folder, "x-drive-add", options=f"id=d1,file={image.name}"),
                       ask(folder, "device_add", driver="scsi-hd", id="disk1", drive="d1")):
            check("return" in answer, str(answer))
        check("d1" in str(ask(folder, "query-block")), "the disk is there")


@case
def what_cannot_be_given_up_is_an_error(folder):
    options = [PROGRAM, "-machine", "x-remote", "-device", "lsi53c895a,id=lsi0", "-object",
               f"x-remote-object,id=r,devid=lsi0,path={folder}/lsi0"]
    done = subprocess.run([*options, "-chroot", f"{folder}/nowhere"], stderr=subprocess.PIPE,
                          text=True, check=False, timeout=TIMEOUT)
    check(done.returncode == 1 and f"-chroot {folder}/nowhere: No such file" in done.stderr,
          done.stderr)
    program = shutil.copy(PROGRAM, folder)  # where nobody may read it
    os.chmod(folder, 0o777)
    done = subprocess.run([program, *options[1:], "-runas", "0:0"], stderr=subprocess.PIPE,
                          text=True, check=False, timeout=TIMEOUT, user=65534, group=65534,
                          extra_groups=[])
    check(done.returncode == 1 and "-runas 0:0: " in done.stderr, done.stderr)


def run_case(number, function):
    name = function.__name__
    if os.getuid() != 0:
        print(f"ok {number} - {name} # SKIP only root can change its user and root", flush=True)
        return True
    try:
        with tempfile.TemporaryDirectory(prefix="mpp-", dir="/tmp") as folder:
            function(folder)
    except Exception:
        print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
        print(f"not ok {number} - {name}", flush=True)
        return False
    print(f"ok {number} - {name}", flush=True)
    return True


print(f"1..{len(cases)}", flush=True)
sys.exit(0 if all([run_case(i + 1, function) for i, function in enumerate(cases)]) else 1)
