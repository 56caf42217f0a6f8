/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load.h"
#include "policy/module.h"
#include "policy/module_resource.h"
#include "policy/protected_resource.h"

#define CASES_OF(cases) (sizeof(cases) / sizeof((cases)[0]))

static const struct protected_resource *
read(struct load *load, const char *url)
{
	static const struct node node = { .line = 1, .file = "policy.yaml" };

	return protected_resource_read(url, &node, &load->mistakes);
}

/* RFC 9728 section 3.1. */
static void
metadata_is_between_host_and_path(void **state)
{
	static const struct {
		const char *url, *path, *metadata, *other;
	} cases[] = {
		{ "https://a.example/mcp", "/.well-known/oauth-protected-resource/mcp",
		    "https://a.example/.well-known/oauth-protected-resource/mcp", NULL },
		{ "https://a.example:8443/x/y/", "/.well-known/oauth-protected-resource/x/y/",
		    "https://a.example:8443/.well-known/oauth-protected-resource/x/y/", NULL },
		{ "https://a.example", "/.well-known/oauth-protected-resource",
		    "https://a.example/.well-known/oauth-protected-resource",
		    "https://a.example/" },
		{ "http://[::1]:80/", "/.well-known/oauth-protected-resource",
		    "http://[::1]:80/.well-known/oauth-protected-resource", "http://[::1]:80" },
	};
	struct load load;

	(void)state;
	load_init(&load);
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		const struct protected_resource *resource = read(&load, cases[i].url);

		assert_non_null(resource);
		assert_string_equal(resource->url, cases[i].url);
		assert_string_equal(resource->path, cases[i].path);
		assert_string_equal(resource->metadata, cases[i].metadata);
		assert_string_equal(resource->audiences.at[0], cases[i].url);
		assert_int_equal(resource->audiences.count, cases[i].other == NULL ? 1 : 2);
		if (cases[i].other != NULL)
			assert_string_equal(resource->audiences.at[1], cases[i].other);
	}
	assert_null(read(&load, NULL));
	assert_int_equal(load.mistakes.errors, 0);
	load_done(&load);
}

static void
no_url_is_a_mistake(void **state)
{
	static const char *const urls[] = { "/mcp", "a.example/mcp", "https://a.example/mcp?x=y",
		"https://a.example/mcp#x", "https://u:p@a.example/mcp", "unix:/run/mcp",
		"ftp://a/b", "https://a.example/a b", "" };
	struct load load;

	(void)state;
	load_init(&load);
	for (size_t i = 0; i < CASES_OF(urls); i++)
		if (read(&load, urls[i]) != NULL || load.mistakes.errors != i + 1)
			fail_msg("%s", urls[i]);
	load_done(&load);
}

static void
a_slash_at_the_end_does_not_matter(void **state)
{
	struct load load;
	const struct protected_resource *resource;

	(void)state;
	load_init(&load);
	resource = read(&load, "https://a.example/mcp");
	assert_true(protected_resource_is(resource, SPAN("https://a.example/mcp")));
	assert_true(protected_resource_is(resource, SPAN("https://a.example/mcp/")));
	assert_false(protected_resource_is(resource, SPAN("https://a.example/mcp//")));
	assert_false(protected_resource_is(resource, SPAN("https://a.example/")));
	load_done(&load);
}

static void
two_urls_at_one_place_are_a_mistake(void **state)
{
	struct load load;

	(void)state;
	load_init(&load);
	load_read(&load, SPAN("modules:\n"
			      "  a: {paths: [/a], resource: https://a.example/mcp}\n"
			      "  b: {paths: [/b], resource: http://A.example/mcp}\n"
			      "  c: {paths: [/c], resource: https://a.example/mcp}\n"
			      "  d: {paths: [/d], resource: https://d.example/mcp}\n"));
	assert_int_equal(load.mistakes.errors, 2);
	assert_non_null(strstr(load.mistakes.first->text,
	    "has its metadata at /.well-known/oauth-protected-resource/mcp, as the resource of "
	    "module \"a\" has"));
	load_done(&load);
}

