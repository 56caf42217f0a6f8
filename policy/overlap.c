/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/overlap.h"

#include "policy/pattern.h"
#include "policy/rule.h"
#include "policy/segment.h"

/* A pattern with a `*` inside a segment, and where it was written. */
struct place {
	struct span pattern;
	const struct node *node;
	const struct host_set *host; /* NULL: every host */
	struct span partial;         /* the first such segment */
	size_t before, literal;      /* its bytes before the `*`; of its text */
	const struct place *next;    /* the same segments before that one */
};

/* Two tie only if they have equally much text there; and if the `*` stands at the same place, only
 * if it is the same text. */
static bool
may_tie(const struct place *a, const struct place *b)
{
	return a->host == b->host && a->literal == b->literal &&
	       (a->before != b->before || span_equal(a->partial, b->partial));
}

static void
compare(struct reader *reader, const struct place *one, const struct place *other)
{
	if (may_tie(one, other) && pattern_ties(one->pattern, other->pattern))
		mistake_by(reader->mistakes, mistake_place_at(one->node, MISTAKE_CONFLICT),
		    "\"%.*s\" and \"%.*s\" (%s:%d) match the same paths, and none is the more "
		    "specific: give one of them more text around its \"*\"",
		    SPAN_ARG(one->pattern), SPAN_ARG(other->pattern), other->node->file,
		    other->node->line);
}

/* The head of the list of those with the same segments before, in any spelling; NULL: no memory. */
static void **
group_of(struct reader *reader, struct pattern_set *groups, const struct place *place)
{
	int before = (int)(place->partial.at - place->pattern.at);
	const char *key = arena_format(reader->arena, "%.*s-", before, place->pattern.at);

	return key == NULL ? NULL : pattern_set_place(groups, span_of(key));
}

static void
check(struct reader *reader, struct place *places, size_t count)
{
	struct pattern_set *groups = pattern_set_new(reader->arena);

	reader->failed |= groups == NULL;
	for (size_t i = 0; groups != NULL && i < count; i++) {
		void **group = group_of(reader, groups, &places[i]);

		if (group == NULL) {
			reader->failed = true;
			return;
		}
		for (const struct place *other = *group; other != NULL; other = other->next)
			compare(reader, &places[i], other);
		places[i].next = *group;
		*group = &places[i];
	}
}

static void
add(struct place *places, size_t *count, struct place place)
{
	struct span rest = place.pattern;

	while (segment_next(&rest, &place.partial))
		if (segment_kind(place.partial) == SEGMENT_PARTIAL) {
			place.before = segment_bytes(
			    span_slice(place.partial, 0, span_find(place.partial, '*')));
			place.literal = segment_literal(place.partial);
			places[(*count)++] = place;
			return;
		}
}

static void
check_rules(struct reader *reader)
{
	struct place *places;
	size_t count = 0;

	for (const struct ruling *one = reader->policy->rulings; one != NULL; one = one->next)
		count++;
	places = reader_array(reader, count, sizeof(*places));
	count = 0;
	for (const struct ruling *one = reader->policy->rulings; one != NULL && places != NULL;
	    one = one->next)
		if (one->first != NULL)
			add(places, &count,
			    (struct place){ .pattern = span_of(
						one->folded != NULL ? one->folded : one->pattern),
				.node = one->first->node,
				.host = one->host });
	check(reader, places, count);
}

static void
add_module(struct place *places, size_t *count, const struct module *module)
{
	for (size_t i = 0; i < module->paths.count; i++) {
		struct place place = { .pattern = span_of(module->paths.at[i]),
			.node = reader_text_node(&module->paths, i) };

		if (module->hosts.count == 0)
			add(places, count, place);
		for (size_t k = 0; k < module->hosts.count; k++) {
			place.host = module->hosts.at[k];
			add(places, count, place);
		}
	}
}

static void
check_modules(struct reader *reader)
{
	struct place *places;
	size_t count = 0;

	for (const struct module *one = reader->policy->modules; one != NULL; one = one->next)
		count += one->paths.count * (one->hosts.count + 1);
	places = reader_array(reader, count, sizeof(*places));
	count = 0;
	for (const struct module *one = reader->policy->modules; one != NULL && places != NULL;
	    one = one->next)
		add_module(places, &count, one);
	check(reader, places, count);
}

void
overlap_check(struct reader *reader)
{
	check_rules(reader);
	check_modules(reader);
}
