/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a search in a tree of patterns does, counted and not timed: the linker sends the calls
 * that it is made of through here.
 */
#include "cases.h"

#include "policy/partial.h"
#include "policy/pattern.h"
#include "policy/segment.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define TEXT 1024

static size_t visits; /* of a place in the tree, and one for each segment that is put into it */
static size_t bytes;  /* compared or counted */
static size_t looks;  /* for branches with a `*` inside */

bool __real_segment_next(struct span *rest, struct span *ret_name);
bool __wrap_segment_next(struct span *rest, struct span *ret_name);
unsigned char __real_segment_byte(struct span *text);
unsigned char __wrap_segment_byte(struct span *text);
unsigned char __real_segment_byte_folded(struct span *text);
unsigned char __wrap_segment_byte_folded(struct span *text);
void *__real_partial_next(struct partial_search *search);
void *__wrap_partial_next(struct partial_search *search);

bool
__wrap_segment_next(struct span *rest, struct span *ret_name)
{
	visits++;
	return __real_segment_next(rest, ret_name);
}

unsigned char
__wrap_segment_byte(struct span *text)
{
	bytes++;
	return __real_segment_byte(text);
}

unsigned char
__wrap_segment_byte_folded(struct span *text)
{
	bytes++;
	return __real_segment_byte_folded(text);
}

void *
__wrap_partial_next(struct partial_search *search)
{
	looks++;
	return __real_partial_next(search);
}

static void
put(struct pattern_set *patterns, const char *pattern)
{
	static int value;
	void **place = pattern_set_place(patterns, span_of(pattern));

	assert_non_null(place);
	*place = &value;
}

static void *
counted_find(const struct pattern_set *patterns, const char *path)
{
	visits = bytes = looks = 0;
	return pattern_set_find(patterns, span_of(path), NULL);
}

/* A number that each pattern of a family has, and a path that it matches. */
static const struct {
	const char *pattern, *path;
	bool fold;
} families[] = {
	{ "/api/v1/resource-%05d/*", "/api/v1/resource-%05d/x", false },
	{ "/api/v1/resource-%05d/*", "/API/v1/Resource-%05d/x", true },
	{ "/%05d/x", "/%05d/x", false },
	{ "/tenants/{t}/resource-%05d", "/tenants/acme/resource-%05d", false },
	{ "/files/*-%05d.pdf", "/files/report-%05d.pdf", false },
	{ "/files/r%05d-*", "/files/r%05d-report", false },
	{ "/files/%%C3%%A4%05d*.pdf/*", "/files/%%C3%%A4%05dreport.pdf/x", false },
};

static size_t
bits(size_t number)
{
	size_t count = 0;

	for (; number > 0; number /= 2)
		count++;
	return count;
}

/* The format is one of the table above. */
static void
numbered(char text[TEXT], const char *format, int number)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(text, TEXT, format, number);
#pragma GCC diagnostic pop
}

static void
check_family(size_t family, int count)
{
	struct arena arena;
	struct pattern_set *patterns;
	char text[TEXT];

	arena_init(&arena, ARENA_BYTES);
	patterns = pattern_set_new(&arena);
	assert_non_null(patterns);
	if (families[family].fold)
		pattern_set_fold(patterns);
	for (int i = 0; i < count; i++) {
		numbered(text, families[family].pattern, i);
		put(patterns, text);
	}
	for (int i = 0; i < count; i++) {
		numbered(text, families[family].path, i);
		assert_non_null(counted_find(patterns, text));
		assert_true(visits <= 6);
		assert_true(looks <= 6);
		/* each segment, once for each halving, against what is there, and to count it */
		if (bytes > (strlen(text) + 1) * (2 * bits((size_t)count) + 2))
			fail_msg("%s among %d: %zu bytes", text, count, bytes);
	}
	arena_done(&arena);
}

static void
many_beside_it_cost_a_halving_each(void **state)
{
	(void)state;
	for (size_t family = 0; family < COUNT_OF(families); family++)
		for (int count = 10; count <= 10000; count *= 10)
			check_family(family, count);
}

#define DEPTH 6

/* Every pattern of that many segments, of three kinds each. Gives how many segments were put. */
static size_t
put_all(struct pattern_set *patterns)
{
	static const char *const kinds[] = { "/aa", "/a*", "/*" };
	size_t segments = 0;
	int count = 1;

	for (int i = 0; i < DEPTH; i++)
		count *= (int)COUNT_OF(kinds);
	for (int number = 0; number < count; number++) {
		char text[TEXT] = "";

		for (int i = 0, rest = number; i < DEPTH; i++, rest /= (int)COUNT_OF(kinds))
			(void)strcat(text, kinds[rest % (int)COUNT_OF(kinds)]);
		(void)strcat(text, "/end");
		put(patterns, text);
		segments += DEPTH + 1;
	}
	return segments;
}

/* What a path begins like but does not end like is looked for everywhere, and nowhere twice. */
static void
no_branch_is_tried_twice(void **state)
{
	struct arena arena;
	struct pattern_set *patterns;
	size_t segments;

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	patterns = pattern_set_new(&arena);
	assert_non_null(patterns);
	segments = put_all(patterns);
	assert_non_null(counted_find(patterns, "/aa/aa/aa/aa/aa/aa/end"));
	assert_int_equal(visits, DEPTH + 2);
	assert_null(counted_find(patterns, "/aa/aa/aa/aa/aa/aa/other"));
	assert_true(visits > 1 << DEPTH);
	assert_true(visits <= segments + 1);
	arena_done(&arena);
}

/* The deepest pattern there may be, and a path that is deeper. */
static void
a_deep_path_ends_with_the_tree(void **state)
{
	struct arena arena;
	struct pattern_set *patterns;
	char text[TEXT] = "";

	(void)state;
	arena_init(&arena, ARENA_BYTES);
	patterns = pattern_set_new(&arena);
	assert_non_null(patterns);
	for (int i = 0; i < PATTERN_MAX_SEGMENTS - 1; i++)
		(void)strcat(text, "/*");
	(void)strcat(text, "/end");
	put(patterns, text);
	for (int i = 0; i < PATTERN_MAX_SEGMENTS; i++)
		(void)strcat(text, "/a");
	assert_null(counted_find(patterns, text));
	assert_true(visits <= PATTERN_MAX_SEGMENTS + 1);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_beside_it_cost_a_halving_each),
		cmocka_unit_test(no_branch_is_tried_twice),
		cmocka_unit_test(a_deep_path_ends_with_the_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
