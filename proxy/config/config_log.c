/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config.h"

struct log_section {
	int format, level, caller;
};

static const char *const format_words[] = { "json", "text", NULL };
static const char *const caller_words[] = { "names", "full", NULL };
static const char *const level_words[] = { "error", "warn", "info", "debug", NULL };
static const struct field_alias level_aliases[] = { { "warning", "warn" }, { "trace", "debug" },
	{ "notice", "info" }, { "fatal", "error" }, { "critical", "error" }, { NULL, NULL } };
static const struct field log_fields[] = {
	{ .key = "format",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct log_section, format),
	    .default_value = "json",
	    .words = format_words,
	    .help = "json or text" },
	{ .key = "level",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct log_section, level),
	    .default_value = "info",
	    .words = level_words,
	    .aliases = level_aliases,
	    .help = "error, warn, info or debug" },
	{ .key = "caller",
	    .type = FIELD_WORD,
	    .offset = offsetof(struct log_section, caller),
	    .default_value = "names",
	    .words = caller_words,
	    .help = "full: requests with roles, scopes and groups of their callers" },
	{ 0 },
};

const struct field *
config_log_schema(void)
{
	return log_fields;
}

void
config_log_read(struct config *config, const struct node *map)
{
	struct log_section log = { 0 };

	schema_read(map, log_fields, &log, &config->mistakes);
	config->log_format = log.format;
	config->log_level = log.level;
	config->log_caller = log.caller == 1;
}
