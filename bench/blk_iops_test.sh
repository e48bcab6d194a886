#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves that blk_iops runs every job, with and without fio, and refuses what it
# does not know.
set -u

bench=$(dirname "$0")/blk_iops
number=0
failed=0

result() { # status, what
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' out.txt
		failed=1
	fi
}

check() { # what, expected status, argument...
	what=$1 expected=$2
	shift 2
	"$bench" "$@" >out.txt 2>&1
	[ $? -eq "$expected" ]
	result $? "$what"
}

case $bench in /*) ;; *) bench=$PWD/$bench ;; esac
cd "${TEST_TMPDIR:-.}" || exit 1

echo "1..12"
check "--help explains" 0 --help
check "an unknown option is refused" 2 --frobnicate
check "a stray argument is refused" 2 quick
check "no runs are refused" 2 --runs 0
check "runs that are no number are refused" 2 --runs many
check "no time is refused" 2 --seconds 0
check "an unknown job is refused" 2 --only nothing
check "a processor that is not there is refused" 1 --cpu 1023
: >small.img
check "a file that is too small is refused" 1 --file small.img

short="--size 16 --seconds 0.05 --runs 1"
if ! "$bench" $short --only randread-4k-1 >out.txt 2>&1 && grep -q "direct I/O" out.txt; then
	for what in "every job" "without fio" "the file it made"; do
		number=$((number + 1))
		echo "ok $number - $what # SKIP no direct I/O on $PWD"
	done
	exit $failed
fi

# Two of our own contenders a job, and two of fio's where there is one.
jobs=8
command -v fio >/dev/null && each=4 || each=2
"$bench" $short --json >out.txt 2>&1
[ $? -eq 0 ] && [ "$(grep -c '"iops"' out.txt)" -eq $((jobs * each)) ] &&
	[ "$(tail -n 1 out.txt)" = "]}" ]
result $? "every job is in the JSON"

PATH=/nonexistent "$bench" $short --only randread-4k-16 >out.txt 2>&1
[ $? -eq 0 ] && grep -q "fio is not installed" out.txt && grep -q mpring_fixed out.txt
result $? "without fio it says so and measures the rest"

[ ! -e blk_iops.img ]
result $? "the file that it made is removed"
exit $failed
