# SPDX-License-Identifier: MIT
# What the scripts share. Sourced by them, with bash and `set -eu`.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Outside the tree: what is expensive to make and the same for every checkout.
: "${MPRING_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/mpring}"
export MPRING_CACHE
# mkfs.ext4, e2fsck and debugfs live where an ordinary user does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# Runs a command as root, by sudo if need be.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "this needs root, and there is no sudo: $*" >&2
		return 1
	fi
}

# run_step TEXT REMEDY COMMAND...: one line for a step that may take long. Its
# output goes to a log; every 20 seconds a line tells how far the log has come.
# If the command fails, the end of the log and what to do about it are shown,
# and the script ends. A function given as COMMAND runs under `set -e`.
run_step() {
	local text=$1 remedy=$2 log start=$SECONDS pid waited=0 status=0
	shift 2
	log=$(mktemp)
	printf '%s ...\n' "$text"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		waited=$((waited + 1))
		if [ $((waited % 100)) -eq 0 ]; then
			printf '  %3d s: %s\n' $((SECONDS - start)) "$(last_line "$log")"
		fi
	done
	wait "$pid" || status=$?
	if [ "$status" -ne 0 ]; then
		printf '  failed (status %d) after %d s; the end of its output:\n' \
			"$status" $((SECONDS - start))
		tail -n 25 "$log" | sed 's/^/  | /'
		rm -f "$log"
		die "$remedy"
	fi
	printf '  done, %d s\n' $((SECONDS - start))
	rm -f "$log"
}

# The last line of a log that says something, without terminal escapes.
last_line() {
	tr '\r' '\n' <"$1" | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | grep -v '^ *$' | tail -n 1 |
		cut -c1-100
}
