#!/bin/bash
# SPDX-License-Identifier: MIT
# A command of 4 KiB costs a bounded number of the processor's instructions, no
# allocation and no copy, however many are in flight.

cost=$1
. "$(dirname "$0")/../common/tap.sh"

# counted NAME: the figure that follows NAME in what the program printed.
counted() {
	awk -v name="$1" '{ for (i = 1; i < NF; i++) if ($i == name) print $(i + 1) }' <<<"$output"
}

# equals NAME EXPECTED
equals() {
	[ "$(counted "$1")" = "$2" ] || { echo "$1: $(counted "$1"), not $2"; return 1; }
}

# in_place: 640 commands of 4 KiB, and no byte of them was copied.
in_place() {
	equals moved 2621440 && equals bounced 0
}

# executed EXPECTED LIMIT: SCRIPTS instructions, and of the processor, per command.
executed() {
	local file=$dir/callgrind.out collected
	equals instructions $((640 * $1)) || return
	collected=$(valgrind --tool=callgrind --callgrind-out-file="$file" \
		--toggle-collect=measured "$cost" "$way" "$depth" 640 2>&1 |
		awk '/Collected/ { print $NF }')
	# The program runs 64 commands first.
	echo "$way, $depth in flight: $((collected / 704)) instructions a command"
	[ "$((collected / 704))" -gt 0 ] && [ "$((collected / 704))" -le "$2" ]
}

for way in read:67 write:68; do
	scripts=${way#*:}
	way=${way%:*}
	for depth in 1 16 64; do
		output=$("$cost" "$way" "$depth" 640)
		check "$way, $depth in flight: in place" in_place
		check "$way, $depth in flight: without allocation" equals allocations 0
		if installed valgrind; then
			check "$way, $depth in flight: instructions" executed "$scripts" 24000
		else
			skip "$way, $depth in flight: instructions" "valgrind is not installed"
		fi
	done
done
finish
