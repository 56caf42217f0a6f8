/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include "base/buffer.h"
#include "policy/pattern.h"
#include "policy/pattern_form.h"

#define ARENA_BYTES ((size_t)16 << 20)

/* A table's current set. */
struct set {
	struct arena arena;
	struct pattern_set *patterns;
};

static void
put(struct pattern_set *patterns, struct span pattern)
{
	static int value;
	void **place = pattern_set_place(patterns, pattern);

	assert_non_null(place);
	*place = &value;
}

static void
set_begin(struct set *set, struct span line)
{
	struct err err;

	arena_done(&set->arena);
	arena_init(&set->arena, ARENA_BYTES);
	set->patterns = pattern_set_new(&set->arena);
	assert_non_null(set->patterns);
	while (line.len > 0) {
		struct span pattern = cases_word(&line);

		if (!pattern_form_check(pattern, &err))
			fail_msg("%.*s: %s", SPAN_ARG(pattern), err.text);
		put(set->patterns, pattern);
	}
}

static void
check_found(struct cases *cases, struct span want, const char *got)
{
	if (!span_equal(want, got == NULL ? SPAN("-") : span_of(got)))
		cases_fail(cases, want, got == NULL ? SPAN("-") : span_of(got));
}

static void
check_form(struct cases *cases, struct span pattern, bool want)
{
	struct err err = { "" };

	cases_unescape(&pattern);
	if (pattern_form_check(pattern, &err) != want)
		cases_fail(cases, want ? SPAN("good") : SPAN("bad"), pattern);
	else if (!want && err.text[0] == '\0')
		cases_fail(cases, SPAN("a text"), SPAN("none"));
}

static void
check(struct cases *cases, struct span line, struct set *set)
{
	struct span what = cases_word(&line), first, second;
	const char *got = NULL;
	bool holds;

	if (span_is(what, "set")) {
		set_begin(set, line);
		return;
	}
	first = cases_word(&line);
	second = cases_word(&line);
	if (span_is(what, "find")) {
		(void)pattern_set_find(set->patterns, second, &got);
		check_found(cases, first, got);
	} else if (span_is(what, "wider")) {
		(void)pattern_set_wider(set->patterns, second, &got);
		check_found(cases, first, got);
	} else if (span_is(what, "good") || span_is(what, "bad")) {
		check_form(cases, first, span_is(what, "good"));
	} else if (span_is(what, "within") || span_is(what, "outside")) {
		holds = pattern_within(first, second);
		if (holds != span_is(what, "within"))
			cases_fail(cases, what, holds ? SPAN("within") : SPAN("outside"));
	} else if (span_is(what, "meet") || span_is(what, "apart")) {
		holds = pattern_meets(first, second);
		if (holds != span_is(what, "meet") || holds != pattern_meets(second, first))
			cases_fail(cases, what, holds ? SPAN("meet") : SPAN("apart"));
	} else if (span_is(what, "tie") || span_is(what, "untie")) {
		holds = pattern_ties(first, second);
		if (holds != span_is(what, "tie") || holds != pattern_ties(second, first))
			cases_fail(cases, what, holds ? SPAN("tie") : SPAN("untie"));
	} else {
		fail_msg("%s:%d: unknown word", cases->name, cases->number);
	}
}

static void
the_most_specific_pattern_decides(void **state)
{
	struct set set = { 0 };
	struct cases cases;
	struct span line;

	(void)state;
	arena_init(&set.arena, ARENA_BYTES);
	cases_open(&cases, "patterns.txt");
	while (cases_next(&cases, &line))
		check(&cases, line, &set);
	arena_done(&set.arena);
	cases_close(&cases);
}

static void
nothing_is_in_an_empty_set(void **state)
{
	struct arena arena;
	struct pattern_set *patterns;
	const char *text = "untouched";

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	patterns = pattern_set_new(&arena);
	assert_non_null(patterns);
	assert_null(pattern_set_find(patterns, SPAN("/"), &text));
	assert_null(pattern_set_find(patterns, SPAN("/a/b"), &text));
	assert_string_equal(text, "untouched");
	arena_done(&arena);
}

static void
a_place_without_a_value_covers_nothing(void **state)
{
	struct arena arena;
	struct pattern_set *patterns;
	const char *text = NULL;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	patterns = pattern_set_new(&arena);
	assert_non_null(pattern_set_place(patterns, SPAN("/a")));
	put(patterns, SPAN("/*"));
	assert_non_null(pattern_set_find(patterns, SPAN("/a"), &text));
	assert_string_equal(text, "/*");
	arena_done(&arena);
}

static void
two_spellings_have_one_place(void **state)
{
	struct arena arena;
	struct pattern_set *patterns;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	patterns = pattern_set_new(&arena);
	assert_ptr_equal(pattern_set_place(patterns, SPAN("/a!b/*")),
	    pattern_set_place(patterns, SPAN("/a%21b/*")));
	assert_ptr_not_equal(
	    pattern_set_place(patterns, SPAN("/a")), pattern_set_place(patterns, SPAN("/a/*")));
	assert_ptr_not_equal(
	    pattern_set_place(patterns, SPAN("/*/b")), pattern_set_place(patterns, SPAN("/%2A/b")));
	arena_done(&arena);
}

