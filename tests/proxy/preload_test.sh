#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves that the object for QEMU does nothing in a program that it is preloaded into
# and that is not QEMU, and gets through such a program to QEMU.
#
# shellcheck disable=SC2317 # functions are called through check
set -u
object=$(readlink -f "$1")
. "$(dirname "$0")/../common/tap.sh"

skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2 is not installed"
}

# says_hi [ASSIGNMENT]: exactly that, with the object preloaded.
says_hi()
{
	env "$@" LD_PRELOAD="$object" sh -c 'echo hi' > "$dir/output" 2>&1 || return 1
	cat "$dir/output"
	[ "$(cat "$dir/output")" = hi ]
}

shell_works()
{
	says_hi
}

shell_that_binds_now_works()
{
	says_hi LD_BIND_NOW=1
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

echo 1..5
check shell_works "a shell works"
check shell_that_binds_now_works "a shell that binds functions when it starts works"
check nothing_is_needed_of_the_program "nothing is needed of the program"
if command -v qemu-storage-daemon > /dev/null; then
	check storage_daemon_has_no_device "QEMU's storage daemon does not get the device"
else
	skip "QEMU's storage daemon does not get the device" qemu-storage-daemon
fi
if command -v qemu-system-x86_64 > /dev/null; then
	check wrapped_qemu_has_the_device "QEMU behind a wrapper has the device"
else
	skip "QEMU behind a wrapper has the device" qemu-system-x86_64
fi
exit $failed
