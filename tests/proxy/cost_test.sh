#!/bin/bash
# SPDX-License-Identifier: MIT
# Proves that an access on the hot path takes no more instructions than it did,
# and no system call.
set -u
cost=$(dirname "$0")/cost
failed=0
echo "1..4"

# check NUMBER NAME COUNT LIMIT
check() {
	echo "# $2: $3"
	if [ -z "$3" ]; then
		echo "ok $1 - $2 # SKIP it cannot be counted here"
	elif [ "$3" -le "$4" ]; then
		echo "ok $1 - $2: at most $4"
	else
		echo "not ok $1 - $2: at most $4"
		failed=1
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
if command -v valgrind >/dev/null; then
	check 1 "instructions of a posted write" "$(instructions mpr_proxy_write write)" 135
	check 2 "instructions of a shadow read" "$(instructions mpr_proxy_read shadow)" 110
else
	echo "# valgrind is not installed"
	echo "ok 1 - instructions of a posted write # SKIP"
	echo "ok 2 - instructions of a shadow read # SKIP"
fi
if command -v strace >/dev/null; then
	check 3 "system calls of 63360 posted writes" "$(calls write)" 9
	check 4 "system calls of 63360 shadow reads" "$(calls shadow)" 9
else
	echo "# strace is not installed"
	echo "ok 3 - system calls of posted writes # SKIP"
	echo "ok 4 - system calls of shadow reads # SKIP"
fi
exit $failed
