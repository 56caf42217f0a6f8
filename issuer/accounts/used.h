/* SPDX-License-Identifier: Apache-2.0 */
/*
 * used - which secrets were used lately, kept in memory until somebody writes it down.
 *
 * Uses:   base.
 * Pure:   yes (allocates). Any thread; one short lock.
 * Limits: USED_MOST secrets; of more, the use of some is written down later, at their next one. A
 *         secret is written down at most once in USED_EVERY_S: a date is as old as that at most.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_USED_H
#define POSTERN_ISSUER_ACCOUNTS_USED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

#define USED_MOST 4096u
#define USED_EVERY_S 60
#define USED_ID_ROOM 129

/* One use of one secret. */
struct use {
	char client_id[USED_ID_ROOM];
	int slot;
	int64_t when_s;
};

struct used;

/* NULL: no memory. used_free() it. */
MUST_CHECK struct used *used_new(void);

/* Accepts NULL. */
void used_free(struct used *used);

/* A secret was used. An id too long to be kept is passed over. */
void used_note(struct used *used, const struct use *use);

/* The next use that is to be written down; it counts as written. False: there is none. */
MUST_CHECK bool used_take(struct used *used, struct use *ret_use);

#endif
