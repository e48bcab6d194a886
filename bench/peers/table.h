/* SPDX-License-Identifier: MIT */
/* The measures of one peer, for every size: the last line of its file. */
PEER_SIZES(PEER_MESSAGE)
PEER_SIZES(PEER_OPS)
PEER_SIZES(PEER_TRIP)
PEER_SIZES(PEER_POOL)
PEER_SIZES(PEER_STREAM)
#if PEER_BATCHES
PEER_SIZES(PEER_BATCHED)
#endif

static const struct bench_measure measures[] = {PEER_SIZES(PEER_ROWS)
#if PEER_BATCHES
							PEER_SIZES(PEER_BATCH_ROW)
#endif
};

#ifdef __cplusplus
extern "C"
#endif
	const struct bench_peer PEER_EXPORT = {measures, sizeof(measures) / sizeof(measures[0])};
