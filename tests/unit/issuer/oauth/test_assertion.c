/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "../token/signer.h"
#include "issuer/oauth/assertion.h"

#define NOW_S 1760000000
#define URL "https://gate.example/oauth/token"
#define GOOD "\"iss\":\"c1\",\"sub\":\"c1\",\"aud\":\"" URL "\",\"exp\":1760000060,\"jti\":\"j\""
#define WITHOUT_AUD "\"iss\":\"c1\",\"sub\":\"c1\",\"exp\":1760000060,\"jti\":\"j\""
#define WITHOUT_EXP "\"iss\":\"c1\",\"sub\":\"c1\",\"aud\":\"" URL "\",\"jti\":\"j\""
#define WITHOUT_JTI "\"iss\":\"c1\",\"sub\":\"c1\",\"aud\":\"" URL "\",\"exp\":1760000060"
#define BY(issuer, subject)                                                                        \
	"\"iss\":\"" issuer "\",\"sub\":\"" subject "\",\"aud\":\"" URL                            \
	"\",\"exp\":1760000060,\"jti\":\"j\""
#define HEAD "{\"alg\":\"ES256\",\"kid\":\"k\"}"
#define LONG_JTI                                                                                   \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *urls[] = { URL, "https://gate.example" };

static bool
ask(const char *jwt, const char *jwks, struct assertion *assertion, struct arena *arena)
{
	struct assertion_question question = { .text = span_of(jwt),
		.client_id = SPAN("c1"),
		.jwks = jwks,
		.audience = { urls, 2, NULL },
		.now_s = NOW_S };
	const char *why = NULL;
	bool good = assertion_verify(&question, arena, assertion, &why);

	assert_int_equal(good, why == NULL);
	return good;
}

static char *
set_of(EVP_PKEY *pkey, const char *alg)
{
	json_t *jwk = signer_jwk(pkey, "k", alg);

	return signer_set(&jwk, 1);
}

/* clang-format off */
static const struct {
	const char *name, *claims;
	bool good;
} rows[] = {
	{ "the token endpoint as audience", "{" GOOD "}", true },
	{ "the issuer as audience", "{" WITHOUT_AUD ",\"aud\":\"https://gate.example\"}", true },
	{ "both of them", "{" WITHOUT_AUD ",\"aud\":[\"https://gate.example\",\"" URL "\"]}", true },
	{ "an array of one", "{" WITHOUT_AUD ",\"aud\":[\"" URL "\"]}", true },
	{ "iat now", "{" GOOD ",\"iat\":1760000000}", true },
	{ "exp at the most", "{" WITHOUT_EXP ",\"exp\":1760003630}", true },
	{ "expired within the skew", "{" WITHOUT_EXP ",\"exp\":1759999971}", true },
	{ "a jti of 256 bytes", "{" WITHOUT_JTI ",\"jti\":\"" LONG_JTI "\"}", true },
	{ "an empty array", "{" WITHOUT_AUD ",\"aud\":[]}", false },
	{ "ours and another's", "{" WITHOUT_AUD ",\"aud\":[\"" URL "\",\"https://other.example\"]}", false },
	{ "another's", "{" WITHOUT_AUD ",\"aud\":\"https://other.example/oauth/token\"}", false },
	{ "another spelling", "{" WITHOUT_AUD ",\"aud\":\"https://gate.example/\"}", false },
	{ "a number for aud", "{" WITHOUT_AUD ",\"aud\":1}", false },
	{ "a number in aud", "{" WITHOUT_AUD ",\"aud\":[\"" URL "\",1]}", false },
	{ "no aud", "{" WITHOUT_AUD "}", false },
	{ "no exp", "{" WITHOUT_EXP "}", false },
	{ "exp as text", "{" WITHOUT_EXP ",\"exp\":\"1760000060\"}", false },
	{ "expired", "{" WITHOUT_EXP ",\"exp\":1759999970}", false },
	{ "exp too far", "{" WITHOUT_EXP ",\"exp\":1760003631}", false },
	{ "exp far too far", "{" WITHOUT_EXP ",\"exp\":253402300799}", false },
	{ "exp beyond int64", "{" WITHOUT_EXP ",\"exp\":1e30}", false },
	{ "nbf in the future", "{" GOOD ",\"nbf\":1760000031}", false },
	{ "iat in the future", "{" GOOD ",\"iat\":1760000031}", false },
	{ "no jti", "{" WITHOUT_JTI "}", false },
	{ "an empty jti", "{" WITHOUT_JTI ",\"jti\":\"\"}", false },
	{ "a number for jti", "{" WITHOUT_JTI ",\"jti\":1}", false },
	{ "a jti too long", "{" WITHOUT_JTI ",\"jti\":\"" LONG_JTI "0\"}", false },
	{ "another iss", "{" BY("c2", "c1") "}", false },
	{ "another sub", "{" BY("c1", "c2") "}", false },
	{ "both of another client", "{" BY("c2", "c2") "}", false },
	{ "a longer iss", "{" BY("c11", "c1") "}", false },
	{ "no sub", "{\"iss\":\"c1\",\"aud\":\"" URL "\",\"exp\":1760000060,\"jti\":\"j\"}", false },
	{ "no iss", "{\"sub\":\"c1\",\"aud\":\"" URL "\",\"exp\":1760000060,\"jti\":\"j\"}", false },
	{ "sub twice", "{" GOOD ",\"sub\":\"c1\"}", false },
	{ "bound to another key", "{" GOOD ",\"cnf\":{\"jkt\":\"x\"}}", false },
	{ "an array", "[" "]", false },
	{ "no JSON", "c1", false },
};
/* clang-format on */

