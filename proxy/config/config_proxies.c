/* SPDX-License-Identifier: Apache-2.0 */
/* Proxies in front, and what is believed of them. */
#include "policy/reader.h"
#include "proxy/config/config.h"

void
config_proxies_read(struct config *config, const struct texts *texts, struct cidr_set *set)
{
	struct err err;

	if (texts->node != NULL && texts->count == 0)
		mistake_at_key(&config->mistakes, texts->node, "must not be empty");
	set->at = arena_array(&config->arena, texts->count + 1, sizeof(*set->at));
	for (size_t i = 0; set->at != NULL && i < texts->count; i++) {
		if (strcmp(texts->at[i], "unix") == 0)
			set->has_unix = true;
		else if (cidr_read(span_of(texts->at[i]), &set->at[set->count], &err))
			set->count++;
		else
			mistake_at(&config->mistakes, reader_text_node(texts, i), "%s", err.text);
	}
}

/* 0: it is none of them. */
static unsigned
read_header(struct span name)
{
	static const struct {
		const char *name;
		enum forwarded_header header;
	} headers[] = { { "X-Forwarded-For", FORWARDED_FOR },
		{ "X-Forwarded-Proto", FORWARDED_PROTO }, { "X-Forwarded-Host", FORWARDED_HOST },
		{ "Forwarded", FORWARDED_ELEMENTS } };

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (span_equal_nocase(name, span_of(headers[i].name)))
			return headers[i].header;
	return 0;
}

/* A proxy that sets the headers of one family passes those of the other one on as its client has
 * sent them. */
static void
read_headers(struct config *config, const struct texts *texts)
{
	struct forwarded_rules *rules = &config->forwarded;

	if (texts->node != NULL && texts->count == 0)
		mistake_at_key(&config->mistakes, texts->node, "must not be empty");
	for (size_t i = 0; i < texts->count; i++) {
		unsigned header = read_header(span_of(texts->at[i]));

		if (header == 0)
			mistake_at(&config->mistakes, reader_text_node(texts, i),
			    "must be X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host or "
			    "Forwarded");
		rules->headers |= header;
	}
	if ((rules->headers & FORWARDED_ELEMENTS) != 0 && rules->headers != FORWARDED_ELEMENTS)
		mistake_at_key(&config->mistakes, texts->node,
		    "must be X-Forwarded-* or Forwarded: a proxy that sets one of them may pass on "
		    "what its client says in the other");
}

/* What the proxies say, they say somewhere; and it is of somebody. */
static void
check_places(struct config *config, const struct node *proxies, const struct node *headers)
{
	const struct node *protocol =
	    document_get(document_get(config->root, "listen"), "proxy_protocol");

	if (proxies != NULL && headers == NULL && !config->proxy_protocol)
		mistake_at_key(&config->mistakes, proxies,
		    "needs \"trusted_headers\" or \"proxy_protocol\" next to it: where they say "
		    "what is believed");
	if (proxies == NULL && headers != NULL)
		mistake_at_key(&config->mistakes, headers,
		    "needs \"trusted_proxies\" next to it: whose headers are believed");
	if (proxies == NULL && config->proxy_protocol)
		mistake_at_key(&config->mistakes, protocol,
		    "needs \"trusted_proxies\" next to it: from whom it is taken");
	if (config->proxy_protocol && !engines_can(config->engine, ENGINES_PROXY_PROTOCOL))
		mistake_at_key(&config->mistakes, protocol,
		    "the engine civetweb has no PROXY protocol; \"engine\": events has");
}

/* The first entry of a list is then the client, and anybody may have written it. */
static void
warn_of_everybody(struct config *config, const struct texts *proxies)
{
	for (size_t i = 0; i < proxies->count; i++)
		if (span_ends(span_of(proxies->at[i]), SPAN("/0")))
			mistake_by(&config->mistakes,
			    mistake_place_at(reader_text_node(proxies, i), MISTAKE_PROXY_EVERYBODY),
			    "is everybody: whoever reaches the gate may say any address of itself");
}

void
config_trusted_read(struct config *config, const struct texts *proxies, const struct texts *headers)
{
	config_proxies_read(config, proxies, &config->forwarded.proxies);
	warn_of_everybody(config, proxies);
	read_headers(config, headers);
	check_places(config, proxies->node, headers->node);
}
