/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "proxy/gate/cache.h"

/* Of the caches here: four sets. */
#define ROOM (4u * CACHE_SET_BYTES)

static uint64_t no_roles[1];
static struct arena found_in; /* what is found is copied there */

static struct cache_key
key_of(uint32_t number, uint64_t serial)
{
	struct cache_key key = { .serial = serial };
	unsigned char bytes[4] = { (unsigned char)(number >> 24), (unsigned char)(number >> 16),
		(unsigned char)(number >> 8), (unsigned char)number };

	assert_true(digest_sha256((struct span){ (const char *)bytes, 4 }, key.digest));
	return key;
}

static void
keep(struct cache *cache, const struct cache_key *key, const char *subject, int64_t until_s)
{
	struct caller caller = { .until_s = until_s };

	caller.principal.roles = no_roles;
	caller.principal.subject = span_of(subject);
	cache_put(cache, key, &caller, 0);
}

static void
what_was_kept_is_found_until_it_ends(void **state)
{
	struct cache *cache = cache_new(ROOM);
	struct cache_key key = key_of(1, 7), other = key_of(2, 7), later = key_of(1, 8);
	const struct caller *found;

	(void)state;
	assert_non_null(cache);
	keep(cache, &key, "jane", 100);
	found = cache_find(cache, &key, 99, &found_in);
	assert_non_null(found);
	assert_true(span_is(found->principal.subject, "jane"));
	assert_null(cache_find(cache, &key, 100, &found_in));
	assert_null(cache_find(cache, &other, 99, &found_in));
	assert_null(cache_find(cache, &later, 99, &found_in));
	cache_free(cache);
}

static void
what_was_kept_for_one_certificate_is_not_found_for_another(void **state)
{
	static const struct request_certificate certificates[] = { { .sha256 = { 1 } },
		{ .sha256 = { [DIGEST_BYTES - 1] = 1 } } };
	const struct request_certificate *const presented[] = { NULL, &certificates[0],
		&certificates[1] };
	static const char *const subjects[] = { "nobody's", "first", "second" };
	struct cache *cache = cache_new(ROOM);
	struct cache_key keys[3];

	(void)state;
	assert_non_null(cache);
	for (size_t i = 0; i < 3; i++) {
		struct cache_key token = key_of(1, 7);

		keys[i] = cache_key_for(7, presented[i], (struct span){ 0 });
		memcpy(keys[i].digest, token.digest, DIGEST_BYTES);
		assert_null(cache_find(cache, &keys[i], 99, &found_in));
		keep(cache, &keys[i], subjects[i], 100);
	}
	for (size_t i = 0; i < 3; i++) {
		const struct caller *found = cache_find(cache, &keys[i], 99, &found_in);

		assert_non_null(found);
		assert_true(span_is(found->principal.subject, subjects[i]));
	}
	cache_free(cache);
}

static void
what_was_kept_for_one_peer_is_not_found_for_another(void **state)
{
	static const char *const peers[] = { NULL, "192.0.2.1", "192.0.2.11", "unknown" };
	struct cache *cache = cache_new(ROOM);
	struct cache_key keys[4];

	(void)state;
	assert_non_null(cache);
	for (size_t i = 0; i < 4; i++) {
		struct cache_key token = key_of(1, 7);

		keys[i] = cache_key_for(7, NULL, span_of(peers[i]));
		memcpy(keys[i].digest, token.digest, DIGEST_BYTES);
		assert_null(cache_find(cache, &keys[i], 99, &found_in));
		keep(cache, &keys[i], i == 0 ? "anywhere" : peers[i], 100);
	}
	for (size_t i = 1; i < 4; i++) {
		const struct caller *found = cache_find(cache, &keys[i], 99, &found_in);

		assert_non_null(found);
		assert_true(span_is(found->principal.subject, peers[i]));
	}
	cache_free(cache);
}

