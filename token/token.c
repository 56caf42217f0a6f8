/* SPDX-License-Identifier: Apache-2.0 */
#include "token/token.h"

#include "base/base64url.h"
#include "base/json.h"
#include "token/detail.h"

#define DOTS_OF_JWE 4

#define OPAQUE_GOOGLE                                                                              \
	"the token does not have three parts: it is a Google access token (ya29.), which "         \
	"only Google can read: send an ID token"
#define OPAQUE                                                                                     \
	"the token does not have three parts separated by dots: it is opaque, so only its "        \
	"issuer can read it: ask for a JWT (Auth0: with the API's audience)"

enum reason
token_refuse(struct token *token, enum reason reason, const char *detail)
{
	token->detail = detail == NULL ? "out of memory" : detail;
	return reason;
}

static enum reason
out_of_memory(struct token *token)
{
	return token_refuse(token, REASON_OVERLOADED, "out of memory");
}

/* What a byte of a token is. A table: every byte of every new token is looked up here. */
enum token_byte { OTHER_BYTE, BASE64URL_BYTE, DOT };
/* clang-format off */
static const unsigned char token_bytes[256] = {
	['A' ... 'Z'] = BASE64URL_BYTE, ['a' ... 'z'] = BASE64URL_BYTE,
	['0' ... '9'] = BASE64URL_BYTE, ['-'] = BASE64URL_BYTE, ['_'] = BASE64URL_BYTE, ['.'] = DOT,
};
/* clang-format on */

/* How many dots; -1 when there is anything but them and base64url. */
static int
count_dots(struct span text)
{
	int dots = 0;
	bool others = false;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = token_bytes[(unsigned char)text.at[i]];

		dots += byte == DOT;
		others |= byte == OTHER_BYTE;
	}
	return others ? -1 : dots;
}

static enum reason
check_shape(struct span text, struct token *token)
{
	int dots;

	if (text.len > TOKEN_MAX_BYTES)
		return token_refuse(
		    token, REASON_TOKEN_TOO_LARGE, "the token has more than 16384 bytes");
	dots = count_dots(text);
	if (dots == DOTS_OF_JWE)
		return token_refuse(
		    token, REASON_TOKEN_MALFORMED, "encrypted (JWE) tokens are not supported");
	if (dots < 0)
		return token_refuse(token, REASON_TOKEN_MALFORMED,
		    "the token has a character that is neither base64url nor a dot");
	if (dots != 2 && span_starts(text, SPAN("ya29.")))
		return token_refuse(token, REASON_TOKEN_MALFORMED, OPAQUE_GOOGLE);
	if (dots == 0 && text.len > 0)
		return token_refuse(token, REASON_TOKEN_MALFORMED, OPAQUE);
	if (dots != 2)
		return token_refuse(token, REASON_TOKEN_MALFORMED,
		    "the token does not have three parts separated by dots");
	return REASON_OK;
}

/* False only if memory runs out. *ret_valid: whether `part` is base64url. */
static bool
decode(struct span part, struct arena *arena, struct span *ret_bytes, bool *ret_valid)
{
	unsigned char *bytes = arena_alloc(arena, BASE64URL_DECODED(part.len));
	size_t len = 0;

	if (bytes == NULL)
		return false;
	*ret_valid = base64url_decode(part, bytes, &len);
	*ret_bytes = (struct span){ (const char *)bytes, len };
	return true;
}

/* A part that is a JSON object: which one, and how large it may be. */
struct object {
	const char *name;
	struct span text;
	size_t max_bytes;
	json_t *json;
};

static enum reason
read_object(struct object *object, struct arena *arena, struct token *token, struct span *ret_bytes)
{
	bool valid;
	struct err err;

	if (object->text.len > BASE64URL_ENCODED(object->max_bytes))
		return token_refuse(token, REASON_TOKEN_MALFORMED,
		    arena_format(
			arena, "the %s has more than %zu bytes", object->name, object->max_bytes));
	if (!decode(object->text, arena, ret_bytes, &valid))
		return out_of_memory(token);
	if (!valid)
		return token_refuse(token, REASON_TOKEN_MALFORMED,
		    arena_format(arena, "the %s is not canonical base64url", object->name));
	if (!json_read(*ret_bytes, object->max_bytes, &object->json, &err))
		return err_is_memory(&err) ? out_of_memory(token)
					   : token_refuse(token, REASON_TOKEN_MALFORMED,
						 arena_format(arena, "the %s is malformed: %s",
						     object->name, err.text));
	if (!json_is_object(object->json))
		return token_refuse(token, REASON_TOKEN_MALFORMED,
		    arena_format(arena, "the %s is not a JSON object", object->name));
	return REASON_OK;
}

