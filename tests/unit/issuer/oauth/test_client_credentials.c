/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/oauth/client_credentials.h"

#define URN "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A"
#define TYPE "client_assertion_type=" URN "jwt-bearer"

struct row {
	const char *name;
	const char *authorization; /* NULL: no header */
	const char *body;
	enum client_credentials_found found;
	const char *id, *secret;
};

/* clang-format off */
static const struct row rows[] = {
	{ "nothing at all", NULL, "", CLIENT_CREDENTIALS_NONE, NULL, NULL },
	{ "an id alone is no authentication", NULL, "client_id=i", CLIENT_CREDENTIALS_NONE, NULL, NULL },
	{ "Basic i:s", "Basic aTpz", "", CLIENT_CREDENTIALS_GIVEN, "i", "s" },
	{ "the scheme has any case", "bAsIc aTpz", "", CLIENT_CREDENTIALS_GIVEN, "i", "s" },
	{ "several spaces may stand between", "Basic   aTpz", "", CLIENT_CREDENTIALS_GIVEN, "i", "s" },
	{ "a colon may stand in the secret (i:s:t)", "Basic aTpzOnQ=", "", CLIENT_CREDENTIALS_GIVEN, "i", "s:t" },
	{ "an empty secret is given (i:)", "Basic aTo=", "", CLIENT_CREDENTIALS_GIVEN, "i", "" },
	{ "percent is decoded (a%2Eb:c%3Ad)", "Basic YSUyRWI6YyUzQWQ=", "", CLIENT_CREDENTIALS_GIVEN, "a.b", "c:d" },
	{ "two dots at the end stay (id..:se..)", "Basic aWQuLjpzZS4u", "", CLIENT_CREDENTIALS_GIVEN, "id..", "se.." },
	{ "encoded dots are dots (id%2E%2E:s)", "Basic aWQlMkUlMkU6cw==", "", CLIENT_CREDENTIALS_GIVEN, "id..", "s" },
	{ "a plus stays a plus (i:a+b)", "Basic aTphK2I=", "", CLIENT_CREDENTIALS_GIVEN, "i", "a+b" },
	{ "no percent encoding is taken as it stands (i:100%)", "Basic aToxMDAl", "", CLIENT_CREDENTIALS_GIVEN, "i", "100%" },
	{ "no colon", "Basic aXM=", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "an empty id (:s)", "Basic OnM=", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "base64url is not base64", "Basic aTr_", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "padding left out (i:s:t)", "Basic aTpzOnQ", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "a space inside", "Basic aT pz", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "an encoded NUL (i:%00)", "Basic aTolMDA=", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "a newline (i:a\\nb)", "Basic aTphCmI=", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "bytes that are no text (i:0xff)", "Basic aTr/", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "nothing after the scheme", "Basic ", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "the scheme alone", "Basic", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "an empty header", "", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "another scheme", "Bearer aTpz", "", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "the form", NULL, "client_id=i&client_secret=s", CLIENT_CREDENTIALS_GIVEN, "i", "s" },
	{ "the form is decoded", NULL, "client_id=a%2Eb&client_secret=c%2Bd", CLIENT_CREDENTIALS_GIVEN, "a.b", "c+d" },
	{ "a secret without an id", NULL, "client_secret=s", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "an assertion", NULL, "client_id=i&client_assertion=x&" TYPE, CLIENT_CREDENTIALS_GIVEN, "i", "" },
	{ "an assertion without a type", NULL, "client_id=i&client_assertion=x", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "an assertion of an empty type", NULL, "client_assertion=x&client_assertion_type=", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "an assertion of SAML", NULL, "client_assertion=x&client_assertion_type=" URN "saml2-bearer", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "a longer type", NULL, "client_assertion=x&" TYPE "x", CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "a type without an assertion", NULL, "client_id=i&" TYPE, CLIENT_CREDENTIALS_WRONG, NULL, NULL },
	{ "a type and a secret", NULL, "client_id=i&client_secret=s&" TYPE, CLIENT_CREDENTIALS_SEVERAL, NULL, NULL },
	{ "header and a type", "Basic aTpz", TYPE, CLIENT_CREDENTIALS_SEVERAL, NULL, NULL },
	{ "header and form", "Basic aTpz", "client_id=i&client_secret=s", CLIENT_CREDENTIALS_SEVERAL, NULL, NULL },
	{ "header and a secret in the form", "Basic aTpz", "client_secret=s", CLIENT_CREDENTIALS_SEVERAL, NULL, NULL },
	{ "header and assertion", "Basic aTpz", "client_assertion=x", CLIENT_CREDENTIALS_SEVERAL, NULL, NULL },
	{ "secret and assertion", NULL, "client_id=i&client_secret=s&client_assertion=x", CLIENT_CREDENTIALS_SEVERAL, NULL, NULL },
	{ "another scheme and the form", "Bearer x", "client_id=i&client_secret=s", CLIENT_CREDENTIALS_SEVERAL, NULL, NULL },
	{ "header, and its id again", "Basic aTpz", "client_id=i", CLIENT_CREDENTIALS_GIVEN, "i", "s" },
	{ "header, and another id", "Basic aTpz", "client_id=j", CLIENT_CREDENTIALS_SEVERAL, NULL, NULL },
};
/* clang-format on */

