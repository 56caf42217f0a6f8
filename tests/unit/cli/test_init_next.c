/* SPDX-License-Identifier: Apache-2.0 */
/* The three lines to be typed next: for a shell, whatever the directory is called. */
#include "said.h"

#include "cli/init_next.h"

static void
a_listener_is_reached_by_a_url(void **state)
{
	static const char *const cases[][2] = {
		{ "127.0.0.1:8080", "http://127.0.0.1:8080" },
		{ "0.0.0.0:80", "http://127.0.0.1:80" },
		{ "10.1.2.3:8443", "http://10.1.2.3:8443" },
		{ "[::]:8080", "http://[::1]:8080" },
		{ "[::1]:1", "http://[::1]:1" },
		{ "nonsense", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer out;

		buffer_init(&out, 256);
		init_next_url(cases[i][0], &out);
		if (!span_is(buffer_span(&out), cases[i][1]))
			fail_msg("%s: %.*s", cases[i][0], SPAN_ARG(buffer_span(&out)));
		buffer_done(&out);
	}
}

static void
assert_lines(const struct init_next *next, const char *want)
{
	struct buffer out;

	buffer_init(&out, 8192);
	init_next_lines(next, &out);
	assert_non_null(out.at);
	assert_string_equal(out.at, want);
	buffer_done(&out);
}

static void
the_local_issuer_makes_a_client(void **state)
{
	const struct init_answers answers = { .provider = init_provider_find(SPAN("local")),
		.listen = "127.0.0.1:8080" };
	struct init_next next = { &answers, "postern", NULL };

	(void)state;
	assert_lines(&next,
	    "  postern serve\n"
	    "  postern client add my_app --role reader\n"
	    "  curl -i -H \"Authorization: Bearer $(postern token --client my_app)\" "
	    "http://127.0.0.1:8080/\n");
	next.config = "gate/postern.yaml";
	next.program = "build/release/postern";
	assert_lines(&next,
	    "  build/release/postern serve -c gate/postern.yaml\n"
	    "  build/release/postern client add my_app --role reader -c gate/postern.yaml\n"
	    "  curl -i -H \"Authorization: Bearer $(build/release/postern token --client my_app -c "
	    "gate/postern.yaml)\" http://127.0.0.1:8080/\n");
}

static void
another_issuer_needs_a_token(void **state)
{
	const struct init_answers answers = { .provider = init_provider_find(SPAN("okta")),
		.listen = "[::]:8080" };
	const struct init_next next = { &answers, "postern", NULL };

	(void)state;
	assert_lines(&next, "  postern serve\n"
			    "  curl -i 'http://[::1]:8080/'\n"
			    "  curl -i -H \"Authorization: Bearer $TOKEN\" 'http://[::1]:8080/'\n");
}

static void
a_name_is_one_word_of_a_shell(void **state)
{
	static const char *const cases[][2] = {
		{ "gate/postern.yaml", "gate/postern.yaml" },
		{ "a b", "'a b'" },
		{ "it's", "'it'\\''s'" },
		{ "$(exit 7)", "'$(exit 7)'" },
		{ "`exit 7`", "'`exit 7`'" },
		{ "a;b", "'a;b'" },
		{ "-x", "'-x'" },
		{ "~", "'~'" },
		{ "*", "'*'" },
		{ "\\", "'\\'" },
		{ "\xc3\xa4", "'\xc3\xa4'" },
		{ "", "''" },
	};
	const struct init_answers answers = { .provider = init_provider_find(SPAN("okta")),
		.listen = "127.0.0.1:1" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct init_next next = { &answers, "postern", cases[i][0] };
		char want[512];

		(void)snprintf(want, sizeof(want),
		    "  postern serve -c %s\n"
		    "  curl -i http://127.0.0.1:1/\n"
		    "  curl -i -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:1/\n",
		    cases[i][1]);
		assert_lines(&next, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listener_is_reached_by_a_url),
		cmocka_unit_test(the_local_issuer_makes_a_client),
		cmocka_unit_test(another_issuer_needs_a_token),
		cmocka_unit_test(a_name_is_one_word_of_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
