/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/credentials.h"

#include <stdint.h>
#include <string.h>

#include "base/base64url.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "proxy/http/cookie.h"
#include "proxy/http/query.h"
#include "proxy/http/subprotocol.h"

/* Every byte of every token is looked at here: 16 at a time, by the vectors of GCC and Clang. */
typedef unsigned char bytes16 __attribute__((vector_size(16)));

/* Those that are no character of token68 (RFC 9110 section 11.2), "=" at the end aside. */
static bytes16
strangers(bytes16 bytes)
{
	/* "-./0123456789" stand in a row */
	bytes16 letters = (bytes | 0x20) - 'a', row = bytes - '-';

	return (bytes16) ~(
	    (letters < 26) | (row < 13) | (bytes == '_') | (bytes == '~') | (bytes == '+'));
}

static bool
is_token68(struct span value)
{
	bytes16 bytes, bad = { 0 };
	uint64_t halves[2];
	size_t end = value.len, at = 0;

	while (end > 0 && value.at[end - 1] == '=')
		end--;
	for (; end - at >= sizeof(bytes); at += sizeof(bytes)) {
		memcpy(&bytes, value.at + at, sizeof(bytes));
		bad |= strangers(bytes);
	}
	memset(&bytes, 'a', sizeof(bytes));
	memcpy(&bytes, value.at + at, end - at);
	bad |= strangers(bytes);
	memcpy(halves, &bad, sizeof(bad));
	return end > 0 && (halves[0] | halves[1]) == 0;
}

static enum reason
malformed(struct credentials *credentials, const char *detail)
{
	credentials->detail = detail;
	return REASON_CREDENTIALS_MALFORMED;
}

/* The detail for a header that is neither Bearer nor Basic. It names only well-known schemes:
 * without a scheme, the first word would be the credential itself. */
static const char *
say_other(struct span scheme)
{
	static const struct {
		const char *scheme, *detail;
	} known[] = {
#define OTHER(name) { name, "Authorization has the scheme " name ", not Bearer" }
		OTHER("Token"),
		OTHER("JWT"),
		OTHER("ApiKey"),
		OTHER("Api-Key"),
		OTHER("Key"),
		OTHER("OAuth"),
		OTHER("DPoP"),
		OTHER("Digest"),
		OTHER("Negotiate"),
		OTHER("NTLM"),
		OTHER("GNAP"),
		OTHER("Hawk"),
		OTHER("MAC"),
		OTHER("AWS4-HMAC-SHA256"),
#undef OTHER
		{ "Bearer:",
		    "Authorization has \"Bearer:\" with a colon, which must be \"Bearer\"" },
		{ "Basic:", "Authorization has \"Basic:\" with a colon, which must be \"Basic\"" },
		{ "Authorization:", "the header's value also contains the name Authorization" },
	};

	static const char glued[] = "Bearer:";

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_equal_nocase(scheme, span_of(known[i].scheme)))
			return known[i].detail;
	if (scheme.len >= sizeof(glued) &&
	    span_equal_nocase(span_slice(scheme, 0, sizeof(glued) - 1), span_of(glued)))
		return "Authorization has a colon after Bearer, which must be a space";
	if (span_starts(scheme, SPAN("eyJ")))
		return "Authorization has a token without a scheme: put \"Bearer\" before "
		       "it";
	return "Authorization has neither the scheme Bearer nor Basic";
}

static enum reason
read_header(const struct request *request, struct credentials *credentials)
{
	struct span header, scheme;
	size_t space;

	*credentials = (struct credentials){ 0 };
	if (request_header_count(request, "Authorization") > 1) {
		credentials->detail = "more than one Authorization header";
		return REASON_CREDENTIALS_DUPLICATE;
	}
	header = request_header(request, "Authorization");
	if (header.at == NULL)
		return REASON_OK;
	space = span_find(header, ' ');
	scheme = span_slice(header, 0, space);
	if (span_equal_nocase(scheme, SPAN("Bearer")))
		credentials->scheme = CREDENTIALS_BEARER;
	else if (span_equal_nocase(scheme, SPAN("Basic")))
		credentials->scheme = CREDENTIALS_BASIC;
	else if (scheme.len == 0)
		return malformed(credentials, "the Authorization header is empty");
	else {
		credentials->detail = say_other(scheme);
		return REASON_OK;
	}
	/* 1*SP */
	while (space < header.len && header.at[space] == ' ')
		space++;
	credentials->value = span_slice(header, space, header.len);
	if (credentials->value.len == 0)
		return malformed(
		    credentials, "nothing follows the scheme in the Authorization header");
	if (!is_token68(credentials->value))
		return malformed(credentials,
		    "the Authorization header contains bytes that no token "
		    "can contain, or more than one value");
	return REASON_OK;
}

