/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/revoked.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/epoch.h"

#define ROOM_LEAST 64u

/* What is revoked, under the digest of kind, issuer and value: whoever can choose a jti cannot
 * choose where it stands. */
struct entry {
	unsigned char digest[DIGEST_BYTES];
	int kind;
	_Atomic int64_t before_s;
	int64_t until_s;
};

/* Open addressing, at most half full. Places are filled once and never emptied: a table that is
 * full, or full of what is over, is replaced as a whole. */
struct table {
	size_t mask, used;
	_Atomic(struct entry *) places[];
};

struct revoked {
	_Atomic(struct table *) table;
	atomic_size_t count;
	atomic_bool kinds[REVOKE_ALL + 1]; /* is there any of that kind? */
};

static struct table *
table_new(size_t room)
{
	struct table *table = calloc(1, sizeof(*table) + room * sizeof(table->places[0]));

	if (table != NULL)
		table->mask = room - 1;
	return table;
}

struct revoked *
revoked_new(void)
{
	struct revoked *revoked = calloc(1, sizeof(*revoked));
	struct table *table = table_new(ROOM_LEAST);

	if (revoked == NULL || table == NULL) {
		free(revoked);
		free(table);
		return NULL;
	}
	atomic_store(&revoked->table, table);
	return revoked;
}

void
revoked_free(struct revoked *revoked)
{
	struct table *table;

	if (revoked == NULL)
		return;
	table = atomic_load(&revoked->table);
	for (size_t i = 0; i <= table->mask; i++)
		free(atomic_load(&table->places[i]));
	free(table);
	free(revoked);
}

/* Lengths first, so that no two questions are one text. */
static bool
digest_of(int kind, struct span issuer, struct span value, unsigned char digest[DIGEST_BYTES])
{
	unsigned char both[2 * DIGEST_BYTES + 1];

	both[0] = (unsigned char)kind;
	return digest_sha256(issuer, both + 1) && digest_sha256(value, both + 1 + DIGEST_BYTES) &&
	       digest_sha256((struct span){ (const char *)both, sizeof(both) }, digest);
}

/* Where the entry of that digest stands, or would stand. */
static size_t
find(const struct table *table, const unsigned char digest[DIGEST_BYTES])
{
	size_t at;

	memcpy(&at, digest, sizeof(at));
	for (;; at++) {
		const struct entry *entry = atomic_load(&table->places[at & table->mask]);

		if (entry == NULL || memcmp(entry->digest, digest, DIGEST_BYTES) == 0)
			return at & table->mask;
	}
}

static bool
over(const struct entry *entry, int64_t now_s)
{
	return entry->until_s != 0 && entry->until_s <= now_s;
}

static size_t
living(const struct table *table, int64_t now_s)
{
	size_t count = 0;

	for (size_t i = 0; i <= table->mask; i++) {
		const struct entry *entry = atomic_load(&table->places[i]);

		if (entry != NULL && !over(entry, now_s))
			count++;
	}
	return count;
}

/* A table with room for twice what lives, and without what is over. */
static bool
rebuild(struct revoked *revoked, int64_t now_s)
{
	struct table *old = atomic_load(&revoked->table), *table;
	size_t room = ROOM_LEAST, alive = living(old, now_s);

	while (room < alive * 4 + 4)
		room *= 2;
	table = table_new(room);
	if (table == NULL)
		return false;
	for (size_t i = 0; i <= old->mask; i++) {
		struct entry *entry = atomic_load(&old->places[i]);

		if (entry == NULL || over(entry, now_s))
			continue;
		atomic_store(&table->places[find(table, entry->digest)], entry);
		table->used++;
	}
	atomic_store(&revoked->table, table);
	atomic_store(&revoked->count, table->used);
	for (size_t i = 0; i <= old->mask; i++) {
		struct entry *entry = atomic_load(&old->places[i]);

		if (entry != NULL && over(entry, now_s))
			epoch_retire(entry, free);
	}
	epoch_retire(old, free);
	return true;
}

/* The same thing revoked again: the later date and the longer time count. */
static bool
extend(struct table *table, size_t at, const struct entry *entry)
{
	struct entry *there = atomic_load(&table->places[at]);
	int64_t before_s = atomic_load(&entry->before_s), had_s = atomic_load(&there->before_s);
	struct entry *longer;

	if (there->until_s == 0 || (entry->until_s != 0 && entry->until_s <= there->until_s)) {
		if (before_s > had_s)
			atomic_store(&there->before_s, before_s);
		return true;
	}
	longer = malloc(sizeof(*longer));
	if (longer == NULL)
		return false;
	memcpy(longer, entry, sizeof(*longer));
	atomic_init(&longer->before_s, before_s > had_s ? before_s : had_s);
	atomic_store(&table->places[at], longer);
	epoch_retire(there, free);
	return true;
}

static bool
add(struct revoked *revoked, const struct entry *entry, int64_t now_s)
{
	struct table *table = atomic_load(&revoked->table);
	struct entry *copy;
	size_t at;

	if ((table->used + 1) * 2 > table->mask) {
		if (!rebuild(revoked, now_s))
			return false;
		table = atomic_load(&revoked->table);
	}
	at = find(table, entry->digest);
	if (atomic_load(&table->places[at]) != NULL)
		return extend(table, at, entry);
	copy = malloc(sizeof(*copy));
	if (copy == NULL)
		return false;
	memcpy(copy, entry, sizeof(*copy));
	atomic_store(&table->places[at], copy);
	table->used++;
	atomic_store(&revoked->count, table->used);
	atomic_store(&revoked->kinds[entry->kind], true);
	return true;
}

bool
revoked_add(
    struct revoked *revoked, const struct revocation *revocation, int64_t now_s, struct err *reterr)
{
	struct entry entry = { .kind = revocation->kind, .until_s = revocation->until_s };

	atomic_init(&entry.before_s, revocation->before_s);
	if (revocation->kind < 0 || revocation->kind > REVOKE_ALL)
		return err_set(reterr, "a revocation of a kind that is not known");
	if (!digest_of(revocation->kind, span_of(revocation->issuer), span_of(revocation->value),
		entry.digest) ||
	    !add(revoked, &entry, now_s))
		return err_set(reterr, "revocations: no memory");
	return true;
}

/* What cannot be looked up for want of memory counts as revoked. */
static const struct entry unknown = { .before_s = INT64_MAX };

static const struct entry *
look_up(const struct revoked *revoked, int kind, struct span issuer, struct span value)
{
	const struct table *table = atomic_load(&revoked->table);
	unsigned char digest[DIGEST_BYTES];

	if (value.at == NULL || !atomic_load(&revoked->kinds[kind]))
		return NULL;
	if (!digest_of(kind, issuer, value, digest))
		return &unknown;
	return atomic_load(&table->places[find(table, digest)]);
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

	if (atomic_load(&revoked->count) == 0)
		return false;
	return look_up(revoked, REVOKE_TOKEN, issuer, question->jti) != NULL ||
	       issued_before(look_up(revoked, REVOKE_CLIENT, issuer, question->client), question) ||
	       issued_before(
		   look_up(revoked, REVOKE_SUBJECT, issuer, question->subject), question) ||
	       issued_before(look_up(revoked, REVOKE_ALL, issuer, SPAN("")), question);
}
