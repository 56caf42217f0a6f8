/* SPDX-License-Identifier: Apache-2.0 */
#include "token/demand.h"

#include <stdio.h>

#include "base/json.h"
#include "base/json_number.h"
#include "token/detail.h"

static struct span
without_application(struct span type)
{
	struct span prefix = SPAN("application/");

	if (span_equal_nocase(span_slice(type, 0, prefix.len), prefix))
		return span_slice(type, prefix.len, type.len);
	return type;
}

static bool
type_accepted(const struct trusted_issuer *trusted_issuer, struct span type)
{
	for (size_t i = 0; i < trusted_issuer->types.count; i++)
		if (span_equal_nocase(without_application(type),
			without_application(span_of(trusted_issuer->types.at[i]))))
			return true;
	return false;
}

enum reason
demand_type(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	const struct trusted_issuer *trusted_issuer = inputs->trusted_issuer;

	if (token->type.at == NULL && trusted_issuer->type_optional)
		return REASON_OK;
	if (token->type.at == NULL)
		return token_refuse(token, REASON_TOKEN_TYPE_WRONG,
		    arena_format(arena, "typ is missing, expected %s",
			detail_expected(arena, &trusted_issuer->types)));
	if (type_accepted(trusted_issuer, token->type))
		return REASON_OK;
	return token_refuse(token, REASON_TOKEN_TYPE_WRONG,
	    arena_format(arena, "typ is %s, expected %s", detail_quote(arena, token->type),
		detail_expected(arena, &trusted_issuer->types)));
}

static bool
is_text_or_texts(const json_t *claim)
{

	if (!json_is_array(claim))
		return json_is_string(claim);
	for (size_t i = 0; i < json_array_size(claim); i++)
		if (!json_is_string(json_array_get(claim, i)))
			return false;
	return true;
}

static bool
is_ours(const struct texts *audiences, const json_t *audience)
{
	for (size_t i = 0; i < audiences->count; i++)
		if (span_is(json_text(audience), audiences->at[i]))
			return true;
	return false;
}

static bool
one_is_ours(const struct texts *audiences, const json_t *aud)
{

	if (json_is_string(aud))
		return is_ours(audiences, aud);
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (is_ours(audiences, json_array_get(aud, i)))
			return true;
	return false;
}

/* What only an ID token has (OpenID Connect Core sections 2 and 3.3.2.11, and what Keycloak and
 * Cognito write into theirs): the usual cause of an audience that is an application's. */
static const char *
id_token_mark(const json_t *claims)
{
	static const char *const marks[] = { "nonce", "at_hash", "c_hash" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (json_is_string(json_object_get(claims, marks[i])))
			return marks[i];
	if (span_is(json_text(json_object_get(claims, "typ")), "ID"))
		return "typ ID";
	return span_is(json_text(json_object_get(claims, "token_use")), "id") ? "token_use id"
									      : NULL;
}

enum reason
demand_audience(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	const struct trusted_issuer *trusted_issuer = inputs->trusted_issuer;
	const struct texts *audiences = inputs->audiences;
	const json_t *aud = json_object_get(token->claims, "aud");
	const char *mark;

	if (aud != NULL && !is_text_or_texts(aud))
		return token_refuse(token, REASON_CLAIM_MALFORMED,
		    "aud is neither a string nor an array of strings");
	if (audiences == NULL && trusted_issuer->any_audience)
		return REASON_OK;
	if (audiences == NULL)
		audiences = &trusted_issuer->audience;
	if (one_is_ours(audiences, aud))
		return REASON_OK;
	mark = id_token_mark(token->claims);
	return token_refuse(token, REASON_AUDIENCE_MISMATCH,
	    arena_format(arena, "aud is %s, expected %s%s%s%s",
		aud == NULL ? "missing" : detail_claim(arena, aud),
		detail_expected(arena, audiences),
		mark == NULL ? "" : "; it looks like an ID token (it has ",
		mark == NULL ? "" : mark, mark == NULL ? "" : ")"));
}

/* Does a claim equal the configured value? */
static bool
claim_is(const json_t *claim, const char *value)
{
	char number[32];

	switch (json_typeof(claim)) {
	case JSON_STRING:
		return span_is(json_text(claim), value);
	case JSON_TRUE:
		return strcmp(value, "true") == 0;
	case JSON_FALSE:
		return strcmp(value, "false") == 0;
	case JSON_INTEGER:
		(void)snprintf(
		    number, sizeof(number), "%lld", (long long)json_integer_value(claim));
		return strcmp(value, number) == 0;
	case JSON_REAL:
		(void)snprintf(number, sizeof(number), "%.17g", json_real_value(claim));
		return strcmp(value, number) == 0;
	default:
		return json_number_text(claim).at != NULL &&
		       span_is(json_number_text(claim), value);
	}
}

static bool
claim_is_one_of(const json_t *claim, const struct texts *values)
{
	if (claim == NULL || json_is_null(claim))
		return false;
	for (size_t i = 0; i < values->count; i++)
		if (claim_is(claim, values->at[i]))
			return true;
	return values->count == 0;
}

static enum reason
refuse_claim(const struct trusted_issuer_require *require, const json_t *claim, struct token *token,
    struct arena *arena)
{
	const char *is = claim == NULL ? "missing" : detail_claim(arena, claim);

	if (require->values.count == 0)
		return token_refuse(token, REASON_CLAIM_REQUIRED_MISSING,
		    arena_format(arena, "%s is %s", require->pointer, is));
	return token_refuse(token, REASON_CLAIM_REQUIRED_MISSING,
	    arena_format(arena, "%s is %s, expected %s", require->pointer, is,
		detail_expected(arena, &require->values)));
}

enum reason
demand_claims(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	for (const struct trusted_issuer_require *require = inputs->trusted_issuer->require;
	    require != NULL; require = require->next) {
		const json_t *claim = json_at(token->claims, span_of(require->pointer));

		if (!claim_is_one_of(claim, &require->values))
			return refuse_claim(require, claim, token, arena);
	}
	return REASON_OK;
}
