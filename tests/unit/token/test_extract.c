/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"
#include "token/extract.h"

/* Everything that was extracted, on one line: subject|client|scopes|groups|roles. */
static void
write_list(char *line, size_t room, const struct spans *list)
{
	size_t at = strlen(line);

	(void)snprintf(line + at, room - at, "|");
	for (size_t i = 0; i < list->count; i++) {
		at = strlen(line);
		(void)snprintf(
		    line + at, room - at, "%s%.*s", i == 0 ? "" : ",", SPAN_ARG(list->at[i]));
	}
}

struct extracted {
	const char *name, *claims, *want; /* a line, or a part of the detail */
	enum reason reason;
};

static void
expect(const struct trusted_issuer *trusted_issuer, const struct extracted *extracted)
{
	struct token token = { .claims = json_loads(extracted->claims, 0, NULL) };
	struct claims claims = { 0 };
	struct arena arena;
	enum reason got;
	char line[512];

	if (token.claims == NULL)
		fail_msg("%s: the case is no JSON", extracted->name);
	arena_init(&arena, 65536);
	got = extract_claims(trusted_issuer, &token, &arena, &claims);
	if (got != extracted->reason)
		fail_msg("%s: got %s (%s)", extracted->name, reason_word(got),
		    token.detail == NULL ? "" : token.detail);
	if (got == REASON_OK) {
		(void)snprintf(line, sizeof(line), "%.*s|%.*s", SPAN_ARG(claims.subject),
		    SPAN_ARG(claims.client));
		write_list(line, sizeof(line), &claims.scopes);
		write_list(line, sizeof(line), &claims.groups);
		write_list(line, sizeof(line), &claims.roles);
		if (strcmp(line, extracted->want) != 0)
			fail_msg("%s: want %s, got %s", extracted->name, extracted->want, line);
		assert_null(token.detail);
	} else if (strstr(token.detail, extracted->want) == NULL) {
		fail_msg("%s: want %s, got %s", extracted->name, extracted->want, token.detail);
	}
	json_decref(token.claims);
	arena_done(&arena);
}

