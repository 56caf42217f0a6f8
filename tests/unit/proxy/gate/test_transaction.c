/* SPDX-License-Identifier: Apache-2.0 */
/* One request under way: its id, what is prepared for the API, what outlives its snapshot. */
#include "client.h"

#include "proxy/gate/transaction.h"

static struct setting setting;
static struct gate gate;
static struct exchange exchange;
static struct arena arena;
static struct transaction transaction;
static struct decision decision;

static int
setup(void **state)
{
	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	setting_init(&setting);
	client_gate_init(&gate, &setting);
	arena_init(&arena, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	client_done(&exchange);
	gate_done(&gate);
	arena_done(&arena);
	setting_done(&setting);
	return 0;
}

static void
add_header(const char *name, const char *value)
{
	exchange.request.headers[exchange.request.header_count++] =
	    (struct header){ span_of(name), span_of(value) };
}

/* A request that holds the snapshot, admitted; more headers may be added before. */
static void
admit(void)
{
	assert_true(transaction_start(&transaction, &exchange, &arena));
	assert_int_equal(judge_admit(&exchange.request, NULL, &arena, &decision), REASON_OK);
	transaction.snapshot = snapshot_take(gate.hold);
	assert_non_null(transaction.snapshot);
}

static void
begin(const char *method, const char *target)
{
	client_done(&exchange);
	client_init(&exchange, method, target, NULL);
}

static void
an_id_is_drawn_for_each(void **state)
{
	char ids[100][TRANSACTION_ID_ROOM];

	(void)state;
	begin("GET", "/open");
	for (int i = 0; i < 100; i++) {
		assert_true(transaction_start(&transaction, &exchange, &arena));
		assert_int_equal(strlen(transaction.id), 16); /* 96 bits */
		memcpy(ids[i], transaction.id, sizeof(ids[i]));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
}

static void
what_the_api_gets_is_prepared(void **state)
{
	(void)state;
	begin("GET", "/open?q=1");
	admit();
	assert_int_equal(transaction_prepare(&transaction, &decision), REASON_OK);
	assert_true(span_starts(transaction.forward.head, SPAN("GET /open?q=1 HTTP/1.1\r\n")));
	assert_ptr_equal(transaction.forward.group, setting.services.group);
	assert_int_equal(transaction.forward.body_limit, 1000);
	assert_int_equal(
	    transaction.forward.upstream_timeout_ms, setting.config->limits.upstream_timeout_ms);
	assert_true(span_is(transaction.forward.request_id, transaction.id));
	assert_false(transaction.forward.upgrade);
	transaction_end(&transaction);
}

static void
a_body_is_compared_with_its_limit(void **state)
{
	static const struct {
		const char *length;
		enum reason reason;
	} cases[] = { { "0", REASON_OK }, { "1000", REASON_OK },
		{ "1001", REASON_BODY_TOO_LARGE } };

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		begin("POST", "/open");
		add_header("Content-Length", cases[i].length);
		admit();
		assert_int_equal(transaction_prepare(&transaction, &decision), cases[i].reason);
		transaction_end(&transaction);
	}
}

static void
without_an_upstream_nothing_can_be_forwarded(void **state)
{
	struct group *group = setting.services.group;

	(void)state;
	begin("GET", "/open");
	admit();
	setting.services.group = NULL;
	assert_int_equal(transaction_prepare(&transaction, &decision), REASON_UPSTREAM_UNREACHABLE);
	assert_string_equal(transaction.detail, "no upstream is configured for this path");
	assert_null(transaction.fields.upstream);
	setting.services.group = group;
	transaction_end(&transaction);
}

static void
without_memory_for_a_head_the_gate_is_overloaded(void **state)
{
	struct arena small;

	(void)state;
	begin("GET", "/open");
	admit();
	arena_init(&small, 16);
	transaction.arena = &small;
	assert_int_equal(transaction_prepare(&transaction, &decision), REASON_OVERLOADED);
	transaction_end(&transaction);
	arena_done(&small);
}

/* RFC 9110 section 7.8: an upgrade is asked for by both headers. Requests within h2c would come
 * past the gate. */
static void
which_upgrades_are_passed_on(void **state)
{
	static const struct {
		const char *method, *upgrade, *connection;
		int version_minor;
		bool upgrades;
	} cases[] = {
		{ "GET", "websocket", "Upgrade", 1, true },
		{ "GET", "WebSocket", "keep-alive, upgrade", 1, true },
		{ "GET", "websocket", NULL, 1, false },
		{ "GET", "websocket", "keep-alive", 1, false },
		{ "GET", NULL, "Upgrade", 1, false },
		{ "GET", "websocket", "Upgrade", 0, false },
		{ "POST", "tcp", "Upgrade", 1, true },
		{ "GET", "h2c", "Upgrade", 1, false },
		{ "GET", "H2C", "Upgrade", 1, false },
		{ "GET", "h2c-14", "Upgrade", 1, false },
		{ "GET", "websocket, h2c", "Upgrade", 1, false },
		{ "GET", "h2c, websocket", "Upgrade", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		begin(cases[i].method, "/open");
		exchange.request.version_minor = cases[i].version_minor;
		if (cases[i].upgrade != NULL)
			add_header("Upgrade", cases[i].upgrade);
		if (cases[i].connection != NULL)
			add_header("Connection", cases[i].connection);
		admit();
		assert_int_equal(transaction_prepare(&transaction, &decision), REASON_OK);
		if (transaction.forward.upgrade != cases[i].upgrades)
			fail_msg("case %zu", i);
		assert_int_equal(memmem(transaction.forward.head.at, transaction.forward.head.len,
				     "\r\nUpgrade: ", 11) != NULL,
		    cases[i].upgrades);
		transaction_end(&transaction);
	}
}

/* A tunnel may last for days, and must not keep an old configuration alive for so long. */
static void
what_the_log_needs_outlives_the_snapshot(void **state)
{
	struct access_fields fields;
	char privilege[] = "read", pattern[] = "/orders/*", issuer[] = "idp", subject[] = "jane";

	(void)state;
	begin("GET", "/open");
	admit();
	assert_int_equal(transaction_prepare(&transaction, &decision), REASON_OK);
	transaction.fields.privilege = privilege;
	transaction.fields.pattern = pattern;
	transaction.fields.issuer = issuer;
	transaction.fields.subject = span_of(subject);
	transaction.forwarded.upstream = setting.services.group->members[0];
	transaction.forward.lasts(transaction.forward.context);
	assert_null(transaction.snapshot);
	/* The texts of the snapshot are gone now. */
	memset(privilege, '?', sizeof(privilege));
	memset(pattern, '?', sizeof(pattern));
	memset(issuer, '?', sizeof(issuer));
	memset(subject, '?', sizeof(subject));
	fields = transaction.fields;
	assert_string_equal(fields.privilege, "read");
	assert_string_equal(fields.pattern, "/orders/*");
	assert_string_equal(fields.issuer, "idp");
	assert_true(span_is(fields.subject, "jane"));
	assert_null(fields.module);
	assert_null(fields.client.at);
	/* The upstream stays for its answer, whoever else lets it go. */
	assert_ptr_equal(transaction.upstream, setting.services.group->members[0]);
	transaction_let_go(&transaction); /* once is enough */
	transaction_end(&transaction);
}

static const char *
told_lockout(const struct login_attempt *attempt)
{
	static char text[4096];
	int saved = dup(2), file = memfd_create("log", 0);
	ssize_t got;

	assert_true(saved >= 0 && file >= 0 && dup2(file, 2) == 2);
	transaction_tell_lockout(&transaction, attempt);
	got = pread(file, text, sizeof(text) - 1, 0);
	assert_true(got >= 0 && dup2(saved, 2) == 2);
	text[got] = '\0';
	(void)close(saved);
	(void)close(file);
	return text;
}

/* People type their password where the name belongs. */
static void
a_lockout_names_only_users_that_there_are(void **state)
{
	struct login_attempt attempt = { .name = SPAN("hunter2"), .peer = SPAN("192.0.2.7") };

	(void)state;
	begin("GET", "/open");
	assert_true(transaction_start(&transaction, &exchange, &arena));
	transaction.wait_s = 60;
	assert_null(strstr(told_lockout(&attempt), "hunter2"));
	assert_non_null(strstr(told_lockout(&attempt), "\"event\":\"locked_out\""));
	assert_non_null(strstr(told_lockout(&attempt), "\"peer\":\"192.0.2.7\",\"seconds\":60"));
	attempt.name = SPAN("ann");
	attempt.hash = HASH;
	assert_non_null(strstr(told_lockout(&attempt), "\"user\":\"ann\""));
	log_setup(LOG_JSON, LOG_ERROR);
	assert_string_equal(told_lockout(&attempt), "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_id_is_drawn_for_each),
		TEST(what_the_api_gets_is_prepared),
		TEST(a_body_is_compared_with_its_limit),
		TEST(without_an_upstream_nothing_can_be_forwarded),
		TEST(without_memory_for_a_head_the_gate_is_overloaded),
		TEST(which_upgrades_are_passed_on),
		TEST(what_the_log_needs_outlives_the_snapshot),
		TEST(a_lockout_names_only_users_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
