/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#define LOG_ROOM 16384

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
serve(struct exchange *exchange)
{
	int saved = client_log_begin();

	gate_serve(&gate, exchange);
	client_log_end(saved, line, sizeof(line));
}

static void
expect(const struct buffer *buffer, const char *text)
{
	if (!client_has(buffer, text))
		fail_msg("lacks %s in\n%.*s", text, (int)buffer->len, buffer->at);
}

static void
expect_line(const char *text)
{
	if (strstr(line, text) == NULL)
		fail_msg("lacks %s in\n%s", text, line);
}

static void
who_may_is_forwarded_with_what_is_known_of_them(void **state)
{
	char *bearer =
	    setting_bearer(IDP, 0, client_claims(",\"azp\":\"shop\",\"groups\":[\"readers\"]"));
	struct exchange exchange;

	(void)state;
	client_init(&exchange, "GET", "/orders/7?q=secret", bearer);
	serve(&exchange);
	assert_int_equal(exchange.written.len, 0);
	expect(&exchange.forwarded, "GET /orders/7?q=secret HTTP/1.1\r\n");
	expect(&exchange.forwarded, "\r\nX-User: jane\r\n");
	expect(&exchange.forwarded, "\r\nX-Roles: reader\r\n");
	expect(&exchange.forwarded, "\r\nX-Client: shop\r\n");
	expect(&exchange.forwarded, "\r\nX-Request-Id: ");
	assert_false(client_has(&exchange.forwarded, "Authorization"));
	expect_line(
	    "\"event\":\"request\",\"verdict\":\"forward\",\"reason\":\"ok\",\"status\":200,");
	expect_line("\"method\":\"GET\",\"path\":\"/orders/7\",\"pattern\":\"/orders/*\","
		    "\"privilege\":\"read\",\"issuer\":\"idp\",\"sub\":\"jane\","
		    "\"client\":\"shop\",\"peer\":\"192.0.2.7\",");
	expect_line("\"upstream\":\"http://127.0.0.1:3\"");
	assert_null(strstr(line, "secret"));
	assert_null(strstr(line, bearer + 7));
	client_done(&exchange);
	free(bearer);
}

static const struct request_certificate partner = { .subject = { PARTNER, sizeof(PARTNER) - 1 },
	.sha256 = { 1 } };
static const struct request_certificate impostor = { .subject = { PARTNER "s", sizeof(PARTNER) },
	.sha256 = { 2 } };

/* What is asked, and why it is refused beside any certificate but the partner's. */
struct pinned {
	const char *target, *authorization, *reason;
};

static bool
is_forwarded(const struct pinned *pinned, const struct request_certificate *certificate)
{
	struct exchange exchange;
	bool forwarded;

	client_init(&exchange, "GET", pinned->target, pinned->authorization);
	exchange.request.certificate = certificate;
	serve(&exchange);
	forwarded = exchange.forwarded.len > 0;
	if (forwarded)
		expect(&exchange.forwarded, "\r\nX-Client-Certificate: " PARTNER "\r\n");
	else
		expect(&exchange.written, pinned->reason);
	client_done(&exchange);
	return forwarded;
}

#define ANN "Basic YW5uOnBsZWFzZWxldG1laW4=" /* ann:pleaseletmein */

/* The gate need not ask for a password that is remembered. */
static void
remember_ann(void)
{
	struct judge_inputs inputs = setting_inputs(&setting);
	struct request request;
	struct decision decision;
	struct arena arena;

	inputs.now_s = clock_now_s();
	inputs.mono_s = clock_mono_s();
	arena_init(&arena, 1 << 20);
	setting_request(&request, "GET", "/any", ANN);
	assert_int_equal(setting_judge(&inputs, &request, &arena, &decision), REASON_OK);
	judge_forget(&decision);
	arena_done(&arena);
}

/* The same credentials, again and again, by turns over connections with different certificates. */
static void
what_a_certificate_grants_stays_on_its_connection(void **state)
{
	char *bearer = setting_bearer(IDP, 0, client_claims(""));
	char *bound = setting_bearer(IDP, 0, client_claims(BOUND));
	const struct pinned cases[] = {
		{ "/pinned", bearer, "\"reason\":\"privilege_missing\"" },
		{ "/pinned", ANN, "\"reason\":\"privilege_missing\"" },
		{ "/any", bound,
		    "error=\"invalid_token\", error_description=\"the token is bound to " },
	};

	(void)state;
	remember_ann();
	for (size_t i = 0; i < CASES_OF(cases); i++)
		for (int turn = 0; turn < 3; turn++) {
			assert_false(is_forwarded(&cases[i], NULL));
			assert_false(is_forwarded(&cases[i], &impostor));
			assert_true(is_forwarded(&cases[i], &partner));
		}
	/* The second and third turns; refusals of tokens are not cached. */
	assert_true(cache_hits(gate.cache) >= 14);
	free(bearer);
	free(bound);
}

