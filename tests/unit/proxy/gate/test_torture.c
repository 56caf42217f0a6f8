/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <limits.h>

#include "torture.h"
#include "base/json.h"
#include "proxy/gate/access.h"
#include "proxy/gate/admin.h"
#include "proxy/gate/transaction.h"

static struct setting setting;
static struct gate gate;
static char *bearer;

/* --- the judging: values alone --- */

struct asked {
	const char *target, *authorization;
	enum reason want;
	bool judged; /* somebody is known */
};

/* As with memory, or refused for want of it; and whoever is known is known whole. */
static enum torture_result
judge(void *context)
{
	const struct asked *asked = context;
	struct judge_inputs inputs = setting_inputs(&setting);
	enum torture_result result = TORTURE_WRONG;
	struct decision decision;
	struct request request;
	struct arena arena;
	enum reason got;

	inputs.now_s = clock_now_s();
	setting_request(&request, "GET", asked->target, asked->authorization);
	arena_init(&arena, 1 << 20);
	got = setting_judge(&inputs, &request, &arena, &decision);
	/* OpenSSL does not always tell a wrong signature from one that it could not look at, and
	 * who cannot be counted has to wait. */
	if (got == REASON_OVERLOADED || got == REASON_SIGNATURE_INVALID || got == REASON_LOCKED_OUT)
		result = got == asked->want ? TORTURE_RIGHT : TORTURE_CLEAN;
	else if (got == asked->want && asked->judged == (decision.caller != NULL))
		result = TORTURE_RIGHT;
	if (result == TORTURE_WRONG)
		print_error("%s: got %s (%s)\n", asked->target, reason_word(got),
		    decision.verdict.detail == NULL ? "" : decision.verdict.detail);
	if (result == TORTURE_RIGHT && got == REASON_TOKEN_REVOKED &&
	    !(span_is(decision.revoked.issuer, IDP) && span_is(decision.revoked.jti, "revoked")) &&
	    !(decision.revoked.issuer.at == NULL || decision.revoked.jti.at == NULL))
		result = TORTURE_WRONG;
	judge_forget(&decision);
	arena_done(&arena);
	return result;
}

static void
every_step_of_the_judging_is_right_or_overloaded_without_memory(void **state)
{
	char *revoked = setting_bearer(IDP, 0, client_claims(",\"jti\":\"revoked\""));
	char *poor = setting_bearer(IDP, 0, client_claims(",\"groups\":[\"writers\"]"));
	char *wrong = setting_bearer(IDP, 1, client_claims(""));
	struct asked public = { "/open", NULL, REASON_OK, false };
	struct asked nobody = { "/any", NULL, REASON_CREDENTIALS_MISSING, false };
	struct asked jane = { "/orders/7", bearer, REASON_OK, true };
	struct asked known = { "/orders/7", poor, REASON_PRIVILEGE_MISSING, true };
	struct asked ended = { "/any", revoked, REASON_TOKEN_REVOKED, false };
	struct asked forged = { "/any", wrong, REASON_SIGNATURE_INVALID, false };

	(void)state;
	torture_run("a public path", judge, &public);
	torture_run("nobody", judge, &nobody);
	torture_run("a token", judge, &jane);
	torture_run("a caller who may not", judge, &known);
	torture_run("a revoked token", judge, &ended);
	torture_run("a forged token", judge, &forged);
	free(revoked);
	free(poor);
	free(wrong);
}

/* Its password is known: hashing one needs 16 MiB, which are another test's. */
static void
a_user_is_known_whole_or_not_without_memory(void **state)
{
	struct asked ann = { "/orders/7", "Basic YW5uOnBsZWFzZWxldG1laW4=", REASON_OK, true };

	(void)state;
	torture_run("a user", judge, &ann);
}

/* --- a whole request --- */

static bool
overloaded(const struct exchange *exchange)
{
	return exchange->forwarded.len == 0 &&
	       (exchange->aborted || client_has(&exchange->written, "HTTP/1.1 503 ") ||
		   client_has(&exchange->written, "\"reason\":\"signature_invalid\""));
}

/* Forwarded with all that is known of the caller, or refused as overloaded, or cut. Each run is
 * judged by another snapshot, so nothing is remembered. */
