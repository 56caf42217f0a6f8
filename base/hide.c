/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hide.h"

#include <ctype.h>
#include <string.h>

/* Connection parameters that are not secret. */
static const char *const harmless[] = { "application_name", "connect_timeout", "dbname", "host",
	"hostaddr", "port", "sslmode", "sslrootcert", "target_session_attrs", "user",
	/* Entra's key sets: the policy of a tenant, an application, the version. */
	"p", "appid", "api-version", NULL };

/* A text with one of these words and a "=" contains a secret. */
static const char *const telling[] = { "passw",
	"pass=", "pwd=", "secret=", "token=", "apikey=", "api_key=", NULL };

/* Where `word` begins, without regard to case; text.len: nowhere. */
static size_t
find_word(struct span text, struct span word)
{
	for (size_t at = 0; at + word.len <= text.len; at++)
		if (span_equal_nocase(span_slice(text, at, at + word.len), word))
			return at;
	return text.len;
}

/* The bytes before the last "@" of `text`; text.len: there is none. */
static size_t
find_last_at(struct span text)
{
	for (size_t at = text.len; at > 0; at--)
		if (text.at[at - 1] == '@')
			return at - 1;
	return text.len;
}

/* Append the part before the host; returns the start of the rest. */
static size_t
hide_user(struct span text, struct span authority, struct buffer *out)
{
	size_t start = (size_t)(authority.at - text.at);
	size_t end = find_last_at(authority);
	size_t colon = span_find(span_slice(authority, 0, end), ':');

	if (end == authority.len || colon == end)
		return 0;
	buffer_add(out, span_slice(text, 0, start + colon + 1));
	buffer_add_text(out, HIDE_HIDDEN);
	return start + end;
}

static size_t
authority_start(struct span text)
{
	size_t at = find_word(text, SPAN("://"));

	return at == text.len ? text.len : at + 3;
}

void
hide_login(struct span text, struct buffer *out)
{
	struct span rest = span_slice(text, authority_start(text), text.len);
	size_t shown = hide_user(text, span_slice(rest, 0, span_find(rest, '/')), out);

	buffer_add(out, span_slice(text, shown, text.len));
}

static bool
is_harmless(struct span key)
{
	for (size_t i = 0; harmless[i] != NULL; i++)
		if (span_is(key, harmless[i]))
			return true;
	return false;
}

/* One KEY=VALUE of the query. */
static void
hide_parameter(struct span parameter, struct buffer *out)
{
	size_t equals = span_find(parameter, '=');

	if (is_harmless(span_slice(parameter, 0, equals))) {
		buffer_add(out, parameter);
		return;
	}
	buffer_add(out, span_slice(parameter, 0, equals));
	if (equals < parameter.len)
		buffer_add_text(out, "=" HIDE_HIDDEN);
}

void
hide_database(struct span text, struct buffer *out)
{
	size_t start = authority_start(text), at, end;

	if (start == text.len && find_word(text, SPAN("passw")) < text.len) {
		buffer_add_text(out, HIDE_HIDDEN);
		return;
	}
	if (start == text.len) {
		hide_message(text, out);
		return;
	}
	at = hide_user(text, span_slice(text, start, text.len), out);
	for (bool first = true; at < text.len; at = end, first = false) {
		size_t from = first || text.at[at] == '@' ? at : at + 1;

		for (end = from; end < text.len && text.at[end] != '?' && text.at[end] != '&';)
			end++;
		if (first) {
			buffer_add(out, span_slice(text, at, end));
			continue;
		}
		buffer_add_byte(out, text.at[at]);
		hide_parameter(span_slice(text, from, end), out);
	}
}

/* How the header of a token begins: base64url of "{" with a quote or white space behind it. */
static const char *const headers[] = { "eyJ", "eyA", "ewo", "ewk", "ew0", NULL };

/* The shortest header is {"alg":""}. */
enum { HEADER_MIN = 14 };

static bool
starts_header(struct span text)
{
	for (size_t i = 0; headers[i] != NULL; i++)
		if (span_starts(text, span_of(headers[i])))
			return true;
	return false;
}

/* Is a compact JWS or JWE in it (RFC 7515 section 3.1)? Base64url knows no "/" and its letters have
 * a case, without which a path such as /srv/Eyjafjord/keys.json were one. */
static bool
has_token(struct span text)
{
	for (size_t at = 0; at < text.len; at++) {
		struct span rest = span_slice(text, at, text.len);
		size_t dot = span_find(rest, '.');

		if (dot == rest.len)
			return false;
		if (dot >= HEADER_MIN && starts_header(rest) && span_find(rest, '/') > dot)
			return true;
	}
	return false;
}

/* Does the text start with NAME=, as in a query? */
static bool
starts_parameter(struct span text)
{
	size_t len = 0;

	while (len < text.len && (isalnum((unsigned char)text.at[len]) != 0 ||
				     strchr("-._~%&", text.at[len]) != NULL))
		len++;
	return len > 0 && len < text.len && text.at[len] == '=';
}

/* The offset of the query's "?"; text.len: none. Without a scheme, "?" may be a question mark, so
 * NAME= must follow. */
static size_t
find_query(struct span text)
{
	size_t start = authority_start(text), at = 0;

	if (start < text.len)
		return start + span_find(span_slice(text, start, text.len), '?');
	while ((at += span_find(span_slice(text, at, text.len), '?')) < text.len)
		if (starts_parameter(span_slice(text, ++at, text.len)))
			return at - 1;
	return text.len;
}

