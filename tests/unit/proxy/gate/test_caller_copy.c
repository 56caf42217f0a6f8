/* SPDX-License-Identifier: Apache-2.0 */
/* Both ways of copying give the same caller, which stays when what it was copied from has gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proxy/gate/caller_copy.h"

enum { WORDS = 2, NEXT_WORDS = 3 };

/* The memory that a caller is made in, none of it longer alive than it must be. */
struct original {
	uint64_t roles[WORDS], unsure[WORDS], next_roles[NEXT_WORDS], next_unsure[NEXT_WORDS];
	struct span scopes[2], groups[1], values[3];
	struct spans matched[2], next_matched[1];
	struct header identity[2];
	char texts[256];
	struct caller caller;
};

/* A text of the source's own, without a NUL after it. */
static struct span
text(struct original *source, size_t *used, const char *from)
{
	struct span made = { source->texts + *used, strlen(from) };

	memcpy(source->texts + *used, from, made.len);
	*used += made.len;
	return made;
}

static const char *
word(struct original *source, size_t *used, const char *from)
{
	struct span made = text(source, used, from);

	source->texts[(*used)++] = '\0';
	return made.at;
}

static struct original *
make_full(void)
{
	struct original *s = calloc(1, sizeof(*s));
	size_t used = 0;

	assert_non_null(s);
	*s = (struct original){ .roles = { 1, 2 },
		.unsure = { 3, 4 },
		.next_roles = { 5, 6, 7 },
		.next_unsure = { 8, 9, 10 } };
	s->scopes[0] = text(s, &used, "orders:read");
	s->scopes[1] = text(s, &used, "orders:write");
	s->groups[0] = text(s, &used, "sales");
	s->values[0] = text(s, &used, "one");
	s->values[1] = text(s, &used, "two");
	s->values[2] = text(s, &used, "three");
	s->matched[0] = (struct spans){ s->values, 2 };
	s->next_matched[0] = (struct spans){ s->values + 2, 1 };
	s->identity[0] = (struct header){ SPAN("X-User"), text(s, &used, "jane") };
	s->identity[1] = (struct header){ SPAN("X-Roles"), text(s, &used, "a,b") };
	s->caller = (struct caller){ .principal = { .issuer = "okta",
					 .family = "tenants",
					 .subject = text(s, &used, "jane"),
					 .client = text(s, &used, "shop"),
					 .client_name = word(s, &used, "the shop"),
					 .user = word(s, &used, "ann"),
					 .scopes = { s->scopes, 2 },
					 .matched = s->matched,
					 .matched_count = 2,
					 .roles = s->roles,
					 .unsure = s->unsure },
		.role_words = WORDS,
		.next_roles = s->next_roles,
		.next_unsure = s->next_unsure,
		.next_words = NEXT_WORDS,
		.next_matched = s->next_matched,
		.next_matched_count = 1,
		.issuer_index = 3,
		.groups = { s->groups, 1 },
		.from_s = 11,
		.until_s = 12,
		.identity = s->identity,
		.identity_count = 2 };
	return s;
}

static void
expect_full(const struct caller *caller)
{
	const struct principal *principal = &caller->principal;

	assert_string_equal(principal->issuer, "okta");
	assert_string_equal(principal->family, "tenants");
	assert_true(span_is(principal->subject, "jane"));
	assert_true(span_is(principal->client, "shop"));
	assert_string_equal(principal->client_name, "the shop");
	assert_string_equal(principal->user, "ann");
	assert_int_equal(principal->scopes.count, 2);
	assert_true(span_is(principal->scopes.at[0], "orders:read"));
	assert_true(span_is(principal->scopes.at[1], "orders:write"));
	assert_int_equal(principal->matched[0].count, 2);
	assert_true(span_is(principal->matched[0].at[1], "two"));
	assert_int_equal(principal->matched[1].count, 0);
	assert_int_equal(principal->roles[1], 2);
	assert_int_equal(principal->unsure[0], 3);
	assert_int_equal(caller->next_roles[2], 7);
	assert_int_equal(caller->next_unsure[2], 10);
	assert_true(span_is(caller->next_matched[0].at[0], "three"));
	assert_true(span_is(caller->groups.at[0], "sales"));
	assert_int_equal(caller->issuer_index, 3);
	assert_int_equal(caller->from_s, 11);
	assert_int_equal(caller->until_s, 12);
	assert_true(span_is(caller->identity[0].name, "X-User"));
	assert_true(span_is(caller->identity[0].value, "jane"));
	assert_true(span_is(caller->identity[1].value, "a,b"));
}

/* No pointer of the copy leads back: the memory is overwritten, then freed. */
static void
lose(void *memory, size_t bytes)
{
	memset(memory, 0xa5, bytes);
	free(memory);
}

static void
a_copy_outlives_its_source(void **state)
{
	struct original *source = make_full();
	struct arena arena;
	struct caller *copy;

	(void)state;
	arena_init(&arena, 1 << 16);
	copy = caller_copy(&source->caller, &arena);
	assert_non_null(copy);
	lose(source, sizeof(*source));
	expect_full(copy);
	arena_done(&arena);
}

static void
a_block_is_copied_as_a_whole(void **state)
{
	enum { BLOCK = 2048 };
	struct original *source = make_full();
	char *block = malloc(BLOCK);
	struct arena within, arena;
	struct caller *first, *copy;
	size_t bytes;

	(void)state;
	assert_non_null(block);
	arena_init_within(&within, BLOCK, block, BLOCK);
	first = caller_copy(&source->caller, &within);
	assert_non_null(first);
	assert_null(within.blocks);
	bytes = (size_t)(within.at - block);
	lose(source, sizeof(*source));

	arena_init(&arena, 1 << 16);
	assert_non_null(arena_text(&arena, SPAN("out of step")));
	copy = caller_copy_block(first, block, bytes, &arena);
	assert_non_null(copy);
	expect_full(first);
	lose(block, BLOCK);
	expect_full(copy);
	arena_done(&arena);
}

/* A caller known by a certificate alone has next to nothing. */
static void
what_is_missing_stays_missing(void **state)
{
	enum { BLOCK = 1024 };
	const struct caller bare = { .principal = { .subject = SPAN("") } };
	_Alignas(max_align_t) char block[BLOCK];
	struct arena within, arena;
	struct caller *first, *copy;

	(void)state;
	arena_init_within(&within, BLOCK, block, BLOCK);
	arena_init(&arena, 1 << 16);
	first = caller_copy(&bare, &within);
	assert_non_null(first);
	copy = caller_copy_block(first, block, (size_t)(within.at - block), &arena);
	assert_non_null(copy);
	assert_null(copy->principal.roles);
	assert_null(copy->principal.client.at);
	assert_non_null(copy->principal.subject.at);
	assert_int_equal(copy->principal.subject.len, 0);
	assert_null(copy->principal.user);
	assert_null(copy->identity);
	assert_int_equal(copy->groups.count, 0);
	arena_done(&arena);
}

static void
too_little_memory_gives_none(void **state)
{
	struct original *source = make_full();
	size_t enough = 0;

	(void)state;
	for (size_t most = 0; enough == 0; most += 16) {
		struct arena arena;

		arena_init(&arena, most);
		if (caller_copy(&source->caller, &arena) != NULL)
			enough = most;
		arena_done(&arena);
	}
	assert_true(enough > sizeof(struct caller));
	free(source);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_outlives_its_source),
		cmocka_unit_test(a_block_is_copied_as_a_whole),
		cmocka_unit_test(what_is_missing_stays_missing),
		cmocka_unit_test(too_little_memory_gives_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
