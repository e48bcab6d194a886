#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves that blk_iops runs every job, with and without fio, and refuses what it
# does not know.
set -u

. "$(dirname "$0")/../tests/common/tap.sh"
bench=$(realpath "$1")
short="--size 16 --seconds 0.05 --runs 1"

# exits STATUS ARGUMENT...
exits()
{
	expected=$1
	shift
	"$bench" "$@"
	[ $? -eq "$expected" ]
}

# Two of our own contenders a job, and two of fio's where there is one.
every_job()
{
	jobs=8
	installed fio && each=4 || each=2
	"$bench" $short --json > out.json && [ "$(grep -c '"iops"' out.json)" -eq $((jobs * each)) ] &&
		[ "$(tail -n 1 out.json)" = "]}" ] && return
	cat out.json
	return 1
}

without_fio()
{
	PATH=/nonexistent "$bench" $short --only randread-4k-16 > out.txt 2>&1 &&
		grep "fio is not installed" out.txt && grep mpring_fixed out.txt
}

cd "${TEST_TMPDIR:-$dir}" || exit 1
check "--help explains" exits 0 --help
check "an unknown option is refused" exits 2 --frobnicate
check "a stray argument is refused" exits 2 quick
check "no runs are refused" exits 2 --runs 0
check "runs that are no number are refused" exits 2 --runs many
check "no time is refused" exits 2 --seconds 0
check "an unknown job is refused" exits 2 --only nothing
check "a processor that is not there is refused" exits 1 --cpu 1023
: > small.img
check "a file that is too small is refused" exits 1 --file small.img

if ! "$bench" $short --only randread-4k-1 > out.txt 2>&1 && grep -q "direct I/O" out.txt; then
	for what in "every job is in the JSON" "without fio it says so and measures the rest" \
		"the file that it made is removed"; do
		skip "$what" "no direct I/O on $PWD"
	done
else
	check "every job is in the JSON" every_job
	check "without fio it says so and measures the rest" without_fio
	check "the file that it made is removed" [ ! -e blk_iops.img ]
fi
finish
