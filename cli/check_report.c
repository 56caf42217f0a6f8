/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_report.h"

#include <string.h>

#define MESSAGE_MAX (64u << 10)
#define SARIF_SCHEMA                                                                               \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"                      \
	"sarif-schema-2.1.0.json"

static void
add_text(struct buffer *out, const char *text)
{
	buffer_add_json(out, span_of(text));
}

static void
add_member(struct buffer *out, const char *name, const char *value)
{
	add_text(out, name);
	buffer_add_text(out, ": ");
	add_text(out, value);
}

static const char *
severity_of(const struct mistake *mistake)
{
	if (mistake->left_out)
		return "skipped";
	return mistake->warning ? "warning" : "error";
}

/* The reason why reading ended, in the shape of a mistake. */
static struct mistake
trouble_of(const struct check_report *report)
{
	const struct node *node = report->trouble_at;
	struct mistake trouble = { .file = report->file,
		.line = 1,
		.column = 1,
		.pointer = "",
		.message = report->trouble,
		.rule = MISTAKE_UNREADABLE };

	if (node != NULL) {
		trouble.line = node->line;
		trouble.column = node->column;
		trouble.pointer = "/policy";
	}
	return trouble;
}

static const struct mistake *
first_of(const struct check_report *report)
{
	return report->mistakes == NULL ? NULL : report->mistakes->first;
}

/* ---- JSON ---- */

static void
add_finding(struct buffer *out, const struct mistake *mistake)
{
	buffer_add_text(out, "{");
	add_member(out, "severity", severity_of(mistake));
	if (!mistake->left_out) {
		buffer_add_text(out, ", ");
		add_member(out, "rule", mistake_rule_word(mistake->rule));
	}
	buffer_add_text(out, ", ");
	add_member(out, "file", mistake->file);
	if (mistake->pointer != NULL) {
		buffer_format(
		    out, ", \"line\": %d, \"column\": %d, ", mistake->line, mistake->column);
		add_member(out, "pointer", mistake->pointer);
	}
	buffer_add_text(out, ", ");
	add_member(out, "message", mistake->message);
	buffer_add_text(out, "}");
}

void
check_report_json(const struct check_report *report, struct buffer *out)
{
	const struct mistakes none = { 0 };
	const struct mistakes *mistakes = report->mistakes == NULL ? &none : report->mistakes;
	const struct mistake trouble = trouble_of(report);
	const char *between = "";

	buffer_add_text(out, "{\n  ");
	add_member(out, "file", report->file);
	buffer_format(out,
	    ",\n  \"good\": %s,\n  \"errors\": %zu,\n  \"warnings\": %zu,\n  \"skipped\": %zu,\n"
	    "  \"findings\": [",
	    report->good ? "true" : "false", mistakes->errors + (report->trouble != NULL ? 1 : 0),
	    mistakes->warnings, mistakes->left_out);
	if (report->trouble != NULL) {
		buffer_add_text(out, "\n    ");
		add_finding(out, &trouble);
		between = ",";
	}
	for (const struct mistake *mistake = mistakes->first; mistake != NULL;
	    mistake = mistake->next) {
		buffer_format(out, "%s\n    ", between);
		add_finding(out, mistake);
		between = ",";
	}
	buffer_add_text(out, between[0] == '\0' ? "]\n}\n" : "\n  ]\n}\n");
}

/* ---- SARIF ---- */

