# SPDX-License-Identifier: MIT
# For tests that are shell scripts: cases in the Test Anything Protocol, and $dir, a
# folder that goes with the script, which ends with finish.
# shellcheck shell=sh

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
number=0 failed=0

# check NAME COMMAND...: a case, which passes if COMMAND does. What it says is comments.
check()
{
	case_name=$1 verdict=ok
	shift
	"$@" > "$dir/log" 2>&1 || verdict="not ok" failed=1
	number=$((number + 1))
	sed 's/^/# /' "$dir/log"
	echo "$verdict $number - $case_name"
}

# skip NAME REASON: a case whose need is absent here.
skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# installed PROGRAM
installed()
{
	command -v "$1" > /dev/null
}

finish()
{
	echo "1..$number"
	exit $failed
}
