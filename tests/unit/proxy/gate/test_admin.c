/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <pthread.h>
#include <sys/stat.h>

#include "base/json.h"

#include "proxy/gate/admin.h"

static struct scratch scratch;
static struct gate gate;
static struct admin admin;
static struct exchange exchange;

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

static int
setup(void **state)
{
	json_t *jwk = signer_jwk(signer_key(ALGORITHM_ES256, 0), "k", NULL);
	char *keys = signer_set(&jwk, 1), path[SCRATCH_ROOM * 2];
	struct err err;

	(void)state;
	log_setup(LOG_JSON, LOG_ERROR);
	scratch_init(&scratch);
	put("keys.json", keys);
	free(keys);
	put("policy.yaml", "privileges: {any: {paths: ['/*']}}\n");
	put("postern.yaml", "upstream: http://127.0.0.1:3\npolicy: policy.yaml\nstate: state\n"
			    "issuers: {idp: {issuer: \"" IDP "\", audience: api, "
			    "jwks_file: keys.json}}\n"
			    "local_issuer: {issuer: \"" LOCAL "\", audience: api, "
			    "accept: fallback}\n");
	scratch_path(&scratch, "state", path);
	if (mkdir(path, 0700) != 0 || !gate_init(&gate, 1u << 20, &err))
		return -1;
	services_end(gate_swap(&gate, start()));
	memset(&admin, 0, sizeof(admin));
	admin.gate = &gate;
	admin.reload = reload_new();
	if (admin.reload == NULL)
		return -1;
	reload_end(admin.reload, gate.services->config, NULL); /* the start */
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	client_done(&exchange);
	gate_done(&gate);
	reload_free(admin.reload);
	scratch_done(&scratch);
	return 0;
}

static void
ask(const char *method, const char *target)
{
	client_done(&exchange);
	client_init(&exchange, method, target, NULL);
	exchange.request.headers[0].value = SPAN("localhost");
	admin_serve(&admin, &exchange);
	buffer_add_byte(&exchange.written, '\0');
}

static void
expect(const char *text)
{
	if (strstr(exchange.written.at, text) == NULL)
		fail_msg("lacks %s in\n%s", text, exchange.written.at);
}

/* The body, which must be JSON. */
static json_t *
body(void)
{
	const char *at = strstr(exchange.written.at, "\r\n\r\n");
	json_t *root = NULL;
	struct err err;

	assert_non_null(at);
	if (!json_read(span_of(at + 4), 1 << 16, &root, &err))
		fail_msg("%s: %s", err.text, at);
	return root;
}

static const struct {
	const char *method, *target, *has[2];
} pages[] = {
	{ "GET", "/livez", { "HTTP/1.1 200 OK\r\n", "\r\n\r\nalive\n" } },
	{ "GET", "/", { "HTTP/1.1 404 ", "/livez /readyz /metrics" } },
	{ "GET", "/livez/", { "HTTP/1.1 404 ", NULL } },
	{ "GET", "/reload", { "HTTP/1.1 405 ", "\r\nAllow: POST\r\n" } },
	{ "TRACE", "/livez", { "HTTP/1.1 501 ", "\r\nConnection: close\r\n" } },
};

static void
pages_are_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(pages); i++) {
		ask(pages[i].method, pages[i].target);
		for (size_t k = 0; k < 2 && pages[i].has[k] != NULL; k++)
			expect(pages[i].has[k]);
	}
}

/* The client's Host is gate.test. */
static void
a_name_of_others_is_refused_with_a_reason(void **state)
{
	json_t *root;

	(void)state;
	client_done(&exchange);
	client_init(&exchange, "POST", "/reload", NULL);
	admin_serve(&admin, &exchange);
	buffer_add_byte(&exchange.written, '\0');
	expect("HTTP/1.1 403 ");
	expect("\r\nContent-Type: application/problem+json\r\n");
	root = body();
	assert_string_equal(
	    json_string_value(json_object_get(root, "reason")), "origin_not_allowed");
	json_decref(root);
	assert_false(reload_wanted(admin.reload));
}

/* On the listener of probes and scrapers. */
static const struct {
	const char *method, *target, *has;
} shown[] = {
	{ "GET", "/livez", "HTTP/1.1 200 OK\r\n" },
	{ "HEAD", "/livez", "HTTP/1.1 200 OK\r\n" },
	{ "GET", "/readyz", "\"ready\":true" },
	{ "GET", "/metrics", "postern_build_info" },
	{ "POST", "/metrics", "HTTP/1.1 404 " },
	{ "GET", "/reload", "HTTP/1.1 404 " },
	{ "POST", "/reload", "HTTP/1.1 404 " },
	{ "POST", "/explain", "HTTP/1.1 404 " },
	{ "GET", "/livez?x", "HTTP/1.1 404 " },
	{ "TRACE", "/livez", "HTTP/1.1 501 " },
};

