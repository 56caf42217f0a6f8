/* SPDX-License-Identifier: Apache-2.0 */
/* The one line of a request: which keys, in which order, and what never gets into it. */
#include "client.h"

#include "base/json.h"
#include "proxy/gate/access.h"

#define LOG_ROOM 65536

static const struct request_certificate certificate = { .subject = { "CN=partner", 10 } };
static struct exchange exchange;
static struct transaction transaction;
static char line[LOG_ROOM];

static int
setup(void **state)
{
	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	client_init(&exchange, "GET", "/orders/7", NULL);
	transaction = (struct transaction){
		.exchange = &exchange, .request = &exchange.request, .id = "id-1", .status = 200
	};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	client_done(&exchange);
	return 0;
}

static void
write_line(void)
{
	int saved = client_log_begin();

	access_log(&transaction, 1234);
	client_log_end(saved, line, sizeof(line));
}

/* The line, which must be one JSON object without its time. */
static json_t *
read_line(void)
{
	json_t *root = NULL;
	struct err err;

	write_line();
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	if (!json_read(span_of(line), sizeof(line), &root, &err))
		fail_msg("%s: %s", err.text, line);
	return root;
}

static const char *
text_at(const json_t *root, const char *key)
{
	return json_string_value(json_object_get(root, key));
}

static void
keys_are_in_the_order_of_the_manual(void **state)
{
	static const char *const keys[] = { "time", "event", "verdict", "reason", "shadow_reason",
		"status", "request_id", "method", "path", "pattern", "privilege", "module",
		"issuer", "sub", "client", "user", "certificate", "peer", "detail", "duration_us",
		"upstream", "upstream_us", "bytes_in", "bytes_out", "aborted" };
	const char *key;
	json_t *root, *value;
	size_t i = 0;

	(void)state;
	exchange.request.certificate = &certificate;
	transaction.shadow_reason = REASON_SCOPE_MISSING;
	transaction.detail = "why";
	transaction.fields = (struct access_fields){ .privilege = "read",
		.pattern = "/orders/*",
		.module = "orders",
		.issuer = "idp",
		.upstream = "http://127.0.0.1:3",
		.subject = SPAN("jane"),
		.client = SPAN("shop"),
		.user = "ann" };
	transaction.forwarded = (struct forwarded){
		.upstream_us = 5, .bytes_in = 6, .bytes_out = 7, .aborted = true, .detail = "cut"
	};
	root = read_line();
	json_object_foreach(root, key, value)
	{
		assert_true(i < sizeof(keys) / sizeof(keys[0]));
		assert_string_equal(key, keys[i++]);
	}
	assert_int_equal(i, sizeof(keys) / sizeof(keys[0]));
	assert_string_equal(text_at(root, "event"), "request");
	assert_string_equal(text_at(root, "verdict"), "forward");
	assert_string_equal(text_at(root, "shadow_reason"), "scope_missing");
	assert_string_equal(text_at(root, "aborted"), "cut");
	assert_int_equal(json_integer_value(json_object_get(root, "duration_us")), 1234);
	assert_int_equal(json_integer_value(json_object_get(root, "bytes_in")), 6);
	json_decref(root);
}

/* Byte for byte: programs read it. */
static void
the_whole_line_is_as_it_always_was(void **state)
{
	static const char json[] =
	    "\",\"event\":\"request\",\"verdict\":\"refuse\",\"reason\":\"scope_missing\","
	    "\"status\":403,\"request_id\":\"id-1\",\"method\":\"GET\",\"path\":\"/orders/7\","
	    "\"pattern\":\"/orders/*\",\"privilege\":\"read\",\"module\":\"orders\","
	    "\"issuer\":\"idp\",\"sub\":\"ja\\u001bne\\\"\\\\\xc3\xa4~\",\"client\":\"shop\","
	    "\"user\":\"ann\",\"peer\":\"127.0.0.1\",\"detail\":\"why\","
	    "\"duration_us\":1234,\"upstream\":\"http://127.0.0.1:3\",\"upstream_us\":0,"
	    "\"bytes_in\":-1,\"bytes_out\":9223372036854775807}\n";
	static const char text[] =
	    "\" event=request verdict=refuse reason=scope_missing status=403 "
	    "request_id=\"id-1\" method=\"GET\" path=\"/orders/7\" pattern=\"/orders/*\" "
	    "privilege=read module=orders issuer=idp sub=\"ja\\x1bne\\\"\\\\\\xc3\\xa4~\" "
	    "client=shop user=ann peer=\"127.0.0.1\" detail=why duration_us=1234 "
	    "upstream=\"http://127.0.0.1:3\" upstream_us=0 bytes_in=-1 "
	    "bytes_out=9223372036854775807\n";
	static const size_t time_bytes = sizeof("2026-11-23T12:00:00.000Z") - 1;

	(void)state;
	(void)snprintf(exchange.request.peer, sizeof(exchange.request.peer), "127.0.0.1");
	transaction.status = 403;
	transaction.reason = REASON_SCOPE_MISSING;
	transaction.detail = "why";
	transaction.fields = (struct access_fields){ .privilege = "read",
		.pattern = "/orders/*",
		.module = "orders",
		.issuer = "idp",
		.upstream = "http://127.0.0.1:3",
		.subject = SPAN("ja\033ne\"\\\xc3\xa4~"),
		.client = SPAN("shop"),
		.user = "ann" };
	transaction.forwarded = (struct forwarded){ .bytes_in = -1, .bytes_out = INT64_MAX };
	write_line();
	assert_memory_equal(line, "{\"time\":\"", 9);
	assert_string_equal(line + 9 + time_bytes, json);
	log_setup(LOG_TEXT, LOG_INFO);
	write_line();
	assert_memory_equal(line, "time=\"", 6);
	assert_string_equal(line + 6 + time_bytes, text);
}

