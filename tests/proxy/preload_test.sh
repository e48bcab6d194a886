#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves that the object for QEMU does nothing in a program that it is preloaded into
# and that is not QEMU, and gets through such a program to QEMU.
#
# shellcheck disable=SC2317 # functions are called through check
set -u
object=$(readlink -f "$1")
. "$(dirname "$0")/../common/tap.sh"

# says_hi [ASSIGNMENT]: exactly that, with the object preloaded.
says_hi()
{
	env "$@" LD_PRELOAD="$object" sh -c 'echo hi' > "$dir/output" 2>&1 || return 1
	cat "$dir/output"
	[ "$(cat "$dir/output")" = hi ]
}

# Those that come from the libraries that the object names carry a version.
nothing_is_needed_of_the_program()
{
	readelf -W --dyn-syms "$object" > "$dir/symbols" || return 1
	grep -q ' WEAK .* UND .*kvm_state' "$dir/symbols" || return 1
	awk '$7 == "UND" && $5 != "WEAK" && $8 && $8 !~ /@/ { print $8 " is not weak"; n++ }
	     END { exit n > 0 }' "$dir/symbols"
}

# It has QEMU's objects, but no PCI devices.
storage_daemon_has_no_device()
{
	printf '{"execute": "%s"}\n' qmp_capabilities qom-list-types quit |
		LD_PRELOAD="$object" timeout 60 qemu-storage-daemon --chardev stdio,id=qmp \
			--monitor qmp > "$dir/types" || return 1
	grep -q '"name": "container"' "$dir/types" && ! grep -q pci-proxy-dev "$dir/types"
}

wrapped_qemu_has_the_device()
{
	LD_PRELOAD="$object" timeout 60 sh -c 'exec qemu-system-x86_64 -device help' |
		grep '"pci-proxy-dev"'
}

# with PROGRAM NAME COMMAND...: a case that needs PROGRAM.
with()
{
	if installed "$1"; then
		shift
		check "$@"
	else
		skip "$2" "$1 is not installed"
	fi
}

check "a shell works" says_hi
check "a shell that binds functions when it starts works" says_hi LD_BIND_NOW=1
check "nothing is needed of the program" nothing_is_needed_of_the_program
with qemu-storage-daemon "QEMU's storage daemon does not get the device" storage_daemon_has_no_device
with qemu-system-x86_64 "QEMU behind a wrapper has the device" wrapped_qemu_has_the_device
finish
