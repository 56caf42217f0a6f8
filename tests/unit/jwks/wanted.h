/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wanted - key sets made of keys as a test names them. Include it after <cmocka.h>.
 */
#ifndef POSTERN_TESTS_WANTED_H
#define POSTERN_TESTS_WANTED_H

#include "../token/signer.h"
#include "jwks/keyset.h"

/* A key as a test names it. */
struct want {
	enum algorithm algorithm;
	size_t which;
	const char *kid, *alg, *use;
};

static inline json_t *
jwk_of(const struct want *want)
{
	json_t *jwk = signer_jwk(signer_key(want->algorithm, want->which), want->kid, want->alg);

	if (want->use != NULL)
		json_object_set_new(jwk, "use", json_string(want->use));
	return jwk;
}

static inline char *
text_of(const struct want wants[], size_t count)
{
	json_t *jwks[8];

	assert_true(count <= CASES_OF(jwks));
	for (size_t i = 0; i < count; i++)
		jwks[i] = jwk_of(&wants[i]);
	return signer_set(jwks, count);
}

static inline struct keyset *
set_of(const struct want wants[], size_t count)
{
	char *text = text_of(wants, count);
	struct err err = { "" };
	struct keyset *set = NULL;

	if (!keyset_parse(span_of(text), &set, &err))
		fail_msg("%s", err.text);
	free(text);
	return set;
}

#endif
