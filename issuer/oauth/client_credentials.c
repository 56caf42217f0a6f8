/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/client_credentials.h"

#include "base/base64url.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "issuer/oauth/assertion.h"

/* Split "SCHEME SP+ REST" (RFC 9110 section 11.4). */
static bool
cut_scheme(struct span authorization, struct span *ret_scheme, struct span *ret_rest)
{
	size_t space = span_find(authorization, ' '), from = space;

	while (from < authorization.len && authorization.at[from] == ' ')
		from++;
	*ret_scheme = span_slice(authorization, 0, space);
	*ret_rest = span_slice(authorization, from, authorization.len);
	return space < authorization.len && ret_rest->len > 0;
}

/* One half of Basic. False: memory, or not text. */
static bool
decode_half(struct span raw, struct arena *arena, struct span *ret_text)
{
	char *out = arena_alloc(arena, raw.len + 1);
	size_t len;

	if (out == NULL)
		return false;
	if (!form_decode(raw, false, out, &len)) {
		if (raw.len > 0)
			memcpy(out, raw.at, raw.len);
		len = raw.len;
	}
	*ret_text = (struct span){ out, len };
	return utf8_plain(*ret_text);
}

static void
wipe(struct span text)
{
	/* The bytes are the arena's, which hands them out writable. */
	if (text.at != NULL)
		digest_wipe((char *)text.at, text.len);
}

static bool
read_basic(struct span encoded, struct arena *arena, struct client_credentials *auth)
{
	unsigned char *bytes;
	struct span text, raw_secret;
	size_t colon, len;
	bool done;

	bytes = arena_alloc(arena, BASE64URL_DECODED(encoded.len));
	if (bytes == NULL || !base64url_decode_standard(encoded, bytes, &len))
		return false;
	text = (struct span){ (const char *)bytes, len };
	colon = span_find(text, ':');
	raw_secret = span_slice(text, colon + 1, text.len);
	done = colon < text.len && decode_half(span_slice(text, 0, colon), arena, &auth->id) &&
	       decode_half(raw_secret, arena, &auth->secret);
	wipe(raw_secret);
	return done;
}

enum client_credentials_found
client_credentials_basic(
    struct span authorization, struct arena *arena, struct client_credentials *ret_auth)
{
	struct client_credentials auth = { .id = { NULL, 0 } };
	struct span scheme, rest;

	if (authorization.at == NULL)
		return CLIENT_CREDENTIALS_NONE;
	if (authorization.len > CLIENT_CREDENTIALS_MAX_BYTES ||
	    !cut_scheme(authorization, &scheme, &rest) || !span_equal_nocase(scheme, SPAN("Basic")))
		return CLIENT_CREDENTIALS_WRONG;
	if (!read_basic(rest, arena, &auth) || auth.id.len == 0) {
		client_credentials_wipe(&auth);
		return CLIENT_CREDENTIALS_WRONG;
	}
	*ret_auth = auth;
	return CLIENT_CREDENTIALS_GIVEN;
}

/* If there is a header, the form may repeat the client's id (RFC 6749 section 3.2.1), but nothing
 * else. */
static enum client_credentials_found
beside_header(const struct form *form, enum client_credentials_found found,
    const struct client_credentials *auth)
{
	struct span id = form_get(form, "client_id");

	if (form_has(form, "client_secret") || form_has(form, "client_assertion") ||
	    form_has(form, "client_assertion_type"))
		return CLIENT_CREDENTIALS_SEVERAL;
	if (found == CLIENT_CREDENTIALS_GIVEN && id.at != NULL && !span_equal(id, auth->id))
		return CLIENT_CREDENTIALS_SEVERAL;
	return found;
}

/* Only one of the two is also an attempt to authenticate. */
static bool
asserts(const struct form *form)
{
	return form_has(form, "client_assertion") || form_has(form, "client_assertion_type");
}

/* RFC 7521 section 4.2. */
static enum client_credentials_found
read_assertion(const struct form *form, struct client_credentials *auth)
{
	struct span assertion = form_get(form, "client_assertion");

	if (assertion.at == NULL ||
	    !span_is(form_get(form, "client_assertion_type"), ASSERTION_TYPE))
		return CLIENT_CREDENTIALS_WRONG;
	*auth = (struct client_credentials){ .way = CLIENT_CREDENTIALS_ASSERTION,
		.id = form_get(form, "client_id"),
		.assertion = assertion };
	return CLIENT_CREDENTIALS_GIVEN;
}

enum client_credentials_found
client_credentials_find(struct span authorization, const struct form *form, struct arena *arena,
    struct client_credentials *ret_auth)
{
	struct span id = form_get(form, "client_id"), secret = form_get(form, "client_secret");
	enum client_credentials_found found;

	*ret_auth = (struct client_credentials){ .id = { NULL, 0 } };
	if (authorization.at != NULL) {
		found = client_credentials_basic(authorization, arena, ret_auth);
		found = beside_header(form, found, ret_auth);
		if (found == CLIENT_CREDENTIALS_SEVERAL)
			client_credentials_wipe(ret_auth);
		return found;
	}
	if (secret.at != NULL && asserts(form))
		return CLIENT_CREDENTIALS_SEVERAL;
	if (asserts(form))
		return read_assertion(form, ret_auth);
	if (secret.at == NULL)
		return CLIENT_CREDENTIALS_NONE;
	if (id.at == NULL)
		return CLIENT_CREDENTIALS_WRONG;
	*ret_auth = (struct client_credentials){
		.way = CLIENT_CREDENTIALS_POST, .id = id, .secret = secret
	};
	return CLIENT_CREDENTIALS_GIVEN;
}

void
client_credentials_wipe(struct client_credentials *auth)
{
	wipe(auth->secret);
	auth->secret = (struct span){ NULL, 0 };
}

void
client_credentials_forget(const struct form *form)
{
	wipe(form_get(form, "client_secret"));
	wipe(form_get(form, "client_assertion"));
}