static const struct extracted cases[] = {
	{ "nothing", "{}", "||||", REASON_OK },
	{ "subject", "{\"sub\":\"alice\"}", "alice||||", REASON_OK },
	{ "an empty subject is none", "{\"sub\":\"\"}", "||||", REASON_OK },
	{ "azp before client_id before cid", "{\"cid\":\"c\",\"client_id\":\"b\",\"azp\":\"a\"}",
	    "|a|||", REASON_OK },
	{ "client_id before cid", "{\"cid\":\"c\",\"client_id\":\"b\"}", "|b|||", REASON_OK },
	{ "cid", "{\"cid\":\"c\"}", "|c|||", REASON_OK },
	{ "an empty one is passed over", "{\"azp\":\"\",\"cid\":\"c\"}", "|c|||", REASON_OK },
	{ "subject and client beyond ASCII", "{\"sub\":\"\\u00e4\",\"azp\":\"a b\"}",
	    "\xc3\xa4|a b|||", REASON_OK },
	{ "scopes are split at spaces", "{\"scope\":\"a b:c  d/e \"}", "||a,b:c,d/e||", REASON_OK },
	{ "and at nothing else", "{\"scope\":\"a,b\\tc\\u00a0d\"}",
	    "||a,b\tc\xc2\xa0"
	    "d||",
	    REASON_OK },
	{ "one scope", "{\"scope\":\"a\"}", "||a||", REASON_OK },
	{ "no scope in an empty text", "{\"scope\":\"\"}", "||||", REASON_OK },
	{ "no scope in spaces", "{\"scope\":\"   \"}", "||||", REASON_OK },
	{ "an array of scopes", "{\"scp\":[\"a\",\"b\",\"\"]}", "||a,b||", REASON_OK },
	{ "an empty array", "{\"scp\":[]}", "||||", REASON_OK },
	{ "an array is as it is", "{\"scp\":[\"a b\"]}", "||a b||", REASON_OK },
	{ "scopes of two claims", "{\"scope\":\"a b\",\"scp\":[\"c\"]}", "||a,b,c||", REASON_OK },
	{ "a group is one value", "{\"groups\":\"Domain Admins\"}", "|||Domain Admins|",
	    REASON_OK },
	{ "groups", "{\"groups\":[\"a b\",\"c\"]}", "|||a b,c|", REASON_OK },
	{ "no group in an empty text", "{\"groups\":\"\"}", "||||", REASON_OK },
	{ "a role is one value", "{\"roles\":\"user,admin\"}", "||||user,admin", REASON_OK },
	{ "roles", "{\"roles\":[\"a\",\"\",\"b\"]}", "||||a,b", REASON_OK },
	{ "roles elsewhere are none", "{\"realm_access\":{\"roles\":[\"admin\"]}}", "||||",
	    REASON_OK },
	{ "a name with slashes is no path", "{\"/roles\":[\"admin\"]}", "||||", REASON_OK },

	{ "sub number", "{\"sub\":1}", "/sub", REASON_CLAIM_MALFORMED },
	{ "sub null is no sub", "{\"sub\":null}", "||||", REASON_OK },
	{ "sub array", "{\"sub\":[\"a\"]}", "/sub", REASON_CLAIM_MALFORMED },
	{ "sub object", "{\"sub\":{}}", "/sub", REASON_CLAIM_MALFORMED },
	{ "sub true", "{\"sub\":true}", "/sub", REASON_CLAIM_MALFORMED },
	{ "sub with CRLF", "{\"sub\":\"a\\r\\nX-User: root\"}", "/sub", REASON_CLAIM_MALFORMED },
	{ "sub with a tab", "{\"sub\":\"a\\tb\"}", "/sub", REASON_CLAIM_MALFORMED },
	{ "sub with 0x1f", "{\"sub\":\"\\u001f\"}", "/sub", REASON_CLAIM_MALFORMED },
	{ "sub with 0x20", "{\"sub\":\" \"}", " ||||", REASON_OK },
	{ "sub with DEL", "{\"sub\":\"\\u007f\"}", "/sub", REASON_CLAIM_MALFORMED },
	{ "client number", "{\"azp\":1}", "/azp", REASON_CLAIM_MALFORMED },
	{ "client with a line feed", "{\"client_id\":\"a\\n\"}", "/client_id",
	    REASON_CLAIM_MALFORMED },
	{ "one after the hit, too", "{\"azp\":\"a\",\"cid\":1}", "/cid", REASON_CLAIM_MALFORMED },
	{ "scope number", "{\"scope\":1}", "/scope", REASON_CLAIM_MALFORMED },
	{ "scope null is no scope", "{\"scope\":null}", "||||", REASON_OK },
	{ "scope object", "{\"scope\":{\"a\":1}}", "/scope", REASON_CLAIM_MALFORMED },
	{ "sub null before a hit", "{\"azp\":null,\"cid\":\"c\"}", "|c|||", REASON_OK },
	{ "scp with a number in it", "{\"scp\":[\"a\",1,null,true,\"b\"]}", "||a,b||", REASON_OK },
	{ "scp nested", "{\"scp\":[[\"a\"],\"b\"]}", "||b||", REASON_OK },
	{ "groups object", "{\"groups\":{\"a\":1}}", "/groups", REASON_CLAIM_MALFORMED },
	{ "groups number", "{\"groups\":7}", "/groups", REASON_CLAIM_MALFORMED },
	{ "groups null is no groups", "{\"groups\":null}", "||||", REASON_OK },
	{ "roles true", "{\"roles\":true}", "/roles", REASON_CLAIM_MALFORMED },
	{ "roles of objects", "{\"roles\":[{\"name\":\"admin\"},\"b\"]}", "||||b", REASON_OK },
	{ "roles nested", "{\"roles\":[[\"admin\"]]}", "||||", REASON_OK },
};

static void
claims_are_taken_from_their_places(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++)
		expect(&trusted_issuer, &cases[i]);
}

