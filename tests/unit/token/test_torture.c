/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "torture.h"
#include "judged.h"

struct attempt {
	const char *name;
	const struct trusted_issuer *trusted_issuer;
	const struct keyset *keys;
	char *text;
	enum reason want;
};

/* Nothing but the right reason or "overloaded"; but OpenSSL does not tell a signature that it could
 * not look at from one that is wrong. */
static enum torture_result
verify(void *context)
{
	const struct attempt *attempt = context;
	struct verify_inputs inputs = {
		.trusted_issuer = attempt->trusted_issuer, .keys = attempt->keys, .now_s = 1500
	};
	struct claims claims = { .trusted_issuer = NULL };
	struct token token = { 0 };
	enum torture_result result = TORTURE_WRONG;
	enum reason reason;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	reason = token_read(span_of(attempt->text), &arena, &token);
	if (reason == REASON_OK)
		reason = verify_token(&inputs, &token, &arena, &claims);
	if (reason == attempt->want)
		result = TORTURE_RIGHT;
	else if (reason == REASON_OVERLOADED || reason == REASON_SIGNATURE_INVALID)
		result = TORTURE_CLEAN;
	if (reason == REASON_OK && !span_is(claims.subject, "alice"))
		result = TORTURE_WRONG;
	token_done(&token);
	arena_done(&arena);
	if (result == TORTURE_WRONG)
		print_error("%s: %s\n", attempt->name, reason_word(reason));
	return result;
}

static void
no_token_is_taken_for_another_without_memory(void **state)
{
	static const struct judged cases[] = {
		{ "an honest one", NULL, NULL, 0, REASON_OK, NULL },
		{ "scopes, groups and roles",
		    "{\"scope\":\"a b\",\"groups\":[\"g\",\"h\"],\"roles\":[\"r\"]}", NULL, 0,
		    REASON_OK, NULL },
		{ "a number that no type holds", "{\"x\":[{\"y\":1}]}", NULL, 0, REASON_OK, NULL },
		{ "an expired one", "{\"exp\":1400}", NULL, 0, REASON_TOKEN_EXPIRED, NULL },
		{ "one for another", "{\"aud\":\"api://other\"}", NULL, 0, REASON_AUDIENCE_MISMATCH,
		    NULL },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = judged_keys();

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		char *claims = judged_claims(&cases[i]);
		struct attempt attempt = { cases[i].name, &trusted_issuer, keys, NULL,
			cases[i].want };

		attempt.text = signer_token(signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256,
		    SPAN(HONEST_HEADER), span_of(claims));
		torture_run(cases[i].name, verify, &attempt);
		free(attempt.text);
		free(claims);
	}
	keyset_free(keys);
}

static void
no_forged_signature_is_taken_without_memory(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = judged_keys();
	struct attempt attempt = { "a forged one", &trusted_issuer, keys, NULL,
		REASON_SIGNATURE_INVALID };

	(void)state;
	attempt.text = signer_token(signer_key(ALGORITHM_ES256, 1), ALGORITHM_ES256,
	    SPAN(HONEST_HEADER), SPAN(HONEST_CLAIMS));
	torture_run(attempt.name, verify, &attempt);
	free(attempt.text);
	keyset_free(keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_token_is_taken_for_another_without_memory),
		cmocka_unit_test(no_forged_signature_is_taken_without_memory),
	};

	torture_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
