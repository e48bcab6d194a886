"""Tests that run QEMU with the shim loaded, where QEMU's headers are."""

load("@qemu_headers//:defs.bzl", "QEMU_HEADERS")
load("//tests:python_test.bzl", "python_test")
load("//tests:shell_test.bzl", "shell_test")

def qemu_test(name, programs = []):
    """NAME.py with the paths of the shared object, the fake remote, and further programs."""
    if QEMU_HEADERS:
        python_test(
            name = name,
            data = ["qemu_machine.py"],
            programs = [
                "//proxy/qemu:mpring-qemu.so",
                ":fake_remote_bin",
            ] + programs,
            tags = ["noasan"],
        )

def preload_test(name):
    """NAME.sh with the path of the shared object."""
    if QEMU_HEADERS:
        shell_test(
            name = name,
            programs = ["//proxy/qemu:mpring-qemu.so"],
            tags = [
                "local",
                "noasan",
            ],
        )
