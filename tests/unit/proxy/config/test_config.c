/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong in each section, and what is right. */
#include "issuer/scratch.h"

#include "base/file.h"
#include "proxy/config/config.h"
#include "token/issuer_match.h"

#define PLAIN                                                                                      \
	"upstream: http://127.0.0.1:9000\n"                                                        \
	"policy: policy.yaml\n"                                                                    \
	"state: state\n"
#define IDP "issuers: {idp: {issuer: 'https://idp.example', audience: a}}\n"
#define LOCAL "local_issuer: {issuer: 'http://127.0.0.1:8080', audience: b}\n"

static struct scratch scratch;
static struct config *config;
static struct err err;

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	config = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_free(config);
	scratch_done(&scratch);
	return 0;
}

static void
put(const char *name, const char *text, char path[SCRATCH_ROOM * 2])
{
	scratch_path(&scratch, name, path);
	if (!file_write(path, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static bool
read_policy(const char *yaml, const char *policy)
{
	char path[SCRATCH_ROOM * 2];

	config_free(config);
	config = NULL;
	put("policy.yaml", policy, path);
	put("postern.yaml", yaml, path);
	return config_read(path, CONFIG_TEXT, &config, &err);
}

static bool
read_yaml(const char *yaml)
{
	return read_policy(yaml, "privileges: {any: {paths: ['/*']}}\n");
}

static bool
said(const char *text)
{
	for (const struct mistake *mistake = config->mistakes.first; mistake != NULL;
	    mistake = mistake->next)
		if (strstr(mistake->text, text) != NULL)
			return true;
	return false;
}

static void
print_mistakes(void)
{
	for (const struct mistake *mistake = config->mistakes.first; mistake != NULL;
	    mistake = mistake->next)
		print_error("%s\n", mistake->text);
}

/* One mistake each, at that pointer. */
static const struct {
	const char *yaml, *pointer, *rule;
} wrong[] = {
	{ PLAIN IDP "listn: {}\n", "/listn", "unknown key" },
	{ PLAIN IDP "listen: []\n", "/listen", "" },
	{ PLAIN IDP "listen: {address: []}\n", "/listen/address", "must be 1..8 addresses" },
	{ PLAIN IDP "listen: {address: nowhere}\n", "/listen/address", "nowhere" },
	{ PLAIN IDP "listen: {address: ['127.0.0.1:1', '127.0.0.1:1']}\n", "/listen/address",
	    "is already used by" },
	{ PLAIN IDP "listen: {address: '127.0.0.1:7'}\nadmin: {address: '127.0.0.1:7'}\n",
	    "/admin/address", "is already used by" },
	{ PLAIN IDP "metrics: {}\n", "/metrics", "\"address\" is missing" },
	{ PLAIN IDP "metrics: {address: '127.0.0.1:9901'}\n", "/metrics/address",
	    "is already used by \"127.0.0.1:9901\" of \"admin\"" },
	{ PLAIN IDP "metrics: {address: '0.0.0.0:8080'}\n", "/metrics/address",
	    "is already used by \"0.0.0.0:8080\" of \"listen\"" },
	{ PLAIN IDP "listen: {trusted_proxies: 10.0.0.0/8}\n", "/listen/trusted_proxies",
	    "needs \"trusted_headers\"" },
	{ PLAIN IDP "listen: {trusted_headers: Forwarded}\n", "/listen/trusted_headers",
	    "needs \"trusted_proxies\"" },
	{ PLAIN IDP "listen: {proxy_protocol: true}\n", "/listen/proxy_protocol",
	    "needs \"trusted_proxies\"" },
	{ PLAIN IDP "listen: {trusted_proxies: unix, proxy_protocol: true, engine: civetweb}\n",
	    "/listen/proxy_protocol", "\"engine\": events has" },
	{ PLAIN IDP "listen: {trusted_proxies: unix, trusted_headers: []}\n",
	    "/listen/trusted_headers", "must not be empty" },
	{ PLAIN IDP "listen: {trusted_proxies: [], trusted_headers: forwarded}\n",
	    "/listen/trusted_proxies", "must not be empty" },
	{ PLAIN IDP "listen: {trusted_proxies: [unix, lb.example], trusted_headers: Forwarded}\n",
	    "/listen/trusted_proxies/1", "must be an address or a network" },
	{ PLAIN IDP "listen: {trusted_proxies: unix, trusted_headers: [Forwarded, X-Real-IP]}\n",
	    "/listen/trusted_headers/1", "must be X-Forwarded-For, X-Forwarded-Proto," },
	{ PLAIN IDP
	    "listen: {trusted_proxies: unix, trusted_headers: [Forwarded, x-forwarded-host]}\n",
	    "/listen/trusted_headers", "must be X-Forwarded-* or Forwarded" },
	{ PLAIN IDP "forward_auth: {}\n", "/forward_auth", "\"trusted_proxies\" is missing" },
	{ PLAIN IDP "forward_auth: {address: '127.0.0.1:9901', trusted_proxies: unix}\n",
	    "/forward_auth/address", "is already used by \"127.0.0.1:9901\" of \"admin\"" },
	{ PLAIN IDP
	    "forward_auth: {address: '127.0.0.1:1', trusted_proxies: ['::1', 10.0.0.1/8]}\n",
	    "/forward_auth/trusted_proxies/1", "beyond its prefix" },
	{ PLAIN IDP "forward_auth: {address: '127.0.0.1:1', trusted_proxies: []}\n",
	    "/forward_auth/trusted_proxies", "must not be empty" },
	{ PLAIN IDP "forward_auth: {address: '127.0.0.1:1', trusted_proxies: unix, form: any}\n",
	    "/forward_auth/form", "must be one of original, forwarded, path" },
	{ PLAIN IDP "limits: {header_bytes: 1023}\n", "/limits/header_bytes", "1k" },
	{ PLAIN IDP "limits: {header_bytes: 65k}\n", "/limits/header_bytes", "64k" },
	{ PLAIN IDP "limits: {token_cache: 63k}\n", "/limits/token_cache", "64k" },
	{ PLAIN IDP "limits: {token_cache: 5g}\n", "/limits/token_cache", "" },
	{ PLAIN IDP "limits: {connections: 0}\n", "/limits/connections", "must be" },
	{ PLAIN IDP "limits: {body_timeout: 99ms}\n", "/limits/body_timeout", "100ms" },
	{ PLAIN IDP "limits: {body_bytes: -1}\n", "/limits/body_bytes", "must be" },
	{ PLAIN IDP "limits: {body_byte: 1}\n", "/limits/body_byte", "body_bytes" },
	{ PLAIN IDP "log: {format: xml}\n", "/log/format", "must be one of json, text" },
	{ PLAIN IDP "log: {level: chatty}\n", "/log/level", "must be one of error, warn" },
	{ PLAIN IDP "answers: {detail: all}\n", "/answers/detail", "must be one of none, public" },
	{ PLAIN IDP "resource: {url: ftp://x}\n", "/resource/url", "" },
	{ PLAIN IDP "resource: {authorization_servers: [other]}\n",
	    "/resource/authorization_servers", "other" },
	{ PLAIN IDP "resource: {authorization_servers: [local]}\n",
	    "/resource/authorization_servers", "there is no \"local_issuer\"" },
	{ PLAIN IDP "upstream: http://x:1\n", "", "upstream" },
	{ PLAIN "issuers: {idp: {audience: a}}\n", "/issuers/idp", "issuer" },
	{ PLAIN "issuers: {idp: {issuer: 'https://idp.example'}}\n", "/issuers/idp", "audience" },
	{ PLAIN "issuers: {local: {issuer: 'https://idp.example', audience: a}}\n",
	    "/issuers/local", "is the name of the local issuer" },
	{ PLAIN "issuers: {a: {issuer: 'https://i.example', audience: a}, "
		"b: {issuer: 'https://i.example', audience: b}}\n",
	    "/issuers/b", "another issuer has the same" },
	{ PLAIN "issuers: {idp: {issuer: 'http://idp.example', audience: a}}\n", "/issuers/idp",
	    "https" },
	{ PLAIN IDP "local_issuer: {audience: b}\n", "/local_issuer", "issuer" },
	{ PLAIN IDP "local_issuer: {issuer: 'http://127.0.0.1:8080'}\n", "/local_issuer",
	    "audience" },
	{ PLAIN IDP "local_issuer: {issuer: 'https://idp.example', audience: b}\n", "/local_issuer",
	    "issuer" },
	{ PLAIN IDP "local_issuer: {issuer: 'http://127.0.0.1:1', audience: b, accept: no}\n",
	    "/local_issuer/accept", "" },
	{ PLAIN IDP "forward: {headers: {Host: /a}}\n", "/forward/headers/Host",
	    "must be a header name" },
	{ "policy: policy.yaml\n" IDP, "", "upstream" },
};

static void
each_mistake_is_said_where_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (read_yaml(wrong[i].yaml))
			fail_msg("is fine:\n%s", wrong[i].yaml);
		if (!said(wrong[i].pointer) || !said(wrong[i].rule)) {
			print_mistakes();
			fail_msg(
			    "lacks %s %s:\n%s", wrong[i].pointer, wrong[i].rule, wrong[i].yaml);
		}
	}
}

static void
trusting_everybody_is_warned_of(void **state)
{
	(void)state;
	assert_true(read_yaml(PLAIN IDP
	    "listen: {trusted_proxies: [10.0.0.0/8, '::/0'], trusted_headers: forwarded}\n"));
	assert_true(said("/listen/trusted_proxies/1: ") && said("is everybody"));
	assert_false(said("/listen/trusted_proxies/0"));
}

static void
all_mistakes_are_said_at_once(void **state)
{
	(void)state;
	assert_false(read_policy(PLAIN IDP "log: {level: loud}\nlimits: {connections: 0}\n",
	    "privileges: {p: {pats: [/x]}}\n"));
	assert_true(said("/log/level") && said("/limits/connections") && said("policy.yaml"));
	assert_true(config->mistakes.errors >= 3);
	assert_non_null(strstr(err.text, "mistakes"));
}

static void
what_is_not_said_has_its_default(void **state)
{
	(void)state;
	if (!read_yaml(PLAIN IDP))
		print_mistakes();
	assert_int_equal(config->mistakes.errors, 0);
	assert_int_equal(config->listen.count, 1);
	assert_string_equal(config->listen.at[0], "0.0.0.0:8080");
	assert_string_equal(config->admin, "127.0.0.1:9901");
	assert_int_equal(config->limits.header_bytes, 16384);
	assert_int_equal(config->limits.body_bytes, 0);
	assert_int_equal(config->limits.connections, 1024);
	assert_int_equal(config->limits.token_cache_bytes, 32 << 20);
	assert_int_equal(config->limits.upstream_timeout_ms, 60000);
	assert_int_equal(config->log_format, LOG_JSON);
	assert_int_equal(config->log_level, LOG_INFO);
	assert_true(config->answer_detail);
	assert_int_equal(config->header_count, 5);
	assert_false(config->has_local);
	assert_null(config->resource.url);
	assert_true(config->state[0] == '/');
}

static void
what_is_said_counts(void **state)
{
	(void)state;
	if (!read_yaml(PLAIN IDP LOCAL
		"listen: {address: ['127.0.0.1:1', '127.0.0.1:2']}\n"
		"limits: {header_bytes: 32k, body_bytes: 1m, body_timeout: 1m}\n"
		"log: {format: text, level: warn}\nanswers: {detail: none}\n"
		"resource: {url: 'https://api.example/v1', authorization_servers: [local, idp]}\n"))
		print_mistakes();
	assert_int_equal(config->mistakes.errors, 0);
	assert_int_equal(config->listen.count, 2);
	assert_int_equal(config->limits.header_bytes, 32768);
	assert_int_equal(config->limits.body_bytes, 1 << 20);
	assert_int_equal(config->limits.body_timeout_ms, 60000);
	assert_int_equal(config->log_format, LOG_TEXT);
	assert_int_equal(config->log_level, LOG_WARN);
	assert_false(config->answer_detail);
	assert_string_equal(config->resource.path, "/.well-known/oauth-protected-resource/v1");
	assert_string_equal(config->resource.metadata,
	    "https://api.example/.well-known/oauth-protected-resource/v1");
	assert_true(config->has_local);
	assert_int_equal(config->trusted_issuer_count, 2);
	assert_int_equal(config->local_index, 1);
}

static size_t
found(struct span issuer)
{
	return issuer_match_find(config->trusted_issuers, config->trusted_issuer_count, issuer);
}

static void
a_tokens_issuer_is_found_by_what_it_says(void **state)
{
	(void)state;
	assert_true(read_yaml(PLAIN "issuers:\n"
				    "  a: {issuer: 'https://a.example', audience: x, "
				    "issuer_aliases: ['https://old.example']}\n"
				    "  b: {issuer: 'https://b.example/', audience: x}\n" LOCAL));
	assert_int_equal(found(SPAN("https://a.example")), 0);
	assert_int_equal(found(SPAN("https://old.example")), 0);
	assert_int_equal(found(SPAN("https://b.example/")), 1);
	assert_int_equal(found(SPAN("https://b.example")), 3);
	assert_int_equal(found(SPAN("http://127.0.0.1:8080")), 2);
	assert_int_equal(found(SPAN("")), 3);
	assert_int_equal(issuer_match_exact(config->trusted_issuers, config->trusted_issuer_count,
			     SPAN("https://old.example")),
	    3);
}

static void
a_file_that_is_none_is_an_error(void **state)
{
	char path[SCRATCH_ROOM * 2];

	(void)state;
	scratch_path(&scratch, "absent.yaml", path);
	assert_false(config_read(path, CONFIG_TEXT, &config, &err));
	assert_non_null(strstr(err.text, "absent.yaml"));
	assert_false(read_yaml("listen: {\n"));
	assert_null(config->root);
	assert_false(read_yaml("- a\n- b\n"));
}

static void
every_section_has_its_rows(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct schema_section *section = config_sections(); section->pointer != NULL;
	    section++, count++)
		assert_non_null(section->fields);
	assert_true(count > 11);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_mistake_is_said_where_it_is),
		TEST(trusting_everybody_is_warned_of),
		TEST(all_mistakes_are_said_at_once),
		TEST(what_is_not_said_has_its_default),
		TEST(what_is_said_counts),
		TEST(a_tokens_issuer_is_found_by_what_it_says),
		TEST(a_file_that_is_none_is_an_error),
		TEST(every_section_has_its_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
