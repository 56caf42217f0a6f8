/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config.h"

#include "token/issuer_match.h"
#include "token/issuer_pattern.h"

/* The tenants of each entry, in the order of the file. */
struct entry {
	const struct node *node;
	bool pattern;
	struct texts tenants; /* of a pattern */
};

static void
check_same(struct config *config, const struct trusted_issuer *trusted_issuer)
{
	if (trusted_issuer->issuer != NULL &&
	    issuer_match_exact(config->trusted_issuers, config->trusted_issuer_count,
		span_of(trusted_issuer->issuer)) < config->trusted_issuer_count)
		mistake_at(&config->mistakes, trusted_issuer->node,
		    "another issuer has the same \"issuer\"");
}

/* Another entry may have the name of a tenant's. */
static void
check_name(struct config *config, const struct trusted_issuer *trusted_issuer)
{
	for (size_t i = 0; i < config->trusted_issuer_count; i++)
		if (strcmp(config->trusted_issuers[i].name, trusted_issuer->name) == 0)
			mistake_at_key(&config->mistakes, trusted_issuer->node,
			    "another issuer has the name \"%s\"", trusted_issuer->name);
}

static struct trusted_issuer *
add(struct config *config, const struct node *node, struct mistakes *mistakes)
{
	struct trusted_issuer *trusted_issuer =
	    &config->trusted_issuers[config->trusted_issuer_count];

	trusted_issuer_read(node, trusted_issuer, mistakes);
	if (span_is(node->key, LOCAL_NAME))
		mistake_at_key(
		    mistakes, node, "\"" LOCAL_NAME "\" is the name of the local issuer");
	check_same(config, trusted_issuer);
	check_name(config, trusted_issuer);
	config->trusted_issuer_count++;
	return trusted_issuer;
}

/* An issuer for each tenant. What is wrong or odd with one is so with all, and is said once. */
static void
add_tenants(struct config *config, const struct entry *entry)
{
	struct mistakes unheard = { .arena = &config->arena, .offline = config->mistakes.offline };

	for (size_t i = 0; i < entry->tenants.count; i++) {
		const struct node *node =
		    issuer_pattern_entry(entry->node, entry->tenants.at[i], &config->arena);
		struct trusted_issuer *added;

		if (node == NULL) {
			mistake_at(&config->mistakes, entry->node, "no memory");
			return;
		}
		added = add(config, node, i == 0 ? &config->mistakes : &unheard);
		added->family = entry->node->key.at;
	}
	if (unheard.errors > 0 && config->mistakes.errors == 0)
		mistake_at(&config->mistakes, entry->node, "%s", unheard.first->message);
}

static size_t
read_entry(struct config *config, const struct node *node, struct entry *entry)
{
	*entry = (struct entry){ .node = node, .pattern = issuer_pattern_is(node) };
	mistake_name(&config->mistakes, node); /* of X-Issuer, too */
	if (!entry->pattern)
		return 1;
	issuer_pattern_tenants(node, &entry->tenants, &config->mistakes);
	return entry->tenants.count;
}

void
config_issuers_read(const struct node *issuers, struct config *config)
{
	size_t count = issuers == NULL ? 0 : issuers->count, room = 1, read = 0;
	struct entry *entries = arena_array(&config->arena, count + 1, sizeof(*entries));

	for (const struct node *node = issuers == NULL ? NULL : issuers->first;
	    entries != NULL && node != NULL; node = node->next)
		room += read_entry(config, node, &entries[read++]);
	config->trusted_issuers =
	    arena_array(&config->arena, room, sizeof(*config->trusted_issuers));
	if (config->trusted_issuers == NULL)
		return;
	for (size_t i = 0; i < read; i++) {
		if (entries[i].pattern)
			add_tenants(config, &entries[i]);
		else
			(void)add(config, entries[i].node, &config->mistakes);
	}
}