static enum torture_result
serve(void *context)
{
	enum torture_result result = TORTURE_WRONG;
	struct exchange exchange;

	(void)context;
	setting.snapshot.serial++;
	client_init(&exchange, "GET", "/orders/7", bearer);
	gate_serve(&gate, &exchange);
	if (client_has(&exchange.forwarded, "GET /orders/7 HTTP/1.1\r\n") &&
	    client_has(&exchange.forwarded, "\r\nX-User: jane\r\n") &&
	    client_has(&exchange.forwarded, "\r\nX-Roles: reader\r\n") &&
	    client_has(&exchange.forwarded, "\r\nX-Request-Id: ") &&
	    client_has(&exchange.forwarded, "\r\n\r\n") && exchange.written.len == 0)
		result = TORTURE_RIGHT;
	else if (overloaded(&exchange) || exchange.forwarded.failed || exchange.written.failed)
		result = TORTURE_CLEAN; /* our own buffers may lack memory, too */
	if (result == TORTURE_WRONG)
		print_error("%.*s\n%.*s\n", (int)exchange.written.len, exchange.written.at,
		    (int)exchange.forwarded.len, exchange.forwarded.at);
	client_done(&exchange);
	return result;
}

static void
a_request_is_forwarded_whole_or_not_without_memory(void **state)
{
	(void)state;
	torture_run("a request", serve, NULL);
}

/* The same, refused: whatever happens, nothing is forwarded. */
static enum torture_result
refuse(void *context)
{
	enum torture_result result = TORTURE_WRONG;
	struct exchange exchange;

	(void)context;
	client_init(&exchange, "GET", "/any", NULL);
	gate_serve(&gate, &exchange);
	if (exchange.forwarded.len == 0 && client_has(&exchange.written, "HTTP/1.1 401 ") &&
	    client_has(&exchange.written, "\r\n\r\n"))
		result = TORTURE_RIGHT;
	else if (overloaded(&exchange) || exchange.written.failed)
		result = TORTURE_CLEAN;
	client_done(&exchange);
	return result;
}

static void
a_refusal_stays_one_without_memory(void **state)
{
	(void)state;
	torture_run("a refusal", refuse, NULL);
}

/* --- its log line --- */

static char line[8192];

/* Whatever is there is one line: half of one would be read as another request's. */
static enum torture_result
log_one(void *context)
{
	struct exchange exchange = { .outcome = { .status = 200 } };
	struct transaction transaction = { .exchange = &exchange,
		.request = &exchange.request,
		.id = "id",
		.reason = REASON_TOKEN_EXPIRED,
		.status = 401,
		.detail = "it expired\n",
		.fields = { .privilege = "p", .pattern = "/x/*", .subject = SPAN("jane") } };
	enum torture_result result = TORTURE_CLEAN;
	struct err err = { "" };
	json_t *root = NULL;
	int saved;

	(void)context;
	log_setup(LOG_JSON, LOG_INFO);
	setting_request(&exchange.request, "GET", "/x/1?secret", NULL);
	saved = client_log_begin();
	access_log(&transaction, 12);
	client_log_end(saved, line, sizeof(line));
	/* What finds no memory is left out, or the line says that there would have been one. */
	if (strchr(line, '\n') != line + strlen(line) - 1 || strstr(line, "secret") != NULL ||
	    !json_read(span_of(line), 8192, &root, &err))
		return err.text[0] != '\0' && strstr(err.text, "memory") != NULL ? TORTURE_CLEAN
										 : TORTURE_WRONG;
	if (json_string_length(json_object_get(root, "detail")) == 11 &&
	    json_integer_value(json_object_get(root, "duration_us")) == 12)
		result = TORTURE_RIGHT;
	json_decref(root);
	return result;
}

static void
a_log_line_stays_one_without_memory(void **state)
{
	(void)state;
	torture_run("a log line", log_one, NULL);
}

/* --- a snapshot --- */

/* --- the pages of the administrator --- */

/* A document is whole, or it is not sent; a list that there is no memory for is empty. */
static enum torture_result
readyz(void *context)
{
	struct mistake mistake = { .text = "postern.yaml:1:1: /x: unknown key" };
	struct config config = { .mistakes.first = &mistake };
	struct err err = { "postern.yaml: 1 mistake" }, ignored;
	enum torture_result result = TORTURE_WRONG;
	struct admin *admin = context;
	struct exchange exchange;
	json_t *root = NULL;
	const char *body;

	reload_end(admin->reload, &config, &err);
	client_init(&exchange, "GET", "/readyz", NULL);
	exchange.request.headers[0].value = SPAN("localhost");
	admin_serve(admin, &exchange);
	torture.left = -1; /* what follows is the test's own */
	buffer_add_byte(&exchange.written, '\0');
	body = exchange.written.failed ? NULL : strstr(exchange.written.at, "\r\n\r\n");
	if (body == NULL || client_has(&exchange.written, "HTTP/1.1 503 "))
		result = TORTURE_CLEAN;
	else if (json_read(span_of(body + 4), 1 << 16, &root, &ignored))
		result = json_array_size(json_at(root, SPAN("/configuration/mistakes"))) == 1
			     ? TORTURE_RIGHT
			     : TORTURE_CLEAN;
	if (result == TORTURE_WRONG)
		print_error("%s\n", body);
	json_decref(root);
	client_done(&exchange);
	return result;
}

