/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include "opened.h"

/* What running_init() configures. */
#define LOCKOUT_FREE 5

static json_t *
body_of(const struct endpoint_answer *answer)
{
	json_t *root = NULL;
	struct err err;

	if (!json_read(buffer_span(&answer->body), 1 << 16, &root, &err))
		fail_msg("%s", err.text);
	return root;
}

static bool
has_header(const struct endpoint_answer *answer, const char *line)
{
	return strstr(answer->headers.at, line) != NULL;
}

/* What RFC 6749 wants of every answer, good or bad. */
static void
check_always(const struct endpoint_answer *answer)
{
	assert_true(has_header(answer, "Content-Type: application/json\r\n"));
	assert_true(has_header(answer, "Cache-Control: no-store\r\n"));
	assert_true(has_header(answer, "Pragma: no-cache\r\n"));
	assert_int_equal(has_header(answer, "WWW-Authenticate: Basic realm=\"postern\"\r\n"),
	    answer->status == 401);
	assert_null(strstr(answer->body.at, running.made.secret));
}

/* clang-format off */
static const struct {
	const char *name, *basic, *body;
	int status;
	const char *error;
} rows[] = {
	{ "Basic", "{id}:{secret}", GRANT, 200, "" },
	{ "the form", NULL, GRANT "&client_id={id}&client_secret={secret}", 200, "" },
	{ "Basic, and the id again", "{id}:{secret}", GRANT "&client_id={id}", 200, "" },
	{ "an unknown parameter is ignored", "{id}:{secret}", GRANT "&x=y", 200, "" },
	{ "an empty scope is none", "{id}:{secret}", GRANT "&scope=", 200, "" },
	{ "its scope", "{id}:{secret}", GRANT "&scope=a", 200, "" },
	{ "our resource", "{id}:{secret}", GRANT "&resource=api%3A%2F%2Flocal", 200, "" },
	{ "our audience", "{id}:{secret}", GRANT "&audience=api%3A%2F%2Flocal", 200, "" },
	{ "an empty body", "{id}:{secret}", "", 400, "invalid_request" },
	{ "no grant_type", "{id}:{secret}", "scope=a", 400, "invalid_request" },
	{ "an empty grant_type", "{id}:{secret}", "grant_type=", 400, "invalid_request" },
	{ "grant_type twice", "{id}:{secret}", GRANT "&" GRANT, 400, "invalid_request" },
	{ "scope twice", "{id}:{secret}", GRANT "&scope=a&scope=b", 400, "invalid_request" },
	{ "a broken percent", "{id}:{secret}", GRANT "&scope=%", 400, "invalid_request" },
	{ "an encoded NUL", "{id}:{secret}", GRANT "&scope=%00", 400, "invalid_request" },
	{ "bad UTF-8", "{id}:{secret}", GRANT "&scope=%ff", 400, "invalid_request" },
	{ "Basic and form", "{id}:{secret}", GRANT "&client_id={id}&client_secret={secret}", 400, "invalid_request" },
	{ "Basic and another id", "{id}:{secret}", GRANT "&client_id=other", 400, "invalid_request" },
	{ "another grant", "{id}:{secret}", "grant_type=password&username=u&password=p", 400, "unsupported_grant_type" },
	{ "a refresh token", "{id}:{secret}", "grant_type=refresh_token&refresh_token=x", 400, "unsupported_grant_type" },
	{ "the grant in capitals", "{id}:{secret}", "grant_type=CLIENT_CREDENTIALS", 400, "unsupported_grant_type" },
	{ "an unknown scope", "{id}:{secret}", GRANT "&scope=c", 400, "invalid_scope" },
	{ "a scope too many", "{id}:{secret}", GRANT "&scope=a+c", 400, "invalid_scope" },
	{ "a malformed scope", "{id}:{secret}", GRANT "&scope=%22a%22", 400, "invalid_scope" },
	{ "another resource", "{id}:{secret}", GRANT "&resource=api%3A%2F%2Fother", 400, "invalid_target" },
	{ "another audience", "{id}:{secret}", GRANT "&audience=api", 400, "invalid_target" },
	{ "no authentication", NULL, GRANT, 401, "invalid_client" },
	{ "an id without a secret", NULL, GRANT "&client_id={id}", 401, "invalid_client" },
	{ "a secret without an id", NULL, GRANT "&client_secret={secret}", 401, "invalid_client" },
	{ "a wrong secret", "{id}:{id}", GRANT, 401, "invalid_client" },
	{ "a wrong secret in the form", NULL, GRANT "&client_id={id}&client_secret=x", 401, "invalid_client" },
	{ "an empty secret", "{id}:", GRANT, 401, "invalid_client" },
	{ "the secret and more", "{id}:{secret}x", GRANT, 401, "invalid_client" },
	{ "an unknown client", "{secret}:{secret}", GRANT, 401, "invalid_client" },
	{ "a client's name is not its id", "partner:{secret}", GRANT, 401, "invalid_client" },
	{ "Basic without a colon", "{id}", GRANT, 401, "invalid_client" },
	{ "another grant of an unknown client", "x:y", "grant_type=password", 401, "invalid_client" },
};
/* clang-format on */

