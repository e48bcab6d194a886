/* SPDX-License-Identifier: MIT */
#include "bench/peers/peers.h"

/* Weak: NULL when the peer's package was absent and it was left out. */
#define OPTIONAL extern const struct bench_peer __attribute__((weak))

OPTIONAL bench_peer_ring;
OPTIONAL bench_peer_rte_ring;
OPTIONAL bench_peer_ck_ring;
OPTIONAL bench_peer_spsc_queue;
OPTIONAL bench_peer_zmq;
OPTIONAL bench_peer_socketpair;

const struct bench_peer_entry bench_peers[] = {
	{"mpring's ring", "mpring", &bench_peer_ring},
	{"DPDK rte_ring", "libdpdk-dev", &bench_peer_rte_ring},
	{"Concurrency Kit ck_ring", "libck-dev", &bench_peer_ck_ring},
	{"boost::lockfree::spsc_queue", "libboost-dev", &bench_peer_spsc_queue},
	{"ZeroMQ", "libzmq3-dev", &bench_peer_zmq},
	{"a socket pair", "libc6-dev", &bench_peer_socketpair},
};
const size_t bench_peer_count = sizeof(bench_peers) / sizeof(bench_peers[0]);
