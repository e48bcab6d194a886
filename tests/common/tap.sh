# SPDX-License-Identifier: MIT
# For tests that are shell scripts: $dir, a folder that goes with the script, and
# functions as TAP tests, of which $failed says at the end whether one failed.
# shellcheck shell=sh disable=SC2034 # the script uses them

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# check COMMAND NAME: COMMAND as the next test.
number=0 failed=0
check()
{
	number=$((number + 1))
	if "$1" > "$dir/log" 2>&1; then
		echo "ok $number - $2"
	else
		sed 's/^/# /' "$dir/log"
		echo "not ok $number - $2"
		failed=1
	fi
}
