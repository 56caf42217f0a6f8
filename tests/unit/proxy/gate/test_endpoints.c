/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate itself answers on the public listener: the local issuer's endpoints, as a client
 * meets them, and what the log says of it. */
#include "client.h"

#include <sys/stat.h>

#include "base/json.h"
#include "issuer/admin/admin.h"
#include "issuer/oauth/endpoint.h"

#define LOG_ROOM 16384
#define FORM "application/x-www-form-urlencoded"

static struct scratch scratch;
static struct gate gate;
static struct exchange exchange;
static struct admin_made made;
static char line[LOG_ROOM];

static void
put(const char *name, const char *text)
{
	char path[SCRATCH_ROOM * 2];
	struct err err;

	scratch_path(&scratch, name, path);
	if (!file_write(path, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static struct services *
start(void)
{
	struct services_setup setup = { .changed = gate_renew, .context = &gate };
	struct services *services = NULL;
	char path[SCRATCH_ROOM * 2];
	struct err err;

	scratch_path(&scratch, "postern.yaml", path);
	if (!config_read(path, CONFIG_TEXT, &setup.config, &err) ||
	    !services_start(&setup, &services, &err))
		fail_msg("%s", err.text);
	return services;
}

static void
add_client(const char *database)
{
	static const char *scopes[] = { "a" }, *roles[] = { "looker" };
	struct admin_new shop = {
		.name = "shop", .fields.scopes = { scopes, 1, NULL }, .roles = { roles, 1, NULL }
	};
	struct store *store = NULL;
	struct err err;

	if (!store_open(database, &store, &err) || admin_add(store, &shop, &made, &err) != ADMIN_OK)
		fail_msg("%s", err.text);
	store_close(store);
}

static int
setup(void **state)
{
	char path[SCRATCH_ROOM * 2];
	struct err err;

	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	scratch_init(&scratch);
	put("policy.yaml", "roles: {looker: {}}\nprivileges: {any: {paths: ['/*']}}\n");
	put("postern.yaml", "upstream: http://127.0.0.1:3\npolicy: policy.yaml\nstate: state\n"
			    "local_issuer: {issuer: \"" LOCAL "\", audience: api, "
			    "introspection_role: looker}\n");
	scratch_path(&scratch, "state", path);
	memset(&gate, 0, sizeof(gate));
	if (mkdir(path, 0700) != 0 || !gate_init(&gate, 1u << 20, &err))
		return -1;
	services_end(gate_swap(&gate, start()));
	add_client(gate.services->config->local.database);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	client_done(&exchange);
	gate_done(&gate);
	scratch_done(&scratch);
	return 0;
}

static void
add_header(const char *name, const char *value)
{
	exchange.request.headers[exchange.request.header_count++] =
	    (struct header){ span_of(name), span_of(value) };
}

static void
serve(void)
{
	int saved = client_log_begin();

	gate_serve(&gate, &exchange);
	client_log_end(saved, line, sizeof(line));
	buffer_add_byte(&exchange.written, '\0');
	assert_int_equal(exchange.forwarded.len, 0);
}

/* POST a form; both texts outlive the request. */
static void
post(const char *path, const char *form)
{
	static char length[24];

	client_done(&exchange);
	client_init(&exchange, "POST", path, NULL);
	add_header("Content-Type", FORM);
	(void)snprintf(length, sizeof(length), "%zu", strlen(form));
	add_header("Content-Length", length);
	exchange.body = span_of(form);
	serve();
}

static void
get(const char *path)
{
	client_done(&exchange);
	client_init(&exchange, "GET", path, NULL);
	serve();
}

/* The grant of that client, with more parameters. */
static const char *
grant(const char *more)
{
	static char form[1024];

	(void)snprintf(form, sizeof(form),
	    "grant_type=client_credentials&client_id=%s&client_secret=%s%s", made.id, made.secret,
	    more);
	return form;
}

static void
expect(const char *text)
{
	if (strstr(exchange.written.at, text) == NULL)
		fail_msg("lacks %s in\n%s", text, exchange.written.at);
}

static void
expect_line(const char *text)
{
	if (strstr(line, text) == NULL)
		fail_msg("lacks %s in\n%s", text, line);
}

/* A text of the answer's body, which must be a JSON object. */
static void
member(const char *name, char *out, size_t room)
{
	const char *at = strstr(exchange.written.at, "\r\n\r\n");
	json_t *root = NULL;
	struct err err;

	assert_non_null(at);
	if (!json_read(span_of(at + 4), 1 << 16, &root, &err))
		fail_msg("%s: %s", err.text, at);
	assert_non_null(json_string_value(json_object_get(root, name)));
	(void)snprintf(out, room, "%s", json_string_value(json_object_get(root, name)));
	json_decref(root);
}

static void
a_client_gets_a_token(void **state)
{
	char token[2048];

	(void)state;
	post("/oauth/token", grant("&scope=a"));
	expect("HTTP/1.1 200 OK\r\n");
	expect("\r\nCache-Control: no-store\r\n");
	expect("\r\nX-Request-Id: ");
	member("access_token", token, sizeof(token));
	assert_memory_equal(token, "eyJ", 3);
	expect_line("\"verdict\":\"serve\",\"reason\":\"ok\",\"status\":200,");
	expect_line("\"path\":\"/oauth/token\",\"issuer\":\"local\",\"client\":\"shop\"");
	assert_null(strstr(line, made.secret));
	assert_null(strstr(line, token));
	assert_true(exchange.keeps);
}

/* To the client all failures look the same; the log says which it was. */
static void
why_a_client_is_refused_is_for_the_log(void **state)
{
	static const struct {
		const char *form, *status, *told, *logged;
	} cases[] = {
		{ "grant_type=client_credentials&client_id=nobody&client_secret=x",
		    "HTTP/1.1 401 Unauthorized\r\n", "\"error\":\"invalid_client\"",
		    "\"detail\":\"invalid_client: no such client\"" },
		{ "grant_type=client_credentials", "HTTP/1.1 401 Unauthorized\r\n",
		    "\r\nWWW-Authenticate: Basic ",
		    "\"detail\":\"invalid_client: no client authentication\"" },
		{ "scope=a", "HTTP/1.1 400 Bad Request\r\n", "\"error\":\"invalid_request\"",
		    "\"detail\":\"invalid_request: grant_type\"" },
		{ "grant_type=%", "HTTP/1.1 400 Bad Request\r\n", "\"error\":\"invalid_request\"",
		    "\"detail\":\"invalid_request" },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		post("/oauth/token", cases[i].form);
		expect(cases[i].status);
		expect(cases[i].told);
		expect_line(cases[i].logged);
		expect_line("\"verdict\":\"serve\"");
		assert_null(strstr(exchange.written.at, "no such client"));
	}
}

static void
a_token_can_be_introspected_and_revoked(void **state)
{
	char token[2048], form[4096];

	(void)state;
	post("/oauth/token", grant("&scope=a"));
	member("access_token", token, sizeof(token));
	(void)snprintf(form, sizeof(form), "token=%s&client_id=%s&client_secret=%s", token, made.id,
	    made.secret);
	post("/oauth/introspect", form);
	expect("HTTP/1.1 200 OK\r\n");
	expect("\"active\":true");
	expect("\"scope\":\"a\"");
	expect("\"client_id\":\"");
	post("/oauth/revoke", form);
	expect("HTTP/1.1 200 OK\r\n");
	/* In force with the answer. */
	post("/oauth/introspect", form);
	expect("{\"active\":false}");
	(void)snprintf(
	    form, sizeof(form), "token=abc&client_id=%s&client_secret=%s", made.id, made.secret);
	post("/oauth/introspect", form);
	expect("{\"active\":false}");
}

static void
who_is_nobody_learns_nothing_of_a_token(void **state)
{
	char token[2048], form[4096];

	(void)state;
	post("/oauth/token", grant(""));
	member("access_token", token, sizeof(token));
	(void)snprintf(form, sizeof(form), "token=%s&client_id=%s&client_secret=x", token, made.id);
	post("/oauth/introspect", form);
	expect("HTTP/1.1 401 ");
	assert_null(strstr(exchange.written.at, "active"));
}

static void
documents_are_for_everybody(void **state)
{
	(void)state;
	get("/.well-known/jwks.json");
	expect("HTTP/1.1 200 OK\r\n");
	expect("\"kty\":\"EC\"");
	assert_null(strstr(exchange.written.at, "\"d\":"));
	get("/.well-known/oauth-authorization-server");
	expect("\"token_endpoint\":\"" LOCAL "/oauth/token\"");
	expect_line("\"verdict\":\"serve\"");
}

static void
a_wrong_method_is_told_the_right_one(void **state)
{
	(void)state;
	get("/oauth/token");
	expect("HTTP/1.1 405 Method Not Allowed\r\n");
	expect("\r\nAllow: POST\r\n");
	post("/.well-known/jwks.json", "");
	expect("HTTP/1.1 405 ");
	expect("\r\nAllow: GET, HEAD\r\n");
}

/* Had it been forwarded, its secret would have gone to the API. */
static void
a_path_that_is_nearly_right_is_not_forwarded(void **state)
{
	static const char *const paths[] = { "/oauth/token/", "/OAuth/Token" };

	(void)state;
	for (size_t i = 0; i < CASES_OF(paths); i++) {
		post(paths[i], grant(""));
		expect("HTTP/1.1 404 ");
		expect("this endpoint's path is exactly /oauth/token");
		assert_null(strstr(exchange.written.at, "access_token"));
	}
}

static void
a_form_has_a_limit(void **state)
{
	static char large[ENDPOINT_MAX_BODY + 2];

	(void)state;
	memset(large, 'a', sizeof(large) - 1);
	post("/oauth/token", large);
	expect("HTTP/1.1 413 Content Too Large\r\n");
	expect_line("\"reason\":\"body_too_large\"");
	assert_int_equal(exchange.body.len, sizeof(large) - 1); /* it was not read */
	/* The same without a length that says so beforehand. */
	client_done(&exchange);
	client_init(&exchange, "POST", "/oauth/token", NULL);
	add_header("Content-Type", FORM);
	add_header("Transfer-Encoding", "chunked");
	exchange.body = (struct span){ large, sizeof(large) - 1 };
	serve();
	expect("HTTP/1.1 413 ");
	expect_line("\"detail\":\"the form is too large\"");
	assert_false(exchange.keeps);
}

static void
a_form_that_breaks_off_is_no_form(void **state)
{
	(void)state;
	client_init(&exchange, "POST", "/oauth/token", NULL);
	add_header("Content-Type", FORM);
	add_header("Content-Length", "500");
	exchange.body = span_of(grant(""));
	exchange.body_result = EXCHANGE_BROKEN;
	serve();
	expect("HTTP/1.1 400 ");
	expect_line("\"detail\":\"the body ended early\"");
	assert_null(strstr(exchange.written.at, "access_token"));
	assert_false(exchange.keeps);
}

/* RFC 9110 section 10.1.1. */
static void
who_expects_100_gets_it_before_the_answer(void **state)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n";
	char length[24];

	(void)state;
	client_init(&exchange, "POST", "/oauth/token", NULL);
	add_header("Content-Type", FORM);
	add_header("Expect", "100-continue");
	(void)snprintf(length, sizeof(length), "%zu", strlen(grant("")));
	add_header("Content-Length", length);
	exchange.body = span_of(grant(""));
	serve();
	assert_memory_equal(exchange.written.at, go_on, sizeof(go_on) - 1);
}

static void
other_paths_are_the_apis(void **state)
{
	(void)state;
	client_init(&exchange, "GET", "/oauth", NULL);
	gate_serve(&gate, &exchange);
	assert_true(client_has(&exchange.written, "HTTP/1.1 401 "));
	assert_true(client_has(&exchange.written, "\"reason\":\"credentials_missing\""));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_gets_a_token),
		TEST(why_a_client_is_refused_is_for_the_log),
		TEST(a_token_can_be_introspected_and_revoked),
		TEST(who_is_nobody_learns_nothing_of_a_token),
		TEST(documents_are_for_everybody),
		TEST(a_wrong_method_is_told_the_right_one),
		TEST(a_path_that_is_nearly_right_is_not_forwarded),
		TEST(a_form_has_a_limit),
		TEST(a_form_that_breaks_off_is_no_form),
		TEST(who_expects_100_gets_it_before_the_answer),
		TEST(other_paths_are_the_apis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
