/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/cachecontrol.h"

#define UNSAID (-1)

/* delta-seconds (section 1.2.2): digits; what does not fit counts as 2^31 - 1. */
static int64_t
read_seconds(struct span text)
{
	int64_t seconds = 0;

	if (text.len >= 2 && text.at[0] == '"' && text.at[text.len - 1] == '"')
		text = span_slice(text, 1, text.len - 1);
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return UNSAID;
		seconds = seconds * 10 + (text.at[i] - '0');
		if (seconds > INT32_MAX)
			seconds = INT32_MAX;
	}
	return text.len == 0 ? UNSAID : seconds;
}

/* Where the directive at the start of `rest` ends: a comma within quotes is part of it. */
static size_t
directive_length(struct span rest)
{
	bool quoted = false;

	for (size_t i = 0; i < rest.len; i++) {
		if (quoted && rest.at[i] == '\\')
			i++;
		else if (rest.at[i] == '"')
			quoted = !quoted;
		else if (rest.at[i] == ',' && !quoted)
			return i;
	}
	return rest.len;
}

/* If there are several, the shortest counts: keys should expire early rather than late. */
static void
note_max_age(struct cachecontrol *said, int64_t seconds)
{
	if (seconds != UNSAID && (said->max_age_s == UNSAID || seconds < said->max_age_s))
		said->max_age_s = seconds;
}

void
cachecontrol_read(struct cachecontrol *said, struct span value)
{
	while (value.len > 0) {
		size_t len = directive_length(value);
		struct span directive = span_trim(span_slice(value, 0, len));

		value = span_slice(value, len + 1, value.len);
		if (span_equal_nocase(directive, SPAN("no-store")) ||
		    span_equal_nocase(directive, SPAN("no-cache")))
			said->forbidden = true;
		else if (span_equal_nocase(span_slice(directive, 0, 8), SPAN("max-age=")))
			note_max_age(said, read_seconds(span_slice(directive, 8, directive.len)));
	}
}

void
cachecontrol_read_age(struct cachecontrol *said, struct span value)
{
	said->age_s = read_seconds(span_trim(value));
}

int64_t
cachecontrol_fresh_s(const struct cachecontrol *said)
{
	if (said->forbidden)
		return 0;
	if (said->max_age_s == UNSAID || said->age_s == UNSAID)
		return said->max_age_s;
	return said->max_age_s > said->age_s ? said->max_age_s - said->age_s : 0;
}
