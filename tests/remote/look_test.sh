#!/bin/bash
# SPDX-License-Identifier: MIT
# Proves that a look for work costs the process a bounded number of instructions,
# however many connections, drives and monitors there are.
set -u
look=$1
limit=230
number=0
failed=0
echo "1..2"

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

for count in 1 4; do
	number=$((number + 1))
	name="a look with $count connections, drives and monitors"
	if ! command -v valgrind >/dev/null; then
		echo "ok $number - $name # SKIP valgrind is not installed"
		continue
	fi
	rm -f "$TEST_TMPDIR"/look.*
	valgrind --tool=callgrind --callgrind-out-file="$TEST_TMPDIR/look.%p" \
		"$look" "$count" >"$TEST_TMPDIR/log" 2>&1 || sed 's/^/# /' "$TEST_TMPDIR/log"
	instructions=$(of_turns "$TEST_TMPDIR"/look.*)
	echo "# $name: ${instructions:-unknown} instructions"
	if [ -n "$instructions" ] && [ "$instructions" -le "$limit" ]; then
		echo "ok $number - $name: at most $limit instructions"
	else
		echo "not ok $number - $name: at most $limit instructions"
		failed=1
	fi
done
exit $failed
