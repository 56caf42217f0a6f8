/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set is never empty, finds only keys that fit, is the same when read again, and none of its
 * keys takes a signature of zeros.
 *
 * OpenSSL looks at an RSA modulus with random numbers: one with a small factor, which no honest
 * key has, is taken at one time and refused at another. So sets with RSA keys are read once.
 */
#include "fuzz.h"

#include "base/json.h"
#include "jwks/keyset.h"

#define MAX_SIGNATURE 2048

static void
check_found(const struct keyset *set, struct span kid, enum algorithm algorithm)
{
	const struct key *key = NULL;
	enum reason reason = keyset_find(set, kid, algorithm, &key);

	if (reason == REASON_OK) {
		MUST_HOLD(key_fits(key, algorithm));
		MUST_HOLD(key_kind(key) == algorithm_key_type(algorithm));
		MUST_HOLD(kid.at == NULL || span_equal(key_kid(key), kid));
		MUST_HOLD(key_algorithm(key) == ALGORITHM_COUNT || key_algorithm(key) == algorithm);
	} else {
		MUST_HOLD(reason == REASON_KEY_UNKNOWN || reason == REASON_ALGORITHM_NOT_ALLOWED);
	}
}

static void
check_key(const struct keyset *set, const struct key *key)
{
	static const char zeros[MAX_SIGNATURE];
	static const size_t lengths[] = { 0, 64, 96, 132, 256, 384, 512 };

	MUST_HOLD(key_same(key, key));
	MUST_HOLD(key_kind(key) != KEY_RSA || (key_bits(key) >= 2048 && key_bits(key) <= 16384));
	MUST_HOLD(key_kid(key).at == NULL || key_kid_valid(key_kid(key)));
	for (int i = 0; i < ALGORITHM_COUNT; i++) {
		enum algorithm algorithm = (enum algorithm)i;

		check_found(set, key_kid(key), algorithm);
		check_found(set, (struct span){ 0 }, algorithm);
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++)
			MUST_HOLD(!key_verify(key, algorithm, SPAN("header.payload"),
			    (struct span){ zeros, lengths[j] }));
	}
}

static size_t
members(struct span text, const char *kty)
{
	json_t *json = NULL, *key;
	struct err err;
	size_t index, count = 0;

	if (!json_read(text, KEYSET_MAX_BYTES, &json, &err))
		return 0;
	json_array_foreach(json_object_get(json, "keys"), index, key) count +=
	    kty == NULL || span_is(json_text(json_object_get(key, "kty")), kty);
	json_decref(json);
	return count;
}

static void
check_set(struct span text, const struct keyset *set)
{
	size_t count = keyset_count(set);

	MUST_HOLD(count > 0 && count <= KEYSET_MAX_KEYS);
	MUST_HOLD(count + keyset_skipped(set) == members(text, NULL));
	for (size_t i = 0; i < count; i++)
		check_key(set, keyset_at(set, i));
	for (size_t i = 0; i < keyset_skipped(set); i++)
		MUST_HOLD(keyset_skip(set, i)->why.text[0] != '\0');
	MUST_HOLD(keyset_same(set, set));
}

static void
check_again(struct span text, const struct keyset *set)
{
	struct keyset *again = NULL, *lenient = NULL;
	struct err err;

	MUST_HOLD(keyset_parse(text, &again, &err));
	MUST_HOLD(keyset_same(set, again) && keyset_same(again, set));
	MUST_HOLD(keyset_parse_lenient(text, &lenient, &err));
	MUST_HOLD(keyset_same(set, lenient));
	keyset_free(again);
	keyset_free(lenient);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = fuzz_span(data, size);
	struct keyset *set = NULL, *lenient = NULL;
	struct err err = { "" };

	fuzz_accepted = keyset_parse(text, &set, &err);
	MUST_HOLD(fuzz_accepted == (set != NULL) && fuzz_accepted == (err.text[0] == '\0'));
	if (fuzz_accepted)
		check_set(text, set);
	if (members(text, "RSA") == 0) {
		if (fuzz_accepted)
			check_again(text, set);
		else if (keyset_parse_lenient(text, &lenient, &err))
			MUST_HOLD(keyset_count(lenient) == 1);
	}
	keyset_free(set);
	keyset_free(lenient);
	return 0;
}
