# SPDX-License-Identifier: MIT
"""What a test needs of the machine that it runs on."""

import fcntl
import os
import pwd
import sys

from tap import Skip

KVM_CREATE_VM = 0xAE01


def cache():
    """The folder of what scripts/setup has prepared."""
    home = os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.environ.get("MPRING_CACHE") or os.path.join(base, "mpring")


def kvm_works():
    """True if virtual machines can be made here."""
    try:
        kvm = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.close(fcntl.ioctl(kvm, KVM_CREATE_VM, 0))
        return True
    except OSError:
        return False
    finally:
        os.close(kvm)


def need_kvm():
    if not kvm_works():
        raise Skip("/dev/kvm cannot be used")


def need_root():
    if os.getuid() != 0:
        raise Skip("only root can change its user and root")


def qemus_qmp_client():
    """The module of QEMU's own client."""
    sys.path.insert(0, os.path.join(cache(), "qemu-headers", "python"))
    try:
        from qemu import qmp  # found by the line above
    except ImportError as error:
        raise Skip(f"QEMU's Python client is not there ({error}): run scripts/setup") from error
    return qmp
