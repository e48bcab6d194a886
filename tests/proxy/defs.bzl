"""Tests that run QEMU with the shim loaded, where QEMU's headers are."""

load("@qemu_headers//:defs.bzl", "QEMU_HEADERS")

def qemu_test(name, args = [], data = []):
    """Runs NAME.py with the paths of the shared object and the fake remote, and args."""
    if QEMU_HEADERS:
        native.sh_test(
            name = name,
            srcs = [name + ".py"],
            args = [
                "$(location //proxy/qemu:mpring-qemu.so)",
                "$(location :fake_remote_bin)",
            ] + args,
            data = [
                "qemu_machine.py",
                ":fake_remote_bin",
                "//proxy/qemu:mpring-qemu.so",
            ] + data,
            tags = [
                "local",
                "noasan",
            ],
        )

def preload_test(name):
    """Runs NAME.sh with the path of the shared object."""
    if QEMU_HEADERS:
        native.sh_test(
            name = name,
            srcs = [name + ".sh"],
            args = ["$(location //proxy/qemu:mpring-qemu.so)"],
            data = [
                "//tests/common:tap.sh",
                "//proxy/qemu:mpring-qemu.so",
            ],
            tags = [
                "local",
                "noasan",
            ],
        )