static void
the_owner_of_a_certificate_needs_no_token(void **state)
{
	struct exchange exchange;

	(void)state;
	client_init(&exchange, "GET", "/partner", NULL);
	exchange.request.certificate = &partner;
	serve(&exchange);
	expect(&exchange.forwarded, "\r\nX-User: " PARTNER "\r\n");
	expect(&exchange.forwarded, "\r\nX-Client-Certificate: " PARTNER "\r\n");
	expect_line("\"sub\":\"" PARTNER "\",\"certificate\":\"" PARTNER "\",\"peer\":");
	client_done(&exchange);
}

static void
who_sends_our_headers_is_not_believed(void **state)
{
	struct exchange exchange;

	(void)state;
	client_init(&exchange, "GET", "/open", NULL);
	exchange.request.headers[exchange.request.header_count++] =
	    (struct header){ SPAN("X-User"), SPAN("root") };
	serve(&exchange);
	expect(&exchange.forwarded, "GET /open HTTP/1.1\r\n");
	assert_false(client_has(&exchange.forwarded, "root"));
	client_done(&exchange);
}

static const struct {
	const char *name, *method, *target, *authorization;
	const char *status, *says, *log;
} refusals[] = {
	{ "nobody", "GET", "/any", NULL, "HTTP/1.1 401 ", "\r\nWWW-Authenticate: Bearer ",
	    "\"verdict\":\"refuse\",\"reason\":\"credentials_missing\",\"status\":401," },
	{ "no rule", "GET", "/elsewhere", NULL, "HTTP/1.1 403 ", "\"reason\":\"no_rule\"",
	    "\"path\":\"/elsewhere\"" },
	{ "no JWT", "GET", "/any", "Bearer abc", "HTTP/1.1 401 ", "error=\"invalid_token\"",
	    "\"reason\":\"token_malformed\"" },
	{ "two ways to read it", "GET", "/a/../any", NULL, "HTTP/1.1 400 ",
	    "\"reason\":\"path_ambiguous\"", "\"status\":400," },
};

static void
who_may_not_is_answered_and_nothing_is_forwarded(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(refusals); i++) {
		struct exchange exchange;

		client_init(
		    &exchange, refusals[i].method, refusals[i].target, refusals[i].authorization);
		serve(&exchange);
		expect(&exchange.written, refusals[i].status);
		expect(&exchange.written, refusals[i].says);
		expect(&exchange.written, "\r\nX-Postern: refused\r\n");
		expect_line(refusals[i].log);
		assert_int_equal(exchange.forwarded.len, 0);
		client_done(&exchange);
	}
}

static void
ask(const char *bearer, const char *want)
{
	struct exchange exchange;

	client_init(&exchange, "GET", "/any", bearer);
	serve(&exchange);
	expect_line(want);
	client_done(&exchange);
}

static void
a_seen_token_is_known_as_long_as_nothing_changes(void **state)
{
	char *bearer = setting_bearer(IDP, 0, client_claims(""));

	(void)state;
	ask(bearer, "\"reason\":\"ok\"");
	assert_int_equal(cache_hits(gate.cache), 0);
	ask(bearer, "\"reason\":\"ok\"");
	assert_int_equal(cache_hits(gate.cache), 1);
	setting.snapshot.serial++; /* another snapshot */
	ask(bearer, "\"reason\":\"ok\"");
	assert_int_equal(cache_hits(gate.cache), 1);
	/* The keys that showed it to be right do not count any more. */
	keyset_seen(setting.keys[0], 0);
	ask(bearer, "\"reason\":\"keys_unavailable\"");
	free(bearer);
}

static void
a_body_beyond_the_limit_is_refused_before_it_is_read(void **state)
{
	struct exchange exchange;

	(void)state;
	client_init(&exchange, "POST", "/open", NULL);
	exchange.request.headers[exchange.request.header_count++] =
	    (struct header){ SPAN("Content-Length"), SPAN("1001") };
	serve(&exchange);
	expect(&exchange.written, "HTTP/1.1 413 ");
	assert_int_equal(exchange.forwarded.len, 0);
	client_done(&exchange);
}

static void
what_ails_the_api_is_for_the_log_alone(void **state)
{
	struct exchange exchange;

	(void)state;
	client_init(&exchange, "GET", "/open", NULL);
	exchange.outcome =
	    (struct forwarded){ .reason = REASON_UPSTREAM_UNREACHABLE, .detail = "crm refuses" };
	serve(&exchange);
	expect(&exchange.written, "HTTP/1.1 502 ");
	assert_false(client_has(&exchange.written, "crm refuses"));
	expect_line("\"detail\":\"crm refuses\"");
	client_done(&exchange);
}