static void
ways(void **state)
{
	static struct form form;
	struct client_credentials got;
	struct arena arena;
	enum client_credentials_found found;
	const char *wrong;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arena_init(&arena, 1 << 20);
		assert_true(form_read(span_of(rows[i].body), &arena, &form, &wrong));
		found =
		    client_credentials_find(span_of(rows[i].authorization), &form, &arena, &got);
		if (found != rows[i].found)
			fail_msg("%s: got %d", rows[i].name, (int)found);
		if (found == CLIENT_CREDENTIALS_GIVEN &&
		    (!span_is(got.id, rows[i].id) || !span_is(got.secret, rows[i].secret)))
			fail_msg("%s: got \"%.*s\" \"%.*s\"", rows[i].name, SPAN_ARG(got.id),
			    SPAN_ARG(got.secret));
		if (found != CLIENT_CREDENTIALS_GIVEN && got.secret.at != NULL)
			fail_msg("%s: a secret is left", rows[i].name);
		arena_done(&arena);
	}
}

static void
assertion_is_reported_apart(void **state)
{
	static struct form form;
	struct client_credentials got;
	struct arena arena;
	const char *wrong;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(form_read(SPAN("client_assertion=x&" TYPE), &arena, &form, &wrong));
	assert_int_equal(client_credentials_find((struct span){ NULL, 0 }, &form, &arena, &got),
	    CLIENT_CREDENTIALS_GIVEN);
	assert_int_equal(got.way, CLIENT_CREDENTIALS_ASSERTION);
	assert_true(span_is(got.assertion, "x"));
	assert_null(got.id.at);
	client_credentials_forget(&form);
	assert_int_equal(got.assertion.at[0], 0);
	arena_done(&arena);
}

static void
long_header_is_not_read(void **state)
{
	static char header[CLIENT_CREDENTIALS_MAX_BYTES + 2];
	struct client_credentials got;
	struct arena arena;

	(void)state;
	memset(header, 'a', sizeof(header) - 1);
	memcpy(header, "Basic ", 6);
	arena_init(&arena, 1 << 20);
	assert_int_equal(
	    client_credentials_basic(span_of(header), &arena, &got), CLIENT_CREDENTIALS_WRONG);
	arena_done(&arena);
}

static void
wiping_leaves_no_secret(void **state)
{
	struct client_credentials got;
	const char *secret;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(
	    client_credentials_basic(SPAN("Basic aTpz"), &arena, &got), CLIENT_CREDENTIALS_GIVEN);
	secret = got.secret.at;
	client_credentials_wipe(&got);
	assert_int_equal(secret[0], 0);
	assert_null(got.secret.at);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways),
		cmocka_unit_test(assertion_is_reported_apart),
		cmocka_unit_test(long_header_is_not_read),
		cmocka_unit_test(wiping_leaves_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
