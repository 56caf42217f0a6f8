/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/oauth/audience.h"

static const char *texts[] = { "api://local", "https://billing.example/v1", "plain" };
static const struct texts ours = { texts, 3, NULL };

/* clang-format off */
static const struct {
	const char *name, *resource, *audience;
	const char *chosen; /* NULL: refused */
} rows[] = {
	{ "nothing asked: the first", NULL, NULL, "api://local" },
	{ "the first", "api://local", NULL, "api://local" },
	{ "another of ours", "https://billing.example/v1", NULL, "https://billing.example/v1" },
	{ "by the other name", NULL, "https://billing.example/v1", "https://billing.example/v1" },
	{ "both alike", "api://local", "api://local", "api://local" },
	{ "an audience need be no URI", NULL, "plain", "plain" },
	{ "a resource must be a URI", "plain", NULL, NULL },
	{ "both, and they differ", "api://local", "plain", NULL },
	{ "a stranger's", "https://other.example", NULL, NULL },
	{ "a stranger's by the other name", NULL, "other", NULL },
	{ "ours and more", "api://local/", NULL, NULL },
	{ "the start of ours", "https://billing.example", NULL, NULL },
	{ "in capitals", "API://local", NULL, NULL },
	{ "ours with a fragment", "api://local#x", NULL, NULL },
	{ "ours with an empty fragment", "api://local#", NULL, NULL },
	{ "a space behind ours", "api://local ", NULL, NULL },
	{ "the gate by its own name", "http://gate:1", NULL, "api://local" },
	{ "the same with a slash", "http://gate:1/", NULL, "api://local" },
	{ "with two", "http://gate:1//", NULL, NULL },
	{ "below it", "http://gate:1/x", NULL, NULL },
	{ "another gate", "http://gate:2", NULL, NULL },
	{ "both names of one", "http://gate:1", "api://local", "api://local" },
	{ "the gate and another of ours", "http://gate:1", "plain", NULL },
};

static const struct {
	const char *text;
	bool valid;
} uris[] = {
	{ "https://a.example/b?c=d&e=%2f", true },
	{ "urn:example:api", true },
	{ "api://local", true },
	{ "a+b-c.d1:x", true },
	{ "https://[::1]:8080/", true },
	{ "", false },
	{ "plain", false },
	{ "/path", false },
	{ "//host/path", false },
	{ ":x", false },
	{ "1a:x", false },
	{ "a_b:x", false },
	{ "https:", false },
	{ "https://a#f", false },
	{ "https://a b", false },
	{ "https://a\tb", false },
	{ "https://a/%", false },
	{ "https://a/%2", false },
	{ "https://a/%2g", false },
	{ "https://a/\"", false },
	{ "https://a/\\", false },
	{ "https://a/\xc3\xa9", false },
};
/* clang-format on */

static void
choices(void **state)
{
	const char *chosen;
	size_t i;
	bool done;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		chosen = NULL;
		const struct audience_request request = { span_of(rows[i].resource),
			span_of(rows[i].audience), NULL, SPAN("http://gate:1") };

		done = audience_choose(&ours, &request, &chosen);
		if (done != (rows[i].chosen != NULL) ||
		    (done && strcmp(chosen, rows[i].chosen) != 0))
			fail_msg("%s: got %s", rows[i].name, chosen == NULL ? "none" : chosen);
	}
}

/* An API of the gate is an audience of its own, also where it is what clients call the gate. */
static void
resources_of_the_gate(void **state)
{
	static const char *urls[] = { "http://gate:1", "https://gate/mcp", "https://gate/b/" };
	const struct texts resources = { .at = urls, .count = 3 };
	static const struct {
		const char *resource, *audience, *chosen;
	} cases[] = {
		{ NULL, NULL, "api://local" },
		{ "https://gate/mcp", NULL, "https://gate/mcp" },
		{ "https://gate/mcp/", NULL, "https://gate/mcp" },
		{ "https://gate/b", NULL, "https://gate/b/" },
		{ "http://gate:1/", NULL, "http://gate:1" },
		{ NULL, "https://gate/mcp", "https://gate/mcp" },
		{ "https://gate/mcp", "https://gate/mcp", "https://gate/mcp" },
		{ "https://gate/mcp", "https://gate/b/", NULL },
		{ "https://gate/mcp", "api://local", NULL },
		{ "https://gate/mcp//", NULL, NULL },
		{ "https://gate/mcp/x", NULL, NULL },
		{ "https://gate/mc", NULL, NULL },
		{ "https://GATE/mcp", NULL, NULL },
		{ "https://gate/mcp#x", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct audience_request request = { span_of(cases[i].resource),
			span_of(cases[i].audience), &resources, SPAN("http://gate:1") };
		const char *chosen = NULL;
		bool done = audience_choose(&ours, &request, &chosen);

		if (done != (cases[i].chosen != NULL) ||
		    (done && strcmp(chosen, cases[i].chosen) != 0))
			fail_msg("row %zu: got %s", i, chosen == NULL ? "none" : chosen);
	}
}

static void
absolute_uris(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		if (audience_uri_valid(span_of(uris[i].text)) != uris[i].valid)
			fail_msg("%s", uris[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choices),
		cmocka_unit_test(resources_of_the_gate),
		cmocka_unit_test(absolute_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