static void
a_page_is_whole_or_not_sent_without_memory(void **state)
{
	struct config config = { .local.accept = LOCAL_ALWAYS };
	struct services services = { .config = &config };
	struct admin admin = { .gate = &gate, .reload = reload_new() };

	(void)state;
	assert_non_null(admin.reload);
	setting.snapshot.services = &services;
	torture_run("readyz", readyz, &admin);
	setting.snapshot.services = NULL;
	reload_free(admin.reload);
}

static enum torture_result
snapshot(void *context)
{
	struct config config = { .local.accept = LOCAL_ALWAYS };
	struct services services = { .config = &config, .references = 1 };
	struct snapshot *made = snapshot_new(&services);

	(void)context;
	if (made == NULL)
		return atomic_load(&services.references) == 1 ? TORTURE_CLEAN : TORTURE_WRONG;
	if (made->config != &config || atomic_load(&services.references) != 2)
		return TORTURE_WRONG;
	snapshot_free(made);
	return atomic_load(&services.references) == 1 ? TORTURE_RIGHT : TORTURE_WRONG;
}

static void
a_snapshot_is_whole_or_not_there_without_memory(void **state)
{
	(void)state;
	torture_run("a snapshot", snapshot, NULL);
}

/* --- how many allocations a request may need --- */

/* A request with a token that was seen before, from its head to its log line, but for what forwards
 * it: its arena's blocks, OpenSSL's for the digest of the token and, of one in 32, for the request
 * ids, and the line's buffer. Lower it when you can; raise it for no reason but a new need. */
#define SEEN_ALLOCATIONS_MAX 5

static void
a_seen_token_needs_no_more_allocations_than_today(void **state)
{
	struct exchange exchange;
	long most = 0;

	(void)state;
	log_setup(LOG_JSON, LOG_INFO);
	for (int i = 0; i < 40; i++) {
		long used;
		int saved;

		client_init(&exchange, "GET", "/orders/7", bearer);
		buffer_reserve(&exchange.forwarded, 4096); /* which is not the gate's */
		torture = (struct torture){ .left = LONG_MAX };
		saved = client_log_begin();
		gate_serve(&gate, &exchange);
		client_log_end(saved, line, sizeof(line));
		used = LONG_MAX - torture.left;
		torture = (struct torture){ .left = -1 };
		assert_true(client_has(&exchange.forwarded, "X-User: jane"));
		if (i > 0 && used > most)
			most = used;
		client_done(&exchange);
	}
	assert_true(cache_hits(gate.cache) >= 39);
	if (most > SEEN_ALLOCATIONS_MAX)
		fail_msg("%ld allocations; at most %d", most, SEEN_ALLOCATIONS_MAX);
}

static int
setup(void **state)
{
	struct judge_inputs inputs;
	struct login_outcome outcome;
	struct login_attempt attempt = { .name = SPAN("ann"),
		.password = SPAN(PASSWORD),
		.peer = SPAN("192.0.2.7"),
		.hash = HASH,
		.mono_s = MONO_S };

	(void)state;
	log_setup(LOG_JSON, LOG_ERROR);
	setting_init(&setting);
	client_gate_init(&gate, &setting);
	inputs = setting_inputs(&setting);
	bearer = setting_bearer(IDP, 0, client_claims(",\"groups\":[\"readers\"]"));
	return login_digest(inputs.snapshot->login, &attempt) &&
		       login_check(inputs.snapshot->login, &attempt, &outcome) == LOGIN_RIGHT
		   ? 0
		   : -1;
}

static int
teardown(void **state)
{
	(void)state;
	free(bearer);
	gate_done(&gate);
	setting_done(&setting);
	return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_step_of_the_judging_is_right_or_overloaded_without_memory),
		TEST(a_user_is_known_whole_or_not_without_memory),
		TEST(a_request_is_forwarded_whole_or_not_without_memory),
		TEST(a_refusal_stays_one_without_memory),
		TEST(a_log_line_stays_one_without_memory),
		TEST(a_page_is_whole_or_not_sent_without_memory),
		TEST(a_snapshot_is_whole_or_not_there_without_memory),
		TEST(a_seen_token_needs_no_more_allocations_than_today),
	};

	torture_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
