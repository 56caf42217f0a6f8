/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recent - the last decisions, to be found by their request id: what was decided and why, never a
 * token or a password.
 *
 * Uses:   base.
 * Threads: any. A writer takes the next place by one atomic addition and has it alone until it
 *          gives it back; nobody waits but for a reader that copies the same place just then, or
 * for a writer that is a whole round behind. Limits: the places given to recent_new(), each of
 * sizeof(struct recent_record) bytes, of which only those are touched that were used, and at most
 * RECENT_WHOLE_MAX bytes more for a refusal that is kept whole. Texts that have no room are cut,
 * and the record says so.
 */
#ifndef POSTERN_PROXY_GATE_RECENT_H
#define POSTERN_PROXY_GATE_RECENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/reason.h"
#include "base/span.h"

#define RECENT_ID_ROOM 24
#define RECENT_ROOM 704
#define RECENT_WHOLE_MAX (16u << 10)

/* What a text of a record is. A record may have several roles, scopes and claims; a claim is its
 * pointer, a NUL and one value. */
enum recent_text {
	RECENT_METHOD,
	RECENT_PATH,
	RECENT_PATTERN,
	RECENT_HOST, /* the entry of `hosts` that it is for */
	RECENT_PRIVILEGE,
	RECENT_MODULE,
	RECENT_ISSUER,
	RECENT_SUBJECT,
	RECENT_CLIENT,
	RECENT_USER,
	RECENT_CERTIFICATE,
	RECENT_PEER,
	RECENT_DETAIL,
	RECENT_ROLE,
	RECENT_SCOPE,
	RECENT_CLAIM,
};

/* One decision. */
struct recent_record {
	atomic_flag taken; /* private to recent.c, as is `whole` */
	char id[RECENT_ID_ROOM];
	int64_t time_us; /* Unix, when it was done */
	enum reason reason, shadow_reason;
	int status;
	const char *verdict; /* static: forward, refuse, answer or allow */
	bool public, authenticated;
	bool cut;      /* there was no room for all texts */
	char *whole;   /* the explanation of a refusal, JSON; NULL: there is none */
	uint16_t used; /* of the texts: each its kind, its length in two bytes, and itself */
	char texts[RECENT_ROOM];
};

struct recent;

/* count  at least 1. NULL: no memory. */
MUST_CHECK struct recent *recent_new(size_t count);

/* Call when no thread uses it any more. Accepts NULL. */
void recent_free(struct recent *recent);

/* So many of the decisions of a second that let a request pass are kept, of each shard of threads.
 */
#define RECENT_PASSED_A_SECOND 500

/*
 * Is one more of the decisions that let a request pass to be kept, in this second (of any clock)? A
 * shard that lets more pass would overwrite them at once, and the refusals with them; and what is
 * written then is missing from the processor's caches.
 */
MUST_CHECK bool recent_wants(struct recent *recent, int64_t now_s);

/* The place of the next record, empty; to be filled and given back with recent_end() at once. */
MUST_CHECK struct recent_record *recent_begin(struct recent *recent);

/* Append a text; one that is empty has none. Where there is no room it is cut. */
void recent_put(struct recent_record *record, enum recent_text what, struct span text);

/* taken: whole, made by malloc(); NULL: there is none. */
void recent_end(struct recent_record *record, char *whole);

/*
 * Copy the record of that request.
 *
 * ret_record  its `whole` is given: free() it. Set on success only.
 * False: there is none (any more), or there is no memory.
 */
MUST_CHECK bool recent_find(
    struct recent *recent, struct span id, struct recent_record *ret_record);

/* Step through the texts: *at is 0 at first. False: there are no more. */
bool recent_next(const struct recent_record *record, size_t *at, enum recent_text *ret_what,
    struct span *ret_text);

#endif
