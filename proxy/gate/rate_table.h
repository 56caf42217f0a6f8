/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate_table - the buckets of one rate: whoever has used some of its own has an entry.
 *
 * Uses:   policy (rate), base (digest).
 * Threads: any, without a lock: an entry is one 64-bit word.
 * Limits: RATE_TABLE_BYTES, which are used only as callers come; the table must be replaced before
 *         8 years.
 *
 * A bucket that has filled up is the same as none, so its entry is free to be taken: nothing is
 * lost by that, and no entry is ever taken away from anybody before. Keys are keyed hashes, so
 * nobody can choose whom to collide with.
 *
 * What a flood of callers can do: each set of entries has one more, which is shared by those who
 * find no place in it. They are counted together, and whoever takes a place of its own next begins
 * with what is left of the shared bucket. So a flood makes newcomers wait, but resets nobody's
 * bucket, not even its own, and leaves those alone who have an entry. To fill the table, more
 * callers than it has entries must each be allowed a request in the time in which one request comes
 * back.
 *
 * An entry has RATE_TABLE_TAG_BITS bits of the hash: two callers of one set are taken for one, and
 * counted together, once in 4096 pairs.
 */
#ifndef POSTERN_PROXY_GATE_RATE_TABLE_H
#define POSTERN_PROXY_GATE_RATE_TABLE_H

#include <stdint.h>

#include "base/check.h"
#include "base/span.h"
#include "policy/rate.h"

#define RATE_TABLE_BYTES ((size_t)2 << 20)
#define RATE_TABLE_WAYS 8 /* entries of a set, with the shared one */
#define RATE_TABLE_TAG_BITS 12

struct rate_table;

/* One whose time begins at `now_us`. NULL: no memory, or no random bytes. */
MUST_CHECK struct rate_table *rate_table_new(int64_t now_us);

/* Call when no thread uses it any more. Accepts NULL. */
void rate_table_free(struct rate_table *table);

/* The key of whom a request is counted for (rate_who()). False: it cannot be made. */
MUST_CHECK bool rate_table_key(const struct rate_table *table, struct span who, uint64_t *ret_key);

/* Draw one request. now_us  clock_mono_us(), not before that of rate_table_new(). */
struct rate_drawn rate_table_draw(
    struct rate_table *table, const struct rate *rate, uint64_t key, int64_t now_us);

/* What rate_table_draw() would give, but nothing is drawn. */
struct rate_drawn rate_table_look(
    struct rate_table *table, const struct rate *rate, uint64_t key, int64_t now_us);

/* How many requests were counted in a shared entry. */
uint64_t rate_table_crowded(const struct rate_table *table);

#endif