static void
what_was_kept_for_one_audience_is_not_found_for_another(void **state)
{
	static const struct texts demanded[2];
	const struct texts *const audiences[] = { NULL, &demanded[0], &demanded[1] };
	static const char *const subjects[] = { "the issuer's", "one", "other" };
	struct cache *cache = cache_new(ROOM);
	struct cache_key keys[3];

	(void)state;
	assert_non_null(cache);
	for (size_t i = 0; i < 3; i++) {
		keys[i] = key_of(1, 7);
		keys[i].audiences = audiences[i];
		assert_null(cache_find(cache, &keys[i], 99, &found_in));
		keep(cache, &keys[i], subjects[i], 100);
	}
	for (size_t i = 0; i < 3; i++) {
		const struct caller *found = cache_find(cache, &keys[i], 99, &found_in);

		assert_non_null(found);
		assert_true(span_is(found->principal.subject, subjects[i]));
	}
	cache_free(cache);
}

/* A clock that is set back comes before what `nbf` or a password's memory began with. */
static void
what_was_kept_is_not_found_before_it_began(void **state)
{
	struct cache *cache = cache_new(ROOM);
	struct cache_key key = key_of(1, 7);
	struct caller caller = { .from_s = 50, .until_s = 100 };

	(void)state;
	assert_non_null(cache);
	caller.principal.roles = no_roles;
	cache_put(cache, &key, &caller, 60);
	assert_non_null(cache_find(cache, &key, 50, &found_in));
	assert_null(cache_find(cache, &key, 49, &found_in));
	cache_free(cache);
}

/* Keep that many callers whose subject has so many bytes. */
static void
keep_many(struct cache *cache, uint32_t count, size_t subject_bytes)
{
	char subject[CACHE_ENTRY_BYTES];

	memset(subject, 'x', subject_bytes);
	subject[subject_bytes] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		struct cache_key key = key_of(i, 1);

		keep(cache, &key, subject, 1000 + i);
	}
}

static size_t
found_of(struct cache *cache, uint32_t count)
{
	size_t found = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct cache_key key = key_of(i, 1);

		found += cache_find(cache, &key, 0, &found_in) != NULL;
	}
	return found;
}

static void
the_cache_stays_within_its_bytes(void **state)
{
	static const size_t subjects[] = { 1, 700, 3000, 6000 };

	(void)state;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		struct cache *cache = cache_new(ROOM);
		size_t found;

		assert_non_null(cache);
		assert_int_equal(cache_bytes(cache), 0);
		keep_many(cache, 400, subjects[i]);
		found = found_of(cache, 400);
		assert_true(cache_bytes(cache) <= ROOM);
		assert_true(cache_bytes(cache) > ROOM / 2);
		assert_true(cache_bytes(cache) >= found * (sizeof(struct caller) + subjects[i]));
		assert_true(found >= ROOM / CACHE_ENTRY_BYTES);
		cache_free(cache);
	}
}

/* A large caller takes the room of several small ones, and they its. */
static void
callers_of_all_sizes_share_the_room(void **state)
{
	struct cache *cache = cache_new(CACHE_SET_BYTES);
	size_t small;

	(void)state;
	assert_non_null(cache);
	keep_many(cache, 100, 1);
	small = found_of(cache, 100);
	assert_true(small >= 10);
	keep_many(cache, 1, 6000);
	assert_int_equal(found_of(cache, 1), 1);
	assert_true(found_of(cache, 100) < small);
	assert_true(cache_bytes(cache) <= CACHE_SET_BYTES);
	keep_many(cache, 100, 1);
	assert_int_equal(found_of(cache, 100), small);
	cache_free(cache);
}

/* What expires first goes first; what is of an older snapshot before all. */
static void
the_one_that_lasts_is_the_one_that_stays(void **state)
{
	struct cache *cache = cache_new(CACHE_SET_BYTES);
	struct cache_key lasting = key_of(1000, 1), stale = key_of(1001, 0);

	(void)state;
	assert_non_null(cache);
	keep(cache, &lasting, "x", INT64_MAX);
	keep(cache, &stale, "x", INT64_MAX);
	keep_many(cache, 100, 1);
	assert_non_null(cache_find(cache, &lasting, 0, &found_in));
	assert_null(cache_find(cache, &stale, 0, &found_in));
	cache_free(cache);
}

