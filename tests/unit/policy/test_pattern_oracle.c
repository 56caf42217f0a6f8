/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random patterns held against every path of a small world, by policy/pattern.c and by a second
 * matcher that shares no code with it: no tree and no order of search. It decodes everything, tries
 * each pattern by itself, and ranks what fits.
 */
#include "cases.h"

#include "policy/pattern.h"
#include "policy/pattern_form.h"

#define ARENA_BYTES ((size_t)16 << 20)
#define DEPTH 2
#define NAME 6 /* bytes of a segment, and the end */
#define PATHS 2048
#define SET 8
#define ROUNDS 400

/* A pattern's segment: "*" alone is any one, "*" in it any bytes. Letters are "a" and "!". */
struct made {
	char segments[DEPTH][NAME];
	int count;
	bool subtree;
	char text[64]; /* as the policy has it */
};

struct path {
	char segments[DEPTH + 1][NAME];
	int count;
	char text[64]; /* as the request has it */
};

static struct path paths[PATHS];
static int path_count;
static uint64_t seed = UINT64_C(0x2545f4914f6cdd1d);

static int
below(int limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int)((seed >> 33) % (uint64_t)limit);
}

/* "!" has two spellings, and any segment has two or three. */
static void
spell(char text[64], const char *segment)
{
	size_t len = strlen(text);

	if (strcmp(segment, "*") == 0 && below(2) == 0)
		segment = len == 0 ? "{a}" : "{b}";
	len += (size_t)snprintf(text + len, 64 - len, "/");
	for (; *segment != '\0'; segment++)
		len += *segment == '!' && below(2) == 0
			   ? (size_t)snprintf(text + len, 64 - len, "%%21")
			   : (size_t)snprintf(text + len, 64 - len, "%c", *segment);
}

static void
random_name(char *name, int most)
{
	int len = below(most + 1);

	for (int i = 0; i < len; i++)
		name[i] = "a!"[below(2)];
	name[len] = '\0';
}

static void
random_segment(char segment[NAME])
{
	char before[NAME], after[NAME];

	random_name(before, 2);
	random_name(after, 1);
	switch (below(3)) {
	case 0:
		(void)snprintf(segment, NAME, "a%.2s", before);
		break;
	case 1:
		(void)snprintf(segment, NAME, "%.2s*%.1s", before, after);
		break;
	default:
		(void)snprintf(segment, NAME, "*");
	}
}

static struct made
random_pattern(void)
{
	struct made made = { .count = 1 + below(DEPTH), .subtree = below(2) == 0 };

	for (int i = 0; i < made.count; i++) {
		random_segment(made.segments[i]);
		spell(made.text, made.segments[i]);
	}
	/* a star at the end is the subtree, a name is not */
	if (!made.subtree && made.text[strlen(made.text) - 1] == '*' &&
	    strcmp(made.segments[made.count - 1], "*") == 0)
		(void)snprintf(made.text + strlen(made.text) - 1, 4, "{z}");
	if (made.subtree)
		(void)snprintf(made.text + strlen(made.text), 3, "/*");
	return made;
}

static void
add_path(const char *first, const char *second)
{
	struct path *path = &paths[path_count++];

	assert_true(path_count < PATHS);
	(void)snprintf(path->segments[0], NAME, "%s", first);
	spell(path->text, first);
	path->count = 1;
	if (second == NULL)
		return;
	(void)snprintf(path->segments[1], NAME, "%s", second);
	spell(path->text, second);
	path->count = 2;
}

/* Every name of 1 to 4 letters, and every two of them. */
static void
make_world(void)
{
	char names[64][NAME];
	int count = 0;

	for (int len = 1; len <= 4; len++)
		for (unsigned bits = 0; bits < 1u << len; bits++, count++) {
			for (int i = 0; i < len; i++)
				names[count][i] = "a!"[bits >> i & 1];
			names[count][len] = '\0';
		}
	for (int i = 0; i < count; i++) {
		add_path(names[i], NULL);
		for (int j = 0; j < count; j++)
			add_path(names[i], names[j]);
	}
}

static bool
segment_fits(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');
	size_t len = strlen(name), before, after;

	if (star == NULL)
		return strcmp(pattern, name) == 0;
	before = (size_t)(star - pattern);
	after = strlen(star + 1);
	return len >= before + after && strncmp(pattern, name, before) == 0 &&
	       strcmp(name + len - after, star + 1) == 0;
}

static bool
fits(const struct made *made, const struct path *path)
{
	if (path->count < made->count || (path->count > made->count && !made->subtree))
		return false;
	for (int i = 0; i < made->count; i++)
		if (!segment_fits(made->segments[i], path->segments[i]))
			return false;
	return true;
}

/* A number for each segment, the larger the more specific. */
static int
rank(const struct made *made, int at)
{
	const char *segment = made->segments[at];

	if (at >= made->count)
		return made->subtree ? 0 : 1000;
	if (strchr(segment, '*') == NULL)
		return 100;
	return strcmp(segment, "*") == 0 ? 1 : 2 + (int)strlen(segment);
}

/* 1: a is the more specific, -1: b, 0: neither, as the first segment says where they differ. Both
 * match a path. */
