/* SPDX-License-Identifier: Apache-2.0 */
/* The section `forward_auth`. */
#include "proxy/config/config.h"

struct forward_auth_section {
	const char *address;
	int form;
	struct texts trusted_proxies;
};

/* In the order of enum asked_form. */
static const char *const form_words[] = { "original", "forwarded", "path", NULL };

static const struct field forward_auth_fields[] = {
	{ .key = "address",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct forward_auth_section, address),
	    .required = true,
	    .help = "ADDRESS:PORT, unix:/PATH or systemd:NAME" },
	{ .key = "form",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct forward_auth_section, form),
	    .words = form_words,
	    .default_value = "original",
	    .help = "what names the request in question" },
	{ .key = "trusted_proxies",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct forward_auth_section, trusted_proxies),
	    .required = true,
	    .help = "who may ask: networks, or the word unix" },
	{ 0 },
};

const struct field *
config_forward_auth_schema(void)
{
	return forward_auth_fields;
}

void
config_forward_auth_read(struct config *config, const struct node *map)
{
	struct forward_auth_section section = { 0 };

	if (map == NULL)
		return;
	schema_read(map, forward_auth_fields, &section, &config->mistakes);
	config->forward_auth.address = section.address;
	config->forward_auth.form = (enum asked_form)section.form;
	config_proxies_read(config, &section.trusted_proxies, &config->forward_auth.proxies);
}
