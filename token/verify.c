/* SPDX-License-Identifier: Apache-2.0 */
#include "token/verify.h"

#include "base/json.h"
#include "token/binding.h"
#include "token/date.h"
#include "token/demand.h"
#include "token/detail.h"
#include "token/extract.h"
#include "token/issuer_match.h"

static enum reason
check_issuer(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	if (issuer_match(inputs->trusted_issuer, token->issuer))
		return REASON_OK;
	return token_refuse(token, REASON_ISSUER_UNKNOWN,
	    arena_format(arena, "iss is %s, expected %s", detail_quote(arena, token->issuer),
		detail_quote(arena, span_of(inputs->trusted_issuer->issuer))));
}

static bool
is_allowed(algorithm_set allowed, const struct token *token)
{
	return token->algorithm < ALGORITHM_COUNT &&
	       (allowed & ALGORITHM_BIT(token->algorithm)) != 0;
}

static enum reason
check_algorithm(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	if (is_allowed(inputs->trusted_issuer->algorithms, token))
		return REASON_OK;
	return token_refuse(token, REASON_ALGORITHM_NOT_ALLOWED,
	    arena_format(arena, "alg %s is not one of the issuer's algorithms",
		algorithm_name(token->algorithm)));
}

enum reason
verify_signature(algorithm_set allowed, const struct keyset *keys, struct token *token)
{
	const struct key *key = NULL;
	enum reason reason;

	if (!is_allowed(allowed, token))
		return token_refuse(
		    token, REASON_ALGORITHM_NOT_ALLOWED, "the token's alg is not allowed");
	if (keys == NULL)
		return token_refuse(token, REASON_KEYS_UNAVAILABLE, "the issuer has no keys yet");
	reason = keyset_find(keys, token->kid, token->algorithm, &key);
	if (reason == REASON_ALGORITHM_NOT_ALLOWED)
		return token_refuse(token, reason, "the key of the token's kid is for another alg");
	if (reason != REASON_OK)
		return token_refuse(token, reason,
		    token->kid.at == NULL
			? "the token has no kid, and not exactly one key fits its alg"
			: "no key has the token's kid");
	while (key != NULL && !key_verify(key, token->algorithm, token->input, token->signature))
		key = keyset_next(keys, token->algorithm, key);
	if (key == NULL)
		return token_refuse(
		    token, REASON_SIGNATURE_INVALID, "the signature was not made with the key");
	token->key = key;
	return REASON_OK;
}

static enum reason
check_signature(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	enum reason reason =
	    verify_signature(inputs->trusted_issuer->algorithms, inputs->keys, token);
	const char *kid;

	if (reason == REASON_OK || reason == REASON_KEYS_UNAVAILABLE || token->kid.at == NULL)
		return reason;
	kid = detail_quote(arena, token->kid);
	return token_refuse(token, reason,
	    arena_format(arena, "%s (alg %s, kid %s)", token->detail,
		algorithm_name(token->algorithm), kid));
}

/* The times of a token. */
struct dates {
	struct date exp, nbf, iat;
};

static enum reason
read_dates(struct token *token, struct dates *dates)
{
	const json_t *claims = token->claims;
	const char *malformed = NULL;

	if (!date_read(json_object_get(claims, "exp"), &dates->exp))
		malformed = "exp is not a number of seconds from 0 to the year 9999";
	else if (!date_read(json_member(claims, "nbf"), &dates->nbf))
		malformed = "nbf is not a number of seconds from 0 to the year 9999";
	else if (!date_read(json_member(claims, "iat"), &dates->iat))
		malformed = "iat is not a number of seconds from 0 to the year 9999";
	if (malformed != NULL)
		return token_refuse(token, REASON_CLAIM_MALFORMED, malformed);
	if (!dates->exp.present)
		return token_refuse(token, REASON_CLAIM_REQUIRED_MISSING, "exp is missing");
	return REASON_OK;
}

/* Has the time of `nbf` or `iat` been reached, skew included? True if the claim is absent. */
static bool
has_come(const struct verify_inputs *inputs, const struct date *date)
{
	return !date->present || inputs->now_s >= date->ceiling_s - inputs->trusted_issuer->skew_s;
}

static enum reason
refuse_early(const char *name, const struct date *date, struct token *token, struct arena *arena)
{
	return token_refuse(token, REASON_TOKEN_NOT_YET_VALID,
	    arena_format(
		arena, "%s is %lld, which is in the future", name, (long long)date->ceiling_s));
}

static enum reason
check_age(const struct verify_inputs *inputs, const struct date *iat, struct token *token,
    struct arena *arena)
{
	const struct trusted_issuer *trusted_issuer = inputs->trusted_issuer;

