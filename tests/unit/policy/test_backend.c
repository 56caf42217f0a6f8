/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/backend.h"

struct read {
	struct arena arena;
	struct mistakes mistakes;
	const struct backend *backend;
};

static void
read_yaml(struct read *read, const char *yaml)
{
	struct node *root = NULL;

	*read = (struct read){ 0 };
	arena_init(&read->arena, 1u << 20);
	read->mistakes.arena = &read->arena;
	assert_true(document_parse(span_of(yaml), "t.yaml", &read->mistakes, &root));
	read->backend = backend_read(document_get(root, "upstream"), &read->mistakes);
}

static void
a_url_is_an_address_and_a_path(void **state)
{
	static const struct {
		const char *yaml, *origin, *path, *host;
	} cases[] = {
		{ "upstream: http://a", "http://a", "", NULL },
		{ "upstream: http://a/", "http://a", "", NULL },
		{ "upstream: https://a:1/b/c/", "https://a:1", "/b/c", NULL },
		{ "upstream: unix:/run/a", "unix:/run/a", "", NULL },
		{ "upstream: {url: http://a/b, host: upstream}", "http://a", "/b", "a" },
		{ "upstream: {url: http://a:8/b, host: upstream}", "http://a:8", "/b", "a:8" },
		{ "upstream: {url: unix:/run/a, host: upstream}", "unix:/run/a", "", "localhost" },
		{ "upstream: {url: http://a, host: keep}", "http://a", "", NULL },
		{ "upstream: {url: http://a, host: \"[::1]:80\"}", "http://a", "", "[::1]:80" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read read;

		read_yaml(&read, cases[i].yaml);
		assert_int_equal(read.mistakes.errors, 0);
		assert_non_null(read.backend);
		assert_string_equal(read.backend->origins[0], cases[i].origin);
		assert_true(span_is(read.backend->path, cases[i].path));
		if (cases[i].host == NULL)
			assert_null(read.backend->host.at);
		else
			assert_true(span_is(read.backend->host, cases[i].host));
		arena_done(&read.arena);
	}
}

static void
several_urls_are_addresses_of_one(void **state)
{
	struct read read;

	(void)state;
	read_yaml(&read, "upstream: {url: [http://a:1/v2, http://b/v2/, http://c/v2]}");
	assert_int_equal(read.mistakes.errors, 0);
	assert_int_equal(read.backend->origin_count, 3);
	assert_string_equal(read.backend->origins[0], "http://a:1");
	assert_string_equal(read.backend->origins[1], "http://b");
	assert_string_equal(read.backend->origins[2], "http://c");
	assert_true(span_is(read.backend->path, "/v2"));
	assert_string_equal(read.backend->url, "http://a:1/v2, http://b/v2/, http://c/v2");
	arena_done(&read.arena);
	read_yaml(&read, "upstream: {url: [unix:/run/a, unix:/run/b], host: upstream}");
	assert_int_equal(read.mistakes.errors, 0);
	assert_int_equal(read.backend->origin_count, 2);
	assert_string_equal(read.backend->origins[1], "unix:/run/b");
	arena_done(&read.arena);
}

static void
a_health_check_and_a_budget_are_read(void **state)
{
	static const struct {
		const char *yaml;
		int share;
	} cases[] = { { "0", 0 }, { "1", 1000 }, { "0.1", 100 }, { "0.25", 250 }, { "0.001", 1 },
		{ "1.0", 1000 }, { "1.000", 1000 } };
	struct read read;

	(void)state;
	read_yaml(&read, "upstream: {url: http://a, health_check: {path: \"/h?x=1\", every: 2s}}");
	assert_int_equal(read.mistakes.errors, 0);
	assert_string_equal(read.backend->check_path, "/h?x=1");
	assert_int_equal(read.backend->check_every_ms, 2000);
	assert_int_equal(read.backend->retry_share, -1);
	arena_done(&read.arena);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char yaml[64];

		(void)snprintf(yaml, sizeof(yaml), "upstream: {url: http://a, retry_budget: %s}",
		    cases[i].yaml);
		read_yaml(&read, yaml);
		assert_int_equal(read.mistakes.errors, 0);
		assert_int_equal(read.backend->retry_share, cases[i].share);
		assert_null(read.backend->check_path);
		arena_done(&read.arena);
	}
	read_yaml(&read, "upstream: http://a");
	assert_int_equal(read.backend->retry_share, -1);
	arena_done(&read.arena);
}

static void
none_is_none(void **state)
{
	struct read read;

	(void)state;
	read_yaml(&read, "other: 1");
	assert_null(read.backend);
	assert_int_equal(read.mistakes.errors, 0);
	arena_done(&read.arena);
}

static void
mistakes_leave_none(void **state)
{
	static const char *const cases[] = { "upstream: a", "upstream: []", "upstream: {}",
		"upstream: http://a/../b", "upstream: http://a/b//", "upstream: http://a/%62",
		"upstream: {url: http://a, host: \"\"}", "upstream: {url: http://a, host: a@b}",
		"upstream: {url: http://a, retry_budget: 1.1}",
		"upstream: {url: http://a, retry_budget: 2}",
		"upstream: {url: http://a, retry_budget: -0.1}",
		"upstream: {url: http://a, retry_budget: 0.}",
		"upstream: {url: http://a, retry_budget: .1}",
		"upstream: {url: http://a, retry_budget: 0.0001}",
		"upstream: {url: http://a, retry_budget: 10%}",
		"upstream: {url: http://a, retry_budget: 0.1e1}",
		"upstream: {url: http://a, retry_budget: [0.1]}",
		"upstream: {url: http://a, health_check: {}}",
		"upstream: {url: http://a, health_check: /h}",
		"upstream: {url: http://a, health_check: {path: h}}",
		"upstream: {url: http://a, health_check: {path: \"/h#a\"}}",
		"upstream: {url: http://a, health_check: {path: \"/h\\r\\nA: b\"}}",
		"upstream: {url: http://a, health_check: {path: /h, every: 10ms}}",
		"upstream: {url: http://a, tls: {}}", "upstream: {url: []}",
		"upstream: {url: [http://a, https://b]}", "upstream: {url: [http://a, unix:/b]}",
		"upstream: {url: [http://a/v1, http://b/v2]}",
		"upstream: {url: [http://a/v1, http://b]}",
		"upstream: {url: [http://a, http://b, http://a]}",
		"upstream: {url: [http://a, http://a/]}", "upstream: {url: [http://a, b]}",
		"upstream: {url: [http://a, [http://b]]}", "upstream: {url: [http://a, null]}",
		"upstream: {url: [http://a, http://b], host: upstream}", "upstream: {url: {a: b}}",
		"upstream: {url: [a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a]}",
		"upstream: {url: https://a, tls: {server_name: \"*.a\"}}" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read read;

		read_yaml(&read, cases[i]);
		assert_null(read.backend);
		assert_int_equal(read.mistakes.errors, 1);
		arena_done(&read.arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_is_an_address_and_a_path),
		cmocka_unit_test(several_urls_are_addresses_of_one),
		cmocka_unit_test(a_health_check_and_a_budget_are_read),
		cmocka_unit_test(none_is_none),
		cmocka_unit_test(mistakes_leave_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
