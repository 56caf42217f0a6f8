/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a token as they are told: each with what was expected and found, and the one that
 * the reason is about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "token/steps.h"

static const char *audience[] = { "api" };
static const char *types[] = { "JWT", "at+jwt" };
static const char *uses[] = { "access" };
static struct trusted_issuer_require use = { "/use", { uses, 1, NULL }, NULL };
static struct trusted_issuer_require any = { "/azp", { NULL, 0, NULL }, &use };
static const struct trusted_issuer trusted = { .name = "idp",
	.issuer = "https://idp.test",
	.audience = { audience, 1, NULL },
	.algorithms = ALGORITHM_BIT(ALGORITHM_RS256) | ALGORITHM_BIT(ALGORITHM_ES256),
	.types = { types, 2, NULL },
	.skew_s = 30,
	.max_age_s = 60,
	.require = &any };

/* "iss+ exp- nbf?": which hold, which fails, and which were not reached. */
static void
expect(enum reason reason, const char *detail, const char *want)
{
	static char got[512];
	struct steps_question asked = {
		.trusted_issuer = &trusted, .now_s = 1000, .reason = reason, .detail = detail
	};
	const struct step *first = NULL;
	struct token token = { .algorithm = ALGORITHM_RS256,
		.kid = SPAN("k\n1"),
		.issuer = SPAN("https://idp.test") };
	struct arena arena;
	struct err err;
	size_t len = 0;

	arena_init(&arena, 1u << 16);
	assert_true(json_read(
	    SPAN("{\"exp\":900,\"aud\":[\"a\",\"b\"],\"azp\":\"x\"}"), 4096, &token.claims, &err));
	asked.token = &token;
	assert_true(steps_of(&asked, &arena, &first));
	for (const struct step *step = first; step != NULL; step = step->next)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s%c", len == 0 ? "" : " ",
		    step->name, "+-?"[step->state]);
	assert_string_equal(got, want);
	json_decref(token.claims);
	arena_done(&arena);
}

static void
the_step_that_the_reason_is_about_fails(void **state)
{
	(void)state;
	expect(REASON_OK, NULL,
	    "iss+ alg+ typ+ kid+ signature+ exp+ nbf+ iat+ max_age+ aud+ /azp+ /use+");
	expect(REASON_PRIVILEGE_MISSING, "needs",
	    "iss+ alg+ typ+ kid+ signature+ exp+ nbf+ iat+ max_age+ aud+ /azp+ /use+");
	expect(REASON_ISSUER_UNKNOWN, NULL,
	    "iss- alg? typ? kid? signature? exp? nbf? iat? max_age? aud? /azp? /use?");
	expect(REASON_ALGORITHM_NOT_ALLOWED, "alg RS512 is not one of the issuer's algorithms",
	    "iss+ alg- typ? kid? signature? exp? nbf? iat? max_age? aud? /azp? /use?");
	expect(REASON_ALGORITHM_NOT_ALLOWED, "the key of the token's kid is for another alg",
	    "iss+ alg+ typ+ kid- signature? exp? nbf? iat? max_age? aud? /azp? /use?");
	expect(REASON_SIGNATURE_INVALID, "x",
	    "iss+ alg+ typ+ kid+ signature- exp? nbf? iat? max_age? aud? /azp? /use?");
	expect(REASON_TOKEN_EXPIRED, "expired 100 s ago",
	    "iss+ alg+ typ+ kid+ signature+ exp- nbf? iat? max_age? aud? /azp? /use?");
	expect(REASON_TOKEN_NOT_YET_VALID, "iat is 5, which is in the future",
	    "iss+ alg+ typ+ kid+ signature+ exp+ nbf+ iat- max_age? aud? /azp? /use?");
	expect(REASON_CLAIM_REQUIRED_MISSING, "iat is missing, and the issuer has a max_age",
	    "iss+ alg+ typ+ kid+ signature+ exp+ nbf+ iat+ max_age- aud? /azp? /use?");
	expect(REASON_AUDIENCE_MISMATCH, NULL,
	    "iss+ alg+ typ+ kid+ signature+ exp+ nbf+ iat+ max_age+ aud- /azp? /use?");
	expect(REASON_CLAIM_REQUIRED_MISSING, "/use is missing, expected \"access\"",
	    "iss+ alg+ typ+ kid+ signature+ exp+ nbf+ iat+ max_age+ aud+ /azp+ /use-");
	expect(REASON_CLAIM_MALFORMED, "sub is a number",
	    "iss+ alg+ typ+ kid+ signature+ exp+ nbf+ iat+ max_age+ aud+ /azp+ /use+ claims-");
}

static void
expected_and_found_are_told(void **state)
{
	struct token token = { .algorithm = ALGORITHM_RS256,
		.issuer = SPAN("https://idp.test/\n") };
	struct steps_question asked = { .trusted_issuer = &trusted,
		.token = &token,
		.assumed = true,
		.now_s = 1000,
		.reason = REASON_ISSUER_UNKNOWN };
	const struct step *step = NULL;
	struct arena arena;
	struct err err;

	(void)state;
	arena_init(&arena, 1u << 16);
	assert_true(json_read(SPAN("{\"exp\":900,\"aud\":\"b\"}"), 4096, &token.claims, &err));
	assert_true(steps_of(&asked, &arena, &step));
	assert_string_equal(step->name, "iss");
	assert_string_equal(step->expected, "\"https://idp.test\"");
	assert_null(strchr(step->found, '\n'));
	step = step->next; /* assumed: nothing of the header */
	assert_string_equal(step->name, "exp");
	assert_string_equal(step->found, "900");
	while (step != NULL && strcmp(step->name, "aud") != 0)
		step = step->next;
	assert_non_null(step);
	assert_string_equal(step->expected, "\"api\"");
	assert_string_equal(step->found, "\"b\"");
	assert_null(step->next->found);
	assert_string_equal(step->next->expected, "any value");
	json_decref(token.claims);
	arena_done(&arena);
}

/* Without memory it says so, wherever that ends. */
static void
no_memory_is_no_answer(void **state)
{
	struct token token = { .algorithm = ALGORITHM_RS256, .issuer = SPAN("https://idp.test") };
	struct steps_question asked = { .trusted_issuer = &trusted, .token = &token };
	bool done = false;

	(void)state;
	for (size_t room = 16; !done; room += 16) {
		const struct step *first = NULL;
		struct arena arena;

		arena_init(&arena, room);
		done = steps_of(&asked, &arena, &first);
		assert_true(done || first == NULL);
		arena_done(&arena);
		assert_true(room < 1u << 16);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_step_that_the_reason_is_about_fails),
		cmocka_unit_test(expected_and_found_are_told),
		cmocka_unit_test(no_memory_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
