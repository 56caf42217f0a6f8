/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/keys/shared_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "issuer/keys/signing_key.h"
#include "jwks/keyset.h"

/* RFC 7518 section 6, RFC 8037 section 2: what only a private or a symmetric key has. */
static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
static const char *const public_members[] = { "kty", "crv", "x", "y", "n", "e", "use", "alg",
	"kid" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_ours(struct span algorithm)
{
	for (size_t i = 0; algorithm.at != NULL && signing_algorithms[i] != NULL; i++)
		if (span_is(algorithm, signing_algorithms[i]))
			return true;
	return false;
}

/* The public members alone, as text to be freed; NULL: no memory. */
static char *
copy_public(const json_t *jwk)
{
	json_t *copy = json_object();
	char *text = NULL;
	bool good = copy != NULL;

	for (size_t i = 0; good && i < COUNT(public_members); i++) {
		json_t *member = json_object_get(jwk, public_members[i]);

		good = member == NULL || json_object_set(copy, public_members[i], member) == 0;
	}
	if (good)
		text = json_dumps(copy, JSON_COMPACT);
	json_decref(copy);
	return text;
}

/* Can it verify anything? */
static bool
is_usable(const char *jwk, struct err *reterr)
{
	struct keyset *set = NULL;
	struct buffer json;
	bool usable;

	buffer_init(&json, SHARED_KEY_BYTES + 32);
	buffer_format(&json, "{\"keys\":[%s]}", jwk);
	usable = !json.failed && keyset_parse(buffer_span(&json), &set, reterr);
	buffer_done(&json);
	keyset_free(set);
	return usable;
}

/* *ret_text stays NULL when the row is ignored; false: no memory. */
static bool
check_row(const struct store_key *row, const json_t *jwk, char **ret_text, struct err *reterr)
{
	char *text;

	for (size_t i = 0; i < COUNT(private_members); i++) {
		if (json_object_get(jwk, private_members[i]) != NULL) {
			(void)err_set(reterr, "it contains a private key");
			return true;
		}
	}
	if (!span_is(json_text(json_object_get(jwk, "kid")), row->kid)) {
		(void)err_set(reterr, "its kid is different");
		return true;
	}
	if (!is_ours(json_text(json_object_get(jwk, "alg")))) {
		(void)err_set(reterr, "it is for an algorithm that the local issuer does not use");
		return true;
	}
	text = copy_public(jwk);
	if (text == NULL)
		return false;
	if (is_usable(text, reterr))
		*ret_text = text;
	else
		free(text);
	return true;
}

static bool
add(struct shared_keys *shared, const struct store_key *row)
{
	struct shared_key *key = &shared->keys[shared->count];
	struct span text = span_of(row->jwk);
	struct err err = { "" };
	json_t *jwk = NULL;
	char *kept = NULL;
	bool done = true;

	if (strlen(row->kid) >= sizeof(key->kid) || text.len > SHARED_KEY_BYTES)
		(void)err_set(&err, "it is too long");
	else if (shared->count == SHARED_KEYS_MAX)
		(void)err_set(&err, "there are more than %d", SHARED_KEYS_MAX);
	else if (json_read(text, SHARED_KEY_BYTES, &jwk, &err))
		done = check_row(row, jwk, &kept, &err);
	json_decref(jwk);
	if (kept != NULL) {
		(void)snprintf(key->kid, sizeof(key->kid), "%s", row->kid);
		key->jwk = kept;
		shared->count++;
		if (row->until_s < shared->ends_s)
			shared->ends_s = row->until_s;
	} else if (shared->skipped++ == 0) {
		shared->why = err;
	}
	return done;
}

bool
shared_keys_make(const struct store_key *first, const struct shared_keys_reader *reader,
    struct shared_keys **ret_shared)
{
	struct shared_keys *shared = calloc(1, sizeof(*shared));

	if (shared == NULL)
		return false;
	shared->ends_s = INT64_MAX;
	for (const struct store_key *row = first; row != NULL; row = row->next) {
		if (row->until_s <= reader->now_s || strcmp(row->issuer, reader->issuer) != 0 ||
		    strcmp(row->gate, reader->gate) == 0)
			continue;
		if (!add(shared, row)) {
			shared_keys_free(shared);
			return false;
		}
	}
	*ret_shared = shared;
	return true;
}

bool
shared_keys_same(const struct shared_keys *a, const struct shared_keys *b)
{
	size_t count = a == NULL ? 0 : a->count;

	if (count != (b == NULL ? 0 : b->count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(a->keys[i].jwk, b->keys[i].jwk) != 0)
			return false;
	return true;
}

void
shared_keys_free(struct shared_keys *shared)
{
	for (size_t i = 0; shared != NULL && i < shared->count; i++)
		free(shared->keys[i].jwk);
	free(shared);
}