static void
requests(void **state)
{
	struct endpoint_answer answer;
	json_t *body;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		post(rows[i].basic, rows[i].body, &answer);
		if (answer.status != rows[i].status || strcmp(answer.error, rows[i].error) != 0)
			fail_msg("%s: got %d %s", rows[i].name, answer.status, answer.error);
		check_always(&answer);
		body = body_of(&answer);
		if (rows[i].status != 200) {
			assert_string_equal(opened_text(body, "error"), rows[i].error);
			assert_non_null(opened_text(body, "error_description"));
			assert_null(json_object_get(body, "access_token"));
		} else {
			assert_string_equal(answer.client, "partner");
		}
		json_decref(body);
		endpoint_answer_done(&answer);
	}
}

static void
check_token(const char *scope_asked, const char *scope_got)
{
	struct endpoint_answer answer;
	struct opened opened;
	json_t *body;
	char form[128];

	(void)snprintf(form, sizeof(form), GRANT "&scope=%s", scope_asked);
	post("{id}:{secret}", form, &answer);
	body = body_of(&answer);
	assert_string_equal(opened_text(body, "token_type"), "Bearer");
	assert_int_equal(opened_number(body, "expires_in"), 3600);
	assert_string_equal(opened_text(body, "scope"), scope_got);
	opened_init(&opened, span_of(opened_text(body, "access_token")));
	assert_string_equal(opened_text(opened.header, "typ"), "at+jwt");
	assert_string_equal(opened_text(opened.claims, "iss"), "http://127.0.0.1:8080");
	assert_string_equal(opened_text(opened.claims, "aud"), "api://local");
	assert_string_equal(opened_text(opened.claims, "sub"), running.made.id);
	assert_string_equal(opened_text(opened.claims, "client_id"), running.made.id);
	assert_string_equal(opened_text(opened.claims, "scope"), scope_got);
	assert_int_equal(opened_number(opened.claims, "iat"), NOW_S);
	assert_int_equal(opened_number(opened.claims, "exp"), NOW_S + 3600);
	opened_done(&opened);
	json_decref(body);
	endpoint_answer_done(&answer);
}

static void
token_says_what_was_asked(void **state)
{
	(void)state;
	check_token("", "a b");
	check_token("b", "b");
	check_token("b+a", "b a");
}

static void
client_without_scopes_gets_a_token_without(void **state)
{
	struct admin_new new_client = { .name = "bare", .fields.token_lifetime_s = 120 };
	struct endpoint_answer answer;
	struct opened opened;
	struct err err;
	json_t *body;

	(void)state;
	assert_int_equal(admin_add(running.store, &new_client, &running.made, &err), ADMIN_OK);
	issuer_stop(running.issuer);
	running_start(&running);
	post("{id}:{secret}", GRANT, &answer);
	body = body_of(&answer);
	assert_null(json_object_get(body, "scope"));
	assert_int_equal(opened_number(body, "expires_in"), 120);
	opened_init(&opened, span_of(opened_text(body, "access_token")));
	assert_null(json_object_get(opened.claims, "scope"));
	assert_int_equal(opened_number(opened.claims, "exp"), NOW_S + 120);
	opened_done(&opened);
	json_decref(body);
	endpoint_answer_done(&answer);
}

