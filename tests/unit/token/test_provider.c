/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/json.h"
#include "token/provider.h"

/* What the configuration and its manual promise. */
static const char *const words[] = { "okta", "entra", "keycloak", "auth0", "cognito", "google",
	"ping", "oci", "gitlab", "github", "kubernetes", "generic" };

#define WORDS (sizeof(words) / sizeof(words[0]))

static void
every_promised_word_is_a_provider(void **state)
{
	(void)state;
	for (size_t i = 0; i < WORDS; i++)
		assert_string_equal(provider_words[provider_find(words[i])], words[i]);
	assert_null(provider_words[WORDS]);
	assert_null(provider_words[provider_find("Okta")]);
}

static void
every_place_is_a_pointer(void **state)
{
	(void)state;
	for (int provider = 0; provider_words[provider] != NULL; provider++) {
		struct trusted_issuer_claims claims = { 0 };
		const struct texts *lists[] = { &claims.subject, &claims.client, &claims.scopes,
			&claims.groups, &claims.roles };

		provider_claims(provider, &claims);
		assert_true(claims.subject.count > 0);
		for (size_t l = 0; l < 5; l++)
			for (size_t i = 0; i < lists[l]->count; i++) {
				assert_int_equal(lists[l]->at[i][0], '/');
				assert_true(json_pointer_valid(span_of(lists[l]->at[i])));
			}
	}
}

/* The places in one line, to be compared. */
static void
expect_places(const char *word, const char *want)
{
	struct trusted_issuer_claims claims = { 0 };
	const struct texts *lists[] = { &claims.subject, &claims.client, &claims.scopes,
		&claims.groups, &claims.roles };
	char line[256] = "";

	provider_claims(provider_find(word), &claims);
	for (size_t l = 0; l < 5; l++)
		for (size_t i = 0; i <= lists[l]->count; i++) {
			size_t at = strlen(line);

			(void)snprintf(line + at, sizeof(line) - at, "%s ",
			    i == lists[l]->count ? "|" : lists[l]->at[i]);
		}
	assert_string_equal(line, want);
}

static void
providers_keep_claims_at_their_own_places(void **state)
{
	(void)state;
	expect_places("generic", "/sub | /azp /client_id /cid | /scope /scp | /groups | /roles | ");
	expect_places("okta", "/sub | /cid | /scp | /groups /Groups | /roles | ");
	expect_places("entra", "/sub | /azp /appid | /scp | /groups | /roles | ");
	expect_places("keycloak",
	    "/sub | /azp /client_id | /scope | /groups | /realm_access/roles /roles | ");
	expect_places(
	    "auth0", "/sub | /azp /client_id | /scope | /groups | /permissions /roles | ");
	expect_places("cognito", "/sub | /client_id | /scope | /cognito:groups | | ");
	expect_places("github", "/sub | | | | | ");
}

static void
what_the_configuration_names_stays(void **state)
{
	static const char *mine[] = { "/mine" };
	struct node node = { .kind = NODE_LIST };
	struct trusted_issuer_claims claims = { .roles = { .at = mine, .count = 1, .node = &node },
		.groups = { .node = &node } };

	(void)state;
	provider_claims(provider_find(PROVIDER_GENERIC), &claims);
	assert_int_equal(claims.roles.count, 1);
	assert_string_equal(claims.roles.at[0], "/mine");
	assert_int_equal(claims.groups.count, 0);
	assert_int_equal(claims.subject.count, 1);
}

static void
tokens_of_workloads_are_not_asked_for(void **state)
{
	static const char *const workloads[] = { "gitlab", "github", "kubernetes" };
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < WORDS; i++) {
		struct trusted_issuer issuer = { .provider = words[i] };

		found += provider_workload(&issuer);
	}
	assert_int_equal(found, sizeof(workloads) / sizeof(workloads[0]));
	for (size_t i = 0; i < found; i++) {
		struct trusted_issuer issuer = { .provider = workloads[i] };

		assert_true(provider_workload(&issuer));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_promised_word_is_a_provider),
		cmocka_unit_test(every_place_is_a_pointer),
		cmocka_unit_test(providers_keep_claims_at_their_own_places),
		cmocka_unit_test(what_the_configuration_names_stays),
		cmocka_unit_test(tokens_of_workloads_are_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
