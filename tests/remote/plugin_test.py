#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a device which was compiled outside the tree, with the documented command,
is one of mpring-remote's, with properties and under -sandbox; and that any other file is
refused by name."""

import os
import re
import socket
import subprocess

from device_process import Process, run
from monitor import Qmp
from tap import TIMEOUT, case, check, run_cases

SOURCE = "dev/example/filler.c"
COMPILE = "cc -fPIC -shared {} -o {} {} $(pkg-config --cflags mpring-device)"
STRICT = "-Wall -Wextra -Werror"
REGISTER = "MPR_DEVICE_PLUGIN(&filler_ops);"
PLUGIN = """
static const struct mpr_device_ops *const models[] = {{&filler_ops, NULL}};
const struct mpr_plugin mpr_device_plugin = {{{abi}, {device}, {ops}, {host_ops}, models}};
"""
SIZES = {"abi": "MPR_DEVICE_ABI", "device": "sizeof(struct mpr_device)",
         "ops": "sizeof(struct mpr_device_ops)", "host_ops": "sizeof(struct mpr_host_ops)"}


def compile_plugin(name, source, warnings=STRICT):
    subprocess.run(COMPILE.format(warnings, name + ".so", source), shell=True, check=True,
                   timeout=TIMEOUT, env={**os.environ, "PKG_CONFIG_PATH": "dev"})
    return name + ".so"


def example(folder):
    return compile_plugin(f"{folder}/filler", SOURCE)


def variant(name, *changes, warnings=STRICT):
    """The example with some of its text changed."""
    with open(SOURCE, encoding="ascii") as source:
        text = source.read()
    for before, after in changes:
        check(before in text, f"{SOURCE} has no {before!r}")
        text = text.replace(before, after)
    with open(f"{name}.c", "w", encoding="ascii") as changed:
        changed.write(text)
    return compile_plugin(name, f"{name}.c", warnings)


def expect_refusal(said, *options):
    done = run(*options)
    check(done.returncode == 1 and said in done.stderr and done.stderr.count("\n") == 1,
          f"{options}: status {done.returncode}, said:\n{done.stderr}")


@case
def needs_nothing_of_the_program(folder):
    plugin = example(folder)
    wanted = subprocess.run(["nm", "-D", "-u", plugin], check=True, capture_output=True,
                            text=True).stdout
    check("mpr_" not in wanted, wanted)


@case
def help_knows_it(folder):
    plugin = example(folder)
    text = run("-device", "help", "-plugin", plugin).stdout
    check('name "filler", bus PCI, desc "fills guest memory"\n' in text, text)
    text = run("-plugin", plugin, "-device", "filler,help").stdout
    check(re.search(r"^  size=<size> +- bytes written at once \(default: 4k\)$", text, re.M), text)


@case
def properties_are_checked(folder):
    plugin = ("-plugin", example(folder), "-device")
    expect_refusal('no property "sise" (did you mean "size"?)', *plugin, "filler,id=f0,sise=1")
    expect_refusal("size=0 is not a number from 1 to 4096", *plugin, "filler,id=f0,size=0")
    expect_refusal("size=8k is not a number from 1 to 4096", *plugin, "filler,id=f0,size=8k")
    expect_refusal('no driver "filer" (did you mean "filler"?)', *plugin, "filer,id=f0")


@case
def a_model_may_refuse(folder):
    plugin = variant(f"{folder}/picky", (
        "	((struct filler *)state)->size = value.number;\n	return 0;",
        "	struct mpr_host *host = ((struct filler *)state)->dev.host;\n"
        "	if (value.number % 2)\n"
        '		host->ops->refuse(host, "size=%d must be even", (int)value.number);\n'
        "	return value.number % 2 ? -EINVAL : 0;"))
    expect_refusal("-device filler,id=f0,size=3: size=3 must be even", "-plugin", plugin,
                   "-device", "filler,id=f0,size=3", "0")


@case
def other_files_are_refused(folder):
    text = f"{folder}/text.so"
    with open(text, "w", encoding="ascii") as out:
        out.write("no object\n" * 100)
    with open(f"{folder}/empty.c", "w", encoding="ascii") as out:
        out.write("extern int nothing;\n")
    empty = compile_plugin(f"{folder}/empty", f"{folder}/empty.c")
    expect_refusal(f"-plugin {folder}/none.so: No such file", "-plugin", f"{folder}/none.so")
    expect_refusal(f"-plugin {text}: ", "-plugin", text)
    expect_refusal("it has no symbol mpr_device_plugin", "-plugin", empty)
    expect_refusal("-plugin: an argument is missing", "-plugin")


@case
def abi_is_checked(folder):
    def other(name, **sizes):
        return variant(f"{folder}/{name}", (REGISTER, PLUGIN.format(**{**SIZES, **sizes})))

    expect_refusal("compiled for device ABI 7, and this program has 1", "-plugin",
                   other("abi", abi=7))
    for name, what in (("device", "mpr_device"), ("ops", "mpr_device_ops"),
                       ("host_ops", "mpr_host_ops")):
        said = run("-plugin", other(name, **{name: "4000"})).stderr
        check(re.search(rf"its struct {what} has 4000 bytes, and that of this program \d+:", said),
              said)
    older = other("older", host_ops="8")
    check('"filler"' in run("-plugin", older, "-device", "help").stdout, "older headers are refused")


@case
def names_are_new(folder):
    plugin = example(folder)
    expect_refusal('there is a driver "filler" already: another plug-in has it', "-plugin", plugin,
                   "-plugin", plugin)
    for driver in ("lsi53c895a", "scsi-hd"):
        named = variant(f"{folder}/{driver}", ('"filler"', f'"{driver}"'))
        expect_refusal(f'there is a driver "{driver}" already: it is built in', "-plugin", named)
    expect_refusal('"a,b" is no driver\'s name', "-plugin",
                   variant(f"{folder}/comma", ('"filler"', '"a,b"')))


@case
def declarations_are_checked(folder):
    for name, change, said in (
            ("reset", ("	.reset = reset,\n", ""), "it must have read(), write() and reset()"),
            ("bus", ("MPR_BUS_PCI", '"USB"'), "its bus must be PCI"),
            ("bar", ("{MPR_BAR_MEM32, 4096}", "{MPR_BAR_MEM32, 1000}"), "a BAR has a kind or"),
            ("state", ("sizeof(struct filler), properties", "8, properties"), "its size must be"),
            ("default", ('"4k"', '"5k"'), "size=5k is not a number from 1 to 4096"),
            ("id", ('"size"', '"id"'), 'property "id": every device has it'),
            ("cpu", ('"size"', '"cpu"'), 'property "cpu": every device has it'),
            ("models", (REGISTER, PLUGIN.format(**SIZES).replace("models}", "NULL}")),
             "it has no models"),
            ("set", ("set},", "NULL},"), "it has properties, but no set()")):
        # What is not used any more would warn.
        expect_refusal(said, "-plugin", variant(f"{folder}/wrong-{name}", change, warnings=""))


@case
def monitor_adds_it_under_sandbox(folder):
    here, there = socket.socketpair()
    with there:
        process = Process("-machine", "x-remote", "-plugin", example(folder), "-sandbox", "on",
                          "-chardev", f"socket,id=m,fd={there.fileno()}", "-qmp", "chardev:m",
                          keepers=[here], fds=[there])
    with process, Qmp(here) as qmp:
        listed = qmp.command("device-list-properties", typename="filler")
        check({"name": "size", "type": "size", "description": "bytes written at once",
               "default-value": 4096} in listed, listed)
        refused = qmp.error("device_add", driver="filler", id="f0", size="5k")
        check("from 1 to 4096" in refused, refused)
        qmp.command("device_add", driver="filler", id="f0", size="1k")
        qmp.command("device_add", driver="filler", id="f1")
        sizes = [qmp.command("qom-get", path=f"/machine/peripheral/{name}", property="size")
                 for name in ("f0", "f1")]
        check(sizes == [1024, 4096], sizes)
        qmp.command("device_del", id="f1")
        qmp.command("quit")


run_cases()
