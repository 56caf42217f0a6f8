/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/identity.h"

#include <stddef.h>

#include "base/json.h"
#include "base/pointer_lint.h"
#include "proxy/http/header.h"

struct forward_section {
	int authorization, request_id;
	const struct node *headers;
};

static const char *const authorization_words[] = { "strip", "keep", NULL };

static const char *const request_id_words[] = { "new", "keep", NULL };

static const struct field forward_fields[] = {
	{ .key = "authorization",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct forward_section, authorization),
	    .default_value = "strip",
	    .words = authorization_words,
	    .help = "whether the upstream receives the token" },
	{ .key = "request_id",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct forward_section, request_id),
	    .default_value = "new",
	    .words = request_id_words,
	    .help = "keep: the upstream receives the client's X-Request-Id if it is harmless" },
	{ .key = "headers",
	    .type = FIELD_MAP,
	    .offset = offsetof(struct forward_section, headers),
	    .help =
		"header: JSON Pointer into the claims, or roles, scopes, client, issuer, subject" },
	{ 0 },
};

const struct field *
identity_schema(void)
{
	return forward_fields;
}

static int
header_word(const struct node *node)
{
	static const char *const words[] = { "roles", "scopes", "client", "issuer", "subject" };

	for (int i = 0; i < IDENTITY_CLAIM; i++)
		if (span_is(node->text, words[i]))
			return i;
	return IDENTITY_CLAIM;
}

static bool
header_name_valid(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (strspn((char[]){ name.at[i], '\0' },
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == 0)
			return false;
	return name.len > 0 && name.len <= 64 && (header_use(name) & HEADER_FIXED) == 0;
}

static void
check_pointer(struct config *config, const struct node *node)
{
	char room[POINTER_LINT_ROOM];
	const char *odd;

	if (!json_pointer_valid(node->text)) {
		mistake_at(&config->mistakes, node,
		    "must be a JSON Pointer: \"~\" is written ~0 and \"/\" in a name ~1");
		return;
	}
	odd = pointer_lint(node->text, POINTER_OF_ONE, room);
	if (odd != NULL)
		mistake_by(&config->mistakes, mistake_place_at_key(node, MISTAKE_CLAIM_POINTER),
		    "%s", odd);
}

static void
read_header(struct config *config, const struct node *node)
{
	struct config_header *header = &config->headers[config->header_count];

	if (!header_name_valid(node->key)) {
		mistake_at_key(&config->mistakes, node,
		    "must be a header name of letters, digits and \"-\" that the gate may set");
		return;
	}
	if (node->kind != NODE_SCALAR) {
		mistake_at(&config->mistakes, node, "must be a JSON Pointer or a word");
		return;
	}
	for (size_t i = 0; i < config->header_count; i++)
		if (span_equal_nocase(node->key, span_of(config->headers[i].name))) {
			mistake_at_key(&config->mistakes, node,
			    "is \"%s\" again: upper and lower case are one in a header's name",
			    config->headers[i].name);
			return;
		}
	header->name = node->key.at;
	header->from = node->text.at;
	header->word = header_word(node);
	if (header->word == IDENTITY_CLAIM && !(span_starts(node->text, SPAN("/"))))
		mistake_at(&config->mistakes, node,
		    "must be a JSON Pointer (\"/sub\") or one of roles, scopes, client, issuer, "
		    "subject");
	else if (header->word == IDENTITY_CLAIM)
		check_pointer(config, node);
	config->rules.owned.at[config->rules.owned.count++] = header->name;
	config->header_count++;
}

/* Sent upstream when `forward.headers` is not set. */
static const struct config_header default_headers[] = {
	{ "X-User", "/sub", IDENTITY_CLAIM },
	{ "X-Roles", "roles", IDENTITY_ROLES },
	{ "X-Scopes", "scopes", IDENTITY_SCOPES },
	{ "X-Client", "client", IDENTITY_CLIENT },
	{ "X-Issuer", "issuer", IDENTITY_ISSUER },
};
#define DEFAULT_HEADERS (sizeof(default_headers) / sizeof(default_headers[0]))

void
identity_read(struct config *config, const struct node *map)
{
	struct forward_section section = { 0 };
	size_t room = DEFAULT_HEADERS + 1;

	schema_read(map, forward_fields, &section, &config->mistakes);
	config->rules.keep_authorization = section.authorization == 1;
	config->rules.keep_request_id = section.request_id == 1;
	if (section.headers != NULL)
		room = section.headers->count + 1;
	config->headers = arena_array(&config->arena, room, sizeof(*config->headers));
	config->rules.owned.at = arena_array(&config->arena, room, sizeof(char *));
	if (config->headers == NULL || config->rules.owned.at == NULL)
		return;
	config->rules.owned.at[config->rules.owned.count++] = "X-Request-Id";
	if (section.headers == NULL) {
		for (size_t i = 0; i < DEFAULT_HEADERS; i++) {
			config->headers[config->header_count++] = default_headers[i];
			config->rules.owned.at[config->rules.owned.count++] =
			    default_headers[i].name;
		}
		return;
	}
	for (const struct node *node = section.headers->first; node != NULL; node = node->next)
		read_header(config, node);
}
