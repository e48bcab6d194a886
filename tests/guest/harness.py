# SPDX-License-Identifier: MIT
"""Runs virtual machines for the guest tests and checks what is left of them.

A Machine is one QEMU with one LSI adapter and its disks, which live in a
remote process (started through `mpring run`) or, with --inprocess, in QEMU
itself: the same tests then show what stock QEMU does. A Tap counts checks.
"""

import argparse
import contextlib
import ctypes
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

# What follows is there.
sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../common"))

# The tests find here what they need of these.
from host import cache, kvm_works
from monitor import Hmp, HungUp, Qmp, connect
from tap import Failure, Tap, check, diagnose, wait_until

PR_SET_CHILD_SUBREAPER = 36
BOOT_TIMEOUT = 240
JOB_TIMEOUT = 600
HOPELESS = ("Kernel panic", "MPRING-RESULT: fail", "DISK ERROR")
BOOT_TEXT = b"SECTOR FIVE SAYS HELLO\n"
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What the kernel says when a command went wrong.
TROUBLE = re.compile(r"I/O error|FAILED Result|Sense Key|rejecting I/O|offline"
                     r"|EXT4-fs (error|warning)|JBD2.*error|BUG: |Oops|blocked for more than"
                     r"|Power-on or device reset")
# The driver says these in a normal boot, and nothing else when all is well.
DRIVER_GREETING = re.compile(r"sym\d: (<895a> rev|No NVRAM|SCSI BUS has been reset)")
# Each disk says this once after power-on, the bus once when the driver starts.
ONCE_EACH_BOOT = re.compile(r"sd [\d:]+ Power-on or device reset|sym\d: SCSI BUS has been reset")


def run(*command):
    """Runs a host program; its output. A status other than 0 is a Failure."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "PATH": SEARCH_PATH}, check=False)
    text = done.stdout.decode(errors="replace")
    check(done.returncode == 0, f"{shlex.join(command)}: status {done.returncode}\n{text}")
    return text


# ---- Processes -----------------------------------------------------------


# Children that this process had before it started any: those of the program that exec
# replaced, or orphans if it is a container's first process.
FOREIGN = set()


def become_subreaper():
    """Orphans of what is started become this process's children, so that none is lost."""
    FOREIGN.update(descendants())
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def read_proc(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as f:
            return f.read()
    except OSError:
        return b""


def stat_fields(pid):
    """/proc/PID/stat from the state on, or []."""
    return read_proc(pid, "stat").decode(errors="replace").rpartition(")")[2].split()


def alive(pid):
    fields = stat_fields(pid)
    return bool(fields) and fields[0] not in "ZX"


def descendants():
    """Living processes that were started from here: {pid: command line}."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat_fields(entry)
            if fields and fields[0] not in "ZX":
                parents[int(entry)] = int(fields[1])
    family, grew = {os.getpid()}, True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in family} - family - FOREIGN
        family |= more
        grew = bool(more)
    family.discard(os.getpid())
    lines = {pid: read_proc(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")
             for pid in family}
    return {pid: line.strip() for pid, line in lines.items() if line}


def cpu_ticks(pid):
    """User and system time of a process so far, in clock ticks."""
    fields = stat_fields(pid)
    return int(fields[11]) + int(fields[12])


def context_switches(pid):
    """Voluntary context switches of all threads of a process so far."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        status = read_proc(pid, f"task/{thread}/status").decode()
        total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.M).group(1))
    return total


# ---- Machines ------------------------------------------------------------


