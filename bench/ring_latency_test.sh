#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves that ring_latency runs every measure, and refuses what it does not know.
set -u

. "$(dirname "$0")/../tests/common/tap.sh"
bench=$(realpath "$1")

# exits STATUS ARGUMENT...
exits()
{
	expected=$1
	shift
	"$bench" "$@"
	[ $? -eq "$expected" ]
}

every_measure()
{
	"$bench" --quick --runs 1 --json > out.json
	names=$(sed -n 's/.*"name": "\([^"]*\)".*"p50_ns".*/\1/p' out.json | sort -u | wc -l)
	[ "$names" -eq 13 ] && [ "$(tail -n 1 out.json)" = "]}" ] && return
	cat out.json
	return 1
}

cd "$dir" || exit 1
check "--help explains" exits 0 --help
check "an unknown option is refused" exits 2 --frobnicate
check "a stray argument is refused" exits 2 quick
check "no runs are refused" exits 2 --runs 0
check "one processor twice is refused" exits 2 --cpus 1,1
check "an unknown measure is refused" exits 2 --only nothing
check "a measure of the peers is none without --peers" exits 2 --only mpring-trip-8
check "a processor that is not there is refused" exits 1 --cpus 0,1023

if [ "$(nproc)" -lt 2 ]; then
	skip "the ring is among the peers" "one processor"
	skip "every measure is in the JSON" "one processor"
else
	check "the ring is among the peers" \
		exits 0 --peers --quick --runs 1 --only mpring-trip-8
	check "every measure is in the JSON" every_measure
fi
finish