	if (trusted_issuer->max_age_s == 0)
		return REASON_OK;
	if (!iat->present)
		return token_refuse(token, REASON_CLAIM_REQUIRED_MISSING,
		    "iat is missing, and the issuer has a max_age");
	if (inputs->now_s <= iat->floor_s + trusted_issuer->max_age_s + trusted_issuer->skew_s)
		return REASON_OK;
	return token_refuse(token, REASON_TOKEN_TOO_OLD,
	    arena_format(arena, "issued %lld s ago, at most %lld s are allowed",
		(long long)(inputs->now_s - iat->floor_s), (long long)trusted_issuer->max_age_s));
}

/* Never add to `now_s`, which can be any number; dates are far from the limits of int64_t, so
 * adding to them cannot overflow. */
static enum reason
check_dates(const struct verify_inputs *inputs, struct token *token, struct arena *arena)
{
	struct dates dates;
	enum reason reason = read_dates(token, &dates);

	if (reason != REASON_OK)
		return reason;
	if (inputs->now_s >= dates.exp.floor_s + inputs->trusted_issuer->skew_s)
		return token_refuse(token, REASON_TOKEN_EXPIRED,
		    arena_format(arena, "expired %lld s ago",
			(long long)(inputs->now_s - dates.exp.floor_s)));
	if (!has_come(inputs, &dates.nbf))
		return refuse_early("nbf", &dates.nbf, token, arena);
	if (!has_come(inputs, &dates.iat))
		return refuse_early("iat", &dates.iat, token, arena);
	return check_age(inputs, &dates.iat, token, arena);
}

/* The period in which the result of check_dates() stays valid. */
static void
set_times(
    const struct trusted_issuer *trusted_issuer, const struct dates *dates, struct claims *claims)
{
	int64_t aged_s =
	    dates->iat.floor_s + trusted_issuer->max_age_s + 1; /* the last second counts */
	int64_t until_s = dates->exp.floor_s;
	int64_t from_s = 0;

	claims->expires_s = until_s;
	if (trusted_issuer->max_age_s > 0 && aged_s < until_s)
		until_s = aged_s;
	if (dates->nbf.present)
		from_s = dates->nbf.ceiling_s;
	if (dates->iat.present && dates->iat.ceiling_s > from_s)
		from_s = dates->iat.ceiling_s;
	claims->from_s = from_s - trusted_issuer->skew_s;
	claims->until_s = until_s + trusted_issuer->skew_s;
}

/* Does the token indicate that the caller has more groups than it lists? OpenID Connect Core
 * section 5.6.2; Entra's implicit flow writes `hasgroups`. */
static bool
groups_elsewhere(const json_t *claims)
{
	const json_t *names = json_object_get(claims, "_claim_names");

	return json_member(names, "groups") != NULL ||
	       json_is_true(json_object_get(claims, "hasgroups"));
}

typedef enum reason check(const struct verify_inputs *, struct token *, struct arena *);

/* The first check that fails decides. */
static enum reason
run_checks(check *const checks[], const struct verify_inputs *inputs, struct token *token,
    struct arena *arena)
{
	enum reason reason = REASON_OK;

	for (size_t i = 0; checks[i] != NULL && reason == REASON_OK; i++)
		reason = checks[i](inputs, token, arena);
	return reason;
}

enum reason
verify_assumed(const struct verify_inputs *inputs, struct token *token, struct arena *arena,
    struct claims *claims)
{
	static check *const checks[] = { check_issuer, check_dates, demand_audience, demand_claims,
		binding_check, NULL };
	struct claims found = { .trusted_issuer = inputs->trusted_issuer,
		.payload = token->claims };
	enum reason reason = run_checks(checks, inputs, token, arena);
	struct dates dates = { 0 };

	if (reason == REASON_OK)
		reason = read_dates(token, &dates);
	if (reason == REASON_OK)
		reason = extract_claims(inputs->trusted_issuer, token, arena, &found);
	if (reason != REASON_OK)
		return reason;
	set_times(inputs->trusted_issuer, &dates, &found);
	found.groups_overage = groups_elsewhere(token->claims);
	*claims = found;
	return REASON_OK;
}

enum reason
verify_token(const struct verify_inputs *inputs, struct token *token, struct arena *arena,
    struct claims *claims)
{
	static check *const checks[] = { check_issuer, check_algorithm, demand_type,
		issuer_match_header, check_signature, issuer_match_key, NULL };
	enum reason reason = run_checks(checks, inputs, token, arena);

	return reason == REASON_OK ? verify_assumed(inputs, token, arena, claims) : reason;
}
