/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/host_set.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/host_name.h"
#include "policy/casing.h"
#include "policy/pattern.h"
#include "policy/rule.h"

/* ---- reading ---- */

static bool
is_ipv4(struct span name)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;

	if (name.len >= sizeof(text))
		return false;
	memcpy(text, name.at, name.len);
	text[name.len] = '\0';
	return inet_pton(AF_INET, text, &address) == 1;
}

/* What is wrong with an entry whose part after "*." is `rest`; NULL: nothing. */
static const char *
wrong(struct span text, struct span rest)
{
	struct span name;

	if (span_is(text, "*"))
		return "is every host: leave \"hosts\" out";
	if (span_find(text, '/') < text.len)
		return "must be a host alone, without scheme and path";
	if (span_find(rest, '*') < rest.len)
		return "\"*\" must be the whole first label: it is one label, as in *.example.com";
	if (!host_name_plain(rest, &name))
		return "must be a name or an address, without a port: an IPv6 address in "
		       "brackets, an international name as xn--...";
	if (name.len != rest.len)
		return "must be without a port: a host is the same on every port";
	if (rest.len != text.len && (rest.at[0] == '[' || is_ipv4(rest)))
		return "an address has no labels";
	return NULL;
}

static struct host_set *
find_key(const struct policy *policy, struct span key, bool label)
{
	for (struct host_set *set = policy->hosts; set != NULL; set = set->next)
		if (set->label == label && span_equal(set->key, key))
			return set;
	return NULL;
}

/* The set for that entry, made when it is new. NULL: no memory, which the reader remembers. */
static struct host_set *
set_of(struct reader *reader, struct span key, bool label)
{
	struct policy *policy = reader->policy;
	struct host_set *set = find_key(policy, key, label);

	if (set != NULL)
		return set;
	set = reader_array(reader, 1, sizeof(*set));
	if (set == NULL)
		return NULL;
	set->key = key;
	set->label = label;
	set->name = arena_format(reader->arena, "%s%.*s", label ? "*." : "", SPAN_ARG(key));
	set->rules = pattern_set_new(reader->arena);
	set->serving = pattern_set_new(reader->arena);
	if (set->name == NULL || set->rules == NULL || set->serving == NULL) {
		reader->failed = true;
		return NULL;
	}
	set->next = policy->hosts;
	policy->hosts = set;
	policy->host_count++;
	return set;
}

static bool
has(const struct host_sets *sets, const struct host_set *set)
{
	for (size_t i = 0; i < sets->count; i++)
		if (sets->at[i] == set)
			return true;
	return false;
}

static void
read_one(struct reader *reader, const struct texts *hosts, size_t i, struct host_sets *sets)
{
	const struct node *node = reader_text_node(hosts, i);
	struct span text = span_of(hosts->at[i]), rest = text, key;
	bool label = span_starts(text, SPAN("*."));
	struct host_set *set;

	if (label)
		rest = span_slice(text, 2, text.len);
	if (wrong(text, rest) != NULL) {
		mistake_at(reader->mistakes, node, "%s", wrong(text, rest));
		return;
	}
	key = host_name_read(rest, reader->arena);
	if (key.at == NULL)
		reader->failed = true;
	set = key.at == NULL ? NULL : set_of(reader, key, label);
	if (set == NULL)
		return;
	if (has(sets, set))
		mistake_at(reader->mistakes, node, "is listed twice");
	else
		sets->at[sets->count++] = set;
}

void
host_set_read(struct reader *reader, const struct texts *hosts, struct host_sets *ret_sets)
{
	*ret_sets = (struct host_sets){ 0 };
	if (hosts->node != NULL && hosts->count == 0)
		mistake_at(
		    reader->mistakes, hosts->node, "is empty: for every host leave \"hosts\" out");
	if (hosts->count == 0)
		return;
	ret_sets->at = reader_array(reader, hosts->count, sizeof(struct host_set *));
	for (size_t i = 0; ret_sets->at != NULL && i < hosts->count; i++)
		read_one(reader, hosts, i, ret_sets);
}

/* Any total order will do. */
static int
compare(const void *a, const void *b)
{
	const struct host_set *one = *(struct host_set *const *)a;
	const struct host_set *other = *(struct host_set *const *)b;

	if (one->label != other->label)
		return one->label ? 1 : -1;
	if (one->key.len != other->key.len)
		return one->key.len > other->key.len ? 1 : -1;
	return memcmp(one->key.at, other->key.at, one->key.len);
}

static struct span
after_label(struct span host)
{
	return span_slice(host, span_find(host, '.') + 1, host.len);
}

bool
host_set_covers(const struct host_set *outer, const struct host_set *inner)
{
	if (outer == NULL || inner == NULL || outer == inner)
		return outer == NULL || outer == inner;
	return outer->label && !inner->label && span_equal(outer->key, after_label(inner->key));
}

void
host_set_finish(struct reader *reader)
{
	struct policy *policy = reader->policy;
	size_t i = 0;

	if (policy->host_count == 0)
		return;
	policy->sorted_hosts = reader_array(reader, policy->host_count, sizeof(struct host_set *));
	if (policy->sorted_hosts == NULL)
		return;
	for (struct host_set *set = policy->hosts; set != NULL; set = set->next)
		policy->sorted_hosts[i++] = set;
	qsort(policy->sorted_hosts, policy->host_count, sizeof(struct host_set *), compare);
}

/* ---- finding ---- */

static const struct host_set *
find(const struct policy *policy, struct span key, bool label)
{
	const struct host_set asked = { .key = key, .label = label }, *wanted = &asked;
	struct host_set *const *found;

	if (policy->host_count == 0 || key.len == 0)
		return NULL;
	found = bsearch(
	    &wanted, policy->sorted_hosts, policy->host_count, sizeof(struct host_set *), compare);
	return found == NULL ? NULL : *found;
}

/* The sets that are for a host, in the order in which they count; each may be NULL. */
static void
find_both(const struct policy *policy, struct span host, const struct host_set *ret_sets[2])
{
	ret_sets[0] = find(policy, host, false);
	ret_sets[1] = find(policy, after_label(host), true);
}

const struct ruling *
host_set_ruling(
    const struct policy *policy, const struct target *target, struct route_match *ret_route)
{
	const struct host_set *sets[2];
	const struct ruling *ruling;

	find_both(policy, target->host, sets);
	for (int i = 0; i < 2; i++) {
		if (sets[i] == NULL)
			continue;
		ruling = pattern_set_find(sets[i]->rules, target->path, &ret_route->pattern);
		if (ruling == NULL)
			continue;
		ret_route->host = sets[i];
		return ruling;
	}
	ruling = pattern_set_find(casing_rules(policy, ret_route->module), target->path, NULL);
	if (ruling != NULL) {
		ret_route->pattern = ruling->pattern;
		ret_route->folded = ruling->folded;
	}
	return ruling;
}

const struct module *
host_set_module(const struct policy *policy, const struct target *target)
{
	const struct host_set *sets[2];
	const struct module *module = NULL;

	find_both(policy, target->host, sets);
	for (int i = 0; i < 2 && module == NULL; i++)
		if (sets[i] != NULL)
			module = pattern_set_find(sets[i]->serving, target->path, NULL);
	return module != NULL ? module : casing_module(policy, target->path);
}
