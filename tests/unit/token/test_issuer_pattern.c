/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/document.h"
#include "token/issuer_pattern.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct reading {
	struct arena arena;
	struct mistakes mistakes;
	struct node *map;
};

static void
read_map(struct reading *reading, const char *text)
{
	struct node *root = NULL;

	*reading = (struct reading){ 0 };
	arena_init(&reading->arena, 1 << 20);
	reading->mistakes.arena = &reading->arena;
	assert_true(document_parse(span_of(text), "postern.yaml", &reading->mistakes, &root));
	assert_non_null(root);
	reading->map = root->first;
}

static void
a_pattern_is_known(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{ "kc: {issuer: \"https://h/realms/{realm}\"}", true },
		{ "kc: {issuer: \"https://h/{tenantid}/v2.0\", provider: keycloak}", true },
		{ "kc: {issuer: \"https://h/{tenantid}/v2.0\", provider: entra}", false },
		{ "kc: {issuer: \"https://h/realms/a\", tenants: [a]}", false },
		{ "kc: {issuer: [a]}", false },
		{ "kc: {}", false },
		{ "kc: text", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct reading reading;

		read_map(&reading, rows[i].text);
		if (issuer_pattern_is(reading.map) != rows[i].is)
			fail_msg("%s", rows[i].text);
		arena_done(&reading.arena);
	}
}

#define PATTERN "issuer: \"https://h/realms/{realm}\""

static void
mistakes_are_reported(void **state)
{
	static const struct {
		const char *text, *told; /* "": none */
	} rows[] = {
		{ "kc: {" PATTERN ", tenants: [a, B-1, c.d_e~f]}", "" },
		{ "kc: {" PATTERN ", tenants: a}", "" },
		{ "kc: {" PATTERN ", tenants: [a], issuer_aliases: []}", "" },
		{ "kc: {" PATTERN ", tenants: [a], jwks_uri: \"https://h/{realm}/keys\"}", "" },
		{ "kc: {issuer: \"https://h/{t}/v2\", tenants: [a], jwks_file: \"{t}.json\"}", "" },
		{ "kc: {" PATTERN "}", "/kc: the pattern in \"issuer\" needs \"tenants\"" },
		{ "kc: {" PATTERN ", tenants: []}", "/kc/tenants: the pattern in" },
		{ "kc: {" PATTERN ", tenants: [a, a]}", "/kc/tenants/1: is listed twice" },
		{ "kc: {" PATTERN ", tenants: [\"*\"]}", "/kc/tenants/0: must be a tenant" },
		{ "kc: {" PATTERN ", tenants: [a/b]}", "must be a tenant" },
		{ "kc: {" PATTERN ", tenants: [..]}", "must be a tenant" },
		{ "kc: {" PATTERN ", tenants: [\"a%2Fb\"]}", "must be a tenant" },
		{ "kc: {" PATTERN ", tenants: [\"{realm}\"]}", "must be a tenant" },
		{ "kc: {" PATTERN ", tenants: [\"\"]}", "must be a tenant" },
		{ "kc: {" PATTERN ", tenants: [[a]]}", "must be a tenant" },
		{ "kc: {" PATTERN ", tenants: [a], jwks_uri: \"https://h/keys\"}",
		    "/kc/jwks_uri: must have {realm}, too" },
		{ "kc: {" PATTERN ", tenants: [a], jwks_file: keys.json}",
		    "/kc/jwks_file: must have {realm}, too" },
		{ "kc: {" PATTERN ", tenants: [a], issuer_aliases: [x]}",
		    "/kc/issuer_aliases: cannot be used" },
		{ "kc: {issuer: \"https://{realm}\", tenants: [a]}", "is a whole segment" },
		{ "kc: {issuer: \"https://{realm}/x\", tenants: [a]}", "is a whole segment" },
		{ "kc: {issuer: \"https://{realm}.h/x\", tenants: [a]}", "is a whole segment" },
		{ "kc: {issuer: \"https://h/x{realm}\", tenants: [a]}", "is a whole segment" },
		{ "kc: {issuer: \"https://h/{realm}x\", tenants: [a]}", "is a whole segment" },
		{ "kc: {issuer: \"https://h/{a}/{b}\", tenants: [a]}", "is a whole segment" },
		{ "kc: {issuer: \"https://h/{}\", tenants: [a]}", "is a whole segment" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct reading reading;
		struct texts tenants;
		size_t want = rows[i].told[0] == '\0' ? 0 : 1;

		read_map(&reading, rows[i].text);
		assert_true(issuer_pattern_is(reading.map));
		issuer_pattern_tenants(reading.map, &tenants, &reading.mistakes);
		if (reading.mistakes.errors != want ||
		    (want == 1 && strstr(reading.mistakes.first->text, rows[i].told) == NULL))
			fail_msg("%s: %s", rows[i].text,
			    reading.mistakes.first == NULL ? "none" : reading.mistakes.first->text);
		if (want == 0)
			assert_int_not_equal(tenants.count, 0);
		arena_done(&reading.arena);
	}
}

static void
expect(const struct node *map, const char *key, const char *want)
{
	const struct node *node = document_get(map, key);

	assert_non_null(node);
	if (!span_is(node->text, want))
		fail_msg("%s: %.*s", key, SPAN_ARG(node->text));
}

static void
each_tenant_has_an_entry(void **state)
{
	struct reading reading;
	const struct node *entry;

	(void)state;
	read_map(&reading, "kc: {" PATTERN
			   ", tenants: [a], audience: x, jwks_uri: \"https://h/{realm}/k?r={b}\"}");
	entry = issuer_pattern_entry(reading.map, "acme", &reading.arena);
	assert_non_null(entry);
	assert_true(span_is(entry->key, "kc:acme"));
	assert_int_equal(strlen(entry->key.at), entry->key.len);
	expect(entry, "issuer", "https://h/realms/acme");
	expect(entry, "jwks_uri", "https://h/acme/k?r={b}");
	expect(entry, "audience", "x");
	assert_null(document_get(entry, "tenants"));
	/* what was read stays */
	expect(reading.map, "issuer", "https://h/realms/{realm}");
	assert_non_null(document_get(reading.map, "tenants"));
	arena_done(&reading.arena);
}

static void
without_memory_there_is_no_entry(void **state)
{
	struct reading reading;
	struct arena small;

	(void)state;
	read_map(&reading, "kc: {" PATTERN ", tenants: [a]}");
	arena_init(&small, 16);
	assert_null(issuer_pattern_entry(reading.map, "a", &small));
	arena_done(&small);
	arena_done(&reading.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_known),
		cmocka_unit_test(mistakes_are_reported),
		cmocka_unit_test(each_tenant_has_an_entry),
		cmocka_unit_test(without_memory_there_is_no_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
