#!/bin/sh
# SPDX-License-Identifier: MIT
# Proves that the example of docs/embedding.md is the one that is compiled, and
# that it works.
#
# shellcheck disable=SC2317 # functions are called through check
set -u
example=$1 source=$2 document=$3 fake=$4
. "$(dirname "$0")/../common/tap.sh"

same_source()
{
	awk '/^```/ { code = !code && $0 == "```c"; next } code' "$document" > "$dir/shown.c"
	diff "$source" "$dir/shown.c"
}

example_works()
{
	"$fake" "$dir/socket" &
	while [ ! -S "$dir/socket" ]; do sleep 0.01; done
	cat > "$dir/expected" <<- END
		fake: vendor 1af4, BAR 0 of 256 bytes
		register: 0x12345678
		interrupt line: low
	END
	"$example" "$dir/socket" fake0 > "$dir/output" && wait && diff "$dir/expected" "$dir/output"
}

check "the document shows the example's source" same_source
check "the example works" example_works
finish
