/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "token/binding.h"

/* SHA-256 of "abc" (FIPS 180-4), as in openssl's -sha256. */
static const unsigned char abc[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41,
	0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4,
	0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
static const unsigned char zeros[32];

/* How is a token with these claims judged beside a certificate of that digest (NULL: none)? */
static enum reason
judge_claims(const char *claims, const unsigned char *digest, char detail[256])
{
	struct verify_inputs inputs = { .thumbprint = { (const char *)digest,
					    digest == NULL ? 0 : sizeof(abc) } };
	struct token token = { .claims = json_loads(claims, 0, NULL) };
	struct arena arena;
	enum reason reason;

	if (token.claims == NULL)
		fail_msg("%s is no JSON", claims);
	arena_init(&arena, 65536);
	reason = binding_check(&inputs, &token, &arena);
	(void)snprintf(detail, 256, "%s", token.detail == NULL ? "" : token.detail);
	assert_int_equal(token.detail == NULL, reason == REASON_OK);
	token_done(&token);
	arena_done(&arena);
	return reason;
}

#define ABC "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
#define BOUND "{\"cnf\":{\"x5t#S256\":\"" ABC "\"}}"

static void
a_token_counts_beside_its_certificate_alone(void **state)
{
	unsigned char near[32];
	char detail[256];

	(void)state;
	assert_int_equal(judge_claims(BOUND, abc, detail), REASON_OK);
	assert_int_equal(judge_claims(BOUND, NULL, detail), REASON_BINDING_MISMATCH);
	assert_non_null(strstr(detail, "and none was presented"));
	assert_int_equal(judge_claims(BOUND, zeros, detail), REASON_BINDING_MISMATCH);
	assert_non_null(strstr(detail, "another client certificate"));
	for (size_t i = 0; i < sizeof(near) * 8; i++) {
		memcpy(near, abc, sizeof(near));
		near[i / 8] = (unsigned char)(near[i / 8] ^ (1u << i % 8));
		assert_int_equal(judge_claims(BOUND, near, detail), REASON_BINDING_MISMATCH);
	}
}

static void
a_token_that_is_not_bound_counts_beside_any(void **state)
{
	static const char *const claims[] = { "{}", "{\"CNF\":{\"x5t#S256\":\"" ABC "\"}}",
		"{\"x5t#S256\":\"" ABC "\"}" };
	char detail[256];

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		assert_int_equal(judge_claims(claims[i], NULL, detail), REASON_OK);
		assert_int_equal(judge_claims(claims[i], abc, detail), REASON_OK);
	}
}

/* Whatever cannot be checked is refused, also beside the certificate that it may mean. */
static void
any_other_binding_is_refused(void **state)
{
	static const char *const bindings[] = { "null", "\"\"", "\"" ABC "\"", "7", "true", "[]",
		"[{\"x5t#S256\":\"" ABC "\"}]", "{}",
		/* of another kind, or of two */
		"{\"jkt\":\"" ABC "\"}", "{\"x5t#S256\":\"" ABC "\",\"jkt\":\"" ABC "\"}",
		"{\"x5t#S256\":\"" ABC "\",\"kid\":null}", "{\"x5t\":\"" ABC "\"}",
		"{\"X5T#S256\":\"" ABC "\"}", "{\"x5t#s256\":\"" ABC "\"}",
		"{\"x5t#S512\":\"" ABC "\"}", "{\"x5t#S256 \":\"" ABC "\"}",
		"{\"jwk\":{\"x5t#S256\":\"" ABC "\"}}",
		/* of another type */
		"{\"x5t#S256\":null}", "{\"x5t#S256\":7}", "{\"x5t#S256\":true}",
		"{\"x5t#S256\":[\"" ABC "\"]}", "{\"x5t#S256\":{\"x5t#S256\":\"" ABC "\"}}",
		/* in another encoding */
		"{\"x5t#S256\":\"\"}", "{\"x5t#S256\":\"" ABC "=\"}", "{\"x5t#S256\":\" " ABC "\"}",
		"{\"x5t#S256\":\"" ABC "A\"}", "{\"x5t#S256\":\"" ABC "" ABC "\"}",
		/* the last character has two bits that count for nothing, and are not zero */
		"{\"x5t#S256\":\"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa1\"}",
		"{\"x5t#S256\":\"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa\"}",
		"{\"x5t#S256\":\"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0\"}",
		"{\"x5t#S256\":"
		"\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}" };
	char claims[512], detail[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++) {
		(void)snprintf(claims, sizeof(claims), "{\"cnf\":%s}", bindings[i]);
		if (judge_claims(claims, abc, detail) != REASON_BINDING_MISMATCH ||
		    strstr(detail, "cnf") == NULL)
			fail_msg("%s: %s", claims, detail);
		assert_int_equal(judge_claims(claims, NULL, detail), REASON_BINDING_MISMATCH);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_counts_beside_its_certificate_alone),
		cmocka_unit_test(a_token_that_is_not_bound_counts_beside_any),
		cmocka_unit_test(any_other_binding_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
