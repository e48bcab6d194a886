#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that the monitors of `mpring run` are where the command line wants them, and that
nothing is left of them: with the distribution's QEMU."""

import glob
import os
import select
import signal
import socket

from machine import both, only_monitors, run
from monitor import Qmp
from tap import TIMEOUT, case, check, run_cases


@case
def character_devices_inherited_sockets_and_tcp(folder):
    with socket.socket(socket.AF_UNIX) as listener, socket.socket() as probe:
        listener.bind(f"{folder}/qmp")
        listener.listen()
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        options = ["-chardev", f"socket,id=c0,fd={listener.fileno()},server=on,wait=off",
                   "-mon", "chardev=c0,mode=control", "-chardev",
                   f"socket,id=c1,path={folder}/hmp,server=on,wait=off", "-mon", "chardev=c1",
                   "-qmp", f"tcp:127.0.0.1:{port},server,nowait"]
        machine = only_monitors(folder, *options, pass_fds=[listener.fileno()])
    with machine, machine.qmp() as qmp, machine.hmp() as text:
        with Qmp(socket.create_connection(("127.0.0.1", port))) as tcp:
            tcp.command("query-status")
        qmp.command("query-status")
        shown = text.command("info chardev")
        check("c0" not in shown.split() and "remote_proc_list" in text.command("help"), shown)


@case
def client_form_connects(folder):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/there")
        listener.listen()
        listener.settimeout(TIMEOUT)
        with only_monitors(folder, "-qmp", f"unix:{folder}/there") as machine:
            with Qmp(listener.accept()[0]) as qmp:
                qmp.command("quit")
                check(machine.process.wait(TIMEOUT) == 0, "exit status")


@case
def waits_for_a_client(folder):
    options = f"-monitor unix:{folder}/hmp,server,nowait -qmp unix:{folder}/qmp,server".split()
    with only_monitors(folder, *options) as machine:
        with machine.connect("hmp") as early:
            check(not select.select([early], [], [], 0.5)[0], "QEMU has not begun")
            with machine.qmp() as qmp:
                check(early.recv(4096).startswith(b"QEMU "), "it has now")
                qmp.command("query-status")


@case
def other_monitors_stay_qemus_own(folder):
    with only_monitors(folder, "-monitor", "vc", *both(folder)) as machine:
        with machine.hmp() as text:
            text.send("quit")
        machine.process.wait(TIMEOUT)
        errors = machine.process.stderr.read().decode()
        check(errors.startswith("mpring: -monitor vc: ") and "remote_proc_list" in errors and
              errors.count("\n") == 1, errors)


@case
def what_cannot_be_is_refused(folder):
    for options, text in [
            (["-monitor", f"unix:{folder}/m,sever,nowait"], "did you mean \"server\""),
            (["-monitor", "unix:/nowhere/m,server,nowait"], "No such file"),
            (["-qmp", f"unix:{folder}/nobody"], "No such file"),
            (["-chardev", "socket,id=c,fd=99,server=on", "-qmp", "chardev:c"], "descriptor")]:
        done = run(*options, folder=folder, text=True)
        check(done.returncode == 1 and text in done.stderr, f"{options}: {done.stderr}")
        check(not glob.glob(f"{folder}/mpring-*"), "nothing is left")


@case
def nothing_is_left_after_a_signal(folder):
    with only_monitors(folder) as machine:
        with machine.hmp(), machine.qmp() as qmp:
            check(not machine.private_folders(), "a place for others to connect to")
            machine.process.send_signal(signal.SIGTERM)
            machine.process.wait(TIMEOUT)
            check(qmp.read()["event"] == "SHUTDOWN", "the last event")
        check(not os.path.exists(machine.path("hmp")), "the sockets are removed")


@case
def nothing_private_is_left_after_sigkill(folder):
    with only_monitors(folder) as machine:
        with machine.hmp(), machine.qmp():
            machine.process.kill()
            machine.process.wait(TIMEOUT)
        check(not machine.private_folders(), "nothing is left")


run_cases()
