/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/assertion.h"

#include "base/json.h"
#include "jwks/keyset.h"
#include "token/date.h"
#include "token/token.h"
#include "token/verify.h"

const char assertion_algorithms[] = "\"RS256\",\"RS384\",\"RS512\",\"PS256\",\"PS384\",\"PS512\","
				    "\"ES256\",\"ES384\",\"ES512\",\"EdDSA\",\"Ed25519\"";

struct span
assertion_subject(struct span text, struct arena *arena)
{
	struct token token = { 0 };
	struct span subject = { NULL, 0 }, found;
	char *copy = NULL;

	if (token_read(text, arena, &token) == REASON_OK) {
		found = json_text(json_object_get(token.claims, "sub"));
		if (found.len > 0)
			copy = arena_text(arena, found);
		if (copy != NULL)
			subject = (struct span){ copy, found.len };
	}
	token_done(&token);
	return subject;
}

static bool
is_ours(const struct texts *audience, struct span value)
{
	size_t i;

	for (i = 0; i < audience->count; i++) {
		if (span_is(value, audience->at[i]))
			return true;
	}
	return false;
}

/* A JWT that is also valid at another server could be replayed to us by whoever runs that server.
 * So every member of an array must be one of our URLs. */
static bool
audience_fits(const struct texts *audience, const json_t *aud)
{
	size_t i;

	if (!json_is_array(aud))
		return is_ours(audience, json_text(aud));
	for (i = 0; i < json_array_size(aud); i++) {
		if (!is_ours(audience, json_text(json_array_get(aud, i))))
			return false;
	}
	return json_array_size(aud) > 0;
}

static const char *
check_claims(const struct assertion_question *question, const struct token *token,
    struct arena *arena, struct assertion *assertion)
{
	struct span jti = json_text(json_object_get(token->claims, "jti"));
	struct date exp = { 0 };
	const char *copy;

	if (!span_equal(json_text(json_object_get(token->claims, "sub")), question->client_id))
		return "sub is not the client's id";
	if (!audience_fits(&question->audience, json_object_get(token->claims, "aud")))
		return "aud also names another server";
	if (jti.len == 0 || jti.len > ASSERTION_JTI_BYTES)
		return "jti is missing, or too long";
	if (!date_read(json_object_get(token->claims, "exp"), &exp) || !exp.present ||
	    exp.ceiling_s > question->now_s + ASSERTION_MAX_S + ASSERTION_SKEW_S)
		return "exp is too far in the future";
	copy = arena_text(arena, jti);
	if (copy == NULL)
		return "out of memory";
	assertion->jti = (struct span){ copy, jti.len };
	assertion->until_s = exp.ceiling_s + ASSERTION_SKEW_S;
	return NULL;
}

/* Treat the client as a trusted issuer that has only its registered keys. */
static const char *
check_token(const struct assertion_question *question, struct token *token, struct arena *arena,
    struct assertion *assertion)
{
	const char *id = arena_text(arena, question->client_id);
	struct trusted_issuer trusted_issuer = { .name = "client",
		.issuer = id,
		.audience = question->audience,
		.algorithms = ALGORITHM_ALL,
		.types = { .at = (const char *[]){ "JWT", "client-authentication+jwt" },
		    .count = 2 },
		.type_optional = true,
		.skew_s = ASSERTION_SKEW_S };
	struct verify_inputs inputs = { .trusted_issuer = &trusted_issuer,
		.now_s = question->now_s };
	struct keyset *keys = NULL;
	struct claims claims;
	struct err err;
	const char *why = NULL;

	if (id == NULL)
		return "out of memory";
	if (!keyset_parse(span_of(question->jwks), &keys, &err))
		return "the client's registered keys cannot be used";
	inputs.keys = keys;
	if (verify_token(&inputs, token, arena, &claims) != REASON_OK)
		why = token->detail != NULL ? token->detail : "not to be trusted";
	keyset_free(keys);
	return why != NULL ? why : check_claims(question, token, arena, assertion);
}

bool
assertion_verify(const struct assertion_question *question, struct arena *arena,
    struct assertion *ret_assertion, const char **ret_why)
{
	struct token token = { 0 };
	struct assertion assertion = { .until_s = 0 };
	const char *why;

	if (question->jwks == NULL)
		why = "the client has no registered keys";
	else if (question->client_id.len == 0)
		why = "the client has no id";
	else if (token_read(question->text, arena, &token) != REASON_OK)
		why = token.detail != NULL ? token.detail : "not a JWT";
	else
		why = check_token(question, &token, arena, &assertion);
	token_done(&token);
	if (why == NULL)
		*ret_assertion = assertion;
	else
		*ret_why = why;
	return why == NULL;
}
