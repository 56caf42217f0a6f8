/* SPDX-License-Identifier: Apache-2.0 */
/* Fetch, swap, read and free at once: what the thread sanitizer is to look at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "idp.h"
#include "jwks/fetch.h"
#include "jwks/keyring.h"
#include "refresh.h"

#define READERS 4
#define SWAPS 60

static struct idp idp;
static struct keyring *ring;
static char url[64];
static atomic_bool reading;
static atomic_int neither;

static struct source
source_now(void)
{
	return (struct source){ .name = "idp",
		.issuer = "https://idp.example",
		.kind = SOURCE_URL,
		.place = url,
		.refresh_s = 3600,
		.cooldown_s = 1,
		.stale_s = 86400,
		.timeout_ms = 60000 };
}

static void
start(const struct source *source)
{
	struct keyring_setup setup = { .sources = source, .count = 1, .waiting_max = 4 };
	struct err err = { "" };

	idp_start(&idp);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/keys", idp.port);
	idp_says(&idp, IDP_OK(IDP_SET(IDP_FIRST)), IDP_CLOSE);
	if (!keyring_start(&setup, &ring, &err))
		fail_msg("%s", err.text);
}

static size_t
keys_now(const char *kid)
{
	const struct key *key = NULL;
	struct keyset *set;
	size_t found = 0;

	set = keyring_keys(ring, 0);
	if (set != NULL)
		found = keyset_find(set, span_of(kid), ALGORITHM_EdDSA, &key) == REASON_OK;
	keyset_free(set);
	return found;
}

static void
await_first(void)
{
	while (keys_now("first") == 0)
		idp_pause();
}

static void *
read_on(void *context)
{
	(void)context;
	while (atomic_load(&reading)) {
		const struct key *key = NULL;
		struct keyset *set;

		set = keyring_keys(ring, 0);
		if (set == NULL ||
		    (keyset_find(set, SPAN("first"), ALGORITHM_EdDSA, &key) != REASON_OK &&
			keyset_find(set, SPAN("second"), ALGORITHM_EdDSA, &key) != REASON_OK))
			atomic_fetch_add(&neither, 1);
		keyset_free(set);
	}
	return NULL;
}

static void
readers_always_have_one_whole_set_while_it_is_fetched_anew(void **state)
{
	struct source source = source_now();
	pthread_t threads[READERS];

	(void)state;
	start(&source);
	await_first();
	atomic_store(&reading, true);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, NULL), 0);
	for (int i = 0; i < SWAPS; i++) {
		idp_says(&idp,
		    i % 2 == 0 ? IDP_OK(IDP_SET(IDP_SECOND)) : IDP_OK(IDP_SET(IDP_FIRST)),
		    IDP_CLOSE);
		(void)refresh(ring, 0, clock_now_s() + 10 * (i + 1));
	}
	atomic_store(&reading, false);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&neither), 0);
	assert_true(atomic_load(&idp.hits) > 1);
	keyring_stop(ring);
	idp_stop(&idp);
}

static void
ten_thousand_unknown_kids_cause_one_fetch_per_cooldown(void **state)
{
	struct source source = source_now();
	int before;

	(void)state;
	source.cooldown_s = 3600;
	start(&source);
	await_first();
	before = atomic_load(&idp.hits);
	for (int i = 0; i < 10000; i++)
		(void)refresh(ring, 0, INT64_C(4000000000));
	assert_int_equal(atomic_load(&idp.hits), before + 1);
	assert_int_equal(keys_now("first"), 1);
	keyring_stop(ring);
	idp_stop(&idp);
}

static atomic_int tries;

static void
note_try(void *context)
{
	(void)context;
	atomic_fetch_add(&tries, 1);
}

/* So many may wait; all others are told at once that there is nothing to wait for. */
static void
no_more_than_that_wait_and_all_are_told(void **state)
{
	struct keyring_try first, second, third;
	struct source source = source_now();
	struct keyring_setup setup = {
		.sources = &source, .count = 1, .waiting_max = 2, .tried = note_try
	};
	struct err err = { "" };

	(void)state;
	source.cooldown_s = 3600;
	idp_start(&idp);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/keys", idp.port);
	idp_says(&idp, IDP_OK(IDP_SET(IDP_FIRST)), IDP_CLOSE);
	if (!keyring_start(&setup, &ring, &err))
		fail_msg("%s", err.text);
	await_first();
	while (atomic_load(&tries) == 0)
		idp_pause();
	idp_says(&idp, "", IDP_SILENCE);
	assert_true(keyring_join(ring, 0, INT64_C(4000000000), &first));
	assert_true(keyring_join(ring, 0, INT64_C(4000000000), &second));
	assert_false(keyring_join(ring, 0, INT64_C(4000000000), &third));
	keyring_leave(ring, &first);
	assert_true(keyring_join(ring, 0, INT64_C(4000000000), &third));
	assert_false(keyring_tried(ring, &second));
	keyring_halt(ring);
	assert_true(atomic_load(&tries) >= 2);
	assert_true(keyring_tried(ring, &second));
	assert_true(keyring_tried(ring, &third));
	keyring_leave(ring, &second);
	keyring_leave(ring, &third);
	assert_false(keyring_join(ring, 0, INT64_C(4000000000), &first));
	keyring_stop(ring);
	idp_stop(&idp);
}

static int
set_up(void **state)
{
	struct err err;

	(void)state;
	log_setup(LOG_JSON, LOG_ERROR);
	return fetch_setup(&err) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	fetch_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_always_have_one_whole_set_while_it_is_fetched_anew),
		cmocka_unit_test(ten_thousand_unknown_kids_cause_one_fetch_per_cooldown),
		cmocka_unit_test(no_more_than_that_wait_and_all_are_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