static int
compare(const struct made *a, const struct made *b)
{
	for (int i = 0; i < DEPTH; i++) {
		if (rank(a, i) != rank(b, i))
			return rank(a, i) > rank(b, i) ? 1 : -1;
		if (i < a->count && strcmp(a->segments[i], b->segments[i]) != 0)
			return 0;
	}
	return (a->subtree ? 0 : 1) - (b->subtree ? 0 : 1);
}

static bool
same(const struct made *a, const struct made *b)
{
	if (a->count != b->count || a->subtree != b->subtree)
		return false;
	for (int i = 0; i < a->count; i++)
		if (strcmp(a->segments[i], b->segments[i]) != 0)
			return false;
	return true;
}

static void
relations_are_those_of_every_path(void **state)
{
	size_t seen[3] = { 0 };

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct made a = random_pattern(), b = random_pattern();
		struct span one = span_of(a.text), other = span_of(b.text);
		bool meets = false, within = true, ties;

		for (int i = 0; i < path_count; i++) {
			meets |= fits(&a, &paths[i]) && fits(&b, &paths[i]);
			within &= !fits(&a, &paths[i]) || fits(&b, &paths[i]);
		}
		/* paths that are longer than the world */
		within &= !a.subtree || b.subtree;
		ties = meets && !same(&a, &b) && compare(&a, &b) == 0;
		if (pattern_meets(one, other) != meets || pattern_within(one, other) != within ||
		    pattern_ties(one, other) != ties)
			fail_msg("%s %s: meets %d, within %d, ties %d", a.text, b.text, meets,
			    within, ties);
		seen[0] += meets;
		seen[1] += within;
		seen[2] += ties;
	}
	for (size_t i = 0; i < COUNT_OF(seen); i++)
		assert_int_not_equal(seen[i], 0);
}

/* Some patterns of which no two are the same or tie. */
static int
random_set(struct made set[SET], struct pattern_set *patterns)
{
	int count = 0;

	for (int tries = 0; tries < SET; tries++) {
		struct made made = random_pattern();
		bool good = true;
		struct err err;
		void **place;

		if (!pattern_form_check(span_of(made.text), &err))
			fail_msg("%s: %s", made.text, err.text);
		for (int i = 0; i < count; i++)
			good &= !same(&made, &set[i]) &&
				!pattern_ties(span_of(made.text), span_of(set[i].text));
		if (!good)
			continue;
		set[count] = made;
		place = pattern_set_place(patterns, span_of(made.text));
		assert_non_null(place);
		assert_null(*place);
		*place = &set[count++];
	}
	return count;
}

/* A set, and how often one of its patterns was found and none. */
struct world {
	struct arena arena;
	struct pattern_set *patterns;
	struct made set[SET];
	int count;
	size_t found, missed;
};

static void
world_begin(struct world *world, bool fold)
{
	arena_init(&world->arena, ARENA_BYTES);
	world->patterns = pattern_set_new(&world->arena);
	assert_non_null(world->patterns);
	if (fold)
		pattern_set_fold(world->patterns);
	world->count = random_set(world->set, world->patterns);
}

/* The tree finds for a text what fits best to the path. */
static void
check(struct world *world, const char *text, const struct path *path)
{
	const struct made *best = NULL, *got;

	for (int i = 0; i < world->count; i++)
		if (fits(&world->set[i], path) &&
		    (best == NULL || compare(&world->set[i], best) > 0))
			best = &world->set[i];
	got = pattern_set_find(world->patterns, span_of(text), NULL);
	if (got != best)
		fail_msg("%s: want %s, got %s", text, best == NULL ? "none" : best->text,
		    got == NULL ? "none" : got->text);
	world->found += best != NULL;
	world->missed += best == NULL;
}

static void
the_tree_finds_what_fits_best(void **state)
{
	struct world world = { .found = 0 };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		world_begin(&world, false);
		for (int i = 0; i < path_count; i++)
			check(&world, paths[i].text, &paths[i]);
		arena_done(&world.arena);
	}
	assert_int_not_equal(world.found, 0);
	assert_int_not_equal(world.missed, 0);
}

/* The path with some letters in upper case. */
static struct path
raised(const struct path *path)
{
	struct path other = { .count = path->count };

	for (int i = 0; i < path->count; i++) {
		for (size_t at = 0; path->segments[i][at] != '\0'; at++)
			other.segments[i][at] = path->segments[i][at] == 'a' && below(2) == 0
						    ? 'A'
						    : path->segments[i][at];
		spell(other.text, other.segments[i]);
	}
	return other;
}

/* Where case counts a capital is another letter, and where it does not the same. */
static void
the_tree_may_ignore_case(void **state)
{
	struct world world[2] = { { .found = 0 }, { .found = 0 } };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		bool fold = round % 2 == 0;

		world_begin(&world[fold], fold);
		for (int i = 0; i < path_count; i++) {
			struct path asked = raised(&paths[i]);

			check(&world[fold], asked.text, fold ? &paths[i] : &asked);
		}
		arena_done(&world[fold].arena);
	}
	assert_true(world[true].found > world[false].found);
	assert_int_not_equal(world[false].found, 0);
	assert_int_not_equal(world[true].missed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relations_are_those_of_every_path),
		cmocka_unit_test(the_tree_finds_what_fits_best),
		cmocka_unit_test(the_tree_may_ignore_case),
	};

	make_world();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
