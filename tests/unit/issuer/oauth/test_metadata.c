/* SPDX-License-Identifier: Apache-2.0 */
#include "running.h"

#include "base/json.h"

static struct running running;

static void
ask(const char *method, const char *path, struct endpoint_answer *answer)
{
	struct endpoint_request request = { .method = span_of(method), .path = span_of(path) };

	issuer_answer(running.issuer, &request, 1760000000, answer);
}

static json_t *
get(const char *path)
{
	struct endpoint_answer answer;
	json_t *root = NULL;
	struct err err;

	ask("GET", path, &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.error, "");
	if (!json_read(buffer_span(&answer.body), 1 << 16, &root, &err))
		fail_msg("%s", err.text);
	endpoint_answer_done(&answer);
	return root;
}

static void
want_text(const json_t *root, const char *pointer, const char *text)
{
	const char *got = json_string_value(json_at(root, span_of(pointer)));

	if (got == NULL || strcmp(got, text) != 0)
		fail_msg("%s: got %s", pointer, got == NULL ? "nothing" : got);
}

static void
check_document(const char *path, const char *url)
{
	json_t *root = get(path);
	size_t len = strlen(url);
	char want[256];

	if (url[len - 1] == '/')
		len--;
	want_text(root, "/issuer", url);
	(void)snprintf(want, sizeof(want), "%.*s/oauth/token", (int)len, url);
	want_text(root, "/token_endpoint", want);
	(void)snprintf(want, sizeof(want), "%.*s/.well-known/jwks.json", (int)len, url);
	want_text(root, "/jwks_uri", want);
	want_text(root, "/grant_types_supported/0", "client_credentials");
	want_text(root, "/token_endpoint_auth_methods_supported/0", "client_secret_basic");
	want_text(root, "/response_types_supported/0", "none");
	(void)snprintf(want, sizeof(want), "%.*s/oauth/authorize", (int)len, url);
	want_text(root, "/authorization_endpoint", want);
	json_decref(root);
}

/* clang-format off */
static const struct {
	const char *url, *token, *jwks, *oauth, *openid;
} places[] = {
	{ "http://127.0.0.1:8080", "/oauth/token", "/.well-known/jwks.json",
	  "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration" },
	{ "https://h.example/", "/oauth/token", "/.well-known/jwks.json",
	  "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration" },
	{ "https://h.example/auth/one", "/auth/one/oauth/token", "/auth/one/.well-known/jwks.json",
	  "/.well-known/oauth-authorization-server/auth/one", "/auth/one/.well-known/openid-configuration" },
};
/* clang-format on */

/* What is said of the line of a request without a running issuer is what one answers. */
static void
check_alike(const char *url)
{
	static const char *const paths[] = { "/", "/oauth", "/oauth/token", "/oauth/token/",
		"/oauth/token//", "/oauth/token/x", "/OAUTH/authorize", "/oauth/authorize",
		"/oauth/revoke", "/oauth/introspect/", "/.well-known/jwks.json",
		"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
		"/.well-known/oauth-authorization-server/",
		"/.well-known/oauth-authorization-server/auth/one",
		"/.well-known/oauth-authorization-server/AUTH/one/", "/auth/one/oauth/token",
		"/auth/one/oauth/authorize/", "/auth/one/.well-known/JWKS.json", "/auth/one",
		"/auth/one/.well-known/oauth-authorization-server" };
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "get", "" };
	struct endpoint_paths placed;
	struct arena arena;

	arena_init(&arena, 1u << 16);
	assert_true(endpoint_place(url, &arena, &placed));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) * 6; i++) {
		struct endpoint_request request = { .method = span_of(methods[i % 6]),
			.path = span_of(paths[i / 6]) };
		struct endpoint_line line = endpoint_read_line(&placed, &request);
		struct endpoint_answer answer;

		assert_int_equal(
		    line.endpoint != ENDPOINT_COUNT, issuer_serves(running.issuer, request.path));
		if (line.endpoint == ENDPOINT_COUNT)
			continue;
		ask(methods[i % 6], paths[i / 6], &answer);
		/* An empty form is no request of POST, of which the line says nothing. */
		if (line.status != 200 || line.endpoint > ENDPOINT_INTROSPECT)
			assert_int_equal(answer.status, line.status);
		assert_true(line.status == 200 || strstr(answer.body.at, line.told) != NULL);
		endpoint_answer_done(&answer);
	}
	arena_done(&arena);
}

