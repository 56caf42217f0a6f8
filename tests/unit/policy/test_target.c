/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include "base/buffer.h"
#include "policy/target.h"

#define ARENA_BYTES ((size_t)1 << 20)

/* "ok", "ok+semicolon+dot" or the reason's word. */
static void
say(struct buffer *buffer, enum reason reason, unsigned mild)
{
	buffer_reset(buffer);
	buffer_add_text(buffer, reason_word(reason));
	if (reason != REASON_OK)
		return;
	buffer_add_text(buffer, (mild & TARGET_SEMICOLON) != 0 ? "+semicolon" : "");
	buffer_add_text(buffer, (mild & TARGET_ENCODED_DELIMITERS) != 0 ? "+delimiters" : "");
	buffer_add_text(buffer, (mild & TARGET_TRAILING_DOT) != 0 ? "+dot" : "");
	buffer_add_text(buffer, (mild & TARGET_ENCODED_PERCENT) != 0 ? "+percent" : "");
	buffer_add_text(buffer, (mild & TARGET_ENCODED_BACKSLASH) != 0 ? "+backslash" : "");
	buffer_add_text(buffer, (mild & TARGET_ANY_UTF8) != 0 ? "+utf8" : "");
	buffer_add_text(buffer, (mild & TARGET_RAW_PIPE) != 0 ? "+pipe" : "");
}

static void
check(struct cases *cases, struct span line, struct arena *arena, struct buffer *got)
{
	struct span want = cases_word(&line), raw = cases_word(&line), canonical = line;
	struct target target;
	enum reason reason;

	cases_unescape(&raw);
	reason = target_read(raw, arena, &target);
	say(got, reason, target.mild);
	if (!span_equal(want, buffer_span(got)))
		cases_fail(cases, want, buffer_span(got));
	else if (reason == REASON_OK && !span_equal(canonical, target.path))
		cases_fail(cases, canonical, target.path);
	else if (reason != REASON_OK && target.detail == NULL)
		cases_fail(cases, SPAN("a detail"), SPAN("none"));
}

static void
targets_have_one_reading_or_none(void **state)
{
	struct arena arena;
	struct buffer got;
	struct cases cases;
	struct span line;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	buffer_init(&got, 256);
	cases_open(&cases, "paths.txt");
	while (cases_next(&cases, &line)) {
		check(&cases, line, &arena, &got);
		arena_done(&arena);
		arena_init(&arena, ARENA_BYTES);
	}
	arena_done(&arena);
	buffer_done(&got);
	cases_close(&cases);
}

/* What came out of one reading must come out of the next one unchanged. */
static void
canonical_is_a_fixed_point(void **state)
{
	struct arena arena;
	struct target first, second;
	struct cases cases;
	struct span line;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	cases_open(&cases, "paths.txt");
	while (cases_next(&cases, &line)) {
		struct span raw;

		(void)cases_word(&line);
		raw = cases_word(&line);
		cases_unescape(&raw);
		if (target_read(raw, &arena, &first) != REASON_OK)
			continue;
		if (target_read(first.path, &arena, &second) != REASON_OK ||
		    !span_equal(first.path, second.path) || first.mild != second.mild)
			cases_fail(&cases, first.path, second.path);
	}
	arena_done(&arena);
	cases_close(&cases);
}

static void
a_query_is_kept_as_sent(void **state)
{
	static const struct {
		const char *raw, *query;
		bool has_query;
	} cases[] = {
		{ "/a", "", false },
		{ "/a?", "", true },
		{ "/a?x=%zz&%2e%2e/;", "x=%zz&%2e%2e/;", true },
		{ "/a?b?c", "b?c", true },
	};
	struct arena arena;
	struct target target;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(target_read(span_of(cases[i].raw), &arena, &target), REASON_OK);
		assert_true(span_is(target.query, cases[i].query));
		assert_int_equal(target.has_query, cases[i].has_query);
	}
	arena_done(&arena);
}

/* Read "/a" that many times over. */
static enum reason
read_segments(size_t count)
{
	struct arena arena;
	struct target target;
	struct buffer raw;
	enum reason reason;

	arena_init(&arena, ARENA_BYTES);
	buffer_init(&raw, ARENA_BYTES);
	for (size_t i = 0; i < count; i++)
		buffer_add_text(&raw, "/a");
	reason = target_read(buffer_span(&raw), &arena, &target);
	buffer_done(&raw);
	arena_done(&arena);
	return reason;
}

static void
segments_are_limited(void **state)
{
	(void)state;
	assert_int_equal(read_segments(TARGET_MAX_SEGMENTS), REASON_OK);
	assert_int_equal(read_segments(TARGET_MAX_SEGMENTS + 1), REASON_PATH_AMBIGUOUS);
}

static void
no_memory_is_a_refusal(void **state)
{
	struct arena arena;
	struct target target;

	(void)state;
	arena_init(&arena, 1);
	assert_int_equal(target_read(SPAN("/a"), &arena, &target), REASON_OVERLOADED);
	assert_int_equal(target.path.len, 0);
	arena_done(&arena);
}

static void
an_empty_target_is_malformed(void **state)
{
	struct arena arena;
	struct target target;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	assert_int_equal(target_read(SPAN(""), &arena, &target), REASON_REQUEST_MALFORMED);
	assert_int_equal(
	    target_read((struct span){ NULL, 0 }, &arena, &target), REASON_REQUEST_MALFORMED);
	arena_done(&arena);
}

static void
each_mild_ambiguity_has_a_text(void **state)
{
	(void)state;
	assert_string_equal(target_mild_text(0), "");
	assert_non_null(strstr(target_mild_text(TARGET_SEMICOLON), "semicolon"));
	assert_non_null(strstr(target_mild_text(TARGET_ENCODED_DELIMITERS), "encoded"));
	assert_non_null(strstr(target_mild_text(TARGET_TRAILING_DOT), "dot"));
	assert_non_null(strstr(target_mild_text(7), "semicolon"));
	assert_non_null(strstr(target_mild_text(7), "encoded"));
	assert_non_null(strstr(target_mild_text(7), "dot"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_have_one_reading_or_none),
		cmocka_unit_test(canonical_is_a_fixed_point),
		cmocka_unit_test(a_query_is_kept_as_sent),
		cmocka_unit_test(segments_are_limited),
		cmocka_unit_test(no_memory_is_a_refusal),
		cmocka_unit_test(an_empty_target_is_malformed),
		cmocka_unit_test(each_mild_ambiguity_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
