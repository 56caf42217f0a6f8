/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "token/issuer_lint.h"

#define ID "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
#define WELL_KNOWN "/.well-known/openid-configuration"

/* want  a part of what is said; NULL: nothing is. */
static const struct {
	const char *provider, *issuer, *want;
} cases[] = {
	{ "entra", "https://login.microsoftonline.com/" ID "/v2.0", NULL },
	{ "entra", "https://login.microsoftonline.com/{tenantid}/v2.0", NULL },
	{ "entra", "https://login.microsoftonline.us/" ID "/v2.0", NULL },
	{ "entra", "https://sts.windows.net/" ID "/", NULL },
	{ "entra", "https://sts.windows.net/{tenantid}/", NULL },
	{ "generic", "https://t.b2clogin.com/" ID "/v2.0/", NULL },
	{ "auth0", "https://x.eu.auth0.com/", NULL },
	{ "okta", "https://x.okta.com/oauth2/default", NULL },
	{ "keycloak", "https://kc.example/realms/acme", NULL },
	{ "cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", NULL },
	{ "google", "https://accounts.google.com", NULL },
	{ "generic", "https://idp.example/", NULL },
	{ "generic", "https://idp.example/a%20b", NULL },
	{ "kubernetes", "https://kubernetes.default.svc.cluster.local", NULL },
	{ "generic", "urn:our:issuer", NULL },
	{ "generic", "", NULL },
	{ "entra", "https://sts.windows.net/common/", "https://sts.windows.net/TENANT/" },
	{ "entra", "https://login.microsoftonline.us/common", "microsoftonline.us/TENANT/v2.0" },
	{ "entra", "https://login.microsoftonline.com/consumers/v2.0", "9188040d-" },
	{ "entra", "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0", "by its id" },
	{ "generic", "https://login.microsoftonline.com/contoso.com/v2.0", "by its id" },
	{ "entra", "https://login.microsoftonline.com/" ID, ID "/v2.0\"" },
	{ "entra", "https://login.microsoftonline.com/" ID "/v2.0/", ID "/v2.0\"" },
	{ "entra", "https://sts.windows.net/" ID, ID "/\"" },
	{ "auth0", "https://x.eu.auth0.com", "write \"https://x.eu.auth0.com/\"" },
	{ "generic", "https://x.eu.auth0.com", "write \"https://x.eu.auth0.com/\"" },
	{ "okta", "https://x.okta.com/oauth2/default/", "oauth2/default\"" },
	{ "keycloak", "https://kc.example/realms/acme/", "realms/acme\"" },
	{ "cognito", "https://cognito-idp.eu-west-1.amazonaws.com/p/", ".com/p\"" },
	{ "keycloak", "https://kc.example/realms/acme" WELL_KNOWN,
	    "mostly \"https://kc.example/realms/acme\"" },
	{ "keycloak", "https://kc.example/realms/{realm}", "in place of \"{realm}\"" },
	{ "entra", "https://login.microsoftonline.com/{tenant}/v2.0", "\"{tenant}\"" },
	{ "generic", "https://x.example/<name>", "\"<name>\"" },
	{ "generic", "https://x.example ", "white space" },
	{ "generic", "https://x.example/*", "stands for nothing else" },
};

static void
what_no_token_has_as_its_issuer_is_said(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 1u << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = issuer_lint(cases[i].provider, span_of(cases[i].issuer), &arena);

		if ((got == NULL) != (cases[i].want == NULL) ||
		    (got != NULL && strstr(got, cases[i].want) == NULL))
			fail_msg("%s: %s", cases[i].issuer, got == NULL ? "nothing" : got);
	}
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_token_has_as_its_issuer_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