/* The file as a URI reference (RFC 3986): what is not unreserved is escaped. */
static void
add_uri(struct buffer *out, const char *file)
{
	struct buffer uri;

	buffer_init(&uri, 3 * strlen(file) + 16);
	while (strncmp(file, "./", 2) == 0)
		file += 2;
	if (file[0] == '/')
		buffer_add_text(&uri, "file://");
	for (; *file != '\0'; file++) {
		unsigned char byte = (unsigned char)*file;

		if (strchr("-._~/", byte) != NULL || (byte >= '0' && byte <= '9') ||
		    (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'))
			buffer_add_byte(&uri, *file);
		else
			buffer_format(&uri, "%%%02X", byte);
	}
	buffer_add_json(out, buffer_span(&uri));
	buffer_done(&uri);
}

/* A brace would begin a placeholder: two are one (section 3.11.5). */
static void
add_braced(struct buffer *text, const char *plain)
{
	for (; *plain != '\0'; plain++) {
		if (*plain == '{' || *plain == '}')
			buffer_add_byte(text, *plain);
		buffer_add_byte(text, *plain);
	}
}

static void
add_message(struct buffer *out, const struct mistake *mistake)
{
	struct buffer text;

	buffer_init(&text, MESSAGE_MAX);
	if (mistake->pointer[0] != '\0') {
		add_braced(&text, mistake->pointer);
		buffer_add_text(&text, ": ");
	}
	add_braced(&text, mistake->message);
	buffer_add_text(out, "\"message\": {\"text\": ");
	buffer_add_json(out, buffer_span(&text));
	buffer_add_text(out, "}");
	buffer_done(&text);
}

static void
add_location(struct buffer *out, const struct mistake *mistake)
{
	buffer_add_text(out, "\"locations\": [{\"physicalLocation\": {\"artifactLocation\": {"
			     "\"uri\": ");
	add_uri(out, mistake->file);
	buffer_format(out, "}, \"region\": {\"startLine\": %d, \"startColumn\": %d}}",
	    mistake->line, mistake->column);
	if (mistake->pointer[0] != '\0') {
		buffer_add_text(out, ", \"logicalLocations\": [{");
		add_member(out, "fullyQualifiedName", mistake->pointer);
		buffer_add_text(out, "}]");
	}
	buffer_add_text(out, "}]");
}

static void
add_result(struct buffer *out, const struct mistake *mistake)
{
	buffer_add_text(out, "{");
	add_member(out, "ruleId", mistake_rule_word(mistake->rule));
	buffer_format(out, ", \"ruleIndex\": %d, ", (int)mistake->rule);
	add_member(out, "level", severity_of(mistake));
	buffer_add_text(out, ", ");
	add_message(out, mistake);
	buffer_add_text(out, ", ");
	add_location(out, mistake);
	buffer_add_text(out, "}");
}

static void
add_notification(struct buffer *out, const struct mistake *mistake)
{
	buffer_add_text(out, "{\"level\": \"note\", ");
	add_message(out, mistake);
	buffer_add_text(out, ", ");
	add_location(out, mistake);
	buffer_add_text(out, "}");
}

static void
add_rules(struct buffer *out)
{
	for (int i = 0; i < MISTAKE_RULE_COUNT; i++) {
		enum mistake_rule rule = (enum mistake_rule)i;

		buffer_add_text(out, i == 0 ? "\n        {" : ",\n        {");
		add_member(out, "id", mistake_rule_word(rule));
		buffer_add_text(out, ", \"shortDescription\": {");
		add_member(out, "text", mistake_rule_text(rule));
		buffer_add_text(out, "}, \"defaultConfiguration\": {");
		add_member(out, "level", mistake_rule_warns(rule) ? "warning" : "error");
		buffer_add_text(out, "}}");
	}
}

/* Those that were left out, or all the others. */
static void
add_all(struct buffer *out, const struct check_report *report, bool left_out)
{
	const struct mistake trouble = trouble_of(report);
	bool first = true;

	if (report->trouble != NULL && !left_out) {
		buffer_add_text(out, "\n      ");
		add_result(out, &trouble);
		first = false;
	}
	for (const struct mistake *mistake = first_of(report); mistake != NULL;
	    mistake = mistake->next) {
		if (mistake->left_out != left_out)
			continue;
		buffer_add_text(out, first ? "\n      " : ",\n      ");
		if (left_out)
			add_notification(out, mistake);
		else
			add_result(out, mistake);
		first = false;
	}
}

void
check_report_sarif(const struct check_report *report, struct buffer *out)
{
	buffer_add_text(out, "{\n  \"$schema\": \"" SARIF_SCHEMA "\",\n"
			     "  \"version\": \"2.1.0\",\n"
			     "  \"runs\": [{\n"
			     "    \"tool\": {\"driver\": {\"name\": \"Postern\", ");
	add_member(out, "version", POSTERN_VERSION);
	buffer_add_text(out, ", \"rules\": [");
	add_rules(out);
	buffer_format(out,
	    "\n      ]}},\n    \"columnKind\": \"unicodeCodePoints\",\n"
	    "    \"invocations\": [{\"executionSuccessful\": %s, "
	    "\"toolConfigurationNotifications\": [",
	    report->trouble == NULL ? "true" : "false");
	add_all(out, report, true);
	buffer_add_text(out, "]}],\n    \"results\": [");
	add_all(out, report, false);
	buffer_add_text(out, "]\n  }]\n}\n");
}
