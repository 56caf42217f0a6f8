/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration and what runs for it; what a reload takes over, and what it starts anew. */
#include "client.h"

#include <sys/stat.h>

#include "proxy/gate/services.h"

#define HEAD                                                                                       \
	"policy: policy.yaml\nstate: state\n"                                                      \
	"issuers: {idp: {issuer: \"" IDP "\", audience: api, jwks_file: keys.json}}\n"
#define LOCAL_ISSUER "local_issuer: {issuer: \"" LOCAL "\", audience: api%s}\n"
#define ORDERS "  orders: {paths: ['/orders/*'], upstream: 'http://127.0.0.1:4'}\n"
#define CRM "  crm: {paths: ['/crm/*'], upstream: 'http://127.0.0.1:4'}\n"
#define PLAIN "  plain: {paths: ['/plain/*']}\n"
#define PRIVILEGES "privileges: {any: {paths: ['/*']}}\n"

static struct scratch scratch;
static atomic_int changes;

static void
changed(void *context)
{
	atomic_fetch_add((atomic_int *)context, 1);
}

static void
put(const char *name, const char *text)
{
	char path[SCRATCH_ROOM * 2];
	struct err err;

	scratch_path(&scratch, name, path);
	if (!file_write(path, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	json_t *jwk = signer_jwk(signer_key(ALGORITHM_ES256, 0), "k", NULL);
	char *keys = signer_set(&jwk, 1), path[SCRATCH_ROOM * 2];

	(void)state;
	log_setup(LOG_JSON, LOG_ERROR);
	scratch_init(&scratch);
	put("keys.json", keys);
	free(keys);
	put("policy.yaml", PRIVILEGES);
	atomic_store(&changes, 0);
	scratch_path(&scratch, "state", path);
	return mkdir(path, 0700);
}

static int
teardown(void **state)
{
	(void)state;
	scratch_done(&scratch);
	return 0;
}

/* The configuration of that text; it must have no mistake. */
static struct config *
config_of(const char *text)
{
	struct config *config = NULL;
	char path[SCRATCH_ROOM * 2];
	struct err err;

	put("postern.yaml", text);
	scratch_path(&scratch, "postern.yaml", path);
	if (!config_read(path, CONFIG_TEXT, &config, &err))
		fail_msg("%s: %s", err.text, config == NULL ? "" : config->mistakes.first->text);
	return config;
}

static struct services *
start(const char *text, struct services *previous)
{
	struct services_setup setup = { config_of(text), previous, changed, NULL, &changes };
	struct services *services = NULL;
	struct err err;

	if (!services_start(&setup, &services, &err))
		fail_msg("%s", err.text);
	return services;
}

static const struct module *
module_of(const struct services *services, const char *name)
{
	const struct module *module = services->config->policy.modules;

	while (module != NULL && strcmp(module->name, name) != 0)
		module = module->next;
	assert_non_null(module);
	return module;
}

static void
a_module_has_its_own_upstream_or_the_default(void **state)
{
	struct upstream *list[4];
	struct services *services;

	(void)state;
	put("policy.yaml", "modules:\n" ORDERS CRM PLAIN PRIVILEGES);
	services = start(HEAD "upstream: http://127.0.0.1:3\n", NULL);
	assert_string_equal(
	    upstream_url(services_group(services, NULL)->members[0]), "http://127.0.0.1:3");
	assert_ptr_equal(services_group(services, module_of(services, "plain"))->members[0],
	    services_group(services, NULL)->members[0]);
	assert_string_equal(
	    upstream_url(services_group(services, module_of(services, "orders"))->members[0]),
	    "http://127.0.0.1:4");
	/* One URL is one pool, whoever names it. */
	assert_ptr_equal(services_group(services, module_of(services, "orders"))->members[0],
	    services_group(services, module_of(services, "crm"))->members[0]);
	assert_int_equal(services_upstreams(services, list, 4), 2);
	assert_ptr_equal(list[0], services_group(services, NULL)->members[0]);
	assert_ptr_equal(list[1], services_group(services, module_of(services, "crm"))->members[0]);
	assert_int_equal(services_upstreams(services, list, 1), 1);
	services_end(services);
}

static void
without_a_default_a_module_may_have_none(void **state)
{
	struct upstream *list[4];
	struct services *services;

	(void)state;
	put("policy.yaml", "modules:\n" ORDERS "privileges: {any: {modules: [orders]}}\n");
	services = start(HEAD, NULL);
	assert_null(services_group(services, NULL));
	assert_non_null(services_group(services, module_of(services, "orders")));
	assert_int_equal(services_upstreams(services, list, 4), 1);
	services_end(services);
}

/* Connections to an upstream outlive a reload that still names it. */
static void
a_reload_takes_over_upstreams_by_their_url(void **state)
{
	struct services *before, *after;
	struct upstream *orders;

	(void)state;
	put("policy.yaml", "modules:\n" ORDERS PRIVILEGES);
	before = start(HEAD "upstream: http://127.0.0.1:3\n", NULL);
	orders = services_group(before, module_of(before, "orders"))->members[0];
	put("policy.yaml", PRIVILEGES);
	/* What was a module's is the default now. */
	after = start(HEAD "upstream: http://127.0.0.1:4\n", before);
	services_end(before);
	assert_ptr_equal(services_group(after, NULL)->members[0], orders);
	assert_string_equal(upstream_url(orders), "http://127.0.0.1:4");
	before = after;
	after = start(HEAD "upstream: http://127.0.0.1:5\n", before);
	services_end(before);
	assert_string_equal(
	    upstream_url(services_group(after, NULL)->members[0]), "http://127.0.0.1:5");
	services_end(after);
}

static void
a_reload_takes_over_the_local_issuer_if_it_is_the_same(void **state)
{
	char same[512], other[512];
	struct services *first, *second, *third, *fourth;

	(void)state;
	(void)snprintf(same, sizeof(same), HEAD "upstream: http://127.0.0.1:3\n" LOCAL_ISSUER, "");
	(void)snprintf(other, sizeof(other), HEAD "upstream: http://127.0.0.1:3\n" LOCAL_ISSUER,
	    ", token_lifetime: 5m");
	first = start(same, NULL);
	assert_non_null(first->issuer);
	second = start(same, first);
	assert_ptr_equal(first->issuer, second->issuer);
	assert_ptr_equal(first->memory, second->memory);
	services_end(first);
	assert_true(issuer_generation(second->issuer) > 0); /* it still runs */
	third = start(other, second);
	assert_ptr_not_equal(second->issuer, third->issuer);
	/* Lock-outs and passwords are remembered all the same. */
	assert_ptr_equal(second->memory, third->memory);
	services_end(second);
	fourth = start(HEAD "upstream: http://127.0.0.1:3\n", third);
	services_end(third);
	assert_null(fourth->issuer);
	services_end(fourth);
}

static void
the_local_keys_are_in_the_keyring(void **state)
{
	struct services *services;
	struct keyring_state keys;
	char text[512];

	(void)state;
	(void)snprintf(text, sizeof(text), HEAD "upstream: http://127.0.0.1:3\n" LOCAL_ISSUER, "");
	services = start(text, NULL);
	keyring_state(services->ring, services->config->local_index, &keys);
	assert_true(keys.usable);
	assert_int_equal(keys.keys, 1);
	keyring_state(services->ring, 0, &keys);
	assert_string_equal(keys.name, "idp");
	assert_true(keys.usable);
	services_end(services);
}

static void
whether_local_tokens_count_is_a_matter_of_accept(void **state)
{
	static const struct {
		const char *accept;
		bool counts, stands_by;
	} cases[] = {
		{ "", true, false },
		{ ", accept: always", true, false },
		{ ", accept: never", false, false },
		{ ", accept: fallback", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct services *services;
		char text[512];

		(void)snprintf(text, sizeof(text),
		    HEAD "upstream: http://127.0.0.1:3\n" LOCAL_ISSUER, cases[i].accept);
		services = start(text, NULL);
		if (services_local_counts(services) != cases[i].counts)
			fail_msg("%s", text);
		assert_int_equal(issuer_stands_by(services->issuer), cases[i].stands_by);
		services_end(services);
	}
}

/* The outage of the only identity provider, on a clock that the test turns. */
static void
housekeeping_lets_the_local_issuer_take_over(void **state)
{
	struct services *services, *next;
	int64_t now_s = clock_mono_s();
	char text[512];
	int before;

	(void)state;
	(void)snprintf(text, sizeof(text),
	    "policy: policy.yaml\nstate: state\nupstream: http://127.0.0.1:3\n"
	    "issuers: {idp: {issuer: \"" IDP "\", audience: api, "
	    "jwks_uri: 'http://127.0.0.1:1/keys'}}\n" LOCAL_ISSUER,
	    ", accept: fallback");
	services = start(text, NULL);
	services_tend(services, now_s);
	assert_false(services_local_counts(services));
	before = atomic_load(&changes);
	services_tend(services, now_s + services->config->local.fallback.after_s + 60);
	assert_true(services_local_counts(services));
	assert_false(issuer_stands_by(services->issuer));
	assert_true(atomic_load(&changes) > before);
	/* A reload in the middle of the outage goes on with it. */
	next = start(text, services);
	services_end(services);
	assert_true(services_local_counts(next));
	services_end(next);
}

static void
a_start_that_fails_says_what_and_leaves_the_old_ones(void **state)
{
	struct services *before = start(HEAD "upstream: http://127.0.0.1:3\n", NULL), *after = NULL;
	struct services_setup setup = {
		.previous = before, .changed = changed, .context = &changes
	};
	struct err err = { "" };
	char text[512];

	(void)state;
	/* A directory is no database. */
	(void)snprintf(text, sizeof(text), HEAD "upstream: http://127.0.0.1:3\n" LOCAL_ISSUER,
	    ", database: '.'");
	setup.config = config_of(text);
	assert_false(services_start(&setup, &after, &err));
	assert_null(after);
	assert_true(strncmp(err.text, "local issuer: ", 14) == 0);
	put("keys.json", "{\"keys\":[]}");
	setup.config = config_of(HEAD "upstream: http://127.0.0.1:4\n");
	assert_false(services_start(&setup, &after, &err));
	assert_non_null(strstr(err.text, "keys.json"));
	assert_string_equal(
	    upstream_url(services_group(before, NULL)->members[0]), "http://127.0.0.1:3");
	services_end(before);
}

static void
who_holds_them_may_use_them_after_their_end(void **state)
{
	struct services *services = start(HEAD "upstream: http://127.0.0.1:3\n", NULL);
	struct services *held = services_ref(services);

	(void)state;
	services_end(services);
	assert_string_equal(
	    upstream_url(services_group(held, NULL)->members[0]), "http://127.0.0.1:3");
	assert_string_equal(held->config->trusted_issuers[0].name, "idp");
	services_unref(held); /* frees them, which the sanitizer checks */
	services_unref(NULL);
	services_end(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_module_has_its_own_upstream_or_the_default),
		TEST(without_a_default_a_module_may_have_none),
		TEST(a_reload_takes_over_upstreams_by_their_url),
		TEST(a_reload_takes_over_the_local_issuer_if_it_is_the_same),
		TEST(the_local_keys_are_in_the_keyring),
		TEST(whether_local_tokens_count_is_a_matter_of_accept),
		TEST(housekeeping_lets_the_local_issuer_take_over),
		TEST(a_start_that_fails_says_what_and_leaves_the_old_ones),
		TEST(who_holds_them_may_use_them_after_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
