/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/keyset.h"

#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/json.h"

struct keyset {
	atomic_uint references;
	atomic_int_fast64_t seen_s;
	struct key **keys;
	size_t count;
	struct keyset_skip *skips;
	size_t skipped;
};

static struct keyset *
make_set(size_t members)
{
	struct keyset *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	atomic_init(&set->references, 1);
	set->keys = calloc(members + 1, sizeof(struct key *));
	set->skips = calloc(members + 1, sizeof(*set->skips));
	if (set->keys != NULL && set->skips != NULL)
		return set;
	keyset_free(set);
	return NULL;
}

static void
skip(struct keyset *set, struct span kid, const struct err *why)
{
	struct keyset_skip *skipped = &set->skips[set->skipped++];
	struct span shown = span_slice(kid, 0, sizeof(skipped->kid) - 1);

	if (shown.len > 0 && key_kid_valid(shown))
		memcpy(skipped->kid, shown.at, shown.len);
	skipped->why = *why;
}

/* False: no memory. Must fail then: leaving a key out would refuse its tokens. */
static bool
add_member(struct keyset *set, const json_t *jwk, struct err *reterr)
{
	struct err why;

	if (key_parse(jwk, &set->keys[set->count], &why))
		set->count++;
	else if (err_is_memory(&why))
		return err_set(reterr, ERR_MEMORY);
	else
		skip(set, json_text(json_member(jwk, "kid")), &why);
	return true;
}

/* Would a token header that selects `a` also select `b`? */
static bool
tried_alike(const struct key *a, const struct key *b)
{
	if (key_kid(a).at == NULL || !span_equal(key_kid(a), key_kid(b)))
		return false;
	for (int algorithm = 0; algorithm < ALGORITHM_COUNT; algorithm++)
		if (key_fits(a, (enum algorithm)algorithm) &&
		    key_fits(b, (enum algorithm)algorithm))
			return true;
	return false;
}

/* Is the key already among the first `count`? */
static bool
has_key(const struct keyset *set, size_t count, const struct key *key)
{
	for (size_t i = 0; i < count; i++)
		if (key_same(set->keys[i], key))
			return true;
	return false;
}

static size_t
count_alike(const struct keyset *set, size_t count, const struct key *key)
{
	size_t alike = 0;

	for (size_t i = 0; i < count; i++)
		alike += tried_alike(set->keys[i], key);
	return alike;
}

/* A key that is listed twice counts once. Different keys with one kid are all tried, up to
 * KEYSET_MAX_TRIED. */
static void
drop_surplus(struct keyset *set)
{
	struct err why;
	size_t kept = 0;

	(void)err_set(&why, "%d other keys have the same \"kid\" and fit the same algorithm",
	    KEYSET_MAX_TRIED);
	for (size_t i = 0; i < set->count; i++) {
		struct key *key = set->keys[i];
		bool known = has_key(set, kept, key);

		if (!known && count_alike(set, kept, key) < KEYSET_MAX_TRIED) {
			set->keys[kept++] = key;
			continue;
		}
		if (!known)
			skip(set, key_kid(key), &why);
		key_free(key);
	}
	set->count = kept;
}

static bool
check_usable(const struct keyset *set, struct err *reterr)
{
	if (set->count > 0)
		return true;
	if (set->skipped == 0)
		return err_set(reterr, "no key");
	return err_set(reterr, "no usable key (%zu skipped; the first: %s)", set->skipped,
	    set->skips[0].why.text);
}

/* Make the set of the elements of an array. */
static bool
read_keys(const json_t *keys, struct keyset **ret_set, struct err *reterr)
{
	struct keyset *set;
	bool good = true;

	if (!json_is_array(keys))
		return err_set(reterr, "\"keys\" is not an array");
	if (json_array_size(keys) > KEYSET_MAX_KEYS)
		return err_set(
		    reterr, "%zu keys, at most %d", json_array_size(keys), KEYSET_MAX_KEYS);
	set = make_set(json_array_size(keys));
	if (set == NULL)
		return err_set(reterr, "out of memory");
	for (size_t i = 0; good && i < json_array_size(keys); i++)
		good = add_member(set, json_array_get(keys, i), reterr);
	drop_surplus(set);
	if (!good || !check_usable(set, reterr)) {
		keyset_free(set);
		return false;
	}
	*ret_set = set;
	return true;
}

