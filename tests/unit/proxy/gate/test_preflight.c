/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include "proxy/gate/preflight.h"

#define LOG_ROOM 16384
#define APP "https://app.example"

static struct setting setting;
static struct gate gate;
static char line[LOG_ROOM];

static int
setup(void **state)
{
	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	setting_init(&setting);
	client_gate_init(&gate, &setting);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gate_done(&gate);
	setting_done(&setting);
	return 0;
}

static void
add(struct exchange *exchange, const char *name, const char *value)
{
	if (value != NULL)
		exchange->request.headers[exchange->request.header_count++] =
		    (struct header){ span_of(name), span_of(value) };
}

/* What a browser asks; NULL leaves a header out. */
struct asked {
	const char *method, *target, *origin, *second_origin, *for_method;
};

static void
serve(struct exchange *exchange, const struct asked *asked, const char *authorization)
{
	int saved;

	client_init(exchange, asked->method, asked->target, authorization);
	add(exchange, "Origin", asked->origin);
	add(exchange, "origin", asked->second_origin);
	add(exchange, "Access-Control-Request-Method", asked->for_method);
	saved = client_log_begin();
	gate_serve(&gate, exchange);
	client_log_end(saved, line, sizeof(line));
}

static void
a_preflight_is_answered_without_credentials(void **state)
{
	static const struct asked asked = { "OPTIONS", "/web/x", APP, NULL, "PUT" };
	struct exchange exchange;

	(void)state;
	serve(&exchange, &asked, NULL);
	assert_int_equal(exchange.forwarded.len, 0);
	assert_true(client_has(&exchange.written, "HTTP/1.1 200 OK\r\n"));
	assert_true(client_has(&exchange.written, "\r\nAccess-Control-Allow-Origin: " APP "\r\n"));
	assert_true(client_has(&exchange.written, "\r\nAccess-Control-Allow-Methods: PUT\r\n"));
	assert_true(client_has(&exchange.written, "\r\nContent-Length: 0\r\n"));
	assert_non_null(strstr(line, "\"verdict\":\"serve\",\"reason\":\"ok\",\"status\":200,"));
	assert_non_null(strstr(line, "\"module\":\"web\""));
	client_done(&exchange);
}

static const struct {
	const char *name;
	struct asked asked;
	const char *reason;
} refused[] = {
	{ "another origin", { "OPTIONS", "/web/x", "https://evil.test", NULL, "PUT" },
	    "origin_not_allowed" },
	{ "a hidden one", { "OPTIONS", "/web/x", "null", NULL, "PUT" }, "origin_not_allowed" },
	{ "an empty one", { "OPTIONS", "/web/x", "", NULL, "PUT" }, "origin_not_allowed" },
	{ "its start", { "OPTIONS", "/web/x", APP ".evil.test", NULL, "PUT" },
	    "origin_not_allowed" },
	{ "a list", { "OPTIONS", "/web/x", APP ", https://evil.test", NULL, "PUT" },
	    "origin_not_allowed" },
	{ "two", { "OPTIONS", "/web/x", APP, "https://evil.test", "PUT" }, "origin_not_allowed" },
	{ "the same twice", { "OPTIONS", "/web/x", APP, APP, "PUT" }, "origin_not_allowed" },
	/* what is no preflight is a request like others */
	{ "no method", { "OPTIONS", "/web/x", APP, NULL, NULL }, "credentials_missing" },
	{ "no origin", { "OPTIONS", "/web/x", NULL, NULL, "PUT" }, "credentials_missing" },
	{ "neither", { "OPTIONS", "/web/x", NULL, NULL, NULL }, "credentials_missing" },
	{ "another method", { "GET", "/web/x", APP, NULL, "PUT" }, "credentials_missing" },
	{ "a path without cors", { "OPTIONS", "/any", APP, NULL, "PUT" }, "credentials_missing" },
	{ "a path of nobody", { "OPTIONS", "/elsewhere", APP, NULL, "PUT" }, "no_rule" },
	{ "a path that is ambiguous", { "OPTIONS", "/web/../any", APP, NULL, "PUT" },
	    "path_ambiguous" },
	{ "one that the module does not allow", { "OPTIONS", "/web/a;b", APP, NULL, "PUT" },
	    "path_ambiguous" },
};

