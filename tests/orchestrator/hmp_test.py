#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that `mpring run` gives people QEMU's monitor, with mpring's commands added:
with the distribution's QEMU."""

import re
import shutil
import subprocess

from machine import OWN, Machine, both, only_monitors, run, stopped
from tap import TIMEOUT, Skip, case, check, run_cases


@case
def pipe_gets_prompts_and_answers(folder):
    script = b"info status\nhelp\nhelp rdevice_add\nremote_proc_list\nquit\n"
    done = run("-monitor", "stdio", folder=folder, input=script)
    shown = done.stdout.decode()
    check(done.returncode == 0, f"{done.returncode}: {done.stderr}")
    check(re.match(r"QEMU \d+\.\d+\.\d+ monitor - type 'help' for more information\r\n\(qemu\) "
                   r"VM status: paused \(prelaunch\)\r\n\(qemu\) ", shown), shown)
    names = [line.split(" ")[0] for line in shown.splitlines()]
    for name in [*OWN, "device_add", "quit|q"]:
        check(name in names, f"help lists {name}: {names}")
    check("(qemu) rdevice_add " in shown, "help of one")
    check(re.search(r"\(qemu\) +PID\s+RID", shown), "remote_proc_list")


@case
def machine_outlives_its_standard_input(folder):
    with only_monitors(folder, "-monitor", "stdio", *both(folder),
                       stdin=subprocess.PIPE) as machine:
        machine.process.stdin.close()
        machine.process.stdin = None
        with machine.hmp() as text:
            check("prelaunch" in text.command("info status"), "it runs")
            text.send("quit")
            check(machine.process.wait(TIMEOUT) == 0, "quit")


@case
def socket_serves_several_clients_and_others_after_them(folder):
    with only_monitors(folder) as machine:
        with machine.hmp() as one, machine.hmp() as two:
            check(one.banner == two.banner and one.banner.startswith("QEMU "), one.banner)
            check(one.command("info status") == two.command("info status") ==
                  "VM status: paused (prelaunch)\r\n", "both are answered")
            check(one.command("frob") == "unknown command: 'frob'\r\n", "errors are QEMU's")
        for _ in range(20):
            with machine.hmp() as text:
                check("prelaunch" in text.command("info status"), "others after them")


@case
def socat_is_a_client(folder):
    if not shutil.which("socat"):
        raise Skip("socat is not installed")
    with only_monitors(folder) as machine:
        machine.connect("hmp").close()
        done = subprocess.run(["socat", machine.path("hmp"), "stdio"], text=True,
                              input="info status\n", capture_output=True, timeout=TIMEOUT,
                              check=False)
        check("(qemu) VM status: paused (prelaunch)\n" in done.stdout, done.stdout)
        done = subprocess.run(["socat", "-", f"UNIX-CONNECT:{machine.path('qmp')}"],
                              text=True, input='{"execute": "qmp_capabilities", "id": 7}',
                              capture_output=True, timeout=TIMEOUT, check=False)
        check('{"return": {}, "id": 7}\n' in done.stdout, done.stdout)


@case
def cpu_is_each_monitors_own(folder):
    with Machine(folder, stopped("-machine", "pc", "-smp", "2", *both(folder))) as machine:
        with machine.hmp() as one, machine.hmp() as two:
            check("invalid" in one.command("cpu 9"), "a CPU that is not there")
            check(one.command("cpu 1") == "", "cpu 1")
            check("* CPU #1" in one.command("info cpus"), "the first user's")
            check("* CPU #0" in two.command("info cpus"), "the second user's")


run_cases()
