#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves that ring_latency runs every measure, and refuses what it does not know.
set -u

bench=$(dirname "$0")/ring_latency
number=0
failed=0

check() { # what, expected status, argument...
	what=$1 expected=$2
	shift 2
	number=$((number + 1))
	"$bench" "$@" >out.txt 2>&1
	status=$?
	if [ "$status" -eq "$expected" ]; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what: status $status"
		sed 's/^/# /' out.txt
		failed=1
	fi
}

cd "${TEST_TMPDIR:-.}" || exit 1
case $bench in /*) ;; *) bench=$OLDPWD/$bench ;; esac

echo "1..10"
check "--help explains" 0 --help
check "an unknown option is refused" 2 --frobnicate
check "a stray argument is refused" 2 quick
check "no runs are refused" 2 --runs 0
check "one processor twice is refused" 2 --cpus 1,1
check "an unknown measure is refused" 2 --only nothing
check "a measure of the peers is none without --peers" 2 --only mpring-trip-8
check "a processor that is not there is refused" 1 --cpus 0,1023

if [ "$(nproc)" -lt 2 ]; then
	echo "ok $((number + 1)) - the ring is among the peers # SKIP one processor"
	echo "ok $((number + 2)) - every measure # SKIP one processor"
	exit $failed
fi
check "the ring is among the peers" 0 --peers --quick --runs 1 --only mpring-trip-8
"$bench" --quick --runs 1 --json >out.json
number=$((number + 1))
names=$(sed -n 's/.*"name": "\([^"]*\)".*"p50_ns".*/\1/p' out.json | sort -u | wc -l)
if [ "$names" -eq 13 ] && [ "$(tail -n 1 out.json)" = "]}" ]; then
	echo "ok $number - every measure is in the JSON"
else
	echo "not ok $number - every measure is in the JSON"
	sed 's/^/# /' out.json
	failed=1
fi
exit $failed
