/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/revoked.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

#define ROOM_MIN 64u

/* Keyed by a digest of kind, issuer and value, so that whoever chooses a jti cannot choose its
 * slot. */
struct entry {
	unsigned char digest[DIGEST_BYTES];
	int kind;
	_Atomic int64_t before_s;
	int64_t until_s; /* for the adding thread only */
};

/* Open addressing, at most half full. A slot is filled once and never emptied: when the table is
 * full, even if of expired ones, a new table replaces it, and the old one lasts while it is
 * referenced. */
struct revoked {
	atomic_uint references;
	atomic_size_t used;
	atomic_bool kinds[REVOKE_ALL + 1]; /* is there any of that kind? */
	size_t mask;
	_Atomic(struct entry *) places[];
};

static struct revoked *
make(size_t room)
{
	struct revoked *revoked = calloc(1, sizeof(*revoked) + room * sizeof(revoked->places[0]));

	if (revoked == NULL)
		return NULL;
	atomic_store(&revoked->references, 1);
	revoked->mask = room - 1;
	return revoked;
}

struct revoked *
revoked_new(void)
{
	return make(ROOM_MIN);
}

struct revoked *
revoked_ref(struct revoked *revoked)
{
	atomic_fetch_add_explicit(&revoked->references, 1, memory_order_relaxed);
	return revoked;
}

void
revoked_unref(struct revoked *revoked)
{
	if (revoked == NULL || atomic_fetch_sub(&revoked->references, 1) != 1)
		return;
	for (size_t i = 0; i <= revoked->mask; i++)
		free(atomic_load(&revoked->places[i]));
	free(revoked);
}

/* Hash the lengths first, so that different fields cannot give the same input. */
static bool
digest_of(int kind, struct span issuer, struct span value, unsigned char digest[DIGEST_BYTES])
{
	unsigned char both[2 * DIGEST_BYTES + 1];

	both[0] = (unsigned char)kind;
	return digest_sha256(issuer, both + 1) && digest_sha256(value, both + 1 + DIGEST_BYTES) &&
	       digest_sha256((struct span){ (const char *)both, sizeof(both) }, digest);
}

/* The slot of that digest, or the one where it would go. */
static size_t
find(const struct revoked *revoked, const unsigned char digest[DIGEST_BYTES])
{
	size_t at;

	memcpy(&at, digest, sizeof(at));
	for (;; at++) {
		const struct entry *entry = atomic_load(&revoked->places[at & revoked->mask]);

		if (entry == NULL || memcmp(entry->digest, digest, DIGEST_BYTES) == 0)
			return at & revoked->mask;
	}
}

/* Copy the entry into an empty slot. */
static bool
put(struct revoked *revoked, size_t at, const struct entry *entry)
{
	struct entry *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return false;
	memcpy(copy->digest, entry->digest, DIGEST_BYTES);
	copy->kind = entry->kind;
	copy->until_s = entry->until_s;
	atomic_init(&copy->before_s, atomic_load(&entry->before_s));
	atomic_store(&revoked->places[at], copy);
	atomic_fetch_add(&revoked->used, 1);
	atomic_store(&revoked->kinds[entry->kind], true);
	return true;
}

static bool
over(const struct entry *entry, int64_t now_s)
{
	return entry->until_s != 0 && entry->until_s <= now_s;
}

static size_t
living(const struct revoked *revoked, int64_t now_s)
{
	size_t count = 0;

	for (size_t i = 0; i <= revoked->mask; i++) {
		const struct entry *entry = atomic_load(&revoked->places[i]);

		if (entry != NULL && !over(entry, now_s))
			count++;
	}
	return count;
}