static bool
speaks_of_secret(struct span text)
{
	if (span_find(text, '=') == text.len)
		return false;
	for (size_t i = 0; telling[i] != NULL; i++)
		if (find_word(text, span_of(telling[i])) < text.len)
			return true;
	return false;
}

/* The offset of the credentials of an Authorization header: after "Bearer " or "Basic " at the
 * start of a value; text.len: none. */
static size_t
find_credentials(struct span text)
{
	for (size_t at = 0; at < text.len; at++) {
		struct span rest = span_slice(text, at, text.len);
		size_t scheme = find_word(rest, SPAN("bearer ")) == 0  ? sizeof("bearer")
				: find_word(rest, SPAN("basic ")) == 0 ? sizeof("basic")
								       : 0;

		if (scheme > 0 && scheme < rest.len &&
		    (at == 0 || text.at[at - 1] == '/' || text.at[at - 1] == '"'))
			return at + scheme;
	}
	return text.len;
}

/* Is the part before an "@" a user and a password? */
static bool
has_login(struct span before)
{
	return authority_start(before) < before.len || span_find(before, ':') < before.len ||
	       find_word(before, SPAN("//")) < before.len ||
	       find_word(before, SPAN("%3a")) < before.len;
}

static void
hide_query(struct span query, struct buffer *out)
{
	struct span parameter;

	for (char before = '?'; span_cut(&query, '&', &parameter); before = '&') {
		buffer_add_byte(out, before);
		hide_parameter(parameter, out);
	}
}

static void
hide_before(struct span text, struct buffer *out)
{
	size_t at = find_last_at(text), start = authority_start(text), query;

	if (find_word(text, SPAN("-----BEGIN")) < text.len || has_token(text)) {
		buffer_add_text(out, HIDE_HIDDEN);
		return;
	}
	if (at < text.len && has_login(span_slice(text, 0, at))) {
		buffer_add(out, span_slice(text, 0, start < at ? start : 0));
		buffer_add_text(out, HIDE_HIDDEN);
		text = span_slice(text, at, text.len);
		query = span_find(text, '?');
	} else {
		query = find_query(text);
		if (find_word(text, SPAN("%40")) < text.len ||
		    (query == text.len && speaks_of_secret(text))) {
			buffer_add_text(out, HIDE_HIDDEN);
			return;
		}
	}
	buffer_add(out, span_slice(text, 0, query));
	if (query < text.len)
		hide_query(span_slice(text, query + 1, text.len), out);
}

/* Where the "#" of a URL is; text.len: there is none. One before a "@" may be a password's. */
static size_t
find_fragment(struct span text)
{
	size_t start = authority_start(text), at = find_last_at(text);

	if (at < text.len && at > start)
		start = at;
	return start + span_find(span_slice(text, start, text.len), '#');
}

void
hide_message(struct span text, struct buffer *out)
{
	size_t fragment = find_fragment(text), credentials = find_credentials(text);

	if (credentials < fragment && !has_token(text)) {
		hide_before(span_slice(text, 0, credentials), out);
		buffer_add_text(out, HIDE_HIDDEN);
		return;
	}
	hide_before(span_slice(text, 0, fragment), out);
	if (fragment < text.len)
		buffer_add_text(out, "#" HIDE_HIDDEN);
}

bool
hide_needed(struct span text)
{
	struct buffer shown;
	bool needed;

	buffer_init(&shown, 2 * text.len + sizeof(HIDE_HIDDEN));
	hide_message(text, &shown);
	needed = shown.failed || !span_equal(buffer_span(&shown), text);
	buffer_wipe(&shown);
	return needed;
}

/* The first value in `text` that has something to hide, the longest one there; text.len: none. */
static size_t
find_value(struct span text, const struct span *values, size_t count, struct span *ret_value)
{
	size_t first = text.len;

	for (size_t i = 0; i < count; i++) {
		const char *at = values[i].len == 0
				     ? NULL
				     : memmem(text.at, text.len, values[i].at, values[i].len);
		size_t start = at == NULL ? text.len : (size_t)(at - text.at);

		if (start > first || start == text.len || !hide_needed(values[i]) ||
		    (start == first && values[i].len <= ret_value->len))
			continue;
		first = start;
		*ret_value = values[i];
	}
	return first;
}

/* Are there words besides HIDE_HIDDEN? */
static bool
has_words(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (span_starts(span_slice(text, i, text.len), SPAN(HIDE_HIDDEN)))
			i += sizeof(HIDE_HIDDEN) - 2;
		else if (isalpha((unsigned char)text.at[i]) != 0)
			return true;
	return false;
}

void
hide_sentence(struct span text, const struct span *values, size_t count, struct buffer *out)
{
	size_t start = out->len, at;
	struct span value = { 0 };

	while ((at = find_value(text, values, count, &value)) < text.len) {
		hide_message(span_slice(text, 0, at), out);
		hide_message(value, out);
		text = span_slice(text, at + value.len, text.len);
		value.len = 0;
	}
	hide_message(text, out);
	if (out->len > start && !has_words(span_slice(buffer_span(out), start, out->len)))
		buffer_add_text(
		    out, " cannot be used; it is not repeated, since it may be a secret");
}
