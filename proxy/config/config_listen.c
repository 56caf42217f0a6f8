/* SPDX-License-Identifier: Apache-2.0 */
/* The sections `listen`, `admin` and `metrics`. */
#include "proxy/config/address.h"
#include "proxy/config/config.h"

struct listen_section {
	struct texts address;
	int engine;
	int64_t threads;
	const char *socket_mode;
	const struct node *tls;
	struct texts trusted_proxies, trusted_headers;
	bool proxy_protocol;
};

/* `admin` and `metrics`. */
struct address_section {
	const char *address;
};

/* In the order of enum engines_name. */
static const char *const engine_words[] = { "events", "civetweb", NULL };

static const struct field listen_fields[] = {
	{ .key = "address",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct listen_section, address),
	    .default_value = "0.0.0.0:8080",
	    .help = "ADDRESS:PORT, unix:/PATH or systemd:NAME, one or a list" },
	{ .key = "engine",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct listen_section, engine),
	    .words = engine_words,
	    .default_value = "events",
	    .help = "what reads requests" },
	{ .key = "threads",
	    .type = FIELD_COUNT,
	    .offset = offsetof(struct listen_section, threads),
	    .max = 64,
	    .default_value = "0",
	    .help = "threads of the engine events; 0: one for each processor" },
	{ .key = "socket_mode",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct listen_section, socket_mode),
	    .default_value = "0660",
	    .help = "mode of the files of Unix sockets, in octal digits" },
	{ .key = "tls",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct listen_section, tls),
	    .help = "HTTPS, on all addresses" },
	{ .key = "trusted_proxies",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct listen_section, trusted_proxies),
	    .help = "whose word about their clients counts: networks, or the word unix" },
	{ .key = "trusted_headers",
	    .type = FIELD_TEXTS,
	    .offset = offsetof(struct listen_section, trusted_headers),
	    .help = "in which headers: X-Forwarded-For, -Proto, -Host, or Forwarded" },
	{ .key = "proxy_protocol",
	    .type = FIELD_BOOL,
	    .offset = offsetof(struct listen_section, proxy_protocol),
	    .default_value = "false",
	    .help = "true: their connections begin with a PROXY header, version 1 or 2" },
	{ 0 },
};

static const struct field admin_fields[] = {
	{ .key = "address",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct address_section, address),
	    .default_value = "127.0.0.1:9901",
	    .help = "ADDRESS:PORT, unix:/PATH or systemd:NAME" },
	{ 0 },
};

static const struct field metrics_fields[] = {
	{ .key = "address",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct address_section, address),
	    .required = true,
	    .help = "ADDRESS:PORT, unix:/PATH or systemd:NAME" },
	{ 0 },
};

const struct field *
config_listen_schema(void)
{
	return listen_fields;
}

const struct field *
config_admin_schema(void)
{
	return admin_fields;
}

const struct field *
config_metrics_schema(void)
{
	return metrics_fields;
}

/* "0660" or "660". */
static void
read_mode(struct config *config, const char *text, const struct node *node)
{
	const char *digits = text[0] == '0' ? text + 1 : text;

	if (strlen(digits) != 3 || strspn(digits, "01234567") != 3) {
		mistake_at_key(
		    &config->mistakes, node, "must be a mode in octal digits, such as \"0660\"");
		return;
	}
	for (const char *digit = digits; *digit != '\0'; digit++)
		config->socket_mode = config->socket_mode * 8 + (mode_t)(*digit - '0');
}

/* Read one address; *ret_address is zeroed when it is invalid. */
static void
read_address(
    struct config *config, const char *text, const struct node *node, struct address *ret_address)
{
	struct err err;

	*ret_address = (struct address){ 0 };
	if (!address_read(text, ret_address, &err))
		mistake_at_key(&config->mistakes, node, "\"%s\": %s", text, err.text);
}

/* An address that is listened on, and what names it. */
struct used_address {
	struct address address;
	const char *section, *text;
	const struct node *node;
};

/* Check the form of the address, and that it conflicts with none of those before it: all[0..count).
 */
static void
use_address(
    struct config *config, const struct used_address *used, struct used_address *all, size_t *count)
{
	struct used_address *added = &all[*count];

