/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "proxy/gate/caller.h"

#define CLAIMS                                                                                     \
	"{\"sub\":\"jane\",\"n\":-7,\"yes\":true,\"no\":false,\"none\":null,\"real\":1.5,"         \
	"\"large\":123456789012345678901234567890,\"list\":[\"a\",\"b\"],\"empty\":[],"            \
	"\"comma\":[\"a,b\",\"c\"],\"mixed\":[\"a\",1],\"object\":{\"a\":\"b\"},"                  \
	"\"lines\":\"a\\r\\nX-Admin: 1\",\"name\":\"J\\u00fcrgen\",\"blank\":\"\"}"

/* A claim, and the header that it gives; NULL: none. */
static const struct {
	const char *pointer, *want;
} claims[] = {
	{ "/sub", "jane" },
	{ "/n", "-7" },
	{ "/yes", "true" },
	{ "/no", "false" },
	{ "/none", NULL },
	{ "/real", NULL },
	{ "/large", "123456789012345678901234567890" },
	{ "/list", "a,b" },
	{ "/list/1", "b" },
	{ "/empty", NULL },
	{ "/comma", "[\"a,b\",\"c\"]" },
	{ "/mixed", "[\"a\",1]" },
	{ "/object", NULL },
	{ "/object/a", "b" },
	{ "/lines", NULL },
	{ "/name", "J\xc3\xbcrgen" },
	{ "/blank", NULL },
	{ "/absent", NULL },
};

static struct role roles[] = { { "admin", 0, NULL }, { "clerk", 1, NULL }, { "reader", 2, NULL } };
static uint64_t held[] = { 5 }; /* admin and reader */
static struct span scopes[] = { { "orders:read", 11 }, { "orders:write", 12 } };

static struct caller
caller_of(void)
{
	struct caller caller = { .issuer_index = 0 };

	caller.principal = (struct principal){ .issuer = "okta",
		.subject = SPAN("jane"),
		.client = SPAN("shop"),
		.scopes = { scopes, 2 },
		.roles = held };
	return caller;
}

static void
init(struct config *config, struct config_header *header, struct arena *arena)
{
	*config = (struct config){ .headers = header, .header_count = 1 };
	config->policy.roles = roles;
	config->policy.role_count = 3;
	config->policy.role_words = 1;
	arena_init(arena, 1 << 20);
}

static void
expect(const char *name, const struct caller *caller, const char *want)
{
	if (want == NULL && caller->identity_count > 0)
		fail_msg("%s: got %.*s", name, SPAN_ARG(caller->identity[0].value));
	if (want != NULL &&
	    (caller->identity_count != 1 || !span_is(caller->identity[0].value, want)))
		fail_msg("%s: want %s, got %.*s", name, want,
		    SPAN_ARG(
			caller->identity_count == 0 ? SPAN("none") : caller->identity[0].value));
}

static void
claims_become_headers_that_are_safe(void **state)
{
	json_t *payload = NULL;
	struct err err;

	(void)state;
	assert_true(json_read(SPAN(CLAIMS), 4096, &payload, &err));
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		struct config_header header = { "X-A", claims[i].pointer, IDENTITY_CLAIM };
		struct caller caller = caller_of();
		struct config config;
		struct arena arena;

		init(&config, &header, &arena);
		assert_true(caller_identify(&config, payload, &caller, &arena));
		expect(claims[i].pointer, &caller, claims[i].want);
		arena_done(&arena);
	}
	json_decref(payload);
}

static void
words_tell_of_the_principal(void **state)
{
	static const struct {
		int word;
		const char *want;
	} words[] = {
		{ IDENTITY_ROLES, "admin,reader" },
		{ IDENTITY_SCOPES, "orders:read orders:write" },
		{ IDENTITY_CLIENT, "shop" },
		{ IDENTITY_ISSUER, "okta" },
		{ IDENTITY_SUBJECT, "jane" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct config_header header = { "X-A", "word", words[i].word };
		struct caller caller = caller_of();
		struct config config;
		struct arena arena;

		init(&config, &header, &arena);
		assert_true(caller_identify(&config, NULL, &caller, &arena));
		expect(words[i].want, &caller, words[i].want);
		arena_done(&arena);
	}
}

static void
a_user_has_a_subject_and_no_other_claim(void **state)
{
	struct config_header subject = { "X-A", "/sub", IDENTITY_CLAIM };
	struct config_header other = { "X-A", "/email", IDENTITY_CLAIM };
	struct caller caller = caller_of();
	struct config config;
	struct arena arena;

	(void)state;
	init(&config, &subject, &arena);
	assert_true(caller_identify(&config, NULL, &caller, &arena));
	expect("/sub", &caller, "jane");
	config.headers = &other;
	assert_true(caller_identify(&config, NULL, &caller, &arena));
	expect("/email", &caller, NULL);
	arena_done(&arena);
}

static void
a_value_that_is_too_long_is_left_out(void **state)
{
	struct config_header header = { "X-A", "/long", IDENTITY_CLAIM };
	struct caller caller = caller_of();
	char text[5000];
	json_t *payload = json_object();
	struct config config;
	struct arena arena;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	json_object_set_new(payload, "long", json_string(text));
	init(&config, &header, &arena);
	assert_true(caller_identify(&config, payload, &caller, &arena));
	expect("4999 bytes", &caller, NULL);
	arena_done(&arena);
	json_decref(payload);
}

static void
without_memory_nobody_is_half_known(void **state)
{
	struct config_header header = { "X-A", "subject", IDENTITY_SUBJECT };
	struct caller caller = caller_of();
	struct config config;
	struct arena arena;

	(void)state;
	init(&config, &header, &arena);
	arena_done(&arena);
	arena_init(&arena, 0);
	assert_false(caller_identify(&config, NULL, &caller, &arena));
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_become_headers_that_are_safe),
		cmocka_unit_test(words_tell_of_the_principal),
		cmocka_unit_test(a_user_has_a_subject_and_no_other_claim),
		cmocka_unit_test(a_value_that_is_too_long_is_left_out),
		cmocka_unit_test(without_memory_nobody_is_half_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