static enum reason
duplicate(struct credentials *credentials, const char *detail)
{
	credentials->detail = detail;
	return REASON_CREDENTIALS_DUPLICATE;
}

/* A token found elsewhere: the only one so far, or one too many. */
static enum reason
take_token(struct credentials *credentials, enum credentials_place place, struct span token)
{
	if (credentials->place != CREDENTIALS_IN_HEADER)
		return duplicate(credentials, "credentials in two places");
	if (!is_token68(token))
		return malformed(
		    credentials, "the token is empty, or contains bytes that no token can contain");
	credentials->scheme = CREDENTIALS_BEARER;
	credentials->place = place;
	credentials->value = token;
	return REASON_OK;
}

static enum reason
read_cookie(const struct request *request, const char *name, struct credentials *credentials)
{
	struct span token = { 0 };
	size_t count = cookie_find(request, span_of(name), &token);

	if (count > 1)
		return duplicate(credentials, "more than one cookie of the name that "
					      "credentials.cookie says");
	return count == 0 ? REASON_OK : take_token(credentials, CREDENTIALS_IN_COOKIE, token);
}

static enum reason
read_query(const struct request *request, const char *name, struct credentials *credentials)
{
	struct span query = query_of(request->target), token = { 0 };
	size_t count = query_find(query, span_of(name), &token);

	if (count > 1)
		return duplicate(credentials, "more than one parameter of the name that "
					      "credentials.query says");
	/* which servers part parameters by it, nobody knows */
	if (count == 1 && span_find(query, ';') < query.len)
		return malformed(credentials, "a semicolon in the query beside the token");
	return count == 0 ? REASON_OK : take_token(credentials, CREDENTIALS_IN_QUERY, token);
}

static enum reason
read_protocol(const struct request *request, struct credentials *credentials)
{
	struct span token;
	enum reason reason = subprotocol_find(request, &token, &credentials->detail);

	if (reason != REASON_OK || token.at == NULL)
		return reason;
	return take_token(credentials, CREDENTIALS_IN_PROTOCOL, token);
}

enum reason
credentials_read(const struct request *request, const struct credential_places *places,
    struct credentials *credentials)
{
	enum reason reason = read_header(request, credentials);

	if (reason == REASON_OK && places != NULL && places->cookie != NULL)
		reason = read_cookie(request, places->cookie, credentials);
	if (reason == REASON_OK && places != NULL && places->query != NULL)
		reason = read_query(request, places->query, credentials);
	if (reason == REASON_OK && places != NULL && places->websocket_protocol)
		reason = read_protocol(request, credentials);
	if (reason == REASON_OK && credentials->place != CREDENTIALS_IN_HEADER &&
	    request_header_count(request, "Authorization") > 0)
		return duplicate(credentials, "credentials in Authorization and in another place");
	return reason;
}

bool
credentials_hide(const struct credential_places *places, struct target *target, struct arena *arena)
{
	struct span unused;

	if (places == NULL || places->query == NULL ||
	    query_find(target->query, span_of(places->query), &unused) == 0)
		return true;
	if (!query_others(target->query, span_of(places->query), arena, &target->query))
		return false;
	target->has_query = target->query.len > 0;
	return true;
}

enum reason
credentials_basic(struct credentials *credentials, struct arena *arena, struct span *ret_name,
    struct span *ret_password)
{
	struct span value = credentials->value, text;
	unsigned char *bytes = arena_alloc(arena, BASE64URL_DECODED(value.len));
	size_t len, colon;

	if (bytes == NULL)
		return REASON_OVERLOADED;
	if (!base64url_decode_standard(value, bytes, &len))
		return malformed(credentials, "what follows Basic is not base64");
	text = (struct span){ (const char *)bytes, len };
	colon = span_find(text, ':');
	if (colon < len && utf8_plain(text)) {
		*ret_name = span_slice(text, 0, colon);
		*ret_password = span_slice(text, colon + 1, len);
		return REASON_OK;
	}
	digest_wipe(bytes, len);
	return malformed(credentials, colon == len
					  ? "there is no colon between a name and a password"
					  : "name or password is not UTF-8, or contains "
					    "control characters");
}
