/* SPDX-License-Identifier: Apache-2.0 */
/* The last decisions: found by their id, overwritten in their order, cut where there is no room,
 * and whole when many threads write and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "proxy/gate/recent.h"

static void
add(struct recent *recent, const char *id, const char *path, const char *whole)
{
	struct recent_record *record = recent_begin(recent);

	(void)snprintf(record->id, sizeof(record->id), "%s", id);
	recent_put(record, RECENT_PATH, span_of(path));
	recent_put(record, RECENT_USER, SPAN(""));
	recent_put(record, RECENT_ROLE, SPAN("a"));
	recent_put(record, RECENT_ROLE, SPAN("b"));
	recent_end(record, whole == NULL ? NULL : strdup(whole));
}

static bool
has(struct recent *recent, const char *id, const char *path, const char *whole)
{
	struct recent_record found;
	enum recent_text what;
	struct span text;
	size_t at = 0;
	bool same;

	if (!recent_find(recent, span_of(id), &found))
		return false;
	same = recent_next(&found, &at, &what, &text) && what == RECENT_PATH && span_is(text, path);
	same = same && recent_next(&found, &at, &what, &text) && what == RECENT_ROLE &&
	       span_is(text, "a");
	same = same && recent_next(&found, &at, &what, &text) && what == RECENT_ROLE &&
	       span_is(text, "b");
	same = same && !recent_next(&found, &at, &what, &text) && !found.cut;
	same = same && (whole == NULL) == (found.whole == NULL) &&
	       (whole == NULL || strcmp(whole, found.whole) == 0);
	free(found.whole);
	return same;
}

static void
the_last_ones_are_found(void **state)
{
	struct recent *recent = recent_new(3);

	(void)state;
	assert_non_null(recent);
	assert_false(has(recent, "", "", NULL));
	add(recent, "1", "/one", NULL);
	add(recent, "2", "/two", "{}");
	assert_true(has(recent, "1", "/one", NULL));
	assert_true(has(recent, "2", "/two", "{}"));
	assert_false(has(recent, "", "/", NULL));
	assert_false(has(recent, "12", "/", NULL));
	add(recent, "3", "/three", NULL);
	add(recent, "4", "/four", NULL);
	add(recent, "5", "/five", NULL);
	assert_false(has(recent, "1", "/one", NULL));
	assert_false(has(recent, "2", "/two", "{}"));
	assert_true(has(recent, "3", "/three", NULL));
	assert_true(has(recent, "5", "/five", NULL));
	recent_free(recent);
	recent_free(NULL);
}

static void
of_what_passes_so_many_a_second_are_kept(void **state)
{
	struct recent *recent = recent_new(1);

	(void)state;
	assert_non_null(recent);
	for (int64_t second = 5; second < 8; second++) {
		for (int i = 0; i < RECENT_PASSED_A_SECOND; i++)
			assert_true(recent_wants(recent, second));
		assert_false(recent_wants(recent, second));
		assert_false(recent_wants(recent, second));
	}
	assert_true(recent_wants(recent, 3));
	recent_free(recent);
}

static void
what_has_no_room_is_cut(void **state)
{
	static char text[2 * RECENT_ROOM];
	struct recent *recent = recent_new(1);
	struct recent_record *record, found;
	enum recent_text what;
	struct span got;
	size_t at = 0, count = 0;

	(void)state;
	assert_non_null(recent);
	memset(text, 'x', sizeof(text));
	record = recent_begin(recent);
	(void)snprintf(record->id, sizeof(record->id), "id");
	recent_put(record, RECENT_ROLE, (struct span){ text, sizeof(text) });
	assert_true(record->cut);
	assert_int_equal(record->used, 0);
	recent_put(record, RECENT_ROLE, (struct span){ text, 600 });
	recent_put(record, RECENT_ROLE, (struct span){ text, 600 });
	recent_put(record, RECENT_DETAIL, (struct span){ text, sizeof(text) });
	recent_put(record, RECENT_PEER, SPAN("x"));
	recent_end(record, NULL);
	assert_true(recent_find(recent, SPAN("id"), &found));
	for (; recent_next(&found, &at, &what, &got); count++)
		assert_int_equal(what, count == 0 ? RECENT_ROLE : RECENT_DETAIL);
	assert_int_equal(count, 2);
	assert_int_equal(found.used, RECENT_ROOM);
	recent_free(recent);
}

#define ROUNDS 20000

static void *
write_many(void *context)
{
	for (int i = 0; i < ROUNDS; i++)
		add(context, "same", "/path", i % 3 == 0 ? "{\"whole\":1}" : NULL);
	return NULL;
}

/* Whatever a reader gets is one record, never half of two. */
static void
records_are_whole_under_many_threads(void **state)
{
	struct recent *recent = recent_new(2);
	pthread_t threads[3];
	int found = 0;

	(void)state;
	assert_non_null(recent);
	add(recent, "same", "/path", NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, recent), 0);
	for (int i = 0; i < ROUNDS; i++)
		found += has(recent, "same", "/path", NULL) ||
			 has(recent, "same", "/path", "{\"whole\":1}");
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_true(found > 0);
	assert_true(
	    has(recent, "same", "/path", NULL) || has(recent, "same", "/path", "{\"whole\":1}"));
	recent_free(recent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_ones_are_found),
		cmocka_unit_test(of_what_passes_so_many_a_second_are_kept),
		cmocka_unit_test(what_has_no_room_is_cut),
		cmocka_unit_test(records_are_whole_under_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