/* A table without the expired ones, with room for twice the rest. */
static bool
rebuild(struct revoked **revoked, int64_t now_s)
{
	struct revoked *old = *revoked, *larger;
	size_t room = ROOM_MIN, alive = living(old, now_s);

	while (room < alive * 4 + 4)
		room *= 2;
	larger = make(room);
	if (larger == NULL)
		return false;
	for (size_t i = 0; i <= old->mask; i++) {
		const struct entry *entry = atomic_load(&old->places[i]);

		if (entry == NULL || over(entry, now_s))
			continue;
		if (!put(larger, find(larger, entry->digest), entry)) {
			revoked_unref(larger);
			return false;
		}
	}
	*revoked = larger;
	revoked_unref(old);
	return true;
}

/* Revoked again: the later date and the longer time count. */
static void
extend(struct entry *there, const struct entry *entry)
{
	int64_t before_s = atomic_load(&entry->before_s);

	if (before_s > atomic_load(&there->before_s))
		atomic_store(&there->before_s, before_s);
	if (there->until_s != 0 && (entry->until_s == 0 || entry->until_s > there->until_s))
		there->until_s = entry->until_s;
}

static bool
add(struct revoked **revoked, const struct entry *entry, int64_t now_s)
{
	size_t at;

	if ((atomic_load(&(*revoked)->used) + 1) * 2 > (*revoked)->mask && !rebuild(revoked, now_s))
		return false;
	at = find(*revoked, entry->digest);
	if (atomic_load(&(*revoked)->places[at]) == NULL)
		return put(*revoked, at, entry);
	extend(atomic_load(&(*revoked)->places[at]), entry);
	return true;
}

/* Correct a date by a clock that was ahead. */
static void
take_back(struct revoked *revoked, const struct entry *entry, int64_t instead_s)
{
	struct entry *there = atomic_load(&revoked->places[find(revoked, entry->digest)]);

	if (instead_s != 0 && there != NULL && atomic_load(&there->before_s) == instead_s)
		atomic_store(&there->before_s, atomic_load(&entry->before_s));
}

bool
revoked_add(struct revoked **revoked, const struct revocation *revocation, int64_t now_s,
    struct err *reterr)
{
	struct entry entry = { .kind = revocation->kind, .until_s = revocation->until_s };

	atomic_init(&entry.before_s, revocation->before_s);
	if (revocation->kind < 0 || revocation->kind > REVOKE_ALL)
		return err_set(reterr, "a revocation of a kind that is not known");
	if (!digest_of(revocation->kind, span_of(revocation->issuer), span_of(revocation->value),
		entry.digest))
		return err_set(reterr, "revocations: no memory");
	take_back(*revoked, &entry, revocation->instead_s);
	return add(revoked, &entry, now_s) || err_set(reterr, "revocations: no memory");
}

/* If the lookup fails for lack of memory, the token counts as revoked. */
static const struct entry unknown = { .before_s = INT64_MAX };

static const struct entry *
look_up(const struct revoked *revoked, int kind, struct span issuer, struct span value)
{
	unsigned char digest[DIGEST_BYTES];

	if (value.at == NULL || !atomic_load(&revoked->kinds[kind]))
		return NULL;
	if (!digest_of(kind, issuer, value, digest))
		return &unknown;
	return atomic_load(&revoked->places[find(revoked, digest)]);
}

static bool
issued_before(const struct entry *entry, const struct revoked_question *question)
{
	return entry != NULL &&
	       (!question->has_issued || question->issued_s <= atomic_load(&entry->before_s));
}

bool
revoked_has(const struct revoked *revoked, const struct revoked_question *question)
{
	struct span issuer = question->issuer;

	if (atomic_load(&revoked->used) == 0)
		return false;
	return look_up(revoked, REVOKE_TOKEN, issuer, question->jti) != NULL ||
	       issued_before(look_up(revoked, REVOKE_CLIENT, issuer, question->client), question) ||
	       issued_before(
		   look_up(revoked, REVOKE_SUBJECT, issuer, question->subject), question) ||
	       issued_before(look_up(revoked, REVOKE_ALL, issuer, SPAN("")), question);
}
