#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves over all interleavings that the sleep and wake protocols lose no
# wake-up and serve everything, and that the check can fail: each missing barrier
# must be found.
set -u

model=$PWD/$(dirname "$0")/doorbell.pml
[ -f "$model" ] || model=$(dirname "$(readlink -f "$0")")/doorbell.pml

set -- BELL FUTEX WATCH ACK "ACK LOOKS" "ACK HURRY" "ACK LOOKS HURRY" \
	"BELL NO_PROXY_FENCE" "BELL NO_BARRIER_ALL" "BELL NO_REMOTE_FENCE" "BELL NO_SECOND_LOOK" \
	"FUTEX NO_REMOTE_FENCE" "FUTEX NO_SLEEPER_FENCE" \
	"WATCH NO_REMOTE_FENCE" "WATCH NO_SLEEPER_FENCE" "WATCH NO_SECOND_LOOK" \
	"ACK NO_PROXY_FENCE" "ACK NO_REMOTE_FENCE" "ACK NO_WAKE_FENCE" "ACK NO_FIRST_LOOK" \
	"ACK NO_ARM_RELEASE" "ACK NO_LOOK_ACQUIRE" "ACK HURRY NO_BARRIER_ALL" \
	"ACK LOOKS HURRY NO_READ_FENCE" "ACK LOOKS NO_PROXY_FENCE" "ACK LOOKS NO_RAISE_FENCE" "ACK LOOKS NO_RAISE_LOOK"
echo "1..$#"

if ! command -v spin >/dev/null 2>&1; then
	for variant; do
		count=$((${count:-0} + 1))
		echo "ok $count - $variant # SKIP spin is not installed"
	done
	exit 0
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# The number of errors that the search of one variant ends with.
errors_of() {
	flags=
	for word in $1; do
		flags="$flags -D$word"
	done
	# shellcheck disable=SC2086
	spin -a $flags "$model" >spin.log 2>&1 &&
		gcc -O2 -w -o pan pan.c &&
		./pan -a -f -m100000 >pan.log 2>&1
	sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
}

count=0
failed=0
for variant; do
	count=$((count + 1))
	rm -f pan pan.log
	: >pan.log
	errors=$(errors_of "$variant")
	case $variant in
	*NO_*)
		expected="an error"
		good=$([ "${errors:-0}" -gt 0 ] && echo yes)
		;;
	*)
		# A search that was cut short proves nothing.
		expected="no error"
		good=$([ "${errors:-1}" -eq 0 ] && ! grep -q 'too small\|memory limit' pan.log && echo yes)
		;;
	esac
	if [ "$good" = yes ]; then
		echo "ok $count - $variant: $expected"
	else
		echo "not ok $count - $variant: $expected expected"
		sed 's/^/# /' spin.log pan.log
		failed=1
	fi
done
exit $failed
