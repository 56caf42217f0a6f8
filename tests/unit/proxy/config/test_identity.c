/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/config/identity.h"

/* What `forward` says, and what comes of it: the headers as NAME=FROM, and the mistakes. */
static const struct identity_case {
	const char *name, *yaml, *headers, *mistake;
	bool keep;
} cases[] = {
	{ "nothing said gives the five of the manual", "{}",
	    "X-User=/sub X-Roles=roles X-Scopes=scopes X-Client=client X-Issuer=issuer ", NULL,
	    false },
	{ "headers replace the five", "headers: {X-Tenant: /tid, X-Who: subject}",
	    "X-Tenant=/tid X-Who=subject ", NULL, false },
	{ "no headers give none", "headers: {}", "", NULL, false },
	{ "the token can be kept", "{authorization: keep, headers: {}}", "", NULL, true },
	{ "there are two words for it", "{authorization: pass, headers: {}}", "", "authorization",
	    false },
	{ "a word that is none", "headers: {X-A: rolls}", "X-A=rolls ", "must be a JSON Pointer",
	    false },
	{ "a list is no place", "headers: {X-A: [/a]}", "", "must be a JSON Pointer", false },
	{ "a name with an underscore", "headers: {X_A: /a}", "", "must be a header name", false },
	{ "an empty name", "headers: {\"\": /a}", "", "must be a header name", false },
	{ "framing is the gate's", "headers: {content-length: /a}", "", "must be a header name",
	    false },
	{ "so is the request's id", "headers: {X-REQUEST-ID: /a}", "", "must be a header name",
	    false },
	{ "so is the token", "headers: {Authorization: /a}", "", "must be a header name", false },
	{ "so is where it came from", "headers: {Forwarded: /a}", "", "must be a header name",
	    false },
	{ "an unknown key", "header: {X-A: /a}", NULL, "unknown key", false },
};

static void
read_case(const struct identity_case *one)
{
	static struct config config;
	struct node *root = NULL;
	struct buffer headers;

	memset(&config, 0, sizeof(config));
	arena_init(&config.arena, 1 << 20);
	config.mistakes.arena = &config.arena;
	buffer_init(&headers, 4096);
	buffer_add_text(&headers, "");
	assert_true(document_parse(span_of(one->yaml), "x", &config.mistakes, &root));
	identity_read(&config, root);
	for (size_t i = 0; i < config.header_count; i++)
		buffer_format(&headers, "%s=%s ", config.headers[i].name, config.headers[i].from);
	if (one->headers != NULL && !span_is(buffer_span(&headers), one->headers))
		fail_msg("%s: got %.*s", one->name, SPAN_ARG(buffer_span(&headers)));
	if ((one->mistake == NULL) != (config.mistakes.errors == 0) ||
	    (one->mistake != NULL && strstr(config.mistakes.first->text, one->mistake) == NULL))
		fail_msg("%s: %s", one->name,
		    config.mistakes.first == NULL ? "no mistake" : config.mistakes.first->text);
	assert_int_equal(config.rules.keep_authorization, one->keep);
	/* What the gate may set is taken off the client's request. */
	assert_int_equal(config.rules.owned.count, config.header_count + 1);
	assert_string_equal(config.rules.owned.at[0], "X-Request-Id");
	buffer_done(&headers);
	arena_done(&config.arena);
}

static void
forward_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		read_case(&cases[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(forward_is_read) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
