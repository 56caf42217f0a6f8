/* SPDX-License-Identifier: Apache-2.0 */
/*
 * last_used - which secrets were used recently, buffered in memory until they are written to the
 * store.
 *
 * Uses:   base.
 * Pure:   yes (allocates). Any thread; one short lock.
 * Limits: LAST_USED_MAX secrets; of more, the use of some is written down later, at their next one.
 * A secret is written down at most once in LAST_USED_EVERY_S: a date is as old as that at most.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_LAST_USED_H
#define POSTERN_ISSUER_ACCOUNTS_LAST_USED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

#define LAST_USED_MAX 4096u
#define LAST_USED_EVERY_S 60
#define LAST_USED_ID_ROOM 129

/* One use of one secret. */
struct use {
	char client_id[LAST_USED_ID_ROOM];
	int slot;
	int64_t when_s;
};

struct last_used;

/* NULL: no memory. last_used_free() it. */
MUST_CHECK struct last_used *last_used_new(void);

/* Accepts NULL. */
void last_used_free(struct last_used *last_used);

/* Record the use of a secret. An id that is too long is ignored. */
void last_used_note(struct last_used *last_used, const struct use *use);

/* Take the next use that is to be written; it is marked as written. False: there is none. */
MUST_CHECK bool last_used_take(struct last_used *last_used, struct use *ret_use);

#endif
