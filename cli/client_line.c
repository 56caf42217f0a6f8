/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client_line.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

enum option {
	OPTION_CONFIG,
	OPTION_OUTPUT,
	OPTION_ROLE,
	OPTION_SCOPE,
	OPTION_NO_SCOPES,
	OPTION_LABEL,
	OPTION_DESCRIPTION,
	OPTION_OWNER,
	OPTION_CONTACT,
	OPTION_LIFETIME,
	OPTION_METHOD,
	OPTION_JWKS,
	OPTION_SLOT,
	OPTION_REVOKE_OTHER,
	OPTION_END_TOKENS,
	OPTION_KEEP_TOKENS,
	OPTION_COUNT
};

static const struct option_row {
	const char *word;
	unsigned kind; /* enum client_options; 0: every command's */
	bool flag;     /* has no value */
} rows[OPTION_COUNT] = {
	[OPTION_CONFIG] = { "-c", 0, false },
	[OPTION_OUTPUT] = { "--output", CLIENT_TAKES_OUTPUT, false },
	[OPTION_ROLE] = { "--role", CLIENT_TAKES_ROLES, false },
	[OPTION_SCOPE] = { "--scope", CLIENT_TAKES_FIELDS, false },
	[OPTION_NO_SCOPES] = { "--no-scopes", CLIENT_TAKES_FIELDS, true },
	[OPTION_LABEL] = { "--label", CLIENT_TAKES_FIELDS, false },
	[OPTION_DESCRIPTION] = { "--description", CLIENT_TAKES_FIELDS, false },
	[OPTION_OWNER] = { "--owner", CLIENT_TAKES_FIELDS, false },
	[OPTION_CONTACT] = { "--contact", CLIENT_TAKES_FIELDS, false },
	[OPTION_LIFETIME] = { "--token-lifetime", CLIENT_TAKES_FIELDS, false },
	[OPTION_METHOD] = { "--auth-method", CLIENT_TAKES_FIELDS, false },
	[OPTION_JWKS] = { "--jwks", CLIENT_TAKES_FIELDS, false },
	[OPTION_SLOT] = { "--slot", CLIENT_TAKES_SLOT, false },
	[OPTION_REVOKE_OTHER] = { "--revoke-other", CLIENT_TAKES_OTHER, true },
	[OPTION_END_TOKENS] = { "--end-tokens", CLIENT_TAKES_TOKENS, true },
	[OPTION_KEEP_TOKENS] = { "--keep-tokens", CLIENT_TAKES_TOKENS, true },
};

static const char *
read_output(const char *word, struct client_line *line)
{
	if (strcmp(word, "table") == 0)
		line->output = CLIENT_TABLE;
	else if (strcmp(word, "json") == 0)
		line->output = CLIENT_JSON;
	else if (strcmp(word, "env") == 0)
		line->output = CLIENT_ENV;
	else
		return "--output is table, json or env";
	if (line->output == CLIENT_ENV)
		line->given |= CLIENT_TAKES_ENV;
	return NULL;
}

static const char *
read_slot(const char *word, struct client_line *line)
{
	if (strcmp(word, "1") == 0)
		line->slot = ADMIN_SLOT_1;
	else if (strcmp(word, "2") == 0)
		line->slot = ADMIN_SLOT_2;
	else if (strcmp(word, "both") == 0)
		line->slot = ADMIN_SLOT_BOTH;
	else
		return "--slot is 1, 2 or both";
	return NULL;
}

static const char *
read_lifetime(const char *word, struct client_line *line)
{
	if (!schema_number(span_of(word), FIELD_DURATION_S, &line->fields.token_lifetime_s))
		return "--token-lifetime is a duration such as 30m";
	line->fields.has_lifetime = true;
	return NULL;
}

static const char *
read_method(const char *word, struct client_line *line)
{
	if (!client_method_find(span_of(word), &line->fields.method))
		return "--auth-method is client_secret, client_secret_basic, client_secret_post or "
		       "private_key_jwt";
	line->fields.has_method = true;
	return NULL;
}

static void
add_scope(const char *scope, struct client_line *line)
{
	line->fields.scopes.at[line->fields.scopes.count++] = scope;
	line->fields.has_scopes = true;
}

/* NULL: it was fine; else what is wrong. */
static const char *
take_value(enum option option, const char *value, struct client_line *line)
{
	switch (option) {
	case OPTION_OUTPUT:
		return read_output(value, line);
	case OPTION_SLOT:
		return read_slot(value, line);
	case OPTION_LIFETIME:
		return read_lifetime(value, line);
	case OPTION_METHOD:
		return read_method(value, line);
	case OPTION_ROLE:
		line->roles.at[line->roles.count++] = value;
		return NULL;
	case OPTION_SCOPE:
		add_scope(value, line);
		return NULL;
	case OPTION_CONFIG:
		line->config_path = value;
		return NULL;
	case OPTION_LABEL:
		line->fields.label = value;
		return NULL;
	case OPTION_DESCRIPTION:
		line->fields.description = value;
		return NULL;
	case OPTION_OWNER:
		line->fields.owner = value;
		return NULL;
	case OPTION_CONTACT:
		line->fields.contact = value;
		return NULL;
	default:
		line->jwks_path = value;
		return NULL;
	}
}

static void
take_flag(enum option option, struct client_line *line)
{
	if (option == OPTION_NO_SCOPES)
		line->fields.has_scopes = true;
	else if (option == OPTION_REVOKE_OTHER)
		line->revoke_other = true;
	else if (option == OPTION_END_TOKENS)
		line->end_tokens = true;
	else
		line->keep_tokens = true;
}

static const char *
take_name(struct options *options, struct client_line *line)
{
	const char *word = options->argv[options->at];

	if (word[0] == '-' && word[1] != '\0')
		return "unknown option";
	if (line->name_count == 2)
		return "too many arguments";
	line->names[line->name_count++] = word;
	options->at++;
	return NULL;
}

static const char *
take_next(struct options *options, struct client_line *line)
{
	bool missing = false;
	const char *value;

	for (int i = 0; i < OPTION_COUNT; i++) {
		if (rows[i].flag && options_flag(options, rows[i].word)) {
			line->given |= rows[i].kind;
			take_flag((enum option)i, line);
			return NULL;
		}
		value = rows[i].flag ? NULL : options_value(options, rows[i].word, &missing);
		if (missing)
			return "an option's value is missing";
		if (value != NULL) {
			line->given |= rows[i].kind;
			return take_value((enum option)i, value, line);
		}
	}
	return take_name(options, line);
}

const char *
client_line_read(int argc, char **argv, struct client_line *line)
{
	struct options options = { argc, argv, 1 };
	const char *wrong = NULL;

	*line = (struct client_line){ .config_path = COMMAND_CONFIG };
	/* Room for as many roles and scopes as there are arguments. */
	line->texts = calloc((size_t)argc * 2, sizeof(line->texts[0]));
	if (line->texts == NULL)
		return "no memory";
	line->roles.at = line->texts;
	line->fields.scopes.at = line->texts + argc;
	while (wrong == NULL && options.at < argc)
		wrong = take_next(&options, line);
	return wrong;
}

void
client_line_done(struct client_line *line)
{
	free(line->texts);
}
