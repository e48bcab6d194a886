/* SPDX-License-Identifier: MIT */
/* Other ways to move messages between two processes, to measure beside the ring. */
#ifndef MPR_BENCH_PEERS_H
#define MPR_BENCH_PEERS_H

#include "bench/measures.h"

/* Measures are named NAME-{trip,stream,batch}-BYTES. */
struct bench_peer {
	const struct bench_measure *measures;
	size_t count;
};

struct bench_peer_entry {
	const char *what;
	const char *package;		/* what to install when it was not built */
	const struct bench_peer *built; /* NULL: it was not */
};

extern const struct bench_peer_entry bench_peers[];
extern const size_t bench_peer_count;

#endif