static void
what_is_not_known_is_left_out(void **state)
{
	static const char *const keys[] = { "time", "event", "verdict", "reason", "status",
		"request_id", "method", "path", "peer", "duration_us" };
	json_t *root = read_line();

	(void)state;
	assert_int_equal(json_object_size(root), sizeof(keys) / sizeof(keys[0]));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_non_null(json_object_get(root, keys[i]));
	json_decref(root);
}

static void
the_verdict_is_a_word(void **state)
{
	static const struct {
		enum reason reason;
		bool served_here;
		const char *word;
	} cases[] = {
		{ REASON_OK, false, "forward" },
		{ REASON_OK, true, "serve" },
		{ REASON_NO_RULE, false, "refuse" },
		{ REASON_BODY_TOO_LARGE, true, "refuse" },
		{ REASON_UPSTREAM_TIMEOUT, false, "refuse" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *root;

		transaction.reason = cases[i].reason;
		transaction.served_here = cases[i].served_here;
		root = read_line();
		assert_string_equal(text_at(root, "verdict"), cases[i].word);
		assert_string_equal(text_at(root, "reason"), reason_word(cases[i].reason));
		json_decref(root);
	}
}

/* Queries carry tokens and names, so no byte of one is logged. */
static void
a_query_never_gets_into_the_log(void **state)
{
	static const char *const targets[][2] = {
		{ "/orders/7?access_token=secret", "/orders/7" }, { "/orders/7?", "/orders/7" },
		{ "/?a?secret", "/" }, { "/a%3Fsecret", "/a%3Fsecret" }, /* which is a path */
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		json_t *root;

		exchange.request.target = span_of(targets[i][0]);
		root = read_line();
		assert_string_equal(text_at(root, "path"), targets[i][1]);
		json_decref(root);
	}
}

static void
long_things_are_cut(void **state)
{
	static char target[5000], method[100];
	json_t *root;

	(void)state;
	memset(target, 'a', sizeof(target) - 1);
	target[0] = '/';
	memset(method, 'M', sizeof(method) - 1);
	exchange.request.target = span_of(target);
	exchange.request.method = span_of(method);
	root = read_line();
	assert_int_equal(strlen(text_at(root, "path")), 2048);
	assert_int_equal(strlen(text_at(root, "method")), 32);
	json_decref(root);
}

/* A subject is anything that an identity provider writes, and a path anything a client sends. */
static void
no_text_can_leave_its_value(void **state)
{
	static const char evil[] = "x\",\"verdict\":\"forward\"}\n{\"event\":\"request\"";
	json_t *root;

	(void)state;
	transaction.reason = REASON_NO_RULE;
	transaction.fields.subject = span_of(evil);
	exchange.request.target = SPAN("/\x01\xff\"\n");
	root = read_line();
	assert_string_equal(text_at(root, "verdict"), "refuse");
	assert_string_equal(text_at(root, "sub"), evil);
	json_decref(root);
	log_setup(LOG_TEXT, LOG_INFO);
	write_line();
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_null(strstr(line, "verdict=forward"));
}

static void
the_details_of_forwarding_come_with_an_upstream_only(void **state)
{
	json_t *root;

	(void)state;
	transaction.forwarded = (struct forwarded){ .bytes_out = 7, .aborted = true };
	root = read_line();
	assert_null(json_object_get(root, "bytes_out"));
	assert_null(json_object_get(root, "aborted"));
	json_decref(root);
	transaction.fields.upstream = "http://127.0.0.1:3";
	transaction.forwarded.aborted = false;
	root = read_line();
	assert_int_equal(json_integer_value(json_object_get(root, "bytes_out")), 7);
	assert_int_equal(json_integer_value(json_object_get(root, "bytes_in")), 0);
	assert_null(json_object_get(root, "aborted"));
	json_decref(root);
}

static void
who_wants_warnings_alone_gets_no_line(void **state)
{
	(void)state;
	log_setup(LOG_JSON, LOG_WARN);
	write_line();
	assert_string_equal(line, "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_are_in_the_order_of_the_manual),
		TEST(the_whole_line_is_as_it_always_was),
		TEST(what_is_not_known_is_left_out),
		TEST(the_verdict_is_a_word),
		TEST(a_query_never_gets_into_the_log),
		TEST(long_things_are_cut),
		TEST(no_text_can_leave_its_value),
		TEST(the_details_of_forwarding_come_with_an_upstream_only),
		TEST(who_wants_warnings_alone_gets_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