static void
nothing_else_gets_past_the_gate(void **state)
{
	char reason[64];

	(void)state;
	for (size_t i = 0; i < CASES_OF(refused); i++) {
		struct exchange exchange;

		serve(&exchange, &refused[i].asked, NULL);
		(void)snprintf(reason, sizeof(reason), "\"reason\":\"%s\"", refused[i].reason);
		if (!client_has(&exchange.written, reason) || exchange.forwarded.len > 0)
			fail_msg("%s: %.*s", refused[i].name, (int)exchange.written.len,
			    exchange.written.at);
		assert_false(client_has(&exchange.written, "evil"));
		if (strcmp(refused[i].reason, "origin_not_allowed") == 0) {
			assert_false(client_has(&exchange.written, "Access-Control"));
			assert_true(client_has(&exchange.written, "\r\nVary: Origin\r\n"));
		}
		client_done(&exchange);
	}
}

/* A page may read why it is refused, and what it is answered. */
static void
every_answer_says_who_may_read_it(void **state)
{
	static const struct {
		struct asked asked;
		const char *authorization; /* "": of jane */
		bool allowed;
	} cases[] = {
		{ { "GET", "/web/x", APP, NULL, NULL }, NULL, true },
		{ { "GET", "/web/x", APP, NULL, NULL }, "", true },
		{ { "GET", "/web/x", APP, NULL, NULL }, "Bearer x", true },
		{ { "GET", "/web/x", APP, NULL, NULL }, "Bearer", true },
		{ { "GET", "/web/x", "https://evil.test", NULL, NULL }, NULL, false },
		{ { "GET", "/web/x", "https://evil.test", NULL, NULL }, "", false },
		{ { "GET", "/web/x", APP, "https://evil.test", NULL }, "", false },
		{ { "GET", "/web/x", NULL, NULL, NULL }, "", false },
	};
	char *bearer = setting_bearer(IDP, 0, client_claims(""));

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		const char *authorization = cases[i].authorization;
		const struct buffer *answer;
		struct exchange exchange;

		if (authorization != NULL && authorization[0] == '\0')
			authorization = bearer;
		serve(&exchange, &cases[i].asked, authorization);
		assert_int_equal(exchange.forwarded.len > 0, authorization == bearer);
		answer = authorization == bearer ? &exchange.cors : &exchange.written;
		assert_true(client_has(answer, "Vary: Origin\r\n"));
		if (client_has(answer, "Access-Control-Allow-Origin: " APP "\r\n") !=
		    cases[i].allowed)
			fail_msg("%zu: %.*s", i, (int)answer->len, answer->at);
		assert_int_equal(
		    client_has(answer, "Access-Control-Expose-Headers: X-Request-Id, X-Postern, "),
		    cases[i].allowed);
		client_done(&exchange);
	}
	free(bearer);
}

static void
without_cors_the_api_decides(void **state)
{
	static const struct asked asked = { "GET", "/any", APP, NULL, NULL };
	char *bearer = setting_bearer(IDP, 0, client_claims(""));
	struct exchange exchange;

	(void)state;
	serve(&exchange, &asked, bearer);
	assert_true(exchange.forwarded.len > 0);
	assert_int_equal(exchange.cors.len, 0);
	client_done(&exchange);
	free(bearer);
}

static void
without_memory_browsers_hide_the_answer(void **state)
{
	const struct cors *cors = NULL;
	struct request request;
	struct arena small;
	struct span lines;

	(void)state;
	for (const struct module *module = setting.config->policy.modules; module != NULL;
	    module = module->next)
		cors = module->cors != NULL ? module->cors : cors;
	arena_init(&small, 0);
	setting_request(&request, "GET", "/web/x", NULL);
	lines = preflight_lines(cors, &request, &small);
	assert_non_null(lines.at);
	assert_int_equal(lines.len, 0);
	assert_null(preflight_lines(NULL, &request, &small).at);
	arena_done(&small);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_preflight_is_answered_without_credentials),
		TEST(nothing_else_gets_past_the_gate),
		TEST(every_answer_says_who_may_read_it),
		TEST(without_cors_the_api_decides),
		TEST(without_memory_browsers_hide_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
