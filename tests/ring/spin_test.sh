#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves over all interleavings that the sleep and wake protocols lose no
# wake-up and serve everything, and that the check can fail: each missing barrier
# must be found.
set -u

. "$(dirname "$0")/../common/tap.sh"

model=$(readlink -f "$1")

set -- BELL FUTEX WATCH ACK "ACK LOOKS" "ACK HURRY" "ACK LOOKS HURRY" \
	"BELL NO_PROXY_FENCE" "BELL NO_BARRIER_ALL" "BELL NO_REMOTE_FENCE" "BELL NO_SECOND_LOOK" \
	"FUTEX NO_REMOTE_FENCE" "FUTEX NO_SLEEPER_FENCE" \
	"WATCH NO_REMOTE_FENCE" "WATCH NO_SLEEPER_FENCE" "WATCH NO_SECOND_LOOK" \
	"ACK NO_PROXY_FENCE" "ACK NO_REMOTE_FENCE" "ACK NO_WAKE_FENCE" "ACK NO_FIRST_LOOK" \
	"ACK NO_ARM_RELEASE" "ACK NO_LOOK_ACQUIRE" "ACK HURRY NO_BARRIER_ALL" \
	"ACK LOOKS HURRY NO_READ_FENCE" "ACK LOOKS NO_PROXY_FENCE" "ACK LOOKS NO_RAISE_FENCE" "ACK LOOKS NO_RAISE_LOOK"

# errors VARIANT: the number of errors that its search ends with.
errors()
{
	flags=
	for word in $1; do
		flags="$flags -D$word"
	done
	rm -f pan pan.log
	# shellcheck disable=SC2086
	{ spin -a $flags "$model" && gcc -O2 -w -o pan pan.c; } > spin.log 2>&1 &&
		./pan -a -f -m100000 > pan.log 2>&1
	sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
}

# A search that was cut short proves nothing.
finds_none()
{
	[ "$(errors "$1")" = 0 ] && ! grep -q 'too small\|memory limit' pan.log && return
	cat spin.log pan.log
	return 1
}

finds_some()
{
	found=$(errors "$1")
	[ "${found:-0}" -gt 0 ] && return
	cat spin.log pan.log
	return 1
}

cd "$dir" || exit 1
for variant; do
	if ! installed spin; then
		skip "$variant" "spin is not installed"
		continue
	fi
	case $variant in
	*NO_*) check "$variant: an error" finds_some "$variant" ;;
	*) check "$variant: no error" finds_none "$variant" ;;
	esac
done
finish
