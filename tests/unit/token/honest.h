/* SPDX-License-Identifier: Apache-2.0 */
/*
 * honest - a set with one key of every kind, honest tokens by them, and a way to say what becomes
 * of a token once it is spoilt. Include it after <cmocka.h>.
 */
#ifndef POSTERN_TESTS_HONEST_H
#define POSTERN_TESTS_HONEST_H

#include <openssl/err.h>

#include "signer.h"
#include "token/verify.h"

static inline struct keyset *
honest_set(char *text)
{
	struct err err = { "" };
	struct keyset *set = NULL;

	if (!keyset_parse(span_of(text), &set, &err))
		fail_msg("%s", err.text);
	free(text);
	return set;
}

/* The keys of one signer of every kind, by kid "RSA", "ES256", "ES384", "ES512" and "EdDSA". */
static inline const char *
honest_kid(enum algorithm algorithm)
{
	return algorithm_key_type(algorithm) == KEY_RSA ? "RSA" : algorithm_name(algorithm);
}

static inline struct keyset *
honest_keys(size_t which)
{
	static const enum algorithm kinds[] = { ALGORITHM_RS256, ALGORITHM_ES256, ALGORITHM_ES384,
		ALGORITHM_ES512, ALGORITHM_EdDSA };
	json_t *jwks[CASES_OF(kinds)];

	for (size_t i = 0; i < CASES_OF(kinds); i++)
		jwks[i] = signer_jwk(signer_key(kinds[i], which), honest_kid(kinds[i]), NULL);
	return honest_set(signer_set(jwks, CASES_OF(kinds)));
}

/* Read and prove a token as the program does. */
static inline enum reason
honest_prove(const struct keyset *set, algorithm_set allowed, struct span text)
{
	struct arena arena;
	struct token token;
	enum reason reason;

	arena_init(&arena, 1 << 20);
	reason = token_read(text, &arena, &token);
	if (reason == REASON_OK)
		reason = verify_signature(allowed, set, &token);
	if ((reason == REASON_OK) != (token.detail == NULL))
		fail_msg("detail and reason disagree: %s", reason_word(reason));
	token_done(&token);
	arena_done(&arena);
	assert_int_equal(ERR_peek_error(), 0);
	return reason;
}

static inline void
honest_expect(const char *name, const struct keyset *set, struct span text, enum reason want)
{
	enum reason got = honest_prove(set, ALGORITHM_ALL, text);

	if (got != want)
		fail_msg("%s: want %s, got %s", name, reason_word(want), reason_word(got));
}

/* An honest token taken apart, to be spoilt. */
struct honest {
	enum algorithm algorithm;
	char *input;
	struct signature signature;
};

static inline void
honest_make(struct honest *honest, enum algorithm algorithm, int number)
{
	char header[128], payload[128];

	(void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}",
	    algorithm_name(algorithm), honest_kid(algorithm));
	(void)snprintf(payload, sizeof(payload), "{\"iss\":\"i\",\"n\":%d}", number);
	honest->algorithm = algorithm;
	honest->input = signer_input(span_of(header), span_of(payload));
	honest->signature =
	    signer_sign(signer_key(algorithm, 0), algorithm, span_of(honest->input));
}

static inline void
honest_expect_signature(const char *name, const struct keyset *set, const struct honest *honest,
    struct span signature, enum reason want)
{
	char *text = signer_join(honest->input, signature);

	honest_expect(name, set, span_of(text), want);
	free(text);
}

#endif
