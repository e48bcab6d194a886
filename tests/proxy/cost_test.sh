#!/bin/bash
# SPDX-License-Identifier: MIT
# Proves that an access on the hot path takes no more instructions than it did,
# and no system call.
set -u
cost=$1
. "$(dirname "$0")/../common/tap.sh"

# limited NAME PROGRAM LIMIT COMMAND...: COMMAND counts, by PROGRAM, no more than LIMIT.
limited() {
	local name=$1 program=$2 limit=$3 count
	shift 3
	if ! installed "$program"; then
		skip "$name" "$program is not installed"
		return
	fi
	count=$("$@")
	echo "# $name: $count"
	if [ -z "$count" ]; then
		skip "$name" "it cannot be counted here"
	else
		check "$name: at most $limit" [ "$count" -le "$limit" ]
	fi
}

# instructions FUNCTION ACCESS: of one call, what it calls included. Long runs,
# because the first 256 requests also fence.
instructions() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
		--toggle-collect="$1" "$cost" "$2" 64000 2>&1 |
		awk '/Collected/ { print int($4 / 64000 + 0.5) }'
}

# calls ACCESS: system calls of 64000 accesses beyond those of 640. Starting the
# program takes some more or less.
calls() {
	local few many
	few=$(strace -f -qq "$cost" "$1" 640 2>&1 >/dev/null | wc -l)
	many=$(strace -f -qq "$cost" "$1" 64000 2>&1 >/dev/null | wc -l)
	echo $((many - few))
}

"$cost" write 1000000
"$cost" shadow 1000000
limited "instructions of a posted write" valgrind 135 instructions mpr_proxy_write write
limited "instructions of a shadow read" valgrind 110 instructions mpr_proxy_read shadow
limited "system calls of 63360 posted writes" strace 9 calls write
limited "system calls of 63360 shadow reads" strace 9 calls shadow
finish
