"""The QEMU device, where QEMU's headers are."""

load("@qemu_headers//:defs.bzl", "QEMU_HEADERS")

def qemu_device(name, **kwargs):
    """A shared object to load into QEMU; left out without QEMU's headers."""
    if QEMU_HEADERS:
        native.cc_binary(
            name = name,
            linkshared = True,
            deps = [
                "//log:writer",
                "//proxy",
                "//ring:channel",
                "//ring:discard",
                "//ring:window",
                "@qemu_headers//:qemu_headers",
            ],
            **kwargs
        )
