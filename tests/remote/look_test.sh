#!/bin/bash
# SPDX-License-Identifier: MIT
# Proves that a look for work costs the process a bounded number of instructions,
# however many connections, drives and monitors there are.
set -u
look=$1
limit=230
. "$(dirname "$0")/../common/tap.sh"

# of_turns FILE...: instructions of an average turn, its calls included, of the
# process that made any. Callgrind names a function once and then uses its number.
of_turns() {
	awk '/^c?fn=\([0-9]+\) turn/ { match($0, /\([0-9]+\)/); turn = substr($0, RSTART, RLENGTH) }
	     /^cfn=/ { match($0, /\([0-9]+\)/); callee = substr($0, RSTART, RLENGTH) }
	     /^calls=/ {
		split($1, parts, "=")
		calls = parts[2]
		getline
		if (turn != "" && callee == turn) { count += calls; cost += $NF }
	     }
	     END { if (count > 10000) print int(cost / count + 0.5) }' "$@"
}

# look_costs COUNT: no more than the limit.
look_costs() {
	local instructions
	rm -f "$dir"/look.*
	valgrind --tool=callgrind --callgrind-out-file="$dir/look.%p" "$look" "$1" || return
	instructions=$(of_turns "$dir"/look.*)
	echo "${instructions:-unknown} instructions"
	[ -n "$instructions" ] && [ "$instructions" -le "$limit" ]
}

for count in 1 4; do
	name="a look with $count connections, drives and monitors"
	if installed valgrind; then
		check "$name: at most $limit instructions" look_costs $count
	else
		skip "$name" "valgrind is not installed"
	fi
done
finish
