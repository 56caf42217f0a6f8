/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/revoked.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

#define BUCKETS (1u << 16)

/* Whole once it can be reached; only `before_s` grows after that. */
struct entry {
	struct entry *next;
	int kind;
	_Atomic int64_t before_s;
	size_t issuer_len, value_len;
	char text[]; /* the issuer, then the value */
};

struct revoked {
	uint64_t seed;
	_Atomic size_t count;
	_Atomic(struct entry *) buckets[BUCKETS];
};

struct revoked *
revoked_new(void)
{
	struct revoked *revoked = calloc(1, sizeof(*revoked));

	if (revoked != NULL && !digest_random(&revoked->seed, sizeof(revoked->seed))) {
		free(revoked);
		return NULL;
	}
	return revoked;
}

void
revoked_free(void *argument)
{
	struct revoked *revoked = argument;
	size_t i;

	if (revoked == NULL)
		return;
	for (i = 0; i < BUCKETS; i++) {
		struct entry *entry = atomic_load(&revoked->buckets[i]);

		while (entry != NULL) {
			struct entry *next = entry->next;

			free(entry);
			entry = next;
		}
	}
	free(revoked);
}

/* What an entry is found by. */
struct key {
	int kind;
	struct span issuer, value;
};

static uint64_t
stir(uint64_t hash, struct span text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * UINT64_C(1099511628211);
	return (hash ^ text.len) * UINT64_C(1099511628211);
}

/* FNV-1a from a random start. Entries come from operators and from clients that name tokens of
 * ours, so nobody outside can fill one bucket. */
static size_t
bucket_of(const struct revoked *revoked, const struct key *key)
{
	uint64_t hash =
	    stir(stir(revoked->seed ^ (uint64_t)(unsigned)key->kind, key->issuer), key->value);

	return (size_t)((hash ^ hash >> 32 ^ hash >> 16) % BUCKETS);
}

static bool
is_of(const struct entry *entry, const struct key *key)
{
	struct span issuer = { entry->text, entry->issuer_len };
	struct span value = { entry->text + entry->issuer_len, entry->value_len };

	return entry->kind == key->kind && span_equal(value, key->value) &&
	       span_equal(issuer, key->issuer);
}

static struct entry *
find(const struct revoked *revoked, const struct key *key)
{
	struct entry *entry =
	    atomic_load_explicit(&revoked->buckets[bucket_of(revoked, key)], memory_order_acquire);

	while (entry != NULL && !is_of(entry, key))
		entry = entry->next;
	return entry;
}

static struct entry *
make(const struct key *key, int64_t before_s)
{
	struct entry *entry = malloc(sizeof(*entry) + key->issuer.len + key->value.len + 1);

	if (entry == NULL)
		return NULL;
	entry->kind = key->kind;
	entry->issuer_len = key->issuer.len;
	entry->value_len = key->value.len;
	atomic_init(&entry->before_s, before_s);
	if (key->issuer.len > 0)
		memcpy(entry->text, key->issuer.at, key->issuer.len);
	if (key->value.len > 0)
		memcpy(entry->text + key->issuer.len, key->value.at, key->value.len);
	return entry;
}

bool
revoked_add(struct revoked *revoked, const struct revocation *revocation)
{
	struct key key = { revocation->kind, span_of(revocation->issuer),
		span_of(revocation->value) };
	struct entry *entry = find(revoked, &key);
	_Atomic(struct entry *) *bucket;

	if (entry != NULL) {
		if (revocation->before_s > atomic_load(&entry->before_s))
			atomic_store(&entry->before_s, revocation->before_s);
		return true;
	}
	entry = make(&key, revocation->before_s);
	if (entry == NULL)
		return false;
	bucket = &revoked->buckets[bucket_of(revoked, &key)];
	entry->next = atomic_load(bucket);
	atomic_store_explicit(bucket, entry, memory_order_release);
	atomic_fetch_add(&revoked->count, 1);
	return true;
}

/* Those of a range of time. */
static bool
has_range(
    const struct revoked *revoked, const struct revoked_question *question, const struct key *key)
{
	const struct entry *entry = find(revoked, key);

	return entry != NULL &&
	       (!question->has_issued || question->issued_s <= atomic_load(&entry->before_s));
}

bool
revoked_has(const struct revoked *revoked, const struct revoked_question *question)
{
	struct key token = { REVOKE_TOKEN, question->issuer, question->jti };
	struct key client = { REVOKE_CLIENT, question->issuer, question->client };
	struct key subject = { REVOKE_SUBJECT, question->issuer, question->subject };
	struct key all = { REVOKE_ALL, question->issuer, { NULL, 0 } };

	if (atomic_load(&revoked->count) == 0)
		return false;
	return (token.value.at != NULL && find(revoked, &token) != NULL) ||
	       (client.value.at != NULL && has_range(revoked, question, &client)) ||
	       (subject.value.at != NULL && has_range(revoked, question, &subject)) ||
	       has_range(revoked, question, &all);
}

size_t
revoked_count(const struct revoked *revoked)
{
	return atomic_load(&revoked->count);
}