/* Every spelling of `depth` segments that are each "/a" or "/" + "*", and "/z" at the end. */
static void
put_all(struct pattern_set *patterns, unsigned depth)
{
	struct buffer text;

	buffer_init(&text, 4096);
	for (unsigned bits = 0; bits < 1u << depth; bits++) {
		buffer_reset(&text);
		for (unsigned i = 0; i < depth; i++)
			buffer_add_text(&text, (bits >> i & 1) != 0 ? "/a" : "/*");
		buffer_add_text(&text, "/z");
		put(patterns, buffer_span(&text));
	}
	buffer_done(&text);
}

/* Ends only if no branch is tried twice: to hold each of 30 segments against its star and against
 * its literal would be a thousand million ways. */
static void
many_stars_do_not_explode(void **state)
{
	struct arena arena;
	struct pattern_set *patterns;
	struct buffer path, pattern;
	const char *text = NULL;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	buffer_init(&path, 4096);
	buffer_init(&pattern, 4096);
	patterns = pattern_set_new(&arena);
	for (int i = 0; i < 30; i++) {
		buffer_add_text(&path, "/a");
		buffer_add_text(&pattern, "/*");
		put(patterns, buffer_span(&path));
	}
	buffer_add_text(&pattern, "/z");
	put(patterns, buffer_span(&pattern));
	put_all(patterns, 12);
	buffer_add_text(&path, "/y");
	(void)pattern_set_find(patterns, buffer_span(&path), &text);
	assert_null(text);
	path.at[path.len - 1] = 'z';
	assert_non_null(pattern_set_find(patterns, buffer_span(&path), &text));
	assert_string_equal(text, pattern.at);
	buffer_done(&path);
	buffer_done(&pattern);
	arena_done(&arena);
}

static void
many_children_are_found(void **state)
{
	struct arena arena;
	struct pattern_set *patterns;
	char name[32];
	const char *text = NULL;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	patterns = pattern_set_new(&arena);
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "/%u/*", i * 7919 % 1000);
		put(patterns, span_of(name));
	}
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "/%u/x", i);
		assert_non_null(pattern_set_find(patterns, span_of(name), &text));
		assert_memory_equal(text, name, strlen(name) - 1);
	}
	assert_null(pattern_set_find(patterns, SPAN("/1000/x"), NULL));
	arena_done(&arena);
}

static void
segments_of_a_pattern_are_limited(void **state)
{
	struct buffer text;
	struct err err;

	(void)state;
	buffer_init(&text, 4096);
	for (int i = 0; i < PATTERN_MAX_SEGMENTS; i++)
		buffer_add_text(&text, "/a");
	assert_true(pattern_form_check(buffer_span(&text), &err));
	buffer_add_text(&text, "/a");
	assert_false(pattern_form_check(buffer_span(&text), &err));
	buffer_done(&text);
}

static void
a_mistake_says_the_spelling_to_write(void **state)
{
	static const struct {
		const char *pattern, *told;
	} cases[] = {
		{ "/a/", "write /a," },
		{ "/%61", "canonical spelling: /a" },
		{ "/a*b*", "%2A" },
		{ "/a{b}", "{NAME} must be a whole segment" },
		{ "/{b}/{b}", "{b} is there twice" },
		{ "/{1}", "must begin with a letter" },
		{ "/a/../b", "a segment of dots" },
		{ "a", "start with \"/\"" },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_false(pattern_form_check(span_of(cases[i].pattern), &err));
		if (strstr(err.text, cases[i].told) == NULL)
			fail_msg("%s: %s", cases[i].pattern, err.text);
	}
}

static void
no_memory_gives_no_place(void **state)
{
	struct arena arena;

	(void)state;
	for (size_t bytes = 0; bytes < 9000; bytes += 64) {
		struct pattern_set *patterns;

		arena_init(&arena, bytes);
		patterns = pattern_set_new(&arena);
		for (int i = 0; patterns != NULL && i < 50; i++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "/%d/*/b", i);
			if (pattern_set_place(patterns, span_of(name)) == NULL)
				break;
		}
		if (patterns != NULL)
			assert_null(pattern_set_find(patterns, SPAN("/1/2/b"), NULL));
		arena_done(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_pattern_decides),
		cmocka_unit_test(nothing_is_in_an_empty_set),
		cmocka_unit_test(a_place_without_a_value_covers_nothing),
		cmocka_unit_test(two_spellings_have_one_place),
		cmocka_unit_test(many_stars_do_not_explode),
		cmocka_unit_test(many_children_are_found),
		cmocka_unit_test(segments_of_a_pattern_are_limited),
		cmocka_unit_test(a_mistake_says_the_spelling_to_write),
		cmocka_unit_test(no_memory_gives_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
