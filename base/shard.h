/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard - which part of a counter a thread writes to. A counter that all threads write to makes its
 * cache line go from processor to processor, which costs more than the counting.
 *
 * Uses:   nothing.
 * Shell:  numbers the threads that ask.
 */
#ifndef POSTERN_BASE_SHARD_H
#define POSTERN_BASE_SHARD_H

#define SHARD_COUNT 16
#define SHARD_LINE_BYTES 64 /* aligned to this, two shards share no cache line */

/* This thread's, from 0 to SHARD_COUNT - 1; of more threads some share one, so that its counters
 * must be atomic. */
unsigned shard_mine(void);

#endif
