/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include "proxy/gate/rate_judge.h"

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

/* Ask; `client` NULL: without credentials. The exchange is to be done with client_done(). */
static void
ask(struct exchange *exchange, const char *target, const char *client, const char *subject)
{
	char claims[256], *bearer = NULL;
	long now = (long)clock_now_s();
	int saved;

	(void)snprintf(claims, sizeof(claims),
	    "\"aud\":\"api\",\"iat\":%ld,\"exp\":%ld,\"azp\":\"%s\",\"sub\":\"%s\"", now - 10,
	    now + 600, client, subject);
	if (client != NULL)
		bearer = setting_bearer(IDP, 0, claims);
	client_init(exchange, "GET", target, bearer);
	saved = client_log_begin();
	gate_serve(&gate, exchange);
	client_log_end(saved, line, sizeof(line));
	free(bearer);
}

static bool
passes(const char *target, const char *client, const char *subject)
{
	struct exchange exchange;
	bool forwarded;

	ask(&exchange, target, client, subject);
	forwarded = exchange.forwarded.len > 0;
	client_done(&exchange);
	return forwarded;
}

static void
expect(const struct buffer *buffer, const char *text)
{
	if (!client_has(buffer, text))
		fail_msg("lacks %s in\n%.*s", text, (int)buffer->len, buffer->at);
}

static void
beyond_the_rate_it_is_refused(void **state)
{
	struct exchange exchange;

	(void)state;
	assert_true(passes("/rated/x", "shop", "jane"));
	assert_true(passes("/rated/x", "shop", "jane"));
	ask(&exchange, "/rated/x", "shop", "jane");
	assert_int_equal(exchange.forwarded.len, 0);
	expect(&exchange.written, "HTTP/1.1 429 Too Many Requests\r\n");
	expect(&exchange.written, "\r\nRateLimit-Limit: 2\r\nRateLimit-Remaining: 0\r\n");
	expect(&exchange.written, "\r\nRateLimit-Reset: 86400\r\n");
	expect(&exchange.written, "\r\nRetry-After: 43200\r\n");
	expect(&exchange.written,
	    "\"reason\":\"rate_limited\",\"detail\":\"privilege rated allows 2/d "
	    "for each client; the next may come in 43200 s\"");
	assert_false(client_has(&exchange.written, "WWW-Authenticate"));
	assert_true(exchange.keeps);
	assert_non_null(
	    strstr(line, "\"verdict\":\"refuse\",\"reason\":\"rate_limited\",\"status\":429"));
	client_done(&exchange);
	for (size_t i = 0; i < setting.services.limits->count; i++)
		assert_int_equal(setting.services.limits->at[i]->refused,
		    strcmp(setting.services.limits->at[i]->rate.name, "rated") == 0 &&
			!setting.services.limits->at[i]->rate.of_module);
}

/* The module allows jane three, by whatever client; what it refuses costs the client nothing. */
static void
both_or_neither_count(void **state)
{
	(void)state;
	assert_true(passes("/rated/x", "shop", "jane"));
	assert_true(passes("/rated/x", "shop", "jane"));
	assert_false(passes("/rated/x", "shop", "jane"));
	assert_false(passes("/rated/x", "shop", "jane"));
	assert_true(passes("/rated/x", "web", "jane"));
	assert_false(passes("/rated/x", "web", "jane"));
	assert_non_null(strstr(line, "module rated allows 3/d for each subject"));
	assert_true(passes("/rated/x", "web", "joe"));
	assert_false(passes("/rated/x", "web", "joe"));
	assert_non_null(strstr(line, "privilege rated allows 2/d for each client"));
	assert_true(passes("/rated/x", "new", "joe"));
}

/* A token that is refused for another reason neither counts nor learns of the rate. */
static void
only_who_may_is_counted(void **state)
{
	struct exchange exchange;

	(void)state;
	for (int i = 0; i < 5; i++) {
		ask(&exchange, "/rated/x", NULL, NULL);
		expect(&exchange.written, "\"reason\":\"credentials_missing\"");
		client_done(&exchange);
	}
	assert_true(passes("/rated/x", "shop", "jane"));
	assert_true(passes("/rated/x", "shop", "jane"));
	assert_false(passes("/rated/x", "shop", "jane"));
	ask(&exchange, "/rated/x", NULL, NULL);
	expect(&exchange.written, "\"reason\":\"credentials_missing\"");
	client_done(&exchange);
}

static void
shadow_lets_pass(void **state)
{
	(void)state;
	assert_true(passes("/rated/watched", "shop", "jane"));
	assert_null(strstr(line, "shadow_reason"));
	assert_true(passes("/rated/watched", "shop", "jane"));
	assert_non_null(strstr(line, "\"reason\":\"ok\",\"shadow_reason\":\"rate_limited\""));
	assert_non_null(strstr(line, "privilege watched allows 1/d for each client"));
	assert_true(passes("/rated/watched", "shop", "jane"));
	/* the module has no shadow */
	assert_false(passes("/rated/watched", "shop", "jane"));
	assert_non_null(strstr(line, "module rated allows 3/d"));
}

/* Whoever has no credentials is counted by the module, by peer. */
static void
shadow_of_another_reason_is_not_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(passes("/rated/watched", NULL, NULL));
		assert_non_null(strstr(line, "\"shadow_reason\":\"credentials_missing\""));
	}
	assert_false(passes("/rated/watched", NULL, NULL));
	assert_non_null(strstr(line, "module rated allows 3/d for each peer"));
	assert_true(passes("/rated/watched", "shop", "jane"));
	assert_null(strstr(line, "shadow_reason"));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(beyond_the_rate_it_is_refused),
		TEST(both_or_neither_count),
		TEST(only_who_may_is_counted),
		TEST(shadow_lets_pass),
		TEST(shadow_of_another_reason_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
