/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

#define MAX (1u << 20)

static void
bytes_are_zeroed_and_aligned(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, MAX);
	for (size_t size = 0; size < 300; size++) {
		unsigned char *at = arena_alloc(&arena, size);

		assert_non_null(at);
		assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(at[i], 0);
		memset(at, 0xee, size);
	}
	arena_done(&arena);
}

static void
pieces_do_not_overlap(void **state)
{
	struct arena arena;
	unsigned char *at[500];

	(void)state;
	arena_init(&arena, MAX);
	for (size_t i = 0; i < 500; i++) {
		at[i] = arena_alloc(&arena, i + 1);
		assert_non_null(at[i]);
		memset(at[i], (int)(i & 0xff), i + 1);
	}
	for (size_t i = 0; i < 500; i++) {
		for (size_t k = 0; k <= i; k++)
			assert_int_equal(at[i][k], i & 0xff);
	}
	arena_done(&arena);
}

static void
beyond_the_limit_there_is_nothing(void **state)
{
	struct arena arena;
	size_t got = 0;

	(void)state;
	arena_init(&arena, 10000);
	while (arena_alloc(&arena, 100) != NULL)
		got += 100;
	assert_in_range(got, 8000, 10000);
	assert_in_range(arena.used_bytes, got, 10000);
	assert_null(arena_alloc(&arena, 20000));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 8));
	arena_done(&arena);
	assert_non_null(arena_alloc(&arena, 100));
	arena_done(&arena);

	arena_init(&arena, 0);
	assert_null(arena_alloc(&arena, 1));
	assert_null(arena_text(&arena, SPAN("a")));
	assert_null(arena_format(&arena, "a"));
	arena_done(&arena);
}

static void
an_array_whose_size_overflows_is_refused(void **state)
{
	struct arena arena;
	uint64_t *numbers;

	(void)state;
	arena_init(&arena, MAX);
	assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
	assert_null(arena_array(&arena, (SIZE_MAX >> 3) + 2, 8));
	numbers = arena_array(&arena, 1000, sizeof(*numbers));
	assert_non_null(numbers);
	assert_int_equal(numbers[999], 0);
	assert_non_null(arena_array(&arena, 0, 8));
	arena_done(&arena);
}

static void
text_is_copied_with_its_end(void **state)
{
	struct arena arena;
	const char *text;

	(void)state;
	arena_init(&arena, MAX);
	text = arena_text(&arena, span_slice(SPAN("abcdef"), 1, 3));
	assert_string_equal(text, "bc");
	text = arena_text(&arena, (struct span){ NULL, 0 });
	assert_string_equal(text, "");
	text = arena_text(&arena, SPAN("a\0b"));
	assert_memory_equal(text, "a\0b", 4);
	text = arena_format(&arena, "%s=%d", "a", 7);
	assert_string_equal(text, "a=7");
	text = arena_format(&arena, "%5000d", 7);
	assert_int_equal(strlen(text), 5000);
	arena_done(&arena);
}

static void
the_first_bytes_may_be_the_callers_own(void **state)
{
	_Alignas(max_align_t) char own[256];
	struct arena arena;
	char *at;

	(void)state;
	memset(own, 0xee, sizeof(own));
	arena_init_within(&arena, 1000, own, sizeof(own));
	assert_int_equal(arena.used_bytes, sizeof(own));
	at = arena_alloc(&arena, 100);
	assert_ptr_equal(at, own);
	assert_int_equal(at[99], 0);
	at = arena_alloc(&arena, 200);
	assert_non_null(at);
	assert_false(at >= own && at < own + sizeof(own));
	assert_in_range(arena.used_bytes, sizeof(own) + 200, 1000);
	assert_null(arena_alloc(&arena, 1000));
	arena_done(&arena);
	assert_null(arena.at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_zeroed_and_aligned),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(beyond_the_limit_there_is_nothing),
		cmocka_unit_test(an_array_whose_size_overflows_is_refused),
		cmocka_unit_test(text_is_copied_with_its_end),
		cmocka_unit_test(the_first_bytes_may_be_the_callers_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
