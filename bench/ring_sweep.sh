#!/bin/sh
# SPDX-License-Identifier: MIT
# How far ahead should either side of a ring prefetch? Streams through a ring
# with each pair of distances (the producer's, the consumer's):
#   bazel run //bench:ring_sweep -- [option of ring_latency...]
set -u

here=$(dirname "$0")
for binary in $(ls "$here"/ring_latency_*[0-9] | sort -t _ -k 3n -k 4n); do
	printf '%s: ' "$(basename "$binary" | sed 's/ring_latency_\(.*\)_\(.*\)/\1 ahead, \2 ahead/')"
	"$binary" --only stream "$@" | tail -n 1
done
