/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lockout_table - the entries of the lock-out, in a table of fixed size. For lockout.c alone.
 *
 * Uses:   base.
 * Pure:   yes: the time is an argument. The caller holds the lock.
 *
 * When a set is full the entry with the fewest failures is replaced, the oldest first, but never a
 * locked one. Attempts without a slot share one entry.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_LOCKOUT_TABLE_H
#define POSTERN_ISSUER_ACCOUNTS_LOCKOUT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"

/* A set has WAYS slots; the last one is shared by attempts that found no other. */
#define LOCKOUT_WAYS 8u
#define LOCKOUT_SETS 4096u
#define LOCKOUT_MARK_BYTES 16u

/* Times are those of clock_mono_s(). */
struct lockout_entry {
	unsigned char mark[LOCKOUT_MARK_BYTES]; /* all zero: empty */
	int64_t until_s;                        /* locked while now < until_s */
	int64_t last_s;                         /* of the last failure */
	int64_t trusted_s;                      /* right at that time; 0: never */
	uint32_t failures;
};

struct lockout_mark {
	unsigned char bytes[DIGEST_BYTES]; /* the first LOCKOUT_MARK_BYTES tell entries apart */
};

/* Zeroed: empty. */
struct lockout_table {
	struct lockout_entry entries[LOCKOUT_SETS][LOCKOUT_WAYS];
};

/* Does the entry belong to no single mark, like the shared one of a set? */
bool lockout_table_is_empty(const struct lockout_entry *entry);

/* The entry of that mark, lent by the table; made if there is none. */
struct lockout_entry *lockout_table_find(
    struct lockout_table *table, const struct lockout_mark *mark, int64_t now_s);

/* The same, read-only: nothing is made or replaced. A mark that is not found gets the shared entry
 * of its set if the set is full. */
const struct lockout_entry *lockout_table_look(
    struct lockout_table *table, const struct lockout_mark *mark, int64_t now_s);

#endif