static void
documents_stand_where_the_issuer_says(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		running_init(&running, places[i].url);
		assert_true(issuer_serves(running.issuer, span_of(places[i].token)));
		assert_true(issuer_serves(running.issuer, span_of(places[i].jwks)));
		assert_false(issuer_serves(running.issuer, SPAN("/")));
		assert_false(issuer_serves(running.issuer, SPAN("/oauth/token/x")));
		assert_false(issuer_serves(running.issuer, SPAN("/oauth/tokens")));
		assert_false(issuer_serves(running.issuer, SPAN("/oauth/token//")));
		check_alike(places[i].url);
		check_document(places[i].oauth, places[i].url);
		check_document(places[i].openid, places[i].url);
		running_done(&running);
	}
}

static void
openid_document_has_its_own_members(void **state)
{
	json_t *root;

	(void)state;
	running_init(&running, "http://h");
	root = get("/.well-known/openid-configuration");
	want_text(root, "/subject_types_supported/0", "public");
	want_text(root, "/id_token_signing_alg_values_supported/0", "RS256");
	want_text(root, "/id_token_signing_alg_values_supported/1", "ES256");
	assert_int_equal(
	    json_array_size(json_object_get(root, "id_token_signing_alg_values_supported")), 2);
	json_decref(root);
	running_done(&running);
}

static void
nobody_can_log_in_and_nobody_is_sent_anywhere(void **state)
{
	static const char *const methods[] = { "GET", "POST" };
	struct endpoint_answer answer;

	(void)state;
	running_init(&running, "http://h");
	for (size_t i = 0; i < 2; i++) {
		ask(methods[i], "/oauth/authorize", &answer);
		assert_int_equal(answer.status, 400);
		assert_string_equal(answer.error, "unsupported_response_type");
		assert_non_null(strstr(answer.body.at, "\"error\":\"unsupported_response_type\""));
		assert_null(strstr(answer.headers.at, "Location"));
		endpoint_answer_done(&answer);
	}
	ask("PUT", "/oauth/authorize", &answer);
	assert_int_equal(answer.status, 405);
	endpoint_answer_done(&answer);
	running_done(&running);
}

static void
path_that_is_nearly_an_endpoint_is_reported_which(void **state)
{
	static const char *const near[] = { "/auth/oauth/token/", "/auth/OAuth/Token",
		"/AUTH/oauth/token" };
	struct endpoint_answer answer;

	(void)state;
	running_init(&running, "https://h/auth");
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		assert_true(issuer_serves(running.issuer, span_of(near[i])));
		ask("POST", near[i], &answer);
		assert_int_equal(answer.status, 404);
		assert_string_equal(answer.error, "invalid_request");
		assert_non_null(strstr(answer.body.at, " exactly /auth/oauth/token\""));
		endpoint_answer_done(&answer);
	}
	running_done(&running);
}

static void
key_set_holds_the_public_key_only(void **state)
{
	static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth",
		"k" };
	json_t *root, *key;
	size_t i;

	(void)state;
	running_init(&running, "http://h");
	root = get("/.well-known/jwks.json");
	assert_int_equal(json_object_size(root), 1);
	key = json_at(root, SPAN("/keys/0"));
	want_text(key, "/kty", "EC");
	want_text(key, "/crv", "P-256");
	want_text(key, "/alg", "ES256");
	want_text(key, "/use", "sig");
	assert_int_equal(json_object_size(key), 7);
	for (i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++)
		assert_null(json_object_get(key, private_members[i]));
	json_decref(root);
	running_done(&running);
}

static void
other_methods_are_reported_which(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "get", "" };
	struct endpoint_answer answer;
	size_t i;

	(void)state;
	running_init(&running, "http://h");
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		ask(methods[i], "/.well-known/jwks.json", &answer);
		assert_int_equal(answer.status, 405);
		assert_non_null(strstr(answer.headers.at, "Allow: GET, HEAD\r\n"));
		endpoint_answer_done(&answer);
	}
	ask("HEAD", "/.well-known/jwks.json", &answer);
	assert_int_equal(answer.status, 200);
	endpoint_answer_done(&answer);
	ask("GET", "/nowhere", &answer);
	assert_int_equal(answer.status, 404);
	endpoint_answer_done(&answer);
	running_done(&running);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_stand_where_the_issuer_says),
		cmocka_unit_test(openid_document_has_its_own_members),
		cmocka_unit_test(nobody_can_log_in_and_nobody_is_sent_anywhere),
		cmocka_unit_test(path_that_is_nearly_an_endpoint_is_reported_which),
		cmocka_unit_test(key_set_holds_the_public_key_only),
		cmocka_unit_test(other_methods_are_reported_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