static void
a_stream_is_logged_whole_though_its_snapshot_is_gone(void **state)
{
	char *bearer = setting_bearer(IDP, 0, client_claims(",\"groups\":[\"readers\"]"));
	struct exchange exchange;

	(void)state;
	client_init(&exchange, "GET", "/orders/7", bearer);
	exchange.lasts = true;
	exchange.outcome.bytes_out = 12;
	serve(&exchange);
	expect_line("\"privilege\":\"read\",\"issuer\":\"idp\",\"sub\":\"jane\"");
	expect_line("\"bytes_out\":12");
	client_done(&exchange);
	free(bearer);
}

static void
the_metadata_names_the_gate_as_it_was_asked(void **state)
{
	struct exchange exchange;

	(void)state;
	client_init(&exchange, "GET", "/.well-known/oauth-protected-resource", "Bearer nonsense");
	serve(&exchange);
	expect(&exchange.written, "HTTP/1.1 200 OK\r\n");
	expect(&exchange.written, "{\"resource\":\"http://gate.test\","
				  "\"authorization_servers\":[\"" IDP "\",\"" EMPTY "\",\"" LOCAL
				  "\"],\"scopes_supported\":[\"orders:read\"],"
				  "\"bearer_methods_supported\":[\"header\"]}");
	expect_line("\"verdict\":\"serve\"");
	client_done(&exchange);
	client_init(&exchange, "POST", "/.well-known/oauth-protected-resource", NULL);
	serve(&exchange);
	expect(&exchange.written, "HTTP/1.1 405 ");
	expect(&exchange.written, "\r\nAllow: GET, HEAD\r\n");
	client_done(&exchange);
	client_init(&exchange, "GET", "/.well-known/oauth-protected-resource", NULL);
	exchange.request.headers[0].value = SPAN("gate~test");
	serve(&exchange);
	expect(&exchange.written, "HTTP/1.1 400 ");
	assert_false(client_has(&exchange.written, "\"resource\""));
	client_done(&exchange);
}

static void
without_a_snapshot_nobody_is_served(void **state)
{
	struct exchange exchange;

	(void)state;
	snapshot_replace(gate.hold, NULL);
	client_init(&exchange, "GET", "/open", NULL);
	serve(&exchange);
	expect(&exchange.written, "HTTP/1.1 503 ");
	expect(&exchange.written, "\r\nRetry-After: ");
	assert_int_equal(exchange.forwarded.len, 0);
	client_done(&exchange);
}

static void
what_the_engine_could_not_read_is_refused_and_counted(void **state)
{
	struct exchange exchange;
	struct buffer text;
	int saved;

	(void)state;
	client_init(&exchange, "GET", "/open", NULL);
	saved = client_log_begin();
	gate_refuse(&gate, &exchange, REASON_HEADER_TOO_LARGE, "over 16384 bytes");
	client_log_end(saved, line, sizeof(line));
	expect(&exchange.written, "HTTP/1.1 431 ");
	expect(&exchange.written, "\r\nConnection: close\r\n");
	expect_line("\"reason\":\"header_too_large\"");
	assert_false(exchange.keeps);
	client_done(&exchange);
	buffer_init(&text, 1 << 20);
	metrics_text(gate.metrics, &text);
	expect(&text, "postern_requests_total{reason=\"header_too_large\"} 1\n");
	expect(&text, "postern_requests_total{reason=\"ok\"} 0\n");
	buffer_done(&text);
}

static void
a_path_in_the_log_is_cut(void **state)
{
	struct exchange exchange;
	char target[4096];

	(void)state;
	memset(target, 'a', sizeof(target) - 1);
	target[0] = '/';
	target[sizeof(target) - 1] = '\0';
	client_init(&exchange, "GET", target, NULL);
	serve(&exchange);
	expect_line("aaaa\"");
	assert_true(strlen(line) < 3000);
	client_done(&exchange);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_may_is_forwarded_with_what_is_known_of_them),
		TEST(what_a_certificate_grants_stays_on_its_connection),
		TEST(the_owner_of_a_certificate_needs_no_token),
		TEST(who_sends_our_headers_is_not_believed),
		TEST(who_may_not_is_answered_and_nothing_is_forwarded),
		TEST(a_seen_token_is_known_as_long_as_nothing_changes),
		TEST(a_body_beyond_the_limit_is_refused_before_it_is_read),
		TEST(what_ails_the_api_is_for_the_log_alone),
		TEST(a_stream_is_logged_whole_though_its_snapshot_is_gone),
		TEST(the_metadata_names_the_gate_as_it_was_asked),
		TEST(without_a_snapshot_nobody_is_served),
		TEST(what_the_engine_could_not_read_is_refused_and_counted),
		TEST(a_path_in_the_log_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