static void
a_caller_that_is_kept_anew_takes_no_second_place(void **state)
{
	struct cache *cache = cache_new(ROOM);
	struct cache_key key = key_of(1, 1);
	size_t bytes;

	(void)state;
	assert_non_null(cache);
	keep(cache, &key, "x", 100);
	bytes = cache_bytes(cache);
	assert_true(bytes > 0);
	keep(cache, &key, "y", 100);
	assert_int_equal(cache_bytes(cache), bytes);
	assert_true(span_is(cache_find(cache, &key, 0, &found_in)->principal.subject, "y"));
	cache_free(cache);
}

static void
too_large_a_caller_is_not_kept(void **state)
{
	struct cache *cache = cache_new(ROOM);
	struct cache_key key = key_of(1, 1);
	struct caller caller = { .until_s = 100 };
	static char large[CACHE_ENTRY_BYTES];

	(void)state;
	memset(large, 'a', sizeof(large));
	caller.principal.roles = no_roles;
	caller.principal.subject = (struct span){ large, sizeof(large) };
	cache_put(cache, &key, &caller, 0);
	assert_null(cache_find(cache, &key, 0, &found_in));
	assert_int_equal(cache_bytes(cache), 0);
	cache_free(cache);
}

#define RACE_KEYS 64
#define RACE_ROUNDS 4000

static struct cache *raced;
static atomic_int mixed_up;

static void *
read_and_replace(void *context)
{
	uint32_t number = (uint32_t)(uintptr_t)context;

	for (int i = 0; i < RACE_ROUNDS; i++) {
		char name[16];
		struct cache_key key;
		const struct caller *found;
		struct arena arena;

		arena_init(&arena, 4096);
		number = number * 1664525 + 1013904223;
		key = key_of(number % RACE_KEYS, 1);
		(void)snprintf(name, sizeof(name), "s%u", number % RACE_KEYS);
		found = cache_find(raced, &key, 0, &arena);
		if (found != NULL && !span_is(found->principal.subject, name))
			atomic_fetch_add(&mixed_up, 1);
		arena_done(&arena);
		if (i % 3 == 0)
			keep(raced, &key, name, 100);
	}
	return NULL;
}

static void
readers_and_writers_never_meet_the_wrong_caller(void **state)
{
	pthread_t threads[4];

	(void)state;
	raced = cache_new(CACHE_SET_BYTES); /* so that they compete for room as well */
	assert_non_null(raced);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, read_and_replace, (void *)(uintptr_t)(i + 1)),
		    0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&mixed_up), 0);
	assert_true(cache_bytes(raced) <= CACHE_SET_BYTES);
	cache_free(raced);
}

static int
set_up(void **state)
{
	(void)state;
	arena_init(&found_in, 64u << 20);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_done(&found_in);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_kept_is_found_until_it_ends),
		cmocka_unit_test(what_was_kept_for_one_certificate_is_not_found_for_another),
		cmocka_unit_test(what_was_kept_for_one_peer_is_not_found_for_another),
		cmocka_unit_test(what_was_kept_for_one_audience_is_not_found_for_another),
		cmocka_unit_test(what_was_kept_is_not_found_before_it_began),
		cmocka_unit_test(the_cache_stays_within_its_bytes),
		cmocka_unit_test(callers_of_all_sizes_share_the_room),
		cmocka_unit_test(the_one_that_lasts_is_the_one_that_stays),
		cmocka_unit_test(a_caller_that_is_kept_anew_takes_no_second_place),
		cmocka_unit_test(too_large_a_caller_is_not_kept),
		cmocka_unit_test(readers_and_writers_never_meet_the_wrong_caller),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
