"""Guest tests: virtual machines that use a device through mpring."""

def guest_program(name):
    """A C program for the guest, linked statically: the guest has no libraries."""
    native.cc_binary(
        name = name,
        srcs = [name + ".c"],
        linkopts = ["-static", "-lpthread"],
    )

def guest_test(name, timeout):
    """<name>_test.py as a test that has the machine for itself.

    Args:
      name: what is tested
      timeout: as of every Bazel test
    """
    native.sh_test(
        name = name + "_test",
        timeout = timeout,
        srcs = ["%s_test.py" % name],
        args = [
            "--mpring=$(rootpath //orchestrator:mpring)",
            "--programs=" + native.package_name(),
        ],
        data = [
            "harness.py",
            "plugged.py",
            "//tests/common:python",
            ":accesscost",
            ":boot.bin",
            ":diskload",
            ":overlay.bin",
            ":plugin_guest",
            "//bench:channel_stats",
            "//docs:conformance.md",
            "//docs:usage.md",
            "//dev/example:filler.so",
            "//scripts:launchers",
            "//orchestrator:mpring",
            "//proxy/qemu:mpring-qemu.so",
            "//remote:mpring-remote",
        ],
        tags = ["exclusive", "guest", "local"],
    )