static void
claims(void **state)
{
	char *set = set_of(signer_key(ALGORITHM_ES256, 0), NULL), *jwt;
	struct assertion assertion;
	struct arena arena;
	size_t i;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (i = 0; i < CASES_OF(rows); i++) {
		jwt = signer_token(signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256, SPAN(HEAD),
		    span_of(rows[i].claims));
		if (ask(jwt, set, &assertion, &arena) != rows[i].good)
			fail_msg("%s", rows[i].name);
		free(jwt);
	}
	arena_done(&arena);
	free(set);
}

/* clang-format off */
static const struct {
	const char *name, *header;
	bool good;
} headers[] = {
	{ "typ JWT", "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"JWT\"}", true },
	{ "its own typ", "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"client-authentication+jwt\"}", true },
	{ "no kid, and one key", "{\"alg\":\"ES256\"}", true },
	{ "an access token", "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"at+jwt\"}", false },
	{ "another kid", "{\"alg\":\"ES256\",\"kid\":\"other\"}", false },
	{ "none", "{\"alg\":\"none\",\"kid\":\"k\"}", false },
	{ "HS256", "{\"alg\":\"HS256\",\"kid\":\"k\"}", false },
	{ "an alg that is not the key's", "{\"alg\":\"RS256\",\"kid\":\"k\"}", false },
	{ "alg in small letters", "{\"alg\":\"es256\",\"kid\":\"k\"}", false },
	{ "crit", "{\"alg\":\"ES256\",\"kid\":\"k\",\"crit\":[\"b64\"],\"b64\":false}", false },
	{ "alg twice", "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"k\"}", false },
};
/* clang-format on */

static void
header_decides_nothing_that_the_key_does_not(void **state)
{
	char *set = set_of(signer_key(ALGORITHM_ES256, 0), NULL), *jwt;
	struct assertion assertion;
	struct arena arena;
	size_t i;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (i = 0; i < CASES_OF(headers); i++) {
		jwt = signer_token(signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256,
		    span_of(headers[i].header), SPAN("{" GOOD "}"));
		if (ask(jwt, set, &assertion, &arena) != headers[i].good)
			fail_msg("%s", headers[i].name);
		free(jwt);
	}
	arena_done(&arena);
	free(set);
}