static void
disabled_unknown_and_wrong_look_alike(void **state)
{
	char hash[CLIENT_HASH_ROOM];
	struct client disabled = { .id = "off", .name = "off", .disabled = true };
	static const char *const tries[] = { "off:right", "off:wrong", "{id}:wrong", "no:wrong" };
	struct endpoint_answer answers[4];
	struct err err;
	size_t i;

	(void)state;
	assert_true(client_hash(SPAN("right"), hash));
	memcpy(disabled.slots[0].hash, hash, sizeof(hash));
	assert_true(store_add(running.store, &disabled, &err));
	issuer_stop(running.issuer);
	running_start(&running);
	for (i = 0; i < 4; i++) {
		post(tries[i], GRANT, &answers[i]);
		assert_int_equal(answers[i].status, 401);
		assert_string_equal(answers[i].body.at, answers[0].body.at);
		assert_string_equal(answers[i].headers.at, answers[0].headers.at);
	}
	assert_string_equal(answers[0].client, "off");
	assert_string_equal(answers[3].client, "");
	for (i = 0; i < 4; i++)
		endpoint_answer_done(&answers[i]);
}

/* How many attempts are answered 401 before one is answered 429. */
static int
tries_until_locked(const char *basic)
{
	struct endpoint_answer answer;
	int tries = -1, status = 401;

	while (status == 401 && tries < 50) {
		post(basic, GRANT, &answer);
		status = answer.status;
		assert_int_equal(has_header(&answer, "Retry-After: "), status == 429);
		endpoint_answer_done(&answer);
		tries++;
	}
	assert_int_equal(status, 429);
	return tries;
}

static void
who_fails_too_often_waits(void **state)
{
	struct endpoint_answer answer;

	(void)state;
	assert_int_equal(tries_until_locked("{id}:wrong"), LOCKOUT_FREE);
	assert_int_equal(tries_until_locked("no:wrong"), LOCKOUT_FREE);
	/* A secret that we made cannot be guessed: nobody who fails keeps its owner out. */
	post("{id}:{secret}", GRANT, &answer);
	assert_int_equal(answer.status, 200);
	endpoint_answer_done(&answer);
}

static void
who_was_right_before_is_not_kept_out_by_strangers(void **state)
{
	struct endpoint_request request = { .method = SPAN("POST"),
		.path = SPAN("/oauth/token"),
		.content_type = SPAN(FORM),
		.peer = SPAN("192.0.2.1") };
	struct endpoint_answer answer;
	char filled[1024], header[1024];
	int i;

	(void)state;
	post("{id}:{secret}", GRANT, &answer);
	assert_int_equal(answer.status, 200);
	endpoint_answer_done(&answer);
	fill("{id}:wrong", filled);
	encode_basic(filled, header);
	request.authorization = span_of(header);
	request.body = SPAN(GRANT);
	for (i = 0; i < 50; i++) {
		issuer_answer(running.issuer, &request, NOW_S, &answer);
		assert_true(answer.status == 401 || answer.status == 429);
		endpoint_answer_done(&answer);
	}
	post("{id}:{secret}", GRANT, &answer);
	assert_int_equal(answer.status, 200);
	endpoint_answer_done(&answer);
}

static void
odd_ids_and_secrets_are_taken(void **state)
{
	static const char *const tries[] = { "id..:se+cr%..", "id%2e%2E:se%2Bcr%25%2e%2e" };
	struct client odd = { .id = "id..", .name = "odd" };
	char hash[CLIENT_HASH_ROOM];
	struct endpoint_answer answer;
	struct err err;
	size_t i;

	(void)state;
	assert_true(client_hash(SPAN("se+cr%.."), hash));
	memcpy(odd.slots[1].hash, hash, sizeof(hash));
	assert_true(store_add(running.store, &odd, &err));
	issuer_stop(running.issuer);
	running_start(&running);
	for (i = 0; i < 2; i++) {
		post(tries[i], GRANT, &answer);
		assert_int_equal(answer.status, 200);
		endpoint_answer_done(&answer);
	}
}

static void
ask(const struct endpoint_request *request, int status)
{
	struct endpoint_answer answer;

	issuer_answer(running.issuer, request, NOW_S, &answer);
	assert_int_equal(answer.status, status);
	assert_string_equal(answer.error, "invalid_request");
	assert_int_equal(has_header(&answer, "Allow: POST\r\n"), status == 405);
	assert_non_null(strstr(answer.body.at, "\"error\":\"invalid_request\""));
	endpoint_answer_done(&answer);
}

