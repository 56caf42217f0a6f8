/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/overlap.h"

#include "policy/pattern.h"
#include "policy/rule.h"

/* A pattern with a `*` inside a segment, and where it was written. */
struct place {
	struct span pattern;
	const struct node *node;
	const struct host_set *host; /* NULL: every host */
};

static void
check(struct reader *reader, const struct place *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (places[i].host == places[j].host &&
			    pattern_ties(places[i].pattern, places[j].pattern))
				mistake_by(reader->mistakes,
				    mistake_place_at(places[i].node, MISTAKE_CONFLICT),
				    "\"%.*s\" and \"%.*s\" (%s:%d) match the same paths, and none "
				    "is "
				    "the more specific: give one of them more text around its "
				    "\"*\"",
				    SPAN_ARG(places[i].pattern), SPAN_ARG(places[j].pattern),
				    places[j].node->file, places[j].node->line);
}

static void
add(struct place *places, size_t *count, struct place place)
{
	if (pattern_has_partial(place.pattern))
		places[(*count)++] = place;
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
			    (struct place){
				span_of(one->folded != NULL ? one->folded : one->pattern),
				one->first->node, one->host });
	check(reader, places, count);
}

static void
add_module(struct place *places, size_t *count, const struct module *module)
{
	for (size_t i = 0; i < module->paths.count; i++) {
		struct place place = { span_of(module->paths.at[i]),
			reader_text_node(&module->paths, i), NULL };

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