static bool
parse(struct span json, bool lenient, struct keyset **ret_set, struct err *reterr)
{
	json_t *root = NULL;
	json_t *bare = NULL;
	const json_t *keys;
	bool done = false;

	if (!json_read(json, KEYSET_MAX_BYTES, &root, reterr))
		return false;
	keys = json_object_get(root, "keys");
	if (lenient && keys == NULL && json_object_get(root, "kty") != NULL) {
		bare = json_pack("[O]", root);
		keys = bare;
	}
	if (keys == NULL)
		(void)err_set(reterr, "is not a JWK Set: it has no \"keys\"");
	else
		done = read_keys(keys, ret_set, reterr);
	json_decref(bare);
	json_decref(root);
	return done;
}

bool
keyset_parse(struct span json, struct keyset **ret_set, struct err *reterr)
{
	return parse(json, false, ret_set, reterr);
}

bool
keyset_parse_lenient(struct span json, struct keyset **ret_set, struct err *reterr)
{
	return parse(json, true, ret_set, reterr);
}

struct keyset *
keyset_ref(struct keyset *set)
{
	atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
	return set;
}

void
keyset_free(struct keyset *set)
{
	if (set == NULL || atomic_fetch_sub(&set->references, 1) != 1)
		return;
	for (size_t i = 0; i < set->count; i++)
		key_free(set->keys[i]);
	free(set->keys);
	free(set->skips);
	free(set);
}

void
keyset_seen(struct keyset *set, int64_t mono_s)
{
	atomic_store(&set->seen_s, mono_s);
}

int64_t
keyset_seen_s(const struct keyset *set)
{
	return atomic_load(&set->seen_s);
}

size_t
keyset_count(const struct keyset *set)
{
	return set->count;
}

const struct key *
keyset_at(const struct keyset *set, size_t index)
{
	return set->keys[index];
}

size_t
keyset_skipped(const struct keyset *set)
{
	return set->skipped;
}

const struct keyset_skip *
keyset_skip(const struct keyset *set, size_t index)
{
	return &set->skips[index];
}

static enum reason
find_named(
    const struct keyset *set, struct span kid, enum algorithm algorithm, const struct key **ret_key)
{
	enum reason reason = REASON_KEY_UNKNOWN;

	for (size_t i = 0; i < set->count; i++) {
		if (!span_equal(key_kid(set->keys[i]), kid))
			continue;
		if (key_fits(set->keys[i], algorithm)) {
			*ret_key = set->keys[i];
			return REASON_OK;
		}
		reason = REASON_ALGORITHM_NOT_ALLOWED;
	}
	return reason;
}

static enum reason
find_only(const struct keyset *set, enum algorithm algorithm, const struct key **ret_key)
{
	const struct key *only = NULL;

	for (size_t i = 0; i < set->count; i++) {
		if (!key_fits(set->keys[i], algorithm))
			continue;
		if (only != NULL && !key_same_material(only, set->keys[i]))
			return REASON_KEY_UNKNOWN;
		only = set->keys[i];
	}
	if (only == NULL)
		return REASON_KEY_UNKNOWN;
	*ret_key = only;
	return REASON_OK;
}

enum reason
keyset_find(
    const struct keyset *set, struct span kid, enum algorithm algorithm, const struct key **ret_key)
{
	/* Keys without a kid are stored with an empty one, which no header may name. */
	if (kid.at == NULL)
		return find_only(set, algorithm, ret_key);
	if (kid.len == 0)
		return REASON_KEY_UNKNOWN;
	return find_named(set, kid, algorithm, ret_key);
}

const struct key *
keyset_next(const struct keyset *set, enum algorithm algorithm, const struct key *key)
{
	bool after = false;

	for (size_t i = 0; i < set->count; i++) {
		if (after && key_fits(set->keys[i], algorithm) && key_kid(key).at != NULL &&
		    span_equal(key_kid(set->keys[i]), key_kid(key)))
			return set->keys[i];
		after |= set->keys[i] == key;
	}
	return NULL;
}

static bool
has_all(const struct keyset *set, const struct keyset *others)
{
	for (size_t i = 0; i < others->count; i++) {
		size_t j = 0;

		while (j < set->count && !key_same(set->keys[j], others->keys[i]))
			j++;
		if (j == set->count)
			return false;
	}
	return true;
}

bool
keyset_same(const struct keyset *a, const struct keyset *b)
{
	return a->count == b->count && has_all(a, b) && has_all(b, a);
}