static enum reason
read_algorithm(struct arena *arena, struct token *token)
{
	const json_t *alg = json_object_get(token->header, "alg");

	if (!json_is_string(alg))
		return token_refuse(
		    token, REASON_TOKEN_MALFORMED, "the header has no \"alg\" string");
	token->algorithm = algorithm_find(json_text(alg));
	if (token->algorithm == ALGORITHM_COUNT)
		return token_refuse(token, REASON_ALGORITHM_NOT_ALLOWED,
		    arena_format(arena, "alg is %s, which is never allowed",
			detail_quote(arena, json_text(alg))));
	/* RFC 7515 section 4.1.11: no extension is supported. RFC 7797: `b64` changes what is
	 * signed, so it is refused even if `crit` does not list it. */
	if (json_object_get(token->header, "crit") != NULL)
		return token_refuse(token, REASON_CRITICAL_UNKNOWN, "the header has \"crit\"");
	if (json_object_get(token->header, "b64") != NULL)
		return token_refuse(token, REASON_CRITICAL_UNKNOWN, "the header has \"b64\"");
	return REASON_OK;
}

static enum reason
read_names(struct token *token)
{
	const json_t *kid = json_object_get(token->header, "kid");
	const json_t *typ = json_object_get(token->header, "typ");

	if (kid != NULL && !key_kid_valid(json_text(kid)))
		return token_refuse(token, REASON_TOKEN_MALFORMED,
		    "kid is not a string of 1..1024 bytes without control characters");
	if (typ != NULL && !json_is_string(typ))
		return token_refuse(token, REASON_TOKEN_MALFORMED, "typ is not a string");
	token->kid = json_text(kid);
	token->type = json_text(typ);
	return REASON_OK;
}

static enum reason
read_header(struct span text, struct arena *arena, struct token *token)
{
	struct object header = { "header", span_slice(text, 0, span_find(text, '.')),
		TOKEN_MAX_HEADER_BYTES, NULL };
	struct span bytes;
	enum reason reason = read_object(&header, arena, token, &bytes);

	token->header = header.json;
	if (reason == REASON_OK)
		reason = read_algorithm(arena, token);
	if (reason == REASON_OK)
		reason = read_names(token);
	return reason;
}

static enum reason
read_signature(struct span part, struct arena *arena, struct token *token)
{
	bool valid;

	if (part.len == 0)
		return token_refuse(token, REASON_TOKEN_MALFORMED, "the signature is empty");
	if (!decode(part, arena, &token->signature, &valid))
		return out_of_memory(token);
	if (!valid)
		return token_refuse(
		    token, REASON_TOKEN_MALFORMED, "the signature is not canonical base64url");
	return REASON_OK;
}

/* Everything but the payload; *ret_payload is its part, still encoded. */
static enum reason
read_jws(struct span text, struct arena *arena, struct token *token, struct span *ret_payload)
{
	enum reason reason = check_shape(text, token);
	size_t first, second;

	if (reason == REASON_OK)
		reason = read_header(text, arena, token);
	if (reason != REASON_OK)
		return reason;
	first = span_find(text, '.');
	second = first + 1 + span_find(span_slice(text, first + 1, text.len), '.');
	token->input = span_slice(text, 0, second);
	*ret_payload = span_slice(text, first + 1, second);
	return read_signature(span_slice(text, second + 1, text.len), arena, token);
}

static enum reason
read_claims(struct span part, struct arena *arena, struct token *token)
{
	struct object payload = { "payload", part, TOKEN_MAX_BYTES, NULL };
	enum reason reason = read_object(&payload, arena, token, &token->payload);
	const json_t *iss;

	token->claims = payload.json;
	if (reason != REASON_OK)
		return reason;
	iss = json_object_get(token->claims, "iss");
	if (iss == NULL)
		return token_refuse(token, REASON_CLAIM_MALFORMED, "iss is missing");
	if (!json_is_string(iss))
		return token_refuse(token, REASON_CLAIM_MALFORMED, "iss is not a string");
	token->issuer = json_text(iss);
	return REASON_OK;
}

enum reason
token_read(struct span text, struct arena *arena, struct token *token)
{
	struct span payload;
	enum reason reason;

	*token = (struct token){ .algorithm = ALGORITHM_COUNT };
	reason = read_jws(text, arena, token, &payload);
	if (reason == REASON_OK)
		reason = read_claims(payload, arena, token);
	return reason;
}

enum reason
token_read_signed(struct span text, struct arena *arena, struct token *token)
{
	struct span payload;
	bool valid;
	enum reason reason;

	*token = (struct token){ .algorithm = ALGORITHM_COUNT };
	reason = read_jws(text, arena, token, &payload);
	if (reason != REASON_OK)
		return reason;
	if (!decode(payload, arena, &token->payload, &valid))
		return out_of_memory(token);
	if (!valid)
		return token_refuse(
		    token, REASON_TOKEN_MALFORMED, "the payload is not canonical base64url");
	return REASON_OK;
}

void
token_done(struct token *token)
{
	json_decref(token->header);
	json_decref(token->claims);
	*token = (struct token){ .algorithm = ALGORITHM_COUNT };
}
