/* SPDX-License-Identifier: Apache-2.0 */
/* For how long a stream may go on: until its token ends, and for as long as it would be let in. */
#include "client.h"

#include "proxy/gate/lease.h"
#include "proxy/gate/transaction.h"

#define ANN "Basic YW5uOnBsZWFzZWxldG1laW4=" /* ann:pleaseletmein */

static struct setting setting;
static struct gate gate;
static struct exchange exchange;
static struct arena arena;
static struct transaction transaction;

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
	transaction_end(&transaction);
	client_done(&exchange);
	gate_done(&gate);
	arena_done(&arena);
	setting_done(&setting);
	return 0;
}

/* Of the client; NULL: none. */
static const struct request_certificate *shown;

/* It was let in, and goes on. */
static void
let_in(const char *target, const char *authorization)
{
	struct decision decision;

	client_init(&exchange, "GET", target, authorization);
	exchange.request.certificate = shown;
	assert_true(transaction_start(&transaction, &exchange, &arena));
	assert_int_equal(judge_admit(&exchange.request, NULL, &arena, &decision), REASON_OK);
	transaction.snapshot = snapshot_take(gate.hold);
	gate_decide(&gate, &transaction, &decision);
	assert_int_equal(transaction.reason, REASON_OK);
	assert_int_equal(transaction_prepare(&transaction, &decision), REASON_OK);
	lease_begin(&gate, &transaction, &decision);
	judge_forget(&decision);
}

static void
expect_end(const char *reason)
{
	const char *why = lease_outlived(&transaction);

	assert_non_null(why);
	assert_non_null(strstr(why, reason));
}

/* Something changed: there is another snapshot. */
static void
change(void)
{
	setting.snapshot.serial++;
}

static void
without_the_key_it_goes_on_for_as_long_as_it_likes(void **state)
{
	(void)state;
	let_in("/open", NULL);
	assert_null(transaction.lease.gate);
	assert_null(transaction.forward.outlived);
}

static void
it_ends_with_its_token(void **state)
{
	char *bearer = setting_bearer(IDP, 0, client_claims(""));

	(void)state;
	let_in("/live/x", bearer);
	assert_ptr_equal(transaction.forward.outlived, lease_outlived);
	assert_ptr_equal(transaction.forward.context, &transaction);
	assert_true(transaction.lease.until_s > (int64_t)clock_now_s() + 500);
	assert_true(transaction.lease.until_s < (int64_t)clock_now_s() + 700);
	assert_null(lease_outlived(&transaction));
	transaction.lease.until_s = (int64_t)clock_now_s();
	expect_end("token_expired");
	free(bearer);
}

static void
a_change_that_does_not_concern_it_is_none(void **state)
{
	char *bearer = setting_bearer(IDP, 0, client_claims(""));

	(void)state;
	let_in("/live/x", bearer);
	change();
	assert_null(lease_outlived(&transaction));
	assert_int_equal(transaction.lease.serial, setting.snapshot.serial);
	free(bearer);
}

/* It is judged again by the host that it was for, and by no other. */
static void
it_stays_on_its_host(void **state)
{
	char *bearer = setting_bearer(IDP, 0, client_claims(""));

	(void)state;
	let_in("/live/x", bearer);
	assert_string_equal(transaction.fields.host, "gate.test");
	change();
	assert_null(lease_outlived(&transaction));
	transaction.request->host = SPAN("a..b");
	change();
	expect_end("request_malformed");
	free(bearer);
}

static void
a_revocation_ends_it(void **state)
{
	char *bearer = setting_bearer(IDP, 0, client_claims(",\"jti\":\"one\""));
	struct revocation revocation = { .kind = REVOKE_TOKEN,
		.issuer = IDP,
		.value = "one",
		.by = "test",
		.until_s = (int64_t)clock_now_s() + 9000 };
	struct err err;

	(void)state;
	let_in("/live/x", bearer);
	assert_true(revoked_add(&setting.revoked, &revocation, (int64_t)clock_now_s(), &err));
	setting.snapshot.local.revoked = setting.revoked;
	change();
	expect_end("token_revoked");
	free(bearer);
}

/* Nobody knows whether the token still counts; its end is known. */
static void
what_cannot_be_decided_ends_nothing(void **state)
{
	char *bearer = setting_bearer(IDP, 0, client_claims(""));
	uint64_t serial = setting.snapshot.serial;

	(void)state;
	let_in("/live/x", bearer);
	keyset_seen(setting.keys[0], 0);
	change();
	assert_null(lease_outlived(&transaction));
	assert_int_equal(transaction.lease.serial, serial);
	transaction.lease.until_s = 0;
	expect_end("token_expired");
	free(bearer);
}

/* The gate need not ask for a password that is remembered. */
static void
remember_ann(void)
{
	struct judge_inputs inputs = setting_inputs(&setting);
	struct request request;
	struct decision decision;

	inputs.now_s = clock_now_s();
	inputs.mono_s = clock_mono_s();
	setting_request(&request, "GET", "/any", ANN);
	assert_int_equal(setting_judge(&inputs, &request, &arena, &decision), REASON_OK);
	judge_forget(&decision);
}

static void
a_user_counts_by_the_same_password(void **state)
{
	struct user *ann = (struct user *)directory_user(setting.directory, SPAN("ann"));

	(void)state;
	remember_ann();
	let_in("/live/x", ANN);
	change();
	assert_null(lease_outlived(&transaction));
	assert_true(transaction.lease.until_s == INT64_MAX);
	ann->disabled = true;
	change();
	expect_end("basic_wrong");
	ann->disabled = false;
	assert_null(lease_outlived(&transaction));
	ann->hash = "$scrypt$another";
	change();
	expect_end("basic_wrong");
}

/* Nothing else has changed; whoever does not need it goes on. */
static void
it_ends_with_the_certificate_that_it_needs(void **state)
{
	struct request_certificate certificate = { .subject = SPAN(PARTNER),
		.until_s = (int64_t)clock_now_s() + 600 };
	char *bearer = setting_bearer(IDP, 0, client_claims(""));

	(void)state;
	shown = &certificate;
	let_in("/live/x", NULL);
	assert_null(lease_outlived(&transaction));
	certificate.until_s = (int64_t)clock_now_s() - 1;
	expect_end("credentials_missing");
	transaction_end(&transaction);
	client_done(&exchange);

	certificate.until_s = (int64_t)clock_now_s() + 600;
	let_in("/live/x", bearer);
	certificate.until_s = (int64_t)clock_now_s() - 1;
	assert_null(lease_outlived(&transaction));
	assert_null(transaction.lease.certificate);
	shown = NULL;
	free(bearer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    without_the_key_it_goes_on_for_as_long_as_it_likes, setup, teardown),
		cmocka_unit_test_setup_teardown(it_ends_with_its_token, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_change_that_does_not_concern_it_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(it_stays_on_its_host, setup, teardown),
		cmocka_unit_test_setup_teardown(a_revocation_ends_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_cannot_be_decided_ends_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_user_counts_by_the_same_password, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    it_ends_with_the_certificate_that_it_needs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