static void
each_resource_is_listed_once(void **state)
{
	struct load load;

	(void)state;
	load_good(&load, SPAN("modules:\n"
			      "  a: {paths: [/a], resource: https://a.example/mcp}\n"
			      "  b: {paths: [/b]}\n"
			      "  c: {paths: [/c], resource: https://a.example/mcp}\n"
			      "  d: {paths: [/d], resource: https://a.example/d}\n"));
	assert_int_equal(load.policy.resources.count, 2);
	assert_string_equal(load.policy.resources.at[0], "https://a.example/mcp");
	assert_string_equal(load.policy.resources.at[1], "https://a.example/d");
	load_done(&load);
}

/* The privileges that open a module, as a text of their names. */
static void
what_opens_a_module(void **state)
{
	static const struct {
		const char *module, *names;
	} cases[] = {
		{ "mcp", "listed path inside files " },
		{ "files", "listed path inside files " },
		{ "alone", "all wide " },
		{ "other", "all " },
	};
	struct load load;

	(void)state;
	load_good(&load, SPAN("modules:\n"
			      "  mcp: {paths: [/mcp/*], resource: https://a.example/mcp}\n"
			      "  files: {paths: [/files/*], resource: https://a.example/mcp}\n"
			      "  alone: {paths: [/alone/x], resource: https://a.example/alone}\n"
			      "  other: {paths: [/other], resource: https://a.example/other}\n"
			      "privileges:\n"
			      "  all: {paths: [/*], methods: [PATCH]}\n"
			      "  wide: {paths: [/alone/*], methods: [GET]}\n"
			      "  listed: {modules: [mcp], methods: [PUT]}\n"
			      "  path: {paths: [/mcp/*], methods: [POST]}\n"
			      "  inside: {paths: [/nowhere, /mcp/a]}\n"
			      "  files: {paths: [/files/*]}\n"));
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		const struct module *module = module_find(&load.policy, cases[i].module);
		struct buffer names;

		buffer_init(&names, 256);
		for (const struct privilege *one = load.policy.privileges; one != NULL;
		    one = one->next)
			if (module_resource_opened(&load.policy, module, one))
				buffer_format(&names, "%s ", one->name);
		if (!span_is(buffer_span(&names), cases[i].names))
			fail_msg("%s: %.*s", cases[i].module, SPAN_ARG(buffer_span(&names)));
		buffer_done(&names);
	}
	load_done(&load);
}

static void
modules_that_want_the_same_tokens(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = { { "a", "c", true }, { "a", "d", false }, { "a", "b", false },
		{ "b", "e", true }, { NULL, "b", true }, { NULL, "a", false },
		{ NULL, NULL, true } };
	struct load load;

	(void)state;
	load_good(&load, SPAN("modules:\n"
			      "  a: {paths: [/a], resource: https://a.example/mcp}\n"
			      "  b: {paths: [/b]}\n"
			      "  c: {paths: [/c], resource: https://a.example/mcp}\n"
			      "  d: {paths: [/d], resource: https://a.example/d}\n"
			      "  e: {paths: [/e]}\n"));
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		const struct module *a =
		    cases[i].a == NULL ? NULL : module_find(&load.policy, cases[i].a);
		const struct module *b =
		    cases[i].b == NULL ? NULL : module_find(&load.policy, cases[i].b);

		if (module_resource_same(a, b) != cases[i].same ||
		    module_resource_same(b, a) != cases[i].same)
			fail_msg("case %zu", i);
	}
	load_done(&load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_is_between_host_and_path),
		cmocka_unit_test(no_url_is_a_mistake),
		cmocka_unit_test(a_slash_at_the_end_does_not_matter),
		cmocka_unit_test(two_urls_at_one_place_are_a_mistake),
		cmocka_unit_test(each_resource_is_listed_once),
		cmocka_unit_test(what_opens_a_module),
		cmocka_unit_test(modules_that_want_the_same_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
