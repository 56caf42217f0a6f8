/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens are judged on threads with 100 KiB of stack, whatever they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "honest.h"
#include "judged.h"

#define STACK_BYTES (100u << 10)

/* What a thread is given, and what it found. */
struct task {
	const struct trusted_issuer *trusted_issuer;
	const struct keyset *keys;
	struct span text;
	enum reason reason;
};

static void *
work(void *context)
{
	struct task *task = context;
	struct verify_inputs inputs = {
		.trusted_issuer = task->trusted_issuer, .keys = task->keys, .now_s = 1500
	};
	struct claims claims;
	struct arena arena;
	struct token token;

	arena_init(&arena, 1 << 20);
	task->reason = token_read(task->text, &arena, &token);
	if (task->reason == REASON_OK)
		task->reason = verify_token(&inputs, &token, &arena, &claims);
	token_done(&token);
	arena_done(&arena);
	return NULL;
}

static enum reason
judge_on_a_small_stack(struct task *task)
{
	pthread_attr_t small;
	pthread_t thread;

	assert_int_equal(pthread_attr_init(&small), 0);
	assert_int_equal(pthread_attr_setstacksize(&small, STACK_BYTES), 0);
	assert_int_equal(pthread_create(&thread, &small, work, task), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)pthread_attr_destroy(&small);
	return task->reason;
}

static void
expect(const char *name, struct task *task, char *text, enum reason want)
{
	enum reason got;

	task->text = span_of(text);
	got = judge_on_a_small_stack(task);
	if (got != want)
		fail_msg("%s: want %s, got %s", name, reason_word(want), reason_word(got));
	free(text);
}

static void
every_algorithm_fits(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = honest_keys(0);
	struct task task = { .trusted_issuer = &trusted_issuer, .keys = keys };

	(void)state;
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		char header[64];

		(void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}",
		    algorithm_name((enum algorithm)a), honest_kid((enum algorithm)a));
		expect(header, &task,
		    signer_token(signer_key((enum algorithm)a, 0), (enum algorithm)a,
			span_of(header), SPAN(HONEST_CLAIMS)),
		    REASON_OK);
		expect(header, &task,
		    signer_token(signer_key((enum algorithm)a, 1), (enum algorithm)a,
			span_of(header), SPAN(HONEST_CLAIMS)),
		    REASON_SIGNATURE_INVALID);
	}
	keyset_free(keys);
}

static void
a_larger_rsa_key_fits(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	EVP_PKEY *large = EVP_RSA_gen(4096u);
	json_t *jwk = signer_jwk(large, "k", NULL);
	char *text = signer_set(&jwk, 1);
	struct keyset *keys = honest_set(text);
	struct task task = { .trusted_issuer = &trusted_issuer, .keys = keys };

	(void)state;
	expect("RSA 4096", &task,
	    signer_token(large, ALGORITHM_PS512, SPAN("{\"alg\":\"PS512\",\"kid\":\"k\"}"),
		SPAN(HONEST_CLAIMS)),
	    REASON_OK);
	EVP_PKEY_free(large);
	keyset_free(keys);
}

/* `payload` made of `unit`, as often as there is room for in a token. */
static char *
hostile(const char *start, const char *unit, const char *end)
{
	size_t room = 11000;
	char *payload = malloc(room + 64);
	size_t at = strlen(start);

	memcpy(payload, start, at);
	for (; at + strlen(unit) + strlen(end) < room; at += strlen(unit))
		memcpy(payload + at, unit, strlen(unit));
	memcpy(payload + at, end, strlen(end) + 1);
	return payload;
}

static void
hostile_payloads_fit(void **state)
{
	static const struct {
		const char *name, *start, *unit, *end;
		enum reason want;
	} cases[] = {
		{ "open brackets", "{\"iss\":\"i\",\"x\":", "[", "", REASON_TOKEN_MALFORMED },
		{ "open objects", "{\"iss\":\"i\",\"x\":", "{\"a\":", "1", REASON_TOKEN_MALFORMED },
		{ "many small members", "{\"iss\":\"https://idp.test\",\"exp\":2000,\"aud\":[",
		    "\"api://x\",", "\"api://a\"]}", REASON_OK },
		{ "many scopes",
		    "{\"iss\":\"https://idp.test\",\"exp\":2000,\"aud\":\"api://a\","
		    "\"scope\":\"",
		    "a ", "b\"}", REASON_OK },
		{ "many roles",
		    "{\"iss\":\"https://idp.test\",\"exp\":2000,\"aud\":\"api://a\","
		    "\"roles\":[",
		    "\"a\",", "\"b\"]}", REASON_OK },
		{ "many shallow nests",
		    "{\"iss\":\"https://idp.test\",\"exp\":2000,"
		    "\"aud\":\"api://a\",\"x\":[",
		    "[[[[[[[]]]]]]],", "1]}", REASON_OK },
		{ "an endless string", "{\"iss\":\"", "\\u0001", "\"}", REASON_ISSUER_UNKNOWN },
		{ "a large audience that is not ours",
		    "{\"iss\":\"https://idp.test\",\"exp\":2000,\"aud\":[", "\"\\u0001\\u0002\",",
		    "\"x\"]}", REASON_AUDIENCE_MISMATCH },
		{ "an endless number",
		    "{\"iss\":\"https://idp.test\",\"aud\":\"api://a\",\"exp\":1", "0", "}",
		    REASON_CLAIM_MALFORMED },
		{ "many large numbers",
		    "{\"iss\":\"https://idp.test\",\"exp\":2000,\"aud\":\"api://a\",\"x\":[",
		    "1e400,", "1]}", REASON_OK },
		{ "an endless fraction",
		    "{\"iss\":\"https://idp.test\",\"aud\":\"api://a\",\"exp\":1999.", "0", "1}",
		    REASON_OK },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = honest_keys(0);
	struct task task = { .trusted_issuer = &trusted_issuer, .keys = keys };

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		char *payload = hostile(cases[i].start, cases[i].unit, cases[i].end);

		expect(cases[i].name, &task,
		    signer_token(signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256,
			SPAN("{\"alg\":\"ES256\",\"kid\":\"ES256\"}"), span_of(payload)),
		    cases[i].want);
		free(payload);
	}
	keyset_free(keys);
}

static void
hostile_headers_fit(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct keyset *keys = honest_keys(0);
	struct task task = { .trusted_issuer = &trusted_issuer, .keys = keys };
	char header[4000];
	char *dots;

	(void)state;
	memset(header, '[', sizeof(header));
	header[sizeof(header) - 1] = '\0';
	expect("brackets", &task,
	    signer_token(signer_key(ALGORITHM_ES256, 0), ALGORITHM_ES256, span_of(header),
		SPAN(HONEST_CLAIMS)),
	    REASON_TOKEN_MALFORMED);
	dots = calloc(1, TOKEN_MAX_BYTES + 1);
	memset(dots, '.', TOKEN_MAX_BYTES);
	expect("dots", &task, dots, REASON_TOKEN_MALFORMED);
	keyset_free(keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm_fits),
		cmocka_unit_test(a_larger_rsa_key_fits),
		cmocka_unit_test(hostile_payloads_fit),
		cmocka_unit_test(hostile_headers_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