static void
shape_of_the_request_counts(void **state)
{
	static char large[ENDPOINT_MAX_BODY + 1];
	char filled[1024], header[1024];
	struct endpoint_request good = { .method = SPAN("POST"),
		.path = SPAN("/oauth/token"),
		.content_type = SPAN(FORM),
		.body = SPAN(GRANT) };
	struct endpoint_request request;

	(void)state;
	fill("{id}:{secret}", filled);
	encode_basic(filled, header);
	good.authorization = span_of(header);
	request = good;
	request.method = SPAN("GET");
	ask(&request, 405);
	request.method = SPAN("post");
	ask(&request, 405);
	request = good;
	request.has_query = true;
	ask(&request, 400);
	request = good;
	request.content_type = (struct span){ NULL, 0 };
	ask(&request, 400);
	request.content_type = SPAN("application/json");
	ask(&request, 400);
	request.content_type = SPAN(FORM "; charset=utf-16");
	ask(&request, 400);
	request = good;
	memset(large, 'a', sizeof(large));
	request.body = (struct span){ large, sizeof(large) };
	ask(&request, 413);
}

/* --- at once --- */

/* clang-format off */
static const struct {
	const char *name, *path, *authorization;
	size_t body_len;
	bool at_once;
} waits[] = {
	{ "a secret in the header", "/oauth/token", "Basic eDp5", 100, true },
	{ "a long list of scopes", "/oauth/token", "Basic eDp5", 5000, false },
	{ "one in the form, or an assertion", "/oauth/token", NULL, 100, false },
	{ "a commit", "/oauth/revoke", "Basic eDp5", 100, false },
	{ "a judgement", "/oauth/introspect", "Basic eDp5", 100, false },
	{ "none of its endpoints", "/x", "Basic eDp5", 100, false },
};
/* clang-format on */

/* The issuer's own thread may be looking at the store, for a moment. */
static bool
is_at_once(const struct endpoint_request *request)
{
	bool at_once = false;

	for (int i = 0; i < 500 && !at_once; i++) {
		at_once = issuer_at_once(running.issuer, request);
		if (!at_once)
			usleep(1000);
	}
	return at_once;
}

static void
what_waits_for_nothing_is_made_at_once(void **state)
{
	static const char body[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct endpoint_request request = { .method = SPAN("POST"),
			.path = span_of(waits[i].path),
			.body = { body, waits[i].body_len },
			.authorization = { waits[i].authorization,
			    waits[i].authorization == NULL ? 0 : strlen(waits[i].authorization) } };
		bool wanted = waits[i].at_once && database_url() == NULL;

		if ((wanted ? is_at_once(&request) : issuer_at_once(running.issuer, &request)) !=
		    wanted)
			fail_msg("%s", waits[i].name);
	}
}

/* What a command committed counts for the next request, wherever that is answered. */
static void
a_client_disabled_a_moment_ago_gets_no_token_at_once(void **state)
{
	struct endpoint_request request = { .method = SPAN("POST"),
		.path = SPAN("/oauth/token"),
		.content_type = SPAN(FORM),
		.body = SPAN(GRANT),
		.peer = SPAN("127.0.0.1") };
	struct endpoint_answer answer;
	char filled[1024], header[1024];
	struct err err;

	(void)state;
	if (database_url() != NULL)
		skip(); /* there it counts once the gate was notified */
	fill("{id}:{secret}", filled);
	encode_basic(filled, header);
	request.authorization = span_of(header);
	for (int i = 0; i < 20; i++) {
		struct admin_switch to = { "partner", i % 2 == 0 };
		bool changed;

		assert_int_equal(admin_set_disabled(running.store, &to, &changed, &err), ADMIN_OK);
		request.current = issuer_at_once(running.issuer, &request);
		issuer_answer(running.issuer, &request, NOW_S, &answer);
		assert_int_equal(answer.status, to.disabled ? 401 : 200);
		endpoint_answer_done(&answer);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests),
		TEST(token_says_what_was_asked),
		TEST(client_without_scopes_gets_a_token_without),
		TEST(disabled_unknown_and_wrong_look_alike),
		TEST(who_fails_too_often_waits),
		TEST(who_was_right_before_is_not_kept_out_by_strangers),
		TEST(odd_ids_and_secrets_are_taken),
		TEST(shape_of_the_request_counts),
		TEST(what_waits_for_nothing_is_made_at_once),
		TEST(a_client_disabled_a_moment_ago_gets_no_token_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
