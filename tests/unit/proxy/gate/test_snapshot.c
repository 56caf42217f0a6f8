/* SPDX-License-Identifier: Apache-2.0 */
/* Parts are shared by snapshots, and each lives as long as somebody holds one that refers to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "proxy/gate/snapshot.h"

#define JWKS(kid)                                                                                  \
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"" kid "\","                        \
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                   \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"
#define THREADS 4
#define ROUNDS 300

static char dir[] = "/tmp/postern-snapshot-XXXXXX";
static struct hold *hold;
static struct services *services;
static struct err err;

static const char *
in_dir(const char *name)
{
	static char paths[4][96];
	static size_t next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, 96, "%s/%s", dir, name);
	return path;
}

static void
put(const char *name, const char *text)
{
	if (!file_write(in_dir(name), span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static struct services *
start(struct services *previous)
{
	struct services_setup setup = { .previous = previous };
	struct services *started = NULL;

	if (!config_read(in_dir("postern.yaml"), CONFIG_TEXT, &setup.config, &err))
		fail_msg("%s: %s", err.text,
		    setup.config == NULL || setup.config->mistakes.first == NULL
			? ""
			: setup.config->mistakes.first->text);
	if (!services_start(&setup, &started, &err))
		fail_msg("%s", err.text);
	return started;
}

static void
replace(void)
{
	struct snapshot *snapshot = snapshot_new(services);

	assert_non_null(snapshot);
	snapshot_replace(hold, snapshot);
}

static int
setup(void **state)
{
	(void)state;
	log_setup(LOG_JSON, LOG_ERROR);
	memset(dir + strlen(dir) - 6, 'X', 6);
	if (mkdtemp(dir) == NULL)
		return -1;
	put("keys.json", JWKS("one"));
	put("policy.yaml", "privileges: {p: {paths: [\"/*\"]}}\n");
	put("postern.yaml", "listen: {address: 127.0.0.1:1}\n"
			    "admin: {address: 127.0.0.1:2}\n"
			    "upstream: http://127.0.0.1:3\n"
			    "policy: policy.yaml\n"
			    "state: state\n"
			    "issuers: {idp: {issuer: \"https://idp.example\", audience: a, "
			    "jwks_file: keys.json}}\n"
			    "local_issuer: {issuer: \"http://127.0.0.1:1\", audience: b}\n");
	assert_int_equal(mkdir(in_dir("state"), 0700), 0);
	hold = hold_new();
	services = start(NULL);
	replace();
	return 0;
}

static int
teardown(void **state)
{
	char command[96];

	(void)state;
	hold_free(hold);
	services_end(services);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void
a_snapshot_refers_to_the_same_parts_as_the_one_before(void **state)
{
	struct snapshot *before = snapshot_take(hold), *after;

	(void)state;
	replace();
	after = snapshot_take(hold);
	assert_ptr_not_equal(before, after);
	assert_true(before->serial < after->serial);
	assert_ptr_equal(before->config, after->config);
	assert_ptr_equal(before->local.directory, after->local.directory);
	assert_ptr_equal(before->local.revoked, after->local.revoked);
	assert_ptr_equal(before->local.keys, after->local.keys);
	assert_non_null(snapshot_keys(before, 0, clock_mono_s()));
	assert_ptr_equal(
	    snapshot_keys(before, 0, clock_mono_s()), snapshot_keys(after, 0, clock_mono_s()));
	snapshot_release(before);
	snapshot_release(after);
}

static bool
has_key(const struct snapshot *snapshot, const char *kid)
{
	const struct keyset *keys = snapshot_keys(snapshot, 0, clock_mono_s());
	const struct key *key = NULL;

	return keys != NULL && keyset_find(keys, span_of(kid), ALGORITHM_ES256, &key) == REASON_OK;
}

static void
who_holds_one_goes_on_with_its_parts_after_a_reload(void **state)
{
	struct snapshot *before = snapshot_take(hold), *after;
	struct services *former = services;
	struct keyring_try awaited;

	(void)state;
	put("keys.json", JWKS("two"));
	services = start(former);
	replace();
	services_end(former);
	after = snapshot_take(hold);
	assert_true(has_key(before, "one") && !has_key(before, "two"));
	assert_true(has_key(after, "two") && !has_key(after, "one"));
	assert_string_equal(before->config->trusted_issuers[0].name, "idp");
	assert_non_null(services_group(before->services, NULL));
	assert_false(keyring_join(before->services->ring, 0, INT64_C(4000000000), &awaited));
	snapshot_release(after);
	snapshot_release(before);
}

static void
what_was_revoked_before_it_was_taken_counts(void **state)
{
	struct revocation revocation = { .kind = REVOKE_TOKEN,
		.issuer = "http://127.0.0.1:1",
		.value = "j",
		.by = "test",
		.until_s = INT64_C(4000000000) };
	struct revoked_question question = { .issuer = SPAN("http://127.0.0.1:1"),
		.jti = SPAN("j") };
	struct snapshot *snapshot = snapshot_take(hold);
	bool new = false;

	(void)state;
	assert_false(snapshot_revoked(snapshot, &question));
	snapshot_release(snapshot);
	if (!issuer_revoke(services->issuer, &revocation, &new, &err))
		fail_msg("%s", err.text);
	replace();
	snapshot = snapshot_take(hold);
	assert_true(snapshot_revoked(snapshot, &question));
	snapshot_release(snapshot);
}

static void
one_of_a_configuration_alone_knows_nobody(void **state)
{
	struct snapshot *snapshot = snapshot_take(hold);
	struct snapshot alone = { .config = snapshot->config };
	struct revoked_question question = { .jti = SPAN("j") };

	(void)state;
	assert_null(snapshot_keys(&alone, 0, clock_mono_s()));
	assert_null(snapshot_keys(&alone, alone.config->local_index, clock_mono_s()));
	assert_null(snapshot_client(&alone, SPAN("c")));
	assert_null(snapshot_user(&alone, SPAN("u")));
	assert_false(snapshot_revoked(&alone, &question));
	snapshot_release(snapshot);
}

static atomic_bool going;
static atomic_int wrong;

static void *
use(void *context)
{
	uint64_t last = 0;

	(void)context;
	while (atomic_load(&going)) {
		struct snapshot *snapshot = snapshot_take(hold);

		if (snapshot->serial < last || snapshot_client(snapshot, SPAN("c")) != NULL ||
		    !(has_key(snapshot, "one") || has_key(snapshot, "two")) ||
		    strcmp(snapshot->config->trusted_issuers[0].name, "idp") != 0)
			atomic_fetch_add(&wrong, 1);
		last = snapshot->serial;
		snapshot_release(snapshot);
	}
	return NULL;
}

static void
parts_and_services_are_replaced_under_readers(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	atomic_store(&going, true);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct services *former = services;

		if (i % 20 == 0) {
			put("keys.json", i % 40 == 0 ? JWKS("two") : JWKS("one"));
			services = start(former);
			replace();
			services_end(former);
		} else {
			replace();
		}
	}
	atomic_store(&going, false);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&wrong), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_refers_to_the_same_parts_as_the_one_before),
		TEST(who_holds_one_goes_on_with_its_parts_after_a_reload),
		TEST(what_was_revoked_before_it_was_taken_counts),
		TEST(one_of_a_configuration_alone_knows_nobody),
		TEST(parts_and_services_are_replaced_under_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
