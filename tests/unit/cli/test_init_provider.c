/* SPDX-License-Identifier: Apache-2.0 */
/* The table of providers holds together, and its templates take answers only. */
#include "said.h"

#include "cli/init_provider.h"
#include "token/provider.h"

static const char *const parts[INIT_PARTS] = {
	[INIT_DOMAIN] = "id.example:8443",
	[INIT_TENANT] = "t",
	[INIT_REALM] = "acme",
	[INIT_POOL] = "eu-west-1_Ab",
	[INIT_CLIENT] = "c\"1",
	[INIT_EMAIL] = "a@b.example",
	[INIT_REPOSITORY] = "o/r",
	[INIT_PROJECT] = "g/p",
};

static void
assert_filled(const char *template, bool yaml, const char *want)
{
	struct buffer out;

	buffer_init(&out, 1024);
	(yaml ? init_provider_fill_yaml : init_provider_fill)(template, parts, &out);
	if (!span_is(buffer_span(&out), want))
		fail_msg("%s: %.*s", template, SPAN_ARG(buffer_span(&out)));
	buffer_done(&out);
}

static void
templates_are_filled(void **state)
{
	(void)state;
	assert_filled(
	    "https://{domain}/realms/{realm}", false, "https://id.example:8443/realms/acme");
	assert_filled("https://cognito-idp.{region}.amazonaws.com/{pool}", false,
	    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab");
	assert_filled("/t: [{instance}]", true, "/t: [\"id\"]");
	assert_filled("/c: [{client}]", true, "/c: [\"c\\\"1\"]");
	assert_filled("a: {roles: [x]}, {nothing} {", true, "a: {roles: [x]}, {nothing} {");
	assert_filled("", true, "");
}

/* An answer that looks like a template stays what it is. */
static void
answers_are_no_templates(void **state)
{
	const char *const answers[INIT_PARTS] = { [INIT_REALM] = "{domain}", [INIT_DOMAIN] = "x" };
	struct buffer out;

	(void)state;
	buffer_init(&out, 64);
	init_provider_fill("{realm}/{tenant}", answers, &out);
	assert_true(span_is(buffer_span(&out), "{domain}/"));
	buffer_done(&out);
}

static void
needs(void **state)
{
	(void)state;
	assert_false(init_provider_needs(NULL, INIT_DOMAIN));
	assert_true(init_provider_needs("{domain}", INIT_DOMAIN));
	assert_true(init_provider_needs("{instance}", INIT_DOMAIN));
	assert_true(init_provider_needs("{region}", INIT_POOL));
	assert_false(init_provider_needs("{region}", INIT_DOMAIN));
	assert_false(init_provider_needs("a: {roles: [client]}", INIT_CLIENT));
}

static void
every_row_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; init_provider_words[i] != NULL; i++) {
		const struct init_provider *row =
		    init_provider_find(span_of(init_provider_words[i]));

		assert_non_null(row);
		assert_string_equal(row->name, init_provider_words[i]);
		if (row->preset == NULL)
			continue;
		assert_non_null(provider_words[provider_find(row->preset)]);
		assert_true(row->entry != NULL && row->example != NULL && row->grant != NULL);
		assert_true(row->claims != NULL && row->without != NULL && row->refusal != NULL);
		assert_true(row->asks != NULL && row->page != NULL);
		assert_true(row->audience != NULL || row->require != NULL);
	}
	assert_null(init_provider_find(SPAN("")));
	assert_null(init_provider_find(SPAN("Okta")));
}

/* Whatever `provider` of postern.yaml may be can be chosen here. */
static void
every_preset_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; provider_words[i] != NULL; i++)
		assert_non_null(init_provider_find(span_of(provider_words[i])));
}

static void
near_names(void **state)
{
	static const char *const cases[][2] = { { "Okta", "okta" }, { "azure", "entra" },
		{ "keyclock", "keycloak" }, { "k8s", "kubernetes" }, { "locla", "local" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(init_provider_nearest(span_of(cases[i][0])), cases[i][1]);
	assert_null(init_provider_nearest(SPAN("something")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_are_filled),
		cmocka_unit_test(answers_are_no_templates),
		cmocka_unit_test(needs),
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(every_preset_is_there),
		cmocka_unit_test(near_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