static void
a_star_is_each_entry(void **state)
{
	static const char *roles[] = { "/roles/*/name", "/a/*/b/*", "/*/x" };
	static const struct extracted starred[] = {
		{ "a member of each", "{\"roles\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", "||||a,b",
		    REASON_OK },
		{ "what is no text is passed over",
		    "{\"roles\":[{\"name\":1},{\"id\":\"x\"},\"y\",null,{\"name\":[\"c\",2]}]}",
		    "||||c", REASON_OK },
		{ "twice", "{\"a\":[{\"b\":[\"x\"]},{\"b\":[\"y\",\"z\"]}]}", "||||x,y,z",
		    REASON_OK },
		{ "of an object it is a name", "{\"roles\":{\"*\":{\"name\":\"n\"}}}", "||||n",
		    REASON_OK },
		{ "of an object without that name nothing", "{\"roles\":{\"a\":{\"name\":\"n\"}}}",
		    "||||", REASON_OK },
		{ "of a text nothing", "{\"roles\":\"admin\"}", "||||", REASON_OK },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.claims.roles = (struct texts){ .at = roles, .count = CASES_OF(roles) };
	for (size_t i = 0; i < CASES_OF(starred); i++)
		expect(&trusted_issuer, &starred[i]);
}

static void
entries_that_are_no_text_are_counted(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	struct token token = {
		.claims = json_loads(
		    "{\"scp\":[1,\"a\"],\"groups\":[null,{}],\"roles\":[\"b\"]}", 0, NULL),
	};
	struct claims claims = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 65536);
	assert_int_equal(extract_claims(&trusted_issuer, &token, &arena, &claims), REASON_OK);
	assert_int_equal(claims.not_text, 3);
	arena_done(&arena);
	json_decref(token.claims);
}

static void
places_can_be_deep(void **state)
{
	static const char *roles[] = { "/realm_access/roles", "/resource_access/a.b~1c/roles",
		"/list/1" };
	static const struct extracted deep[] = {
		{ "all are joined",
		    "{\"realm_access\":{\"roles\":[\"a\"]},\"resource_access\":{\"a.b/"
		    "c\":{\"roles\":"
		    "[\"b\"]}},\"list\":[\"x\",\"c\"]}",
		    "||||a,b,c", REASON_OK },
		{ "what is not there is none", "{\"realm_access\":{}}", "||||", REASON_OK },
		{ "a place within a text is none", "{\"realm_access\":\"roles\"}", "||||",
		    REASON_OK },
		{ "a wrong type in the depth", "{\"realm_access\":{\"roles\":{}}}",
		    "/realm_access/roles", REASON_CLAIM_MALFORMED },
	};
	struct trusted_issuer trusted_issuer = judged_issuer();

	(void)state;
	trusted_issuer.claims.roles = (struct texts){ .at = roles, .count = 3 };
	for (size_t i = 0; i < CASES_OF(deep); i++)
		expect(&trusted_issuer, &deep[i]);
}

static void
names_have_at_most_1024_bytes(void **state)
{
	struct trusted_issuer trusted_issuer = judged_issuer();
	char name[1026] = { 0 };

	(void)state;
	for (size_t len = 1023; len <= 1025; len++) {
		struct token token = { 0 };
		struct claims claims = { 0 };
		struct arena arena;

		memset(name, 'n', len);
		token.claims = json_pack("{s:s}", "sub", name);
		arena_init(&arena, 65536);
		assert_int_equal(extract_claims(&trusted_issuer, &token, &arena, &claims),
		    len <= 1024 ? REASON_OK : REASON_CLAIM_MALFORMED);
		assert_int_equal(claims.subject.len, len <= 1024 ? len : 0);
		json_decref(token.claims);
		arena_done(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_are_taken_from_their_places),
		cmocka_unit_test(a_star_is_each_entry),
		cmocka_unit_test(entries_that_are_no_text_are_counted),
		cmocka_unit_test(places_can_be_deep),
		cmocka_unit_test(names_have_at_most_1024_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
