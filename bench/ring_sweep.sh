#!/bin/sh
# SPDX-License-Identifier: MIT
# How far ahead should either side of a ring prefetch, and should the consumer
# evict the lines that it has read? Streams through a ring in each way, wherever
# the processors are meanwhile:
#   bazel run //bench:ring_sweep -- [option of ring_latency...]
set -u

here=$(dirname "$0")
for producer in 0 4 8 16; do
	for consumer in 0 8 16 32 evict; do
		echo "producer $producer ahead, consumer $consumer"
		"$here/ring_latency_${producer}_$consumer" --only stream "$@" | tail -n +3
	done
done
