/* SPDX-License-Identifier: Apache-2.0 */
/* The sections `listen` and `admin`. */
#include "proxy/config/address.h"
#include "proxy/config/config.h"

struct listen_section {
	struct texts address;
	int engine;
	int64_t threads;
	const char *socket_mode;
	const struct node *tls;
};

struct admin_section {
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
	{ 0 },
};

static const struct field admin_fields[] = {
	{ .key = "address",
	    .type = FIELD_TEXT,
	    .offset = offsetof(struct admin_section, address),
	    .default_value = "127.0.0.1:9901",
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

/* The first of all[0..count) that conflicts with the address; `count`: none does. */
static size_t
taken_by(const struct address *address, const struct address *all, size_t count)
{
	size_t i = 0;

	while (i < count && !address_clash(&all[i], address))
		i++;
	return i;
}

/* Check the form of each address, and that no two conflict. */
static void
check_addresses(struct config *config, const struct node *listen, const struct node *admin_map)
{
	const struct node *list = document_get(listen, "address");
	const struct node *admin_node = document_get(admin_map, "address");
	const char **texts = config->listen.at;
	struct address all[CONFIG_LISTENERS] = { 0 }, admin;
	size_t count = config->listen.count, other;

	if (list != NULL && (count == 0 || count > CONFIG_LISTENERS))
		mistake_at_key(
		    &config->mistakes, list, "must be 1..%d addresses", CONFIG_LISTENERS);
	if (count > CONFIG_LISTENERS)
		count = CONFIG_LISTENERS;
	for (size_t i = 0; i < count; i++) {
		read_address(config, texts[i], list, &all[i]);
		other = taken_by(&all[i], all, i);
		if (other < i)
			mistake_at_key(&config->mistakes, list, "\"%s\" is already used by \"%s\"",
			    texts[i], texts[other]);
	}
	read_address(config, config->admin, admin_node, &admin);
	other = taken_by(&admin, all, count);
	if (other < count)
		mistake_at_key(&config->mistakes, admin_node == NULL ? list : admin_node,
		    "\"%s\" of \"admin\" is already used by \"%s\" of \"listen\"", config->admin,
		    texts[other]);
}

void
config_listen_read(
    struct config *config, const struct node *listen_map, const struct node *admin_map)
{
	struct listen_section listen = { 0 };
	struct admin_section admin = { 0 };

	schema_read(listen_map, listen_fields, &listen, &config->mistakes);
	schema_read(admin_map, admin_fields, &admin, &config->mistakes);
	config->listen = listen.address;
	config->engine = (enum engines_name)listen.engine;
	config->threads = (int)listen.threads;
	config->admin = admin.address;
	if (listen.socket_mode != NULL)
		read_mode(config, listen.socket_mode, document_get(listen_map, "socket_mode"));
	if (config->engine != ENGINES_EVENTS && engines_find(config->engine) == NULL)
		mistake_at_key(&config->mistakes, document_get(listen_map, "engine"),
		    "this build of postern has no CivetWeb; its engine is \"events\"");
	config_tls_read(config, listen.tls);
	check_addresses(config, listen_map, admin_map);
}
