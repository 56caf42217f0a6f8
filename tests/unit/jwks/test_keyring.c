/* SPDX-License-Identifier: Apache-2.0 */
/* Key files that are replaced under readers; fetching is tried end to end against real servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "jwks/keyring.h"
#include "refresh.h"

#define KEY(kid, x)                                                                                \
	"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" kid "\",\"x\":\"" x "\"}]}"
#define FIRST KEY("first", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
#define SECOND KEY("second", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw")

static char directory[64], path[96];

static int
make_directory(void **state)
{
	(void)state;
	log_setup(LOG_JSON, LOG_ERROR);
	(void)snprintf(directory, sizeof(directory), "/tmp/postern-keyring-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/keys.json", directory);
	return 0;
}

static int
remove_directory(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(directory);
}

static void
put(const char *json)
{
	struct err err = { "" };

	if (!file_write(path, span_of(json), 0600, &err))
		fail_msg("%s", err.text);
}

static struct source
file_source(void)
{
	return (struct source){
		.name = "idp",
		.issuer = "https://idp.example",
		.kind = SOURCE_FILE,
		.place = path,
		.cooldown_s = 1,
		.timeout_ms = 60000,
	};
}

static bool
holds(const struct keyring *ring, const char *kid)
{
	const struct key *key = NULL;
	struct keyset *set;
	bool found;

	set = keyring_keys(ring, 0);
	found = set != NULL && keyset_find(set, span_of(kid), ALGORITHM_EdDSA, &key) == REASON_OK;
	keyset_free(set);
	return found;
}

static struct keyring *
start(const struct source *source, struct keyring *previous)
{
	struct keyring_setup setup = {
		.sources = source, .count = 1, .waiting_max = 4, .previous = previous
	};
	struct keyring *ring = NULL;
	struct err err = { "" };

	if (!keyring_start(&setup, &ring, &err))
		fail_msg("%s", err.text);
	return ring;
}

static void
a_file_is_read_at_once_and_again_when_a_kid_is_unknown(void **state)
{
	struct source source = file_source();
	struct keyring *ring;

	(void)state;
	put(FIRST);
	ring = start(&source, NULL);
	assert_true(holds(ring, "first"));
	put(SECOND);
	assert_true(refresh(ring, 0, clock_now_s()));
	assert_true(holds(ring, "second"));
	assert_false(holds(ring, "first"));
	keyring_stop(ring);
}

static void
a_file_that_turns_bad_does_not_take_the_keys_away(void **state)
{
	struct source source = file_source();
	struct keyring_state known;
	struct keyring *ring;

	(void)state;
	put(FIRST);
	ring = start(&source, NULL);
	put("{\"keys\":[]}");
	assert_true(refresh(ring, 0, clock_now_s()));
	assert_true(holds(ring, "first"));
	keyring_state(ring, 0, &known);
	assert_true(known.usable);
	assert_true(known.last_error[0] != '\0');
	keyring_stop(ring);
}

static void
a_bad_file_at_the_start_is_said(void **state)
{
	struct source source = file_source();
	struct keyring_setup setup = { .sources = &source, .count = 1, .waiting_max = 4 };
	struct keyring *ring = NULL;
	struct err err = { "" };

	(void)state;
	put("nonsense");
	assert_false(keyring_start(&setup, &ring, &err));
	assert_non_null(strstr(err.text, path));
}

static void
the_cooldown_bounds_what_unknown_kids_cause(void **state)
{
	struct source source = file_source();
	struct keyring *ring;
	int ended = 0;

	(void)state;
	source.cooldown_s = 3600;
	put(FIRST);
	ring = start(&source, NULL);
	for (int i = 0; i < 10000; i++)
		ended += refresh(ring, 0, 1760000000);
	assert_int_equal(ended, 1);
	keyring_stop(ring);
}

static atomic_bool reading;

static void *
read_on(void *ring)
{
	while (atomic_load(&reading))
		if (!holds(ring, "first") && !holds(ring, "second") && !holds(ring, "first"))
			continue;
	return NULL;
}

static void
readers_never_see_a_set_that_is_gone(void **state)
{
	struct source source = file_source();
	pthread_t threads[3];
	struct keyring *ring;
	int64_t now_s = clock_now_s();

	(void)state;
	put(FIRST);
	ring = start(&source, NULL);
	atomic_store(&reading, true);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, ring), 0);
	for (int i = 0; i < 50; i++) {
		put(i % 2 == 0 ? SECOND : FIRST);
		(void)refresh(ring, 0, now_s + 10 * (i + 1));
	}
	atomic_store(&reading, false);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	keyring_stop(ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_at_once_and_again_when_a_kid_is_unknown),
		cmocka_unit_test(a_file_that_turns_bad_does_not_take_the_keys_away),
		cmocka_unit_test(a_bad_file_at_the_start_is_said),
		cmocka_unit_test(the_cooldown_bounds_what_unknown_kids_cause),
		cmocka_unit_test(readers_never_see_a_set_that_is_gone),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