static void
every_asymmetric_algorithm_is_taken(void **state)
{
	struct assertion assertion;
	struct arena arena;
	char header[64], name[16], *set, *jwt;
	int i;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (i = 0; i < ALGORITHM_COUNT; i++) {
		EVP_PKEY *key = signer_key((enum algorithm)i, 0);

		(void)snprintf(
		    header, sizeof(header), "{\"alg\":\"%s\"}", algorithm_name((enum algorithm)i));
		(void)snprintf(name, sizeof(name), "\"%s\"", algorithm_name((enum algorithm)i));
		assert_non_null(strstr(assertion_algorithms, name));
		set = set_of(key, NULL);
		jwt = signer_token(key, (enum algorithm)i, span_of(header), SPAN("{" GOOD "}"));
		assert_true(ask(jwt, set, &assertion, &arena));
		assert_true(span_is(assertion.jti, "j"));
		assert_int_equal(assertion.until_s, 1760000060 + ASSERTION_SKEW_S);
		free(jwt);
		free(set);
	}
	arena_done(&arena);
}

static void
only_the_registered_keys_count(void **state)
{
	char *own = set_of(signer_key(ALGORITHM_ES256, 0), NULL);
	char *foreign = set_of(signer_key(ALGORITHM_ES256, 1), NULL);
	char *bound = set_of(signer_key(ALGORITHM_PS256, 0), "PS256");
	char *jwt = signer_token(
	    signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256, SPAN(HEAD), SPAN("{" GOOD "}"));
	char *rsa = signer_token(signer_key(ALGORITHM_PS256, 0), ALGORITHM_RS256,
	    SPAN("{\"alg\":\"RS256\"}"), SPAN("{" GOOD "}"));
	struct assertion assertion;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(ask(jwt, own, &assertion, &arena));
	assert_false(ask(jwt, foreign, &assertion, &arena));
	assert_false(ask(rsa, bound, &assertion, &arena));
	assert_false(ask(jwt, NULL, &assertion, &arena));
	assert_false(ask(jwt, "", &assertion, &arena));
	assert_false(ask(jwt, "{\"keys\":[]}", &assertion, &arena));
	assert_false(ask("", own, &assertion, &arena));
	assert_false(ask("a.b.c", own, &assertion, &arena));
	arena_done(&arena);
	free(jwt);
	free(rsa);
	free(own);
	free(foreign);
	free(bound);
}

static void
any_changed_byte_spoils_it(void **state)
{
	char *set = set_of(signer_key(ALGORITHM_EdDSA, 0), NULL);
	char *jwt = signer_token(signer_key(ALGORITHM_EdDSA, 0), ALGORITHM_EdDSA,
	    SPAN("{\"alg\":\"EdDSA\"}"), SPAN("{" GOOD "}"));
	struct assertion assertion;
	struct arena arena;
	size_t i;

	(void)state;
	for (i = 0; jwt[i] != 0; i++) {
		char was = jwt[i];

		arena_init(&arena, 1 << 20);
		jwt[i] = was == 'A' ? 'B' : 'A';
		assert_false(ask(jwt, set, &assertion, &arena));
		jwt[i] = was;
		arena_done(&arena);
	}
	free(jwt);
	free(set);
}

static void
subject_is_read_before_anything_is_proved(void **state)
{
	char *jwt = signer_token(
	    signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256, SPAN(HEAD), SPAN("{" GOOD "}"));
	char *number = signer_token(signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256, SPAN(HEAD),
	    SPAN("{\"iss\":\"c1\",\"sub\":1}"));
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(span_is(assertion_subject(span_of(jwt), &arena), "c1"));
	assert_null(assertion_subject(span_of(number), &arena).at);
	assert_null(assertion_subject(SPAN(""), &arena).at);
	assert_null(assertion_subject(SPAN("a.b"), &arena).at);
	arena_done(&arena);
	free(jwt);
	free(number);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims),
		cmocka_unit_test(header_decides_nothing_that_the_key_does_not),
		cmocka_unit_test(every_asymmetric_algorithm_is_taken),
		cmocka_unit_test(only_the_registered_keys_count),
		cmocka_unit_test(any_changed_byte_spoils_it),
		cmocka_unit_test(subject_is_read_before_anything_is_proved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