class Options:
    """What the command line of a test says."""

    def __init__(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("--inprocess", action="store_true",
                            help="use QEMU's own adapter in QEMU's own process")
        parser.add_argument("--mpring", default="bazel-bin/orchestrator/mpring")
        parser.add_argument("--programs", default="bazel-bin/tests/guest",
                            help="folder of the programs that run in the guest")
        parser.add_argument("--keep", action="store_true", help="keep the working folder")
        parser.parse_args(namespace=self)
        self.mpring = os.path.abspath(self.mpring)
        self.programs = os.path.abspath(self.programs)

    def program(self, name):
        return os.path.join(self.programs, name)


def end_descendants(reason):
    for pid, line in descendants().items():
        diagnose(f"{reason}: {pid} {line}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def workplace():
    """Options and a working folder; leaves neither files nor processes."""
    options = Options()
    become_subreaper()
    folder = tempfile.mkdtemp(prefix="mpring-", dir="/tmp")
    try:
        yield options, folder
    finally:
        end_descendants("still running at the end, ended now")
        if options.keep:
            diagnose(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def session():
    """Options, a Tap and a working folder; ends the program with the counts."""
    tap = Tap()
    with workplace() as (options, folder):
        yield options, tap, folder
    tap.finish()


def make_disk(folder, name, size):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.truncate(size)
    return path


def bootable_disk(options, folder, name):
    """A disk that boots boot.S, with a text in its sector 5."""
    disk = make_disk(folder, name, 8 << 20)
    with open(disk, "r+b") as image, open(options.program("boot.bin"), "rb") as code:
        image.write(code.read())
        image.seek(5 * 512)
        image.write(BOOT_TEXT)
    return disk


class Machine:
    """One run of QEMU with one LSI adapter and its disks."""

    def __init__(self, options, folder, disks, *, machine="q35", accel="tcg", smp=1,
                 memory="512M", inprocess=None, cache="writeback"):
        self.options = options
        self.inprocess = options.inprocess if inprocess is None else inprocess
        self.folder = tempfile.mkdtemp(prefix="run-", dir=folder)
        self.serial = self._path("serial")
        self.output = self._path("output")
        self.monitor = self._path("qmp")
        self.process = None
        self.arguments = [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            "-accel", accel, "-m", memory, "-smp", str(smp),
            "-object", f"memory-backend-memfd,id=mem,size={memory},share=on",
            "-machine", f"{machine},memory-backend=mem",
            "-chardev", f"file,id=serial,path={self.serial}", "-serial", "chardev:serial",
            "-qmp", f"unix:{self.monitor},server=on,wait=off",
        ]
        self.disks = disks
        self.cache = cache
        self._add_adapter()

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _add_adapter(self):
        device, drive, remote = ("-device", "-drive", "") if self.inprocess else (
            "-rdevice", "-rdrive", ",rid=0")
        interface = "if=none," if self.inprocess else ""
        self.arguments += [device, f"lsi53c895a,id=lsi0{remote}"]
        for number, path in enumerate(self.disks):
            self.arguments += [
                drive, f"id=d{number},{interface}file={path},format=raw,"
                f"cache={self.cache}{remote}",
                device, f"scsi-hd,drive=d{number},bus=lsi0.0,scsi-id={number}{remote}",
            ]

    def boot_linux(self, job, programs=(), parts=()):
        """Starts the Linux guest, whose /job is the shell script `job`. `parts`
        are further archives of the guest image: fio, virtio."""
        guest = os.path.join(cache(), "guest")
        check(os.path.exists(os.path.join(guest, "stamp")),
              f"no guest image in {guest}: run scripts/setup")
        self.arguments += [
            "-kernel", os.path.join(guest, "vmlinuz"), "-initrd", self._initrd(
                guest, job, programs, parts),
            "-append", f"console=ttyS0 quiet iomem=relaxed panic=0 disks={len(self.disks)}",
        ]
        self.start()

    def _initrd(self, guest, job, programs, parts):
        """The cached root with a small archive behind it: the job and its programs."""
        root = self._path("root")
        os.makedirs(os.path.join(root, "bin"))
        with open(os.path.join(root, "job"), "w", encoding="ascii") as f:
            f.write(job)
        for name in programs:
            shutil.copy(self.options.program(name), os.path.join(root, "bin", name))
        files = ["bin", "job"] + [f"bin/{name}" for name in programs]
        packed = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=root, check=True,
                                input="\n".join(files).encode(), stdout=subprocess.PIPE)
        path = self._path("initrd")
        with open(path, "wb") as out:
            for part in ("base", *parts):
                with open(os.path.join(guest, f"{part}.cpio"), "rb") as f:
                    shutil.copyfileobj(f, out)
            out.write(packed.stdout)
        return path

    def start(self):
        command = self.arguments
        if not self.inprocess:
            command = [self.options.mpring, "run", "--"] + command
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, "PATH": SEARCH_PATH})

    # -- What the guest says

    def console(self):
        try:
            with open(self.serial, "rb") as f:
                return f.read().decode(errors="replace").replace("\r", "")
        except OSError:
            return ""

    def log(self):
        """The end of what programs and guest have written, for diagnostics."""
        with open(self.output, "rb") as f:
            said = f.read().decode(errors="replace")
        return "\n".join(["--- programs:"] + said.splitlines()[-15:] +
                         ["--- guest:"] + self.console().splitlines()[-25:])

    def wait_console(self, text, seconds=BOOT_TIMEOUT):
        """Waits for a text on the serial console, as long as it may still come."""
        def settled():
            said = self.console()
            return text in said or any(word in said for word in HOPELESS) or self.ended()
        wait_until(settled, seconds)
        check(text in self.console(), f"the guest has not said '{text}'\n{self.log()}")

    def wait_result(self, seconds=JOB_TIMEOUT):
        """Waits until the job has ended well and all processes are gone."""
        self.wait_console("MPRING-RESULT:", seconds)
        check("MPRING-RESULT: ok" in self.console(), f"the job failed\n{self.log()}")
        self.wait_end()

    def found(self, pattern):
        """All matches of a pattern on the console, which ends lines with \\n."""
        return re.findall(pattern, self.console(), re.M)

    def kernel_trouble(self):
        """Lines of the guest's kernel about commands that went wrong."""
        trouble, seen = [], set()
        for line in self.found(r"^kernel: \[ *[\d.]+\] (.*)$"):
            if line.startswith("Linux version"):
                seen = set()
            elif ONCE_EACH_BOOT.match(line) and line not in seen:
                seen.add(line)
            elif TROUBLE.search(line) or ONCE_EACH_BOOT.match(line) or (
                    re.match(r"sym\d:", line) and not DRIVER_GREETING.match(line)):
                trouble.append(line)
        return trouble

    def check_kernel(self):
        check(self.found(r"^kernel: .*Linux version"), f"no kernel log\n{self.log()}")
        check(not self.kernel_trouble(), "\n".join(self.kernel_trouble()))

    # -- Processes

    def ended(self):
        return self.process.poll() is not None

    def wait_gone(self, seconds=30):
        """Waits until nothing of this machine runs, however it ended."""
        check(wait_until(lambda: self.ended() and not descendants(), seconds),
              f"still running: {descendants()}\n{self.log()}")

    def wait_end(self):
        """Waits until all has ended well."""
        self.wait_gone()
        check(self.process.returncode == 0,
              f"it ended with status {self.process.returncode}\n{self.log()}")

    def pid_of(self, program):
        """The process that runs a program, found among the descendants."""
        for pid, line in descendants().items():
            if os.path.basename(line.split(" ")[0]) == program:
                return pid
        raise Failure(f"no process runs {program}: {descendants()}\n{self.log()}")

    def wait_process(self, program):
        """The same for a program that may not have started yet."""
        def there():
            return any(os.path.basename(line.split(" ")[0]) == program
                       for line in descendants().values())
        wait_until(lambda: there() or self.ended(), 10)
        return self.pid_of(program)

    def qemu(self):
        return self.pid_of("qemu-system-x86_64")

    def remote(self):
        return self.pid_of("mpring-remote")

    # -- Monitor

    def command(self, name, **arguments):
        """A QMP command; its result."""
        with Qmp(connect(self.monitor, self.ended)) as qmp:
            return qmp.command(name, **arguments)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        """Ends what a failed test case has left running."""
        end_descendants("still running, ended now")

    def tell_to_quit(self):
        """The quit command; QEMU may hang up before it has answered."""
        with contextlib.suppress(OSError, HungUp):
            self.command("quit")

    def quit(self):
        """Ends QEMU by its monitor."""
        self.tell_to_quit()
        self.wait_end()


# ---- Test cases of several tests ------------------------------------------


def check_boot(tap, machine, disk, what):
    """Test cases: boots a bootable_disk() and looks at what the guest did to it."""
    with tap.case(f"{what}: SeaBIOS boots from the disk and reads it"):
        machine.start()
        machine.wait_console("BOOTED", 60)
        machine.wait_console(BOOT_TEXT.decode(), 60)
    with tap.case(f"{what}: what the BIOS writes is in the image"):
        machine.wait_console("WRITTEN", 60)
        machine.quit()
        with open(disk, "rb") as image:
            image.seek(6 * 512)
            found = image.read(len(BOOT_TEXT))
        check(found == BOOT_TEXT, f"sector 6 holds {found}")