static void
scrapers_see_and_change_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES_OF(shown); i++) {
		client_done(&exchange);
		client_init(&exchange, shown[i].method, shown[i].target, NULL);
		admin_serve_metrics(&admin, &exchange);
		buffer_add_byte(&exchange.written, '\0');
		expect(shown[i].has);
	}
	assert_false(reload_wanted(admin.reload));
}

static void
it_is_ready_when_some_key_can_be_used_and_nothing_ends(void **state)
{
	json_t *root;

	(void)state;
	ask("GET", "/readyz");
	expect("HTTP/1.1 200 OK\r\n");
	root = body();
	assert_true(json_is_true(json_object_get(root, "ready")));
	assert_true(json_is_true(json_at(root, SPAN("/database/up"))));
	assert_string_equal(json_string_value(json_at(root, SPAN("/issuers/0/issuer"))), "idp");
	assert_int_equal(json_integer_value(json_at(root, SPAN("/issuers/0/keys"))), 1);
	assert_true(json_is_false(json_at(root, SPAN("/fallback/in_force"))));
	assert_true(json_is_true(json_at(root, SPAN("/configuration/last_reload_successful"))));
	assert_int_equal(
	    json_string_length(json_at(root, SPAN("/configuration/hash"))), 2 * DIGEST_BYTES);
	json_decref(root);
	atomic_store(&admin.draining, true);
	ask("GET", "/readyz");
	expect("HTTP/1.1 503 ");
	root = body();
	assert_true(json_is_true(json_object_get(root, "draining")));
	json_decref(root);
}

/* "# HELP" and "# TYPE" precede the samples. */
static void
each_metric_has_its_help_and_type(void **state)
{
	static const char *const names[] = { "postern_requests_total", "postern_issuer_keys",
		"postern_key_fetches_total", "postern_build_info", "postern_database_up",
		"postern_fallback_active", "postern_token_cache_total", "postern_token_cache_bytes",
		"postern_connections", "postern_connection_states", "postern_log_dropped_total",
		"postern_config_last_reload_successful" };
	char text[128];

	(void)state;
	ask("GET", "/metrics");
	expect("\r\nContent-Type: text/plain; version=0.0.4\r\n");
	for (size_t i = 0; i < CASES_OF(names); i++) {
		(void)snprintf(text, sizeof(text), "# HELP %s ", names[i]);
		expect(text);
		(void)snprintf(text, sizeof(text), "# TYPE %s ", names[i]);
		expect(text);
	}
	expect("postern_issuer_keys{issuer=\"idp\"} 1\n");
	expect("postern_database_up 1\n");
	expect("postern_fallback_active 0\n");
}

static void
without_a_snapshot_it_is_not_ready_but_alive(void **state)
{
	(void)state;
	snapshot_replace(gate.hold, NULL);
	ask("GET", "/readyz");
	expect("HTTP/1.1 503 ");
	ask("GET", "/metrics");
	expect("HTTP/1.1 503 ");
	ask("GET", "/livez");
	expect("HTTP/1.1 200 ");
}

/* What the server does with a reload that is asked for: it ends as `context` says. */
static void *
reload_once(void *context)
{
	while (!reload_wanted(admin.reload))
		(void)usleep(1000);
	reload_begin(admin.reload);
	reload_end(admin.reload, NULL, context);
	return NULL;
}

static void
a_reload_that_fails_is_told_to_who_asked(void **state)
{
	struct err err = { "postern.yaml: 2 mistakes" };
	pthread_t thread;
	json_t *root;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, reload_once, &err), 0);
	ask("POST", "/reload");
	assert_int_equal(pthread_join(thread, NULL), 0);
	expect("HTTP/1.1 422 ");
	expect("\r\nContent-Type: application/problem+json\r\n");
	root = body();
	assert_string_equal(
	    json_string_value(json_object_get(root, "detail")), "postern.yaml: 2 mistakes");
	json_decref(root);
	ask("GET", "/metrics");
	expect("postern_config_last_reload_successful 0\n");
}

static void
when_it_ends_nobody_waits_for_a_reload(void **state)
{
	(void)state;
	reload_close(admin.reload);
	ask("POST", "/reload");
	expect("HTTP/1.1 503 ");
}

static void
what_the_engine_could_not_read_is_answered(void **state)
{
	(void)state;
	client_done(&exchange);
	client_init(&exchange, "GET", "/livez", NULL);
	admin_refuse(&admin, &exchange, REASON_HEADER_TOO_LARGE, "too large");
	buffer_add_byte(&exchange.written, '\0');
	expect("HTTP/1.1 431 ");
	expect("\"reason\":\"header_too_large\",\"detail\":\"too large\"");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_are_answered),
		TEST(a_name_of_others_is_refused_with_a_reason),
		TEST(scrapers_see_and_change_nothing),
		TEST(it_is_ready_when_some_key_can_be_used_and_nothing_ends),
		TEST(each_metric_has_its_help_and_type),
		TEST(without_a_snapshot_it_is_not_ready_but_alive),
		TEST(a_reload_that_fails_is_told_to_who_asked),
		TEST(when_it_ends_nobody_waits_for_a_reload),
		TEST(what_the_engine_could_not_read_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
