/* SPDX-License-Identifier: Apache-2.0 */
/* What is an answer, and what is not. */
#include "said.h"
#include "issuer/scratch.h"

#include "base/file.h"
#include "cli/init_fits.h"

typedef bool fits(const void *unused, const char *answer, struct err *reterr);

#define LONG_NAME                                                                                  \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaa.example"

static const struct {
	fits *fits;
	const char *answer;
	const char *rule; /* how it begins; NULL: it fits */
} cases[] = {
	{ init_fits_text, "api://default", NULL },
	{ init_fits_text, "a \"b\" # \xc3\xa4", NULL },
	{ init_fits_text, "", "must be text" },
	{ init_fits_text, "a\nb", "must be text" },
	{ init_fits_text, "\x1b[2J", "must be text" },
	{ init_fits_text, "\xff", "must be text" },
	{ init_fits_provider, "okta", NULL },
	{ init_fits_provider, "local", NULL },
	{ init_fits_provider, "azure", "must be one of " },
	{ init_fits_provider, "", "must be one of " },
	{ init_fits_domain, "example.okta.com", NULL },
	{ init_fits_domain, "kc.example.com:8443", NULL },
	{ init_fits_domain, "127.0.0.1:8443", NULL },
	{ init_fits_domain, "[::1]:8443", NULL },
	{ init_fits_domain, "https://example.okta.com", "must be a host name alone" },
	{ init_fits_domain, "example.okta.com/", "must be a host name alone" },
	{ init_fits_domain, "example.okta.com?a", "must be a host name alone" },
	{ init_fits_domain, "user@example.okta.com", "must be a host name alone" },
	{ init_fits_domain, "a b", "must be a host name alone" },
	{ init_fits_domain, "", "must be a host name alone" },
	{ init_fits_domain, LONG_NAME, "must be a host name alone" },
	{ init_fits_segment, "acme", NULL },
	{ init_fits_segment, "a-b.c_d~e%20f", NULL },
	{ init_fits_segment, "", "must be letters" },
	{ init_fits_segment, "a/b", "must be letters" },
	{ init_fits_segment, "..", "must be letters" },
	{ init_fits_segment, ".", "must be letters" },
	{ init_fits_segment, "..a", NULL },
	{ init_fits_segment, "a?b", "must be letters" },
	{ init_fits_segment, "a#b", "must be letters" },
	{ init_fits_segment, "a b", "must be letters" },
	{ init_fits_segment, "{realm}", "must be letters" },
	{ init_fits_tenant, "0f3c1a2b-0000-4000-8000-000000000001", NULL },
	{ init_fits_tenant, "acme.example", NULL },
	{ init_fits_tenant, "Common", "must be the id of one tenant" },
	{ init_fits_tenant, "a/b", "must be letters" },
	{ init_fits_project, "acme/shop", NULL },
	{ init_fits_project, "acme/team/shop", NULL },
	{ init_fits_project, "shop", "must be an owner and a name" },
	{ init_fits_project, "/shop", "must be an owner and a name" },
	{ init_fits_project, "acme/", "must be an owner and a name" },
	{ init_fits_project, "acme/*", "must be an owner and a name" },
	{ init_fits_project, "https://github.com/acme/shop", "must be an owner and a name" },
	{ init_fits_pool, "eu-west-1_AbCd", NULL },
	{ init_fits_pool, "eu-west-1", "must be the id of a user pool" },
	{ init_fits_pool, "_x", "must be the id of a user pool" },
	{ init_fits_pool, "eu-west-1_", "must be the id of a user pool" },
	{ init_fits_pool, "eu/west_x", "must be letters" },
	{ init_fits_key_url, "https://idp.example/keys?a=b", NULL },
	{ init_fits_key_url, "http://127.0.0.1:9/keys", NULL },
	{ init_fits_key_url, "http://idp.example/keys", "must start with \"https://\"" },
	{ init_fits_key_url, "ftp://idp.example/keys", "must" },
	{ init_fits_upstream, "http://127.0.0.1:9000", NULL },
	{ init_fits_upstream, "https://api.internal/v2", NULL },
	{ init_fits_upstream, "unix:/run/api.sock", NULL },
	{ init_fits_upstream, "127.0.0.1:9000", "must" },
	{ init_fits_upstream, "http://127.0.0.1:9000/?a", "must" },
	{ init_fits_address, "127.0.0.1:8080", NULL },
	{ init_fits_address, "[::]:8080", NULL },
	{ init_fits_address, "8080", "must" },
	{ init_fits_address, "localhost:8080", "must" },
	{ init_fits_address, "127.0.0.1:0", "must" },
	{ init_fits_address, "unix:/run/gate.sock", "must be an address and a port" },
	{ init_fits_address, "systemd:gate", "must be an address and a port" },
};

static void
answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *rule = cases[i].rule;
		struct err err = { "" };
		bool fit = cases[i].fits(NULL, cases[i].answer, &err);

		if (fit != (rule == NULL) ||
		    (rule != NULL && !span_starts(span_of(err.text), span_of(rule))))
			fail_msg("%s: %s", cases[i].answer, err.text);
	}
}

static void
a_directory_without_the_files(void **state)
{
	struct scratch scratch;
	struct err err;

	(void)state;
	scratch_init(&scratch);
	assert_int_equal(chdir(scratch.dir), 0);
	assert_true(init_fits_folder(NULL, ".", &err));
	assert_true(init_fits_folder(NULL, "new", &err));
	assert_false(init_fits_folder(NULL, "a\nb", &err));
	assert_int_equal(symlink("nowhere", "cases.yaml"), 0);
	assert_false(init_fits_folder(NULL, ".", &err));
	assert_string_equal(err.text, "cases.yaml exists already, and nothing is overwritten");
	assert_false(init_fits_folder(NULL, scratch.dir, &err));
	assert_int_equal(chdir("/"), 0);
	scratch_done(&scratch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(a_directory_without_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
