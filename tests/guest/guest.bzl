"""Guest tests: virtual machines that use a device through mpring."""

def guest_program(name):
    """A C program for the guest, linked statically: the guest has no libraries."""
    native.cc_binary(
        name = name,
        srcs = [name + ".c"],
        linkopts = ["-static", "-lpthread"],
    )

def guest_kernel(name):
    """<name>.S as <name>.elf, a kernel by the Multiboot specification."""
    native.genrule(
        name = name,
        testonly = True,
        srcs = [
            name + ".S",
            "//tests/guest:bare.inc",
        ],
        outs = [name + ".elf"],
        cmd = "gcc -m32 -I. -nostdlib -static -no-pie -Wl,-Ttext=0x100000" +
              " -Wl,--build-id=none -o $@ $(location " + name + ".S)",
    )

def guest_test(name):
    """<name>.py as a test that has the machine for itself."""
    native.sh_test(
        name = name,
        timeout = "long",
        srcs = [name + ".py"],
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