	*added = *used;
	read_address(config, used->text, used->node, &added->address);
	for (size_t i = 0; i < *count; i++) {
		if (!address_clash(&all[i].address, &added->address))
			continue;
		mistake_at_key(&config->mistakes, used->node == NULL ? all[i].node : used->node,
		    "\"%s\" of \"%s\" is already used by \"%s\" of \"%s\"", used->text,
		    used->section, all[i].text, all[i].section);
		break;
	}
	(*count)++;
}

static void
check_addresses(struct config *config, const struct config_listen_maps *maps)
{
	struct used_address all[CONFIG_LISTENERS + 3],
	    used = { .section = "listen", .node = document_get(maps->listen, "address") };
	size_t count = 0, listeners = config->listen.count;

	if (used.node != NULL && (listeners == 0 || listeners > CONFIG_LISTENERS))
		mistake_at_key(
		    &config->mistakes, used.node, "must be 1..%d addresses", CONFIG_LISTENERS);
	for (size_t i = 0; i < listeners && i < CONFIG_LISTENERS; i++) {
		used.text = config->listen.at[i];
		use_address(config, &used, all, &count);
	}
	used = (struct used_address){ .section = "admin",
		.text = config->admin,
		.node = document_get(maps->admin, "address") };
	use_address(config, &used, all, &count);
	used = (struct used_address){ .section = "metrics",
		.text = config->metrics,
		.node = document_get(maps->metrics, "address") };
	if (used.text != NULL)
		use_address(config, &used, all, &count);
	used = (struct used_address){ .section = "forward_auth",
		.text = config->forward_auth.address,
		.node = document_get(maps->forward_auth, "address") };
	if (used.text != NULL)
		use_address(config, &used, all, &count);
}

void
config_listen_read(struct config *config, const struct config_listen_maps *maps)
{
	struct listen_section listen = { 0 };
	struct address_section admin = { 0 }, metrics = { 0 };

	schema_read(maps->listen, listen_fields, &listen, &config->mistakes);
	schema_read(maps->admin, admin_fields, &admin, &config->mistakes);
	if (maps->metrics != NULL)
		schema_read(maps->metrics, metrics_fields, &metrics, &config->mistakes);
	config->listen = listen.address;
	config->engine = (enum engines_name)listen.engine;
	config->threads = (int)listen.threads;
	config->admin = admin.address;
	config->metrics = metrics.address;
	if (listen.socket_mode != NULL)
		read_mode(config, listen.socket_mode, document_get(maps->listen, "socket_mode"));
	if (config->engine != ENGINES_EVENTS && engines_find(config->engine) == NULL)
		mistake_at_key(&config->mistakes, document_get(maps->listen, "engine"),
		    "this build of postern has no CivetWeb; its engine is \"events\"");
	config_tls_read(config, listen.tls);
	config->proxy_protocol = listen.proxy_protocol;
	config_trusted_read(config, &listen.trusted_proxies, &listen.trusted_headers);
	config_forward_auth_read(config, maps->forward_auth);
	check_addresses(config, maps);
}

static bool
same_text(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

bool
config_listen_same(const struct config *a, const struct config *b)
{
	if (a->listen.count != b->listen.count || strcmp(a->admin, b->admin) != 0 ||
	    !same_text(a->metrics, b->metrics) ||
	    !same_text(a->forward_auth.address, b->forward_auth.address) ||
	    a->engine != b->engine || a->threads != b->threads ||
	    a->socket_mode != b->socket_mode || (a->tls.node == NULL) != (b->tls.node == NULL))
		return false;
	for (size_t i = 0; i < a->listen.count; i++)
		if (strcmp(a->listen.at[i], b->listen.at[i]) != 0)
			return false;
	return a->limits.connections == b->limits.connections &&
	       a->limits.header_bytes == b->limits.header_bytes &&
	       a->limits.header_timeout_ms == b->limits.header_timeout_ms &&
	       a->limits.body_timeout_ms == b->limits.body_timeout_ms &&
	       a->limits.body_min_rate == b->limits.body_min_rate &&
	       a->limits.idle_timeout_ms == b->limits.idle_timeout_ms &&
	       a->limits.write_timeout_ms == b->limits.write_timeout_ms &&
	       a->limits.token_cache_bytes == b->limits.token_cache_bytes &&
	       a->explain_recent == b->explain_recent;
}
